//! Numbers that look random and are the same for a seed everywhere.

/// Bits that look random, of bits that do not.
pub(crate) const fn mixed(bits: u64) -> u64 {
    let mut bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A stream of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    seed: u64,
    drawn: u64,
}

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed: mixed(seed), drawn: 0 }
    }

    pub(crate) const fn bits(&mut self) -> u64 {
        self.drawn += 1;
        mixed(self.seed ^ self.drawn.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// From 0 to 1, 1 left out.
    pub(crate) fn share(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        let share = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }

    /// With mean 0 and variance 1.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}
