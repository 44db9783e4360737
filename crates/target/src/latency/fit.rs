//! Cycles per multiply-accumulate, fitted to published runs, and how far off they are on networks they have not seen.
//!
//! The cost of a kind of work relative to another's is taken to be the same on all cores; a core has one factor, taken
//! from networks that were run on it and on the reference core by the same tool. So a core with few published runs
//! borrows from those with many.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Work, solve};
use crate::part::Core;

/// The core that has the most published runs: cycles are its cycles, times a factor on others.
pub const REFERENCE: Core = Core::CortexM7;

/// One run, as a fit needs it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The network.
    pub network: String,
    /// Its family.
    pub family: String,
    /// The board.
    pub board: String,
    /// The board's core.
    pub core: Core,
    /// Who measured, with what: runs of one network with one source are comparable across boards.
    pub source: String,
    /// What it took.
    pub cycles: f64,
    /// What there was to do.
    pub work: Work,
}

/// Kinds of work that share one coefficient.
#[derive(Clone, Copy, Debug)]
pub struct Grouping {
    /// Its name in the table.
    pub name: &'static str,
    /// The kinds, coefficient by coefficient. A kind that is in none costs nothing.
    pub groups: &'static [&'static [Kind]],
}

use Kind::{Convolution, Dense, Depthwise, FirstConvolution, LineConvolution, Outputs, Pointwise};

/// All that were tried, from few coefficients to many.
pub const GROUPINGS: &[Grouping] = &[
    Grouping {
        name: "all alike",
        groups: &[&[Convolution, FirstConvolution, LineConvolution, Pointwise, Depthwise, Dense]],
    },
    Grouping {
        name: "all alike; outputs",
        groups: &[&[Convolution, FirstConvolution, LineConvolution, Pointwise, Depthwise, Dense], &[Outputs]],
    },
    Grouping {
        name: "depthwise; line; all others",
        groups: &[&[Convolution, FirstConvolution, Pointwise, Dense], &[Depthwise], &[LineConvolution]],
    },
    Grouping {
        name: "depthwise; line, first and dense; all others",
        groups: &[&[Convolution, Pointwise], &[FirstConvolution, Dense, LineConvolution], &[Depthwise]],
    },
    Grouping {
        name: "depthwise; line; first and dense; all others",
        groups: &[&[Convolution, Pointwise], &[FirstConvolution, Dense], &[Depthwise], &[LineConvolution]],
    },
    Grouping {
        name: "depthwise; line; first; all others",
        groups: &[&[Convolution, Pointwise, Dense], &[FirstConvolution], &[Depthwise], &[LineConvolution]],
    },
    Grouping {
        name: "depthwise; line; first and dense; all others; outputs",
        groups: &[&[Convolution, Pointwise], &[FirstConvolution, Dense], &[Depthwise], &[LineConvolution], &[Outputs]],
    },
    Grouping {
        name: "depthwise; line; first and dense; pointwise; all others",
        groups: &[&[Convolution], &[Pointwise], &[FirstConvolution, Dense], &[Depthwise], &[LineConvolution]],
    },
    Grouping {
        name: "each kind by itself",
        groups: &[&[Convolution], &[Pointwise], &[FirstConvolution], &[Dense], &[Depthwise], &[LineConvolution]],
    },
    Grouping {
        name: "each kind by itself; outputs",
        groups: &[
            &[Convolution],
            &[Pointwise],
            &[FirstConvolution],
            &[Dense],
            &[Depthwise],
            &[LineConvolution],
            &[Outputs],
        ],
    },
];

/// A grouping with more coefficients has to be better by so much to be taken.
const WORTH_A_COEFFICIENT: f64 = 0.02;

/// Fitted coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Cycles for one of each kind on the reference core.
    pub cycles: BTreeMap<Kind, f64>,
    /// How many times as many cycles each core takes.
    pub factors: BTreeMap<&'static str, f64>,
}

impl Fit {
    /// The coefficients at which the squares of relative errors come out smallest, each family counting as one.
    #[must_use]
    pub fn of(samples: &[Sample], grouping: &Grouping) -> Self {
        let factors = factors(samples);
        let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
        samples.iter().for_each(|sample| *sizes.entry(&sample.family).or_default() += 1.0);
        let (mut rows, mut weights) = (Vec::new(), Vec::new());
        for sample in samples {
            let Some(factor) = factors.get(sample.core.name()) else { continue };
            let share = |kinds: &&[Kind]| factor * sample.work.sum(kinds) / sample.cycles;
            rows.push(grouping.groups.iter().map(share).collect());
            weights.push(1.0 / sizes[sample.family.as_str()]);
        }
        let mut cycles: BTreeMap<Kind, f64> = Kind::ALL.iter().map(|kind| (*kind, 0.0)).collect();
        for (kinds, value) in grouping.groups.iter().zip(solve::shares(&rows, &weights)) {
            cycles.extend(kinds.iter().map(|kind| (*kind, value)));
        }
        Self { cycles, factors }
    }

    /// The cycles that the work takes on a core; none of a core that was not measured.
    #[must_use]
    pub fn cycles(&self, work: &Work, core: Core) -> Option<f64> {
        let factor = self.factors.get(core.name())?;
        Some(factor * self.cycles.iter().map(|(kind, each)| each * work.sum(&[*kind])).sum::<f64>())
    }
}

/// The ratios of cycles on a core to those on the reference core, of networks run on both by one source.
#[must_use]
pub fn pairs(samples: &[Sample], core: Core) -> Vec<f64> {
    let on = |core: Core| samples.iter().filter(move |sample| sample.core == core);
    let ratio = |sample: &Sample| {
        let same = |other: &&Sample| other.network == sample.network && other.source == sample.source;
        Some(sample.cycles / on(REFERENCE).find(same)?.cycles)
    };
    on(core).filter_map(ratio).collect()
}

fn factors(samples: &[Sample]) -> BTreeMap<&'static str, f64> {
    let cores: BTreeSet<&'static str> = samples.iter().map(|sample| sample.core.name()).collect();
    let core = |name: &str| samples.iter().map(|sample| sample.core).find(|core| core.name() == name);
    let factor = |name: &'static str| {
        if name == REFERENCE.name() {
            return Some((name, 1.0));
        }
        let ratios = pairs(samples, core(name)?);
        (!ratios.is_empty()).then(|| (name, mean(ratios.iter().map(|ratio| ratio.ln())).exp()))
    };
    cores.into_iter().filter_map(factor).collect()
}

/// Measured cycles in terms of those fitted without the network's family, sample by sample.
#[derive(Clone, Debug)]
pub struct LeftOut<'a>(pub Vec<(&'a Sample, f64)>);

impl<'a> LeftOut<'a> {
    /// Leaves each family out in turn.
    #[must_use]
    pub fn of(samples: &'a [Sample], grouping: &Grouping) -> Self {
        let families: BTreeSet<&str> = samples.iter().map(|sample| sample.family.as_str()).collect();
        let mut ratios = Vec::with_capacity(samples.len());
        for family in families {
            let others: Vec<Sample> = samples.iter().filter(|sample| sample.family != family).cloned().collect();
            let fit = Fit::of(&others, grouping);
            for sample in samples.iter().filter(|sample| sample.family == family) {
                let fitted = fit.cycles(&sample.work, sample.core).unwrap_or(0.0);
                ratios.push((sample, sample.cycles / fitted));
            }
        }
        Self(ratios)
    }

    /// Those of some samples.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&Sample) -> bool) -> Self {
        Self(self.0.iter().filter(|(sample, _)| wanted(sample)).copied().collect())
    }

    /// By how much a fit is off on a family that it has not seen, up or down: the mean over families.
    #[must_use]
    pub fn typical(&self) -> f64 {
        let mut families: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (sample, ratio) in &self.0 {
            families.entry(&sample.family).or_default().push(ratio.ln().abs());
        }
        mean(families.values().map(|errors| mean(errors.iter().copied()))).exp() - 1.0
    }

    /// The smallest and the largest.
    #[must_use]
    pub fn extremes(&self) -> (f64, f64) {
        let ratios = self.0.iter().map(|(_, ratio)| *ratio);
        (ratios.clone().fold(f64::INFINITY, f64::min), ratios.fold(0.0, f64::max))
    }
}

/// The grouping that is used: of those whose error is within two points of the best the one with the fewest coefficients.
#[must_use]
pub fn chosen(samples: &[Sample]) -> &'static Grouping {
    let errors: Vec<f64> = GROUPINGS.iter().map(|grouping| LeftOut::of(samples, grouping).typical()).collect();
    let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
    let near = GROUPINGS.iter().zip(&errors).filter(|(_, error)| **error <= best + WORTH_A_COEFFICIENT);
    near.min_by(|(a, worse), (b, better)| a.groups.len().cmp(&b.groups.len()).then(worse.total_cmp(better)))
        .map_or(&GROUPINGS[0], |(grouping, _)| grouping)
}

#[expect(clippy::cast_precision_loss, reason = "there are few")]
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE: [(Kind, f64); 6] = [
        (Convolution, 1.5),
        (Pointwise, 1.5),
        (FirstConvolution, 3.0),
        (Dense, 3.0),
        (Depthwise, 8.0),
        (LineConvolution, 5.0),
    ];

    /// Networks of made-up work, each run on two cores, with exactly the cycles that the coefficients say.
    fn made_up() -> Vec<Sample> {
        let mut samples = Vec::new();
        for i in 0..8_u64 {
            let amount = |j: u64| 1000 * (1 + (i * 7 + j * 5 + i * j) % 11);
            let work = TRUE.iter().zip(0..).fold(Work::default(), |work, ((kind, _), j)| work.and(*kind, amount(j)));
            let cycles: f64 = TRUE.iter().map(|(kind, each)| each * work.sum(&[*kind])).sum();
            for (core, factor) in [(Core::CortexM7, 1.0), (Core::CortexM4, 1.75)] {
                samples.push(Sample {
                    network: format!("network {i}"),
                    family: format!("family {}", i / 2),
                    board: core.name().to_owned(),
                    core,
                    source: "made up".to_owned(),
                    cycles: factor * cycles,
                    work,
                });
            }
        }
        samples
    }

    #[test]
    fn coefficients_and_factors_that_data_were_made_with_are_recovered() {
        let samples = made_up();
        let grouping = GROUPINGS.iter().find(|one| one.groups.len() == 4).expect("there is one of four");
        let fit = Fit::of(&samples, grouping);
        for (kind, put_in) in TRUE {
            assert!((fit.cycles[&kind] / put_in - 1.0).abs() < 1e-6, "{kind:?}: {:?}", fit.cycles);
        }
        assert!(
            (fit.factors["cortex-m4"] - 1.75).abs() < 1e-12 && fit.cycles(&samples[0].work, Core::CortexM3).is_none()
        );
        let left = LeftOut::of(&samples, grouping);
        assert!(left.typical() < 1e-6 && (left.extremes().0 - left.extremes().1).abs() < 1e-6);
    }

    #[test]
    fn no_more_coefficients_are_taken_than_help() {
        assert_eq!(chosen(&made_up()).groups.len(), 4);
    }
}
