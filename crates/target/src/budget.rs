//! What a candidate needs, what it may need, and whether the one fits the other.

use automcu_model::{Bytes, Cost, DataType, Peak, Provenance};
use serde::{Deserialize, Serialize};

use crate::part::Part;

/// The memory that a target and the user allow. What is not bounded is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// RAM.
    #[serde(rename = "ram_bytes")]
    pub ram: Option<Bytes>,
    /// Flash.
    #[serde(rename = "flash_bytes")]
    pub flash: Option<Bytes>,
}

impl Budget {
    /// The tighter of the two, for each memory.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let tighter = |a: Option<Bytes>, b: Option<Bytes>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { ram: tighter(self.ram, other.ram), flash: tighter(self.flash, other.flash) }
    }
}

/// A part allows its longest stretch of RAM and of flash: an arena or a table of weights cannot be torn.
impl From<&Part> for Budget {
    fn from(part: &Part) -> Self {
        Self { ram: Some(part.ram().largest_run()), flash: Some(part.flash().largest_run()) }
    }
}

/// RAM by what needs it; what is not known is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RamUse {
    /// The peak of activations.
    #[serde(rename = "activations_bytes")]
    pub activations: Bytes,
    /// What the runtime keeps beside them.
    #[serde(rename = "runtime_bytes")]
    pub runtime: Option<Bytes>,
    /// The stack.
    #[serde(rename = "stack_bytes")]
    pub stack: Option<Bytes>,
}

/// Flash by what needs it; what is not known is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashUse {
    /// Weights and biases.
    #[serde(rename = "weights_bytes")]
    pub weights: Bytes,
    /// Multipliers and shifts that rescale accumulators.
    #[serde(rename = "tables_bytes")]
    pub tables: Option<Bytes>,
    /// Code.
    #[serde(rename = "code_bytes")]
    pub code: Option<Bytes>,
}

/// What a candidate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// The data type that it is for.
    pub dtype: DataType,
    /// How it is known.
    pub provenance: Provenance,
    /// RAM.
    pub ram: RamUse,
    /// Flash.
    pub flash: FlashUse,
}

impl Footprint {
    /// What a deployed graph of this cost and peak needs at least. Runtime, stack, tables and code are not known yet.
    #[must_use]
    pub fn estimated(cost: &Cost, peak: &Peak, dtype: DataType) -> Self {
        Self {
            dtype,
            provenance: Provenance::Estimated,
            ram: RamUse { activations: peak.bytes(dtype), runtime: None, stack: None },
            flash: FlashUse { weights: cost.weight_bytes(dtype), tables: None, code: None },
        }
    }

    /// The RAM of all parts that are known.
    #[must_use]
    pub fn known_ram(&self) -> Bytes {
        [Some(self.ram.activations), self.ram.runtime, self.ram.stack].into_iter().flatten().sum()
    }

    /// The flash of all parts that are known.
    #[must_use]
    pub fn known_flash(&self) -> Bytes {
        [Some(self.flash.weights), self.flash.tables, self.flash.code].into_iter().flatten().sum()
    }
}

/// How one memory's use compares to what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state", content = "bytes")]
pub enum Margin {
    /// So much is left.
    Spare(Bytes),
    /// So much is too much.
    Over(Bytes),
    /// Nothing is asked.
    Unbounded,
}

impl Margin {
    fn of(used: Bytes, allowed: Option<Bytes>) -> Self {
        match allowed.map(|allowed| allowed.minus(used)) {
            None => Self::Unbounded,
            Some(Ok(spare)) => Self::Spare(spare),
            Some(Err(over)) => Self::Over(over),
        }
    }

    /// Whether the use is within what is allowed.
    #[must_use]
    pub const fn is_within(self) -> bool {
        !matches!(self, Self::Over(_))
    }
}

/// Whether a footprint's known parts fit a budget, memory by memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Fit {
    /// Of RAM.
    pub ram: Margin,
    /// Of flash.
    pub flash: Margin,
}

impl Fit {
    /// Compares.
    #[must_use]
    pub fn of(footprint: &Footprint, budget: Budget) -> Self {
        Self {
            ram: Margin::of(footprint.known_ram(), budget.ram),
            flash: Margin::of(footprint.known_flash(), budget.flash),
        }
    }

    /// Whether both memories suffice.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.ram.is_within() && self.flash.is_within()
    }
}
