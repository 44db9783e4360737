//! Random numbers whose streams never change: each is told by a seed, by what it is for, and by where it stands.
//!
//! Only whole numbers are drawn, so that no library's rounding decides what is proposed.

/// What a stream is for: streams of different purposes have nothing in common, though their seeds are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Random draws.
    Draw = 1,
    /// Mutations and crossings.
    Evolve = 2,
    /// Which strategy has its turn.
    Turn = 3,
    /// The noise of an arena.
    Arena = 4,
    /// Which members a pool holds.
    Pool = 5,
    /// Members that a surrogate chooses from.
    Guide = 6,
    /// Steps of a climb.
    Climb = 7,
    /// How much each of several aims counts.
    Weigh = 8,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Numbers(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of splitmix64: every bit of the input reaches every bit of the output.
const fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(GOLDEN);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Numbers {
    /// The stream of a seed, for a purpose, at a place.
    #[must_use]
    pub fn of(seed: u64, purpose: Purpose, place: u64) -> Self {
        Self([purpose as u64, place].into_iter().fold(mixed(seed), |state, number| mixed(state ^ number)))
    }

    fn next(&mut self) -> u64 {
        let number = mixed(self.0);
        self.0 = self.0.wrapping_add(GOLDEN);
        number
    }

    /// From 0 to below `count`; 0 where `count` is 0.
    pub fn below(&mut self, count: u32) -> u32 {
        (((self.next() >> 32) * u64::from(count)) >> 32) as u32
    }

    /// From `least` to `most`, both included.
    pub fn within(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// A place in a list of this length.
    pub fn place(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// True so many times in so many.
    pub fn chance(&mut self, times: u32, of: u32) -> bool {
        self.below(of) < times
    }

    /// One of a list that is not empty.
    ///
    /// # Panics
    /// Where the list is empty.
    pub fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.place(list.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_evenly() {
        let mut numbers = Numbers::of(1, Purpose::Draw, 0);
        let mut counts = [0; 7];
        (0..7000).for_each(|_| counts[numbers.place(7)] += 1);
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_stream_is_told_by_its_seed_its_purpose_and_its_place() {
        let first = |seed, purpose, place| Numbers::of(seed, purpose, place).next();
        let all = [
            first(1, Purpose::Draw, 2),
            first(2, Purpose::Draw, 2),
            first(1, Purpose::Evolve, 2),
            first(1, Purpose::Draw, 3),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!(all[0], first(1, Purpose::Draw, 2));
        assert_eq!(first(0, Purpose::Draw, 0), 15_114_123_258_453_576_503, "stored seeds outlive the program");
    }
}
