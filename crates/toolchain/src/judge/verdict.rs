//! What follows from a measurement, or from there being none.

use automcu_target::{Budget, Fit, Margin};
use serde::{Deserialize, Serialize};

use super::Measurement;
use crate::vendor::{Failure, FailureKind};

/// Why a judge has no measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum NoAnswer {
    /// The tool has no code for a part of this network: another network is needed.
    #[error("not supported: {operator}{}", layer.as_ref().map(|layer| format!(", in {layer}")).unwrap_or_default())]
    Unsupported {
        /// The operator, or what is said of it.
        operator: String,
        /// The layer, where it is named.
        layer: Option<String>,
    },
    /// The file that was handed over is wrong: whoever writes it is to be mended, whatever the network.
    #[error("the network's file was refused: {words}")]
    BadModel {
        /// The tool's words.
        words: String,
    },
    /// The tool does not understand how it was called: the search is to be stopped.
    #[error("the tool's command line was refused: {words}")]
    WrongFlags {
        /// The tool's words.
        words: String,
    },
    /// It may work another time.
    #[error("the tool failed, and may not another time: {words}")]
    Transient {
        /// What happened.
        words: String,
    },
    /// A board, a connection or a licence is not there, which says nothing of the network.
    #[error("the bench is not ready: {words}")]
    Bench {
        /// What is missing.
        words: String,
    },
    /// The tool itself is not there.
    #[error("{tool} is not there; {remedy}")]
    Missing {
        /// Which.
        tool: String,
        /// What to install or to set.
        remedy: String,
    },
    /// The tool does not know this microcontroller.
    #[error("not for this target: {words}")]
    NotForTarget {
        /// What it would know.
        words: String,
    },
    /// It is not known whose fault it is.
    #[error("the tool failed: {words}")]
    Failed {
        /// What happened.
        words: String,
    },
}

impl NoAnswer {
    /// Whether the same question may be answered another time.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// Whether every other network would be answered the same: a search has to be stopped and something mended.
    #[must_use]
    pub const fn stops_search(&self) -> bool {
        matches!(self, Self::WrongFlags { .. } | Self::BadModel { .. })
    }
}

impl From<Failure> for NoAnswer {
    fn from(failure: Failure) -> Self {
        let words = failure.message;
        match failure.kind {
            FailureKind::Unsupported { what } => Self::Unsupported { operator: what, layer: layer_in(&words) },
            FailureKind::BadModel => Self::BadModel { words },
            FailureKind::WrongFlags => Self::WrongFlags { words },
            FailureKind::Transient => Self::Transient { words },
            FailureKind::Bench => Self::Bench { words },
            FailureKind::Unknown => Self::Failed { words },
        }
    }
}

/// `... not supported in layer conv_3`.
fn layer_in(words: &str) -> Option<String> {
    let rest = words.split_once("layer ")?.1;
    let name = rest.split_whitespace().next()?.trim_matches(['\'', '"', ',', '.', ':', ';']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// A part of memory that a judge does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncounted {
    /// What the runtime keeps in RAM.
    RuntimeRam,
    /// The stack.
    Stack,
    /// Tables by which accumulators are rescaled.
    Tables,
    /// Instructions.
    Code,
}

impl Uncounted {
    /// How it is told to people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::RuntimeRam => "runtime RAM",
            Self::Stack => "stack",
            Self::Tables => "tables",
            Self::Code => "code",
        }
    }
}

/// What a judge says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// All that is counted fits.
    Fits {
        /// What is left.
        margins: Fit,
        /// What is not counted.
        uncounted: Vec<Uncounted>,
    },
    /// What is counted is too much already.
    OverBudget {
        /// By how much, memory by memory.
        margins: Fit,
    },
    /// The tool has no code for a part of the network.
    Unsupported {
        /// The operator.
        operator: String,
        /// The layer, where it is named.
        layer: Option<String>,
    },
    /// The tool failed, not the network.
    ToolFailed {
        /// What happened.
        words: String,
        /// Whether another try may help.
        may_retry: bool,
        /// Whether every other network would be answered the same.
        stops_search: bool,
    },
    /// Nobody could tell.
    Unknown {
        /// Why, and what would help.
        words: String,
    },
}

impl Verdict {
    /// What follows.
    #[must_use]
    pub fn of(answer: &Result<Measurement, NoAnswer>, budget: Budget) -> Self {
        match answer {
            Ok(measurement) => Self::of_measurement(measurement, budget),
            Err(NoAnswer::Unsupported { operator, layer }) => {
                Self::Unsupported { operator: operator.clone(), layer: layer.clone() }
            }
            Err(none @ (NoAnswer::Missing { .. } | NoAnswer::NotForTarget { .. } | NoAnswer::Bench { .. })) => {
                Self::Unknown { words: none.to_string() }
            }
            Err(failed) => Self::ToolFailed {
                words: failed.to_string(),
                may_retry: failed.is_transient(),
                stops_search: failed.stops_search(),
            },
        }
    }

    fn of_measurement(measurement: &Measurement, budget: Budget) -> Self {
        let footprint = &measurement.footprint;
        let margins = Fit::of(footprint, budget);
        if !margins.holds() {
            return Self::OverBudget { margins };
        }
        let parts = [
            (footprint.ram.runtime.is_none(), Uncounted::RuntimeRam),
            (footprint.ram.stack.is_none(), Uncounted::Stack),
            (footprint.flash.tables.is_none(), Uncounted::Tables),
            (footprint.flash.code.is_none(), Uncounted::Code),
        ];
        let uncounted = parts.into_iter().filter(|(is_unknown, _)| *is_unknown).map(|(_, part)| part).collect();
        Self::Fits { margins, uncounted }
    }

    /// Whether the network is refused for what it is.
    #[must_use]
    pub const fn refuses(&self) -> bool {
        matches!(self, Self::OverBudget { .. } | Self::Unsupported { .. })
    }

    /// One word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Fits { .. } => "fits",
            Self::OverBudget { .. } => "over budget",
            Self::Unsupported { .. } => "unsupported",
            Self::ToolFailed { .. } => "tool failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Where and by how much a budget is exceeded, such as `RAM by 1.0 KiB (1024 B)`.
    #[must_use]
    pub fn excess(&self) -> Option<String> {
        let Self::OverBudget { margins } = self else { return None };
        let over = |name: &str, margin: Margin| match margin {
            Margin::Over(bytes) => Some(format!("{name} by {bytes} ({} B)", bytes.0)),
            _ => None,
        };
        let memories = [over("RAM", margins.ram), over("Flash", margins.flash)];
        Some(memories.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}
