//! The fit as it is committed: coefficients, factors and errors, rounded, in a file that `cargo xtask nightly latency` writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

use super::{Fit, Kind, LeftOut, REFERENCE, Sample, Work, chosen};
use crate::part::Core;

/// What a fit came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// Which kinds share a coefficient.
    pub grouping: String,
    /// How many runs there are.
    pub runs: u32,
    /// Of how many networks.
    pub networks: u32,
    /// Cycles for one of each kind on the reference core.
    pub cycles: BTreeMap<Kind, f64>,
    /// The errors on all runs.
    pub all: Spread,
    /// The errors on runs of networks without kernels of one row or one column.
    pub without_lines: Spread,
    /// The cores.
    pub cores: BTreeMap<String, CoreFit>,
}

/// What is known of one core.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreFit {
    /// How many times the cycles of the reference core it takes.
    pub factor: f64,
    /// How many runs there are.
    pub runs: u32,
    /// Of how many networks.
    pub networks: u32,
}

/// Measured cycles in terms of those fitted without the network's family.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The smallest ratio.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// How far off, up or down: the mean over families.
    pub typical_percent: f64,
    /// How many runs.
    pub runs: u32,
    /// Of how many families.
    pub families: u32,
}

impl Committed {
    /// The one that comes with the program.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static FIT: LazyLock<Committed> = LazyLock::new(|| {
            toml::from_str(include_str!("../../latency/fit.toml")).expect("a test fits it anew and compares")
        });
        &FIT
    }

    /// What these runs come to.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Self {
        let grouping = chosen(samples);
        let (fit, left) = (Fit::of(samples, grouping), LeftOut::of(samples, grouping));
        let core = |(name, factor): (&&str, &f64)| {
            let here = || samples.iter().filter(|sample| sample.core.name() == *name);
            let networks = distinct(here().map(|sample| sample.network.as_str()));
            ((*name).to_owned(), CoreFit { factor: to(*factor, 1e4), runs: count(here().count()), networks })
        };
        Self {
            grouping: grouping.name.to_owned(),
            runs: count(samples.len()),
            networks: distinct(samples.iter().map(|sample| sample.network.as_str())),
            cycles: fit.cycles.iter().map(|(kind, each)| (*kind, to(*each, 1e4))).collect(),
            all: Spread::of(&left),
            without_lines: Spread::of(&left.only(|sample| !sample.work.has_lines())),
            cores: fit.factors.iter().map(core).collect(),
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let text = toml::to_string(self).expect("numbers, words and maps of them");
        format!(
            "# Fitted to runs.toml and written by `cargo xtask nightly latency`; not to be changed by hand.\n{text}"
        )
    }

    /// The fitted cycles of some work, of a core that has runs.
    pub(super) fn cycles(&self, work: &Work, core: Core) -> Option<f64> {
        let factor = self.cores.get(core.name())?.factor;
        Some(factor * self.cycles.iter().map(|(kind, each)| each * work.sum(&[*kind])).sum::<f64>())
    }

    /// The cores that have runs.
    pub(super) fn known(&self) -> String {
        self.cores.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// What a range on a core rests on.
    pub(super) fn basis(&self, core: Core, spread: &Spread) -> String {
        let here = self.cores.get(core.name()).map_or(0, |fit| fit.runs);
        let networks = self.networks;
        let Spread { families, .. } = *spread;
        let mut words =
            format!("{} published runs of {networks} networks under ST's runtime, {here} of them on {core}", self.runs);
        if core != REFERENCE {
            words += &format!("; what a kind of work costs is shared with {REFERENCE}");
        }
        words + &format!("; widened by the largest errors on {families} families of networks, each left out in turn")
    }
}

impl Spread {
    /// Rounded outwards, so that no run falls out by rounding.
    fn of(left: &LeftOut<'_>) -> Self {
        let (low, high) = left.extremes();
        Self {
            low: (low * 1e3).floor() / 1e3,
            high: (high * 1e3).ceil() / 1e3,
            typical_percent: to(100.0 * left.typical(), 10.0),
            runs: count(left.0.len()),
            families: distinct(left.0.iter().map(|(sample, _)| sample.family.as_str())),
        }
    }
}

fn to(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

fn distinct<'a>(items: impl Iterator<Item = &'a str>) -> u32 {
    count(items.collect::<BTreeSet<_>>().len())
}
