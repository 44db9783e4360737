//! Training samples are split the same way every time.

use automcu_dataset::{Samples, Split, SplitError};

/// The share of training samples that validates.
const VALIDATION: f64 = 0.1;
/// The split is the same for all that is trained on a data set.
const SEED: u64 = 1;

/// Which of the training samples are learnt from, and which validate.
///
/// No group is in both, so that what validates is as new to the network as a new person or speaker; unless groups are mixed,
/// as where the test part has the same ones.
pub(crate) fn split(samples: &Samples, mixes_groups: bool) -> Result<Split, SplitError> {
    Split::stratified(samples.labels(), samples.groups().filter(|_| !mixes_groups), VALIDATION, SEED)
}

/// The split with this digest, if these samples have it.
pub(crate) fn split_of(samples: &Samples, digest: &str) -> Result<Option<Split>, SplitError> {
    for mixes_groups in [false, true] {
        match split(samples, mixes_groups) {
            Ok(split) if split.digest().to_string() == digest => return Ok(Some(split)),
            // Groups may be too few to be kept apart.
            Ok(_) | Err(SplitError::OneGroup) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
