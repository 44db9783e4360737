//! The samples that a checkpoint was trained on, recognised.

use automcu_dataset::{Resize, Samples, Split, SplitError};
use automcu_model::{Graph, Shape};
use automcu_trainer::{Checkpoint, Preparation, Splitting};

/// The split with this digest, if these samples have it. Training samples are split the same way every time.
pub fn split_of(samples: &Samples, digest: &str) -> Result<Option<Split>, SplitError> {
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

/// Whether what was trained takes these samples as they are prepared.
#[must_use]
pub fn is_of(checkpoint: &Checkpoint, samples: &Samples) -> bool {
    let subject = &checkpoint.subject;
    let graph = subject.spec.lower().expect("a checkpoint's architecture was read");
    let shown = match subject.recipe.resize() {
        Some(Resize { height, width }) => Shape { height, width, ..samples.shape() },
        None => samples.shape(),
    };
    graph.shape(Graph::INPUT) == shown && subject.preparation == Preparation::of(samples)
}
