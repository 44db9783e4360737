//! Figures as they lie on the disk, converted by hand from and to what the agents speak: renaming a field elsewhere must
//! not change what an old journal means.

use automcu_contract as contract;
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target as target;
use serde::{Deserialize, Serialize};

/// The memory that a job allows. What is not bounded is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// RAM.
    pub ram_bytes: Option<u64>,
    /// Flash.
    pub flash_bytes: Option<u64>,
}

impl Budget {
    /// Whether both bound the same memories, and none of them differs by more than a factor of two.
    #[must_use]
    pub fn is_similar_to(self, other: Self) -> bool {
        let alike = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => a.max(b) / 2 <= a.min(b),
            _ => false,
        };
        alike(self.ram_bytes, other.ram_bytes) && alike(self.flash_bytes, other.flash_bytes)
    }
}

impl From<target::Budget> for Budget {
    fn from(budget: target::Budget) -> Self {
        Self { ram_bytes: budget.ram.map(|ram| ram.0), flash_bytes: budget.flash.map(|flash| flash.0) }
    }
}

impl From<Budget> for target::Budget {
    fn from(budget: Budget) -> Self {
        Self { ram: budget.ram_bytes.map(Bytes), flash: budget.flash_bytes.map(Bytes) }
    }
}

/// What a candidate needs; what is not known is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// The data type that it is for.
    pub dtype: DataType,
    /// How it is known.
    pub provenance: Provenance,
    /// RAM: the peak of activations.
    pub activations_bytes: u64,
    /// RAM: what the runtime keeps.
    pub runtime_bytes: Option<u64>,
    /// RAM: the stack.
    pub stack_bytes: Option<u64>,
    /// Flash: weights and biases.
    pub weights_bytes: u64,
    /// Flash: multipliers and shifts.
    pub tables_bytes: Option<u64>,
    /// Flash: code.
    pub code_bytes: Option<u64>,
}

impl From<target::Footprint> for Footprint {
    fn from(of: target::Footprint) -> Self {
        let number = |bytes: Option<Bytes>| bytes.map(|bytes| bytes.0);
        Self {
            dtype: of.dtype,
            provenance: of.provenance,
            activations_bytes: of.ram.activations.0,
            runtime_bytes: number(of.ram.runtime),
            stack_bytes: number(of.ram.stack),
            weights_bytes: of.flash.weights.0,
            tables_bytes: number(of.flash.tables),
            code_bytes: number(of.flash.code),
        }
    }
}

impl From<Footprint> for target::Footprint {
    fn from(of: Footprint) -> Self {
        Self {
            dtype: of.dtype,
            provenance: of.provenance,
            ram: target::RamUse {
                activations: Bytes(of.activations_bytes),
                runtime: of.runtime_bytes.map(Bytes),
                stack: of.stack_bytes.map(Bytes),
            },
            flash: target::FlashUse {
                weights: Bytes(of.weights_bytes),
                tables: of.tables_bytes.map(Bytes),
                code: of.code_bytes.map(Bytes),
            },
        }
    }
}

/// A metric with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The metric, from 0 to 1.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The data type of what was measured.
    pub dtype: DataType,
    /// How it was measured.
    pub provenance: Provenance,
}

impl Metric {
    /// Whether all three are numbers from 0 to 1.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [self.value, self.low, self.high].iter().all(|number| (0.0..=1.0).contains(number))
    }
}

impl From<contract::Metric> for Metric {
    fn from(of: contract::Metric) -> Self {
        Self {
            value: of.value.get(),
            low: of.low.get(),
            high: of.high.get(),
            dtype: of.dtype,
            provenance: of.provenance,
        }
    }
}

/// Who had the idea of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The seed library.
    Seed,
    /// The surrogate.
    Surrogate,
    /// A mutation.
    Evolution,
    /// A random draw.
    Random,
    /// A language model.
    Llm,
    /// A past job.
    Warm,
}

impl From<contract::Source> for Source {
    fn from(of: contract::Source) -> Self {
        match of {
            contract::Source::Seed => Self::Seed,
            contract::Source::Surrogate => Self::Surrogate,
            contract::Source::Evolution => Self::Evolution,
            contract::Source::Random => Self::Random,
            contract::Source::Llm => Self::Llm,
            contract::Source::Warm => Self::Warm,
        }
    }
}

impl From<Source> for contract::Source {
    fn from(of: Source) -> Self {
        match of {
            Source::Seed => Self::Seed,
            Source::Surrogate => Self::Surrogate,
            Source::Evolution => Self::Evolution,
            Source::Random => Self::Random,
            Source::Llm => Self::Llm,
            Source::Warm => Self::Warm,
        }
    }
}

/// What a judge says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It fits.
    Fits,
    /// It needs more than is allowed.
    OverBudget {
        /// Where, and the smallest fix.
        reason: String,
    },
    /// It has an operation that the judge lacks.
    Unsupported {
        /// Which, where.
        reason: String,
    },
    /// The judge failed, not the candidate.
    ToolFailed {
        /// What happened.
        reason: String,
        /// Whether another try may help.
        is_transient: bool,
    },
    /// Nobody could tell.
    Unknown,
}

impl From<contract::Verdict> for Verdict {
    fn from(of: contract::Verdict) -> Self {
        let text = |brief: contract::Brief| brief.as_str().to_owned();
        match of {
            contract::Verdict::Fits => Self::Fits,
            contract::Verdict::OverBudget { reason } => Self::OverBudget { reason: text(reason) },
            contract::Verdict::Unsupported { reason } => Self::Unsupported { reason: text(reason) },
            contract::Verdict::ToolFailed { reason, is_transient } => {
                Self::ToolFailed { reason: text(reason), is_transient }
            }
            contract::Verdict::Unknown => Self::Unknown,
        }
    }
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum TrainingEnd {
    /// It ran its course.
    Finished,
    /// It no longer got better.
    Stalled,
    /// It was asked to stop.
    Stopped,
    /// Its time was over.
    OutOfTime,
    /// It failed.
    Failed {
        /// What happened.
        reason: String,
        /// Whether another try may help.
        is_transient: bool,
    },
    /// Nobody knows how: it was under way when the daemon died, and was not taken up again.
    Lost,
}

impl From<contract::TrainingEnd> for TrainingEnd {
    fn from(of: contract::TrainingEnd) -> Self {
        match of {
            contract::TrainingEnd::Finished => Self::Finished,
            contract::TrainingEnd::Stalled => Self::Stalled,
            contract::TrainingEnd::Stopped => Self::Stopped,
            contract::TrainingEnd::OutOfTime => Self::OutOfTime,
            contract::TrainingEnd::Failed { reason, is_transient } => {
                Self::Failed { reason: reason.as_str().to_owned(), is_transient }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_target::{FlashUse, RamUse};

    #[test]
    fn figures_come_back_as_they_were() {
        let footprint = target::Footprint {
            dtype: DataType::Int8,
            provenance: Provenance::Linked,
            ram: RamUse { activations: Bytes(1), runtime: Some(Bytes(2)), stack: None },
            flash: FlashUse { weights: Bytes(3), tables: None, code: Some(Bytes(4)) },
        };
        assert_eq!(target::Footprint::from(Footprint::from(footprint)), footprint);
        let budget = target::Budget { ram: Some(Bytes(5)), flash: None };
        assert_eq!(target::Budget::from(Budget::from(budget)), budget);
    }

    #[test]
    fn budgets_are_similar_up_to_a_factor_of_two() {
        let budget = |ram| Budget { ram_bytes: ram, flash_bytes: Some(9) };
        for (a, b, similar) in [
            (Some(100), Some(200), true),
            (Some(100), Some(202), false),
            (None, None, true),
            (None, Some(1), false),
            (Some(u64::MAX), Some(u64::MAX), true),
        ] {
            assert_eq!(budget(a).is_similar_to(budget(b)), similar, "{a:?} {b:?}");
            assert_eq!(budget(b).is_similar_to(budget(a)), similar, "{b:?} {a:?}");
        }
    }
}
