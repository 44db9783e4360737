//! Numbers that look random and are the same for a seed every time.

/// A stream of them.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The stream of one sample of a seed.
    pub(crate) fn of(seed: u64, sample: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ sample.wrapping_mul(0xd1b5_4a32_d192_ed03));
        numbers.bits();
        numbers
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "24 bits")]
        let share = (self.bits() >> 40) as f32 / (1 << 24) as f32;
        share
    }

    pub(crate) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.share()
    }

    /// About normal, with mean 0 and deviation 1.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..6).map(|_| self.between(-1.0, 1.0)).sum::<f32>() * std::f32::consts::FRAC_1_SQRT_2
    }
}
