//! Training samples are split the same way every time.

use automcu_dataset::{Samples, Split, SplitError};
use automcu_trainer::Splitting;

/// The split with this digest, if these samples have it.
pub(crate) fn split_of(samples: &Samples, digest: &str) -> Result<Option<Split>, SplitError> {
    for mixes_groups in [false, true] {
        match (Splitting { mixes_groups, ..Splitting::default() }).of(samples) {
            Ok(split) if split.digest().to_string() == digest => return Ok(Some(split)),
            // Groups may be too few to be kept apart.
            Ok(_) | Err(SplitError::OneGroup) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
