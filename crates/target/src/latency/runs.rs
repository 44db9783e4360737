//! The published runs: a data file of ours, read from text.

use std::{collections::BTreeMap, sync::LazyLock};

use automcu_model::{Graph, Refusals, Spec};
use serde::Deserialize;

use super::{Sample, Work};
use crate::part::Core;

/// A repository at one state, and the tool that its figures are of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Owner and name.
    pub repository: String,
    /// The state.
    pub commit: String,
    /// The runtime and its version.
    pub tool: String,
}

/// A board as it was measured.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its core.
    pub core: Core,
    /// The clock it was measured at.
    pub clock_mhz: u32,
}

/// A network, and what is published of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its name in the data file.
    pub name: String,
    /// Networks of one family are left out together.
    pub family: String,
    /// Its name for people.
    pub title: String,
    /// Millions of multiply-accumulates, as published.
    pub macs_m: Option<f64>,
    /// KiB of int8 weights and int32 biases, as published.
    pub weights_kib: Option<f64>,
    /// Parameters as Keras counts them, as published.
    pub parameters: Option<u64>,
    spec: String,
}

impl Network {
    /// The network as it is deployed.
    pub fn graph(&self) -> Result<Graph, Refusals> {
        Ok(self.spec()?.lower()?.deployed())
    }

    /// The network as a spec.
    pub fn spec(&self) -> Result<Spec, Refusals> {
        Spec::from_json(self.spec.as_bytes())
    }
}

/// One measured time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The network.
    pub network: String,
    /// The board.
    pub board: String,
    /// Milliseconds for one input.
    milliseconds: Option<f64>,
    /// Inputs a second, where that was published.
    a_second: Option<f64>,
    /// The source, by its key.
    pub source: String,
    /// The file in the source.
    pub file: String,
}

/// All published runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    /// The sources by key.
    pub sources: BTreeMap<String, Source>,
    /// The boards by name.
    pub boards: BTreeMap<String, Board>,
    /// The networks.
    #[serde(rename = "network")]
    pub networks: Vec<Network>,
    /// The runs that are fitted to.
    #[serde(rename = "run")]
    pub runs: Vec<Run>,
    /// Runs under another runtime, which are only compared.
    pub other: Vec<Run>,
}

impl Runs {
    /// Those that come with the program.
    #[must_use]
    pub fn published() -> &'static Self {
        static ALL: LazyLock<Runs> = LazyLock::new(|| {
            toml::from_str(include_str!("../../latency/runs.toml")).expect("a test reads the data file")
        });
        &ALL
    }

    /// What a fit needs of each run; none of runs whose network, board or time is not there.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        self.sampled(&self.runs)
    }

    /// The same of runs under another runtime.
    #[must_use]
    pub fn others(&self) -> Vec<Sample> {
        self.sampled(&self.other)
    }

    fn sampled(&self, runs: &[Run]) -> Vec<Sample> {
        let work: BTreeMap<&str, (&Network, Work)> = self
            .networks
            .iter()
            .filter_map(|network| Some((network.name.as_str(), (network, Work::of(&network.graph().ok()?)))))
            .collect();
        let sample = |run: &Run| {
            let (network, work) = work.get(run.network.as_str())?;
            let board = self.boards.get(&run.board)?;
            let seconds = run.milliseconds.map(|time| time / 1e3).or(run.a_second.map(|rate| 1.0 / rate))?;
            Some(Sample {
                network: network.name.clone(),
                family: network.family.clone(),
                board: run.board.clone(),
                core: board.core,
                source: run.source.clone(),
                cycles: seconds * f64::from(board.clock_mhz) * 1e6,
                work: *work,
            })
        };
        runs.iter().filter_map(sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At most so much of a published figure may be missing or too much.
    fn near(what: &str, ours: f64, published: Option<f64>, share: f64) {
        if let Some(published) = published {
            assert!((ours / published - 1.0).abs() <= share, "{what}: {ours} against {published}");
        }
    }

    #[test]
    fn every_network_is_the_one_that_was_measured() {
        for network in &Runs::published().networks {
            let graph = network.graph().expect(&network.name);
            let (cost, norms) =
                (graph.cost(), network.spec().and_then(|spec| spec.lower()).expect("built").cost().norms);
            assert!(
                network.macs_m.is_some() || network.weights_kib.is_some() || network.parameters.is_some(),
                "{}: nothing to compare with",
                network.name
            );
            near(&network.name, cost.macs as f64 / 1e6, network.macs_m, 0.03);
            let bytes = cost.weights + 4 * cost.biases;
            near(&network.name, bytes as f64 / 1024.0, network.weights_kib, 0.01);
            if let Some(parameters) = network.parameters {
                assert_eq!(cost.weights + cost.biases + 2 * norms, parameters, "{}", network.name);
            }
        }
    }

    #[test]
    fn every_run_has_its_network_board_source_and_time_and_none_stands_twice() {
        let all = Runs::published();
        assert_eq!((all.samples().len(), all.others().len()), (all.runs.len(), all.other.len()));
        let runs: Vec<&Run> = all.runs.iter().chain(&all.other).collect();
        for (i, run) in runs.iter().enumerate() {
            assert!(all.sources.contains_key(&run.source) && run.milliseconds.is_some() != run.a_second.is_some());
            let key = |run: &Run| (run.network.clone(), run.board.clone(), run.source.clone());
            assert!(!runs[..i].iter().any(|other| key(other) == key(run)), "{run:?}");
        }
        for network in &all.networks {
            assert!(all.runs.iter().any(|run| run.network == network.name), "{} was never run", network.name);
        }
    }
}
