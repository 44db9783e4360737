//! What a judge found out.

use automcu_model::Provenance;
use automcu_target::Footprint;
use serde::{Deserialize, Serialize};

/// What a network takes, by one tool. What the tool does not say is none, never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// RAM and Flash by their parts, with data type and provenance.
    pub footprint: Footprint,
    /// Multiply-accumulates as the tool counts them.
    pub macs: Option<u64>,
    /// The operators that the tool has code for, each once, in its own words.
    pub operators: Vec<String>,
    /// The layers, as far as the tool tells them apart.
    pub layers: Vec<LayerFigures>,
    /// What came of running the network's code, where it was run.
    #[serde(default)]
    pub ran: Option<Ran>,
    /// What is to be known about these figures.
    pub remarks: Vec<String>,
}

/// What came of running the network's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// Where.
    pub place: String,
    /// Whether that is this computer, an emulator or a board.
    pub provenance: Provenance,
    /// How many inputs were answered.
    pub inputs: u64,
    /// Bytes of the answers that are not the reference's.
    pub differing_bytes: u64,
    /// Instructions of one inference, where they can be counted.
    pub instructions: Option<u64>,
    /// The stack that was used, where it can be seen.
    pub stack_bytes: Option<u64>,
}

/// What one layer takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFigures {
    /// What the tool calls it.
    pub name: String,
    /// What it does, in the tool's words.
    pub operator: Option<String>,
    /// Its multiply-accumulates.
    pub macs: Option<u64>,
    /// Its weights, biases and tables.
    pub weights_bytes: Option<u64>,
}
