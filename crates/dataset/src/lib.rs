//! Labelled images: files as their publishers lay them out, and a built-in set that is drawn from a seed. What is learnt from
//! and what validates: splits, augmentation, and batches that threads make ahead.
//!
//! Files are not trusted: whatever they say of themselves is held against what is there before it is believed.

mod augment;
mod batches;
mod cifar;
mod error;
mod feed;
mod folder;
mod idx;
mod images;
mod random;
mod sealed;
mod split;
mod synthetic;

pub use augment::{
    Augmentation, AugmentationError, ColourJitter, Crop, Cutout, Mix, Policy, RandAugment, Resize, SpecAugment, Spread,
    TimeShift,
};
pub use batches::{Batch, BatchError, EvaluationBatches, Options, Pixels, Source, Target, TrainingBatches};
pub use error::DatasetError;
pub use feed::Feed;
pub use folder::{Folder, Kind, Part};
pub use images::Images;
pub use sealed::Sealed;
pub use split::{Split, SplitDigest, SplitError};
pub use synthetic::{SYNTHETIC_CLASSES, synthetic};
