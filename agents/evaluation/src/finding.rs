//! What comes of an attempt, and what comes of one that cannot be carried out.

use std::io;

use automcu_artifacts::{BundleError, StoreError};
use automcu_contract::{ArtifactId, Brief, Metric, Share, Verdict};
use automcu_convert::UntrainedError;
use automcu_dataset::{DatasetError, SplitError};
use automcu_deployment::DeployError;
use automcu_model::{DataType, Refusals};
use automcu_target::{Footprint, UnknownTarget};
use automcu_toolchain::{BuildError, ProofError, folder::FolderError};
use automcu_trainer::CheckpointError;

/// What comes of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) judge: Brief,
    pub(crate) verdict: Verdict,
    pub(crate) footprint: Option<Footprint>,
    /// Of screening.
    pub(crate) report: Option<ArtifactId>,
    pub(crate) metric: Option<Metric>,
    pub(crate) test: Option<Metric>,
    pub(crate) bundle: Option<ArtifactId>,
}

impl Finding {
    /// This and nothing else, by nobody but the agent itself.
    pub(crate) fn own(verdict: Verdict) -> Self {
        let judge = Brief::new(concat!("automcu ", env!("CARGO_PKG_VERSION")));
        Self { judge, verdict, footprint: None, report: None, metric: None, test: None, bundle: None }
    }

    /// An attempt that has come to nothing, though the candidate is not to blame.
    pub(crate) fn failed(reason: &str, is_transient: bool) -> Self {
        Self::own(Verdict::ToolFailed { reason: Brief::new(reason), is_transient })
    }
}

/// The metric as summaries carry it.
pub(crate) fn metric(share: &automcu_deployment::Share) -> Option<Metric> {
    let automcu_deployment::Share { dtype, provenance, accuracy, .. } = *share;
    let [value, low, high] = [accuracy.share, accuracy.interval.0, accuracy.interval.1].map(Share::new);
    Some(Metric { value: value?, low: low?, high: high?, dtype, provenance })
}

/// Why an attempt cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It was given up, and nobody waits for it.
    #[error("it was given up")]
    GivenUp,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Bundle(#[from] BundleError),
    #[error("{path}: {error}")]
    Io { path: String, error: io::Error },
    #[error("the {what} (artifact {id}) is not what it should be: {error}")]
    Content { what: &'static str, id: ArtifactId, error: serde_json::Error },
    #[error("the architecture cannot be built: {0}")]
    Spec(Refusals),
    #[error("{0}")]
    Untrained(#[from] UntrainedError),
    #[error("{0}")]
    Target(#[from] UnknownTarget),
    #[error("nothing but int8 is judged and shipped here, and {0} is asked for")]
    Type(DataType),
    #[error("the judge {wanted:?} is not here; there are {there}")]
    NoJudge { wanted: String, there: String },
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("the checkpoint is of another {0} than what is asked about")]
    OtherSubject(&'static str),
    #[error("{0}")]
    Data(#[from] DatasetError),
    #[error("{0}")]
    Split(#[from] SplitError),
    #[error("{0}")]
    Deploy(#[from] DeployError),
    #[error("{0}")]
    Folder(#[from] FolderError),
    #[error("{0}")]
    Proof(#[from] ProofError),
    #[error("the code could not be run on this computer: {0}")]
    NotRun(String),
    #[error("{place}: the code answers otherwise than the reference; please report this")]
    Differs { place: String },
    #[error("{0}")]
    TooLarge(BuildError),
    #[error("the firmware for {part} is not as promised, or fails its self-test; please report this")]
    Firmware { part: String },
}

impl Trouble {
    /// The same as what comes of the attempt.
    pub(crate) fn finding(&self) -> Finding {
        let reason = Brief::new(&self.to_string());
        match self {
            // The candidate itself is to blame: another try at it ends the same.
            Self::Spec(_)
            | Self::Untrained(_)
            | Self::Deploy(DeployError::Float(_) | DeployError::Quantise(_) | DeployError::NotComputed(_))
            | Self::Folder(FolderError::NotComputed(_) | FolderError::NotTflite(_) | FolderError::NotOnnx(_)) => {
                Finding::own(Verdict::Unsupported { reason })
            }
            Self::TooLarge(_) => Finding::own(Verdict::OverBudget { reason }),
            _ => Finding::own(Verdict::ToolFailed { reason, is_transient: self.is_transient() }),
        }
    }

    /// Whether another try may help: files that cannot be read or written now, and programs that end as they should not.
    fn is_transient(&self) -> bool {
        match self {
            Self::GivenUp
            | Self::Io { .. }
            | Self::Store(StoreError::Io { .. })
            | Self::Bundle(BundleError::Io { .. } | BundleError::Store(StoreError::Io { .. })) => true,
            Self::Proof(error) => {
                matches!(error, ProofError::Folder(_) | ProofError::Program(_) | ProofError::Run { .. })
            }
            Self::Data(DatasetError::Read { error, .. }) | Self::Checkpoint(CheckpointError::Read { error, .. }) => {
                !matches!(error.kind(), io::ErrorKind::NotFound)
            }
            _ => false,
        }
    }
}
