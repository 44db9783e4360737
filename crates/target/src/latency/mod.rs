//! How long an int8 network takes on a part: a range, from a model fitted to published runs, with its error.
//!
//! What was measured and published is what other runtimes take; the range says what such a runtime takes. It is no
//! figure of the code that AutoMCU writes, and nothing here makes time out of counted instructions.
//!
//! ```
//! use automcu_model::Spec;
//! use automcu_target::{Catalogue, LatencyRange};
//!
//! let spec = br#"{
//!     "version": 1,
//!     "input": { "height": 32, "width": 32, "channels": 3 },
//!     "backbone": [{ "op": "conv", "channels": 16 }, { "op": "residual", "channels": 32, "stride": 2 }],
//!     "head": { "op": "classifier", "classes": 10 }
//! }"#;
//! let graph = Spec::from_json(spec)?.lower()?.deployed();
//! let part = Catalogue::built_in().find("STM32F407").expect("in the catalogue");
//! let range = LatencyRange::of(&graph, part)?;
//! assert!(range.low_us < range.high_us && range.clock_mhz == 168);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod committed;
mod fit;
mod runs;
mod solve;
mod work;

use automcu_model::{Graph, Provenance};
use serde::Serialize;

use crate::part::{Core, Part};

pub use committed::{Committed, CoreFit, Spread};
pub use fit::{Fit, GROUPINGS, Grouping, LeftOut, REFERENCE, Sample, chosen, pairs};
pub use runs::{Board, Network, Run, Runs, Source};
pub use work::{Kind, Work};

/// How long one inference of an int8 network takes on a part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LatencyRange {
    /// Cycles, at the least.
    pub low_cycles: u64,
    /// Cycles, at the most.
    pub high_cycles: u64,
    /// The part's highest clock, which makes time of cycles.
    pub clock_mhz: u32,
    /// Microseconds at that clock, at the least.
    pub low_us: u64,
    /// Microseconds at that clock, at the most.
    pub high_us: u64,
    /// How the figures came to be known: from the graph.
    pub provenance: Provenance,
    /// What the range rests on, in words.
    pub basis: String,
    /// How far off the model was on networks that it had not seen.
    pub error: LatencyError,
}

/// How far off the model was on published runs of families of networks that were left out of the fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatencyError {
    /// The mean over families, up or down, in percent.
    pub typical_percent: f64,
    /// The smallest ratio of measured cycles to fitted ones: the low end is the fitted value times this.
    pub low_factor: f64,
    /// The largest: the high end is the fitted value times this.
    pub high_factor: f64,
    /// How many runs lay between the two: all of them.
    pub runs: u32,
    /// How many families they are of; each was left out in turn.
    pub families: u32,
}

/// Why there is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLatency {
    /// Nobody's runs on such a core are in the table.
    #[error("no latency range for {part}: no published runs on a {core} are known here; there are some on {known}")]
    NoRuns {
        /// The part.
        part: String,
        /// Its core.
        core: Core,
        /// The cores that have runs.
        known: String,
    },
    /// The core lacks the instructions that all runs were made with.
    #[error(
        "no latency range for {part}: its {core} lacks the DSP extension, and all published runs were made with it"
    )]
    NoDsp {
        /// The part.
        part: String,
        /// Its core.
        core: Core,
    },
    /// The weights lie beside the part.
    #[error(
        "no latency range for {part}: its flash is a chip of its own, and all published runs read flash inside the part"
    )]
    ExternalFlash {
        /// The part.
        part: String,
    },
    /// Nothing of what the model counts is in the network.
    #[error("no latency range: the network has no convolution and no dense layer, and nothing else is counted")]
    NothingCounted,
}

impl LatencyRange {
    /// The range of a network on a part. The network is taken to be int8.
    pub fn of(graph: &Graph, part: &Part) -> Result<Self, NoLatency> {
        let committed = Committed::built_in();
        let work = Work::of(graph);
        let fitted = fitted(committed, &work, part)?;
        let spread = if work.has_lines() { &committed.all } else { &committed.without_lines };
        let cycles = |factor: f64| rounded(fitted * factor);
        let us = |cycles: u64| cycles / u64::from(part.clock_mhz().max(1));
        let (low_cycles, high_cycles) = (cycles(spread.low), cycles(spread.high).saturating_add(1));
        Ok(Self {
            low_cycles,
            high_cycles,
            clock_mhz: part.clock_mhz(),
            low_us: us(low_cycles),
            high_us: us(high_cycles).saturating_add(1),
            provenance: Provenance::Estimated,
            basis: committed.basis(part.core(), spread),
            error: LatencyError {
                typical_percent: spread.typical_percent,
                low_factor: spread.low,
                high_factor: spread.high,
                runs: spread.runs,
                families: spread.families,
            },
        })
    }
}

/// The fitted cycles, where the published runs are of such a part.
fn fitted(committed: &Committed, work: &Work, part: &Part) -> Result<f64, NoLatency> {
    let (core, name) = (part.core(), || part.name().to_owned());
    let Some(fitted) = committed.cycles(work, core) else {
        return Err(NoLatency::NoRuns { part: name(), core, known: committed.known() });
    };
    if !part.has_dsp() {
        return Err(NoLatency::NoDsp { part: name(), core });
    }
    if part.flash().regions().iter().all(|region| region.external) {
        return Err(NoLatency::ExternalFlash { part: name() });
    }
    if fitted > 0.0 { Ok(fitted) } else { Err(NoLatency::NothingCounted) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cycles are above 0, and graphs are bounded at 2e10 multiply-accumulates"
)]
const fn rounded(cycles: f64) -> u64 {
    cycles as u64
}
