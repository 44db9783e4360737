//! What a record of candidates says of a limit: whom to ask again, how often a refusal was wrong, what other limits would have
//! kept. Nothing here reads, asks or trains.

use automcu_model::{Bytes, DataType};
use automcu_target::{Budget, Fit, Footprint};
use automcu_trainer::Accuracy;
use serde::Serialize;

/// The limits that are tried, in hundredths of the budget.
pub(crate) const THRESHOLDS: [u64; 8] = [50, 75, 90, 100, 110, 125, 150, 200];

/// Numbers that look random, the same for a seed on every computer.
struct Numbers(u64);

impl Numbers {
    /// By `SplitMix64`.
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> 64).expect("below a usize")
    }
}

/// So many of these, each as likely as any other, in random order; all where there are fewer.
pub(crate) fn sampled<T>(mut all: Vec<T>, count: usize, seed: u64) -> Vec<T> {
    let mut numbers = Numbers(seed);
    let count = count.min(all.len());
    for place in 0..count {
        let other = place + numbers.below(all.len() - place);
        all.swap(place, other);
    }
    all.truncate(count);
    all
}

/// A share of those that could be told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) of: u32,
    /// None of none.
    pub(crate) share: Option<f64>,
    /// Wilson's: of ever more such candidates the share lies between these, 19 times out of 20.
    pub(crate) interval: Option<(f64, f64)>,
}

impl Rate {
    /// Of those where it is known.
    pub(crate) fn of(known: impl Iterator<Item = bool>) -> Self {
        let (count, of) = known.fold((0, 0), |(count, of), is_so| (count + u32::from(is_so), of + 1));
        let wilson = (of > 0).then(|| Accuracy::of(count, of));
        Self { count, of, share: wilson.map(|wilson| wilson.share), interval: wilson.map(|wilson| wilson.interval) }
    }
}

/// How many fit in each of two data types, as all are estimated from their graphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DataTypes {
    pub(crate) both: usize,
    pub(crate) int8_only: usize,
    pub(crate) float32_only: usize,
    pub(crate) neither: usize,
}

impl DataTypes {
    /// Counts candidates by whether they fit at int8 and at float32.
    pub(crate) fn of(all: impl Iterator<Item = (bool, bool)>) -> Self {
        all.fold(Self::default(), |mut counted, fits| {
            *match fits {
                (true, true) => &mut counted.both,
                (true, false) => &mut counted.int8_only,
                (false, true) => &mut counted.float32_only,
                (false, false) => &mut counted.neither,
            } += 1;
            counted
        })
    }
}

/// Whether a graph fits in a data type, as it is estimated: the peak of activations op by op, and all weights.
pub(crate) fn fits_at(graph: &automcu_model::Graph, dtype: DataType, budget: Budget) -> bool {
    Fit::of(&Footprint::estimated(&graph.cost(), &graph.peak(), dtype), budget).holds()
}

/// How many a limit keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Threshold {
    /// In hundredths of the budget.
    pub(crate) percent: u64,
    pub(crate) fit: usize,
    pub(crate) over: usize,
}

/// What each limit would keep of candidates with these figures.
pub(crate) fn thresholds(figures: &[(Footprint, Budget)]) -> [Threshold; THRESHOLDS.len()] {
    THRESHOLDS.map(|percent| {
        let fits = |(footprint, budget): &&(Footprint, Budget)| Fit::of(footprint, scaled(*budget, percent)).holds();
        let fit = figures.iter().filter(fits).count();
        Threshold { percent, fit, over: figures.len() - fit }
    })
}

/// So many hundredths of a budget, rounded down.
fn scaled(budget: Budget, percent: u64) -> Budget {
    let part = |bytes: Bytes| {
        let wide = u128::from(bytes.0) * u128::from(percent) / 100;
        Bytes(u64::try_from(wide).unwrap_or(u64::MAX))
    };
    Budget { ram: budget.ram.map(part), flash: budget.flash.map(part) }
}

/// Whether the best of those that were refused beats the best that were retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Contest {
    /// There is nobody to compare.
    Untold,
    /// No refused one is better.
    Retained,
    /// One is, and the intervals of both overlap: on other samples it may be otherwise.
    RefusedPerhaps,
    /// One is, and the intervals do not overlap.
    Refused,
}

/// Compares what was trained under the same conditions.
pub(crate) fn contest(refused: &[Accuracy], retained: &[Accuracy]) -> Contest {
    let best = |all: &[Accuracy]| all.iter().copied().max_by(|a, b| a.share.total_cmp(&b.share));
    let (Some(refused), Some(retained)) = (best(refused), best(retained)) else { return Contest::Untold };
    beats(&refused, &retained)
}

/// Whether a refused one beats a retained one.
fn beats(refused: &Accuracy, retained: &Accuracy) -> Contest {
    match refused.share > retained.share {
        false => Contest::Retained,
        true if refused.interval.0 > retained.interval.1 => Contest::Refused,
        true => Contest::RefusedPerhaps,
    }
}

#[cfg(test)]
mod tests {
    use automcu_model::Provenance;
    use automcu_target::{FlashUse, RamUse};

    use super::*;

    #[test]
    fn a_sample_is_the_same_for_a_seed_and_each_is_as_likely() {
        let all: Vec<usize> = (0..10).collect();
        let mut seen = [0; 10];
        for seed in 0..2_000 {
            let sample = sampled(all.clone(), 3, seed);
            assert_eq!(sample, sampled(all.clone(), 3, seed));
            let mut distinct = sample.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), 3, "{sample:?}");
            sample.iter().for_each(|&one| seen[one] += 1);
        }
        assert!(seen.iter().all(|count| (500..700).contains(count)), "{seen:?}");
        let mut more = sampled(all.clone(), 20, 1);
        more.sort_unstable();
        assert_eq!(more, all);
        assert_eq!(sampled(Vec::<u8>::new(), 3, 1), [0; 0]);
    }

    #[test]
    fn a_rate_says_how_sure_it_is_and_none_of_none() {
        let rate = Rate::of([true, false, false, false].into_iter());
        let (least, most) = rate.interval.expect("of four");
        assert_eq!((rate.count, rate.of, rate.share), (1, 4, Some(0.25)));
        assert!((0.04..0.06).contains(&least) && (0.69..0.71).contains(&most), "{least} {most}");
        let none = Rate::of(std::iter::empty());
        assert_eq!((none.share, none.interval), (None, None));
    }

    fn footprint(ram: u64, flash: u64) -> Footprint {
        Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Tool,
            ram: RamUse { activations: Bytes(ram), runtime: None, stack: None },
            flash: FlashUse { weights: Bytes(flash), tables: None, code: None },
        }
    }

    #[test]
    fn a_looser_limit_keeps_no_fewer() {
        let budget = Budget { ram: Some(Bytes(100)), flash: Some(Bytes(1_000)) };
        let figures: Vec<_> = (1..60)
            .map(|part| (footprint(5 * part, 40 * part), budget))
            .chain([(footprint(100, 1_000), budget)])
            .collect();
        let kept = thresholds(&figures);
        assert!(kept.windows(2).all(|pair| pair[0].fit <= pair[1].fit));
        assert!(kept.iter().all(|limit| limit.fit + limit.over == figures.len()));
        assert_eq!(kept.map(|limit| limit.fit), [10, 15, 18, 21, 23, 26, 31, 41]);
        let unbounded = [(footprint(u64::MAX, u64::MAX), Budget::default())];
        assert!(thresholds(&unbounded).iter().all(|limit| limit.fit == 1));
    }

    #[test]
    fn data_types_are_counted_apart() {
        let all = [(true, true), (true, false), (true, false), (false, true), (false, false)];
        let counted = DataTypes::of(all.into_iter());
        assert_eq!(counted, DataTypes { both: 1, int8_only: 2, float32_only: 1, neither: 1 });
    }

    #[test]
    fn a_refused_one_wins_surely_where_intervals_are_apart() {
        let (low, high, close) = (Accuracy::of(500, 1_000), Accuracy::of(700, 1_000), Accuracy::of(510, 1_000));
        assert_eq!(contest(&[low, high], &[low]), Contest::Refused);
        assert_eq!(contest(&[close], &[low]), Contest::RefusedPerhaps);
        assert_eq!(contest(&[low, close], &[high, low]), Contest::Retained);
        assert_eq!(contest(&[low], &[low]), Contest::Retained);
        assert_eq!((contest(&[], &[low]), contest(&[low], &[])), (Contest::Untold, Contest::Untold));
    }
}
