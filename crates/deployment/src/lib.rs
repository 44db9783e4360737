//! From what was trained to what ships: a checkpoint made int8 on the samples that it was trained on, and what the integers
//! get right of samples. The verbs and the Evaluation agent go the same way.
//!
//! Nothing here reads a file or starts a program: checkpoints and samples are handed in.

mod accuracy;
mod answers;
mod integers;
mod samples;

use automcu_convert::{FloatError, NotComputed, QuantiseError};
use automcu_dataset::BatchError;

pub use accuracy::{Share, measured, validated};
pub use answers::{Input, Range, RangeChoice, answers};
pub use integers::deployed;
pub use samples::{is_of, split_of};

/// What was trained cannot be made int8, or cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// Its float32 network is none.
    #[error("{0}")]
    Float(#[from] FloatError),
    /// It cannot be made int8.
    #[error("{0}")]
    Quantise(#[from] QuantiseError),
    /// The samples do not become its inputs.
    #[error("{0}")]
    Batches(#[from] BatchError),
    /// It has an operation that is not computed in integers.
    #[error("{0}")]
    NotComputed(#[from] NotComputed),
}
