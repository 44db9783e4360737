//! Training samples are split the same way every time.

use automcu_dataset::{Samples, Split, SplitError};

/// The share of training samples that validates.
const VALIDATION: f64 = 0.1;
/// The split is the same for all that is trained on a data set.
const SEED: u64 = 1;

/// Which of the training samples are learnt from, and which validate.
pub(crate) fn split(samples: &Samples) -> Result<Split, SplitError> {
    Split::stratified(samples.labels(), samples.groups(), VALIDATION, SEED)
}
