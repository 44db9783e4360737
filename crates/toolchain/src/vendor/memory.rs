//! Where a network lies, pool by pool, and who computes its steps: what is told where there is a neural accelerator.

use automcu_model::Bytes;
use serde::Serialize;

/// Addresses from here on are those of memory outside of the microcontroller, as a Cortex-M has them.
const EXTERNAL: u64 = 0x6000_0000;

/// A stretch of memory, and what a network takes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryPool {
    /// What the tool calls it.
    pub name: String,
    /// Its first address, where it has one.
    pub address: Option<u64>,
    /// Its size, where it is bounded.
    pub size_bytes: Option<Bytes>,
    /// So much of it is taken. A compiler that lays things at multiples of some bytes tells where they end.
    pub used_bytes: Option<Bytes>,
    /// What lies in it.
    pub holds: Vec<Held>,
    /// Where it is; nothing where it has no address yet.
    pub place: Option<Place>,
}

/// What lies in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Weights, biases, tables.
    Weights,
    /// Inputs, outputs, and what is between.
    Activations,
}

impl Held {
    /// How it is told to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Activations => "activations",
        }
    }
}

/// Where memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the microcontroller.
    Internal,
    /// Beside it.
    External,
}

impl Place {
    /// Where an address is.
    #[must_use]
    pub const fn of(address: u64) -> Self {
        if address >= EXTERNAL { Self::External } else { Self::Internal }
    }

    /// How it is told to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
        }
    }
}

/// How many steps of a network are computed by whom, where an accelerator computes some: epochs, as its compiler calls them, or
/// operations where the tool tells these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// All of them.
    pub all: u64,
    /// By the processor alone.
    pub software: u64,
    /// By the accelerator, the processor helping or not.
    pub hardware: Option<u64>,
    /// By the accelerator, which goes from one to the next by itself.
    pub controlled: Option<u64>,
}
