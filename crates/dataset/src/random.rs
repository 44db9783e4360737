//! Random numbers whose streams never change: a named generator, seeded by what a number is for and where it stands.
//!
//! Distributions are written here, because those of libraries may change between versions; their transcendental functions
//! are those of `libm`, because those of operating systems differ in the last bit.

use rand_pcg::{Pcg64Mcg, rand_core::Rng};

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream is for: streams of different purposes have nothing in common, though their seeds are the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Which samples validate.
    Split = 1,
    /// In which order samples join a rung.
    Rung = 2,
    /// In which order an epoch goes.
    Order = 3,
    /// What happens to one sample.
    Sample = 4,
    /// Which samples of a batch are mixed, and how.
    Mix = 5,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    /// The stream of a seed, for a purpose, at a place.
    pub(crate) fn of(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        let high = [purpose as u64, first, second].iter().fold(mixed(seed), |state, &number| mixed(state ^ number));
        let low = mixed(high);
        Self(Pcg64Mcg::new(u128::from(high) << 64 | u128::from(low)))
    }

    /// From 0 to below `count`; 0 where `count` is 0.
    pub(crate) fn below(&mut self, count: u32) -> u32 {
        let wide = (self.0.next_u64() >> 32) * u64::from(count);
        (wide >> 32) as u32
    }

    /// One of `items`' places.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// From 0 to below 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From -1 to below 1.
    pub(crate) fn signed(&mut self) -> f64 {
        2.0 * self.share() - 1.0
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Nearly normal, with mean 0 and deviation 1: four uniform numbers added up, so never beyond 3.47.
    pub(crate) fn nearly_normal(&mut self) -> f32 {
        let bits = self.0.next_u64();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        // The deviation of one uniform number is the square root of a twelfth; of four, twice that.
        const SCALE: f32 = 1.732_050_8 / 65_536.0;
        (sum as f32 - 131_070.0) * SCALE
    }

    /// Of the beta distribution with both parameters `alpha`.
    pub(crate) fn beta(&mut self, alpha: f64) -> f64 {
        let (one, other) = (self.gamma(alpha), self.gamma(alpha));
        // Both vanish where alpha is tiny: the distribution then has nothing but its ends.
        if one + other > 0.0 { one / (one + other) } else { f64::from(self.below(2)) }
    }

    /// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).
    fn gamma(&mut self, alpha: f64) -> f64 {
        if alpha < 1.0 {
            let boost = libm::pow(1.0 - self.share(), 1.0 / alpha);
            return boost * self.gamma(alpha + 1.0);
        }
        let d = alpha - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
            if v > 0.0 && libm::log(1.0 - self.share()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// By Marsaglia's polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (self.signed(), self.signed());
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * libm::sqrt(-2.0 * libm::log(square) / square);
            }
        }
    }

    /// Puts items into a random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.place(last + 1));
        }
    }
}

/// The finaliser of splitmix64: every bit of the input reaches every bit of the output.
const fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(GOLDEN);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut draw: impl FnMut(&mut Random) -> f64) -> (f64, f64) {
        let mut random = Random::of(1, Purpose::Sample, 0, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| draw(&mut random)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        (mean, draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0)
    }

    #[test]
    fn distributions_have_their_mean_and_variance() {
        for alpha in [0.1, 0.5, 1.0, 4.0] {
            let (mean, variance) = moments(|random| random.beta(alpha));
            assert!((mean - 0.5).abs() < 0.015, "{alpha}: {mean}");
            assert!((variance - 0.25 / (2.0 * alpha + 1.0)).abs() < 0.01, "{alpha}: {variance}");
        }
        let (mean, variance) = moments(|random| f64::from(random.nearly_normal()));
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let (mean, variance) = moments(Random::share);
        assert!((mean - 0.5).abs() < 0.01 && (variance - 1.0 / 12.0).abs() < 0.005);
        let (mean, _) = moments(|random| random.below(7).into());
        assert!((mean - 3.0).abs() < 0.06, "{mean}");
    }

    #[test]
    fn a_stream_is_told_by_its_seed_its_purpose_and_its_place() {
        let first = |seed, purpose, a, b| Random::of(seed, purpose, a, b).below(u32::MAX);
        let all = [
            first(1, Purpose::Sample, 2, 3),
            first(2, Purpose::Sample, 2, 3),
            first(1, Purpose::Mix, 2, 3),
            first(1, Purpose::Sample, 3, 2),
            first(1, Purpose::Sample, 2, 4),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
        assert_eq!(all[0], first(1, Purpose::Sample, 2, 3));
    }
}
