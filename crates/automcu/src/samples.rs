//! Samples as the trainer wants them: borrowed, split the same way every time, prepared as the deployed network's caller does.

use automcu_dataset::{Pixels, Samples, SamplesRef, Split, SplitError, Values};
use automcu_trainer::Preparation;

/// The share of training samples that validates.
const VALIDATION: f64 = 0.1;
/// The split is the same for all that is trained on a data set.
const SEED: u64 = 1;

/// Which of the training samples are learnt from, and which validate.
pub(crate) fn split(samples: &Samples) -> Result<Split, SplitError> {
    Split::stratified(samples.labels(), samples.groups(), VALIDATION, SEED)
}

/// How samples are prepared.
pub(crate) fn preparation(samples: &Samples) -> Preparation {
    match samples.standard() {
        Some(standard) => {
            Preparation::Standardised { means: standard.means().to_vec(), deviations: standard.deviations().to_vec() }
        }
        None => Preparation::Bytes,
    }
}

/// Samples as the trainer borrows them.
pub(crate) fn borrowed(samples: &Samples) -> SamplesRef<'_> {
    let pixels = match samples.values() {
        Values::Bytes(values) => Pixels::Bytes(values),
        Values::Floats(values) => Pixels::Floats(values),
    };
    SamplesRef { shape: samples.shape(), pixels, labels: samples.labels() }
}
