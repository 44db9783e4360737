//! Labelled samples: files as their publishers lay them out, folders and tables of a user's own, and built-in sets that are
//! drawn from a seed. What is learnt from and what validates: splits, augmentation, and batches that threads make ahead.
//!
//! ```
//! use automcu_dataset::{Part, Source};
//!
//! let signals = Source::open("signals".as_ref())?;
//! let test = signals.read(Part::Test)?;
//! assert_eq!((test.len(), test.shape().to_string()), (2_000, "128x1x3".to_owned()));
//! // What is no picture is standardised by the training part's figures.
//! assert_eq!(test.standard().map(|standard| standard.means().len()), Some(3));
//! # Ok::<(), automcu_dataset::DatasetError>(())
//! ```
//!
//! Files are not trusted: whatever they say of themselves is held against what is there before it is believed.

mod arrays;
mod audio;
mod augment;
mod batches;
mod checksum;
mod cifar;
mod classes;
mod error;
mod feed;
mod file;
mod idx;
mod inspect;
mod listing;
mod numbers;
mod part;
mod pictures;
mod published;
mod random;
mod samples;
mod sealed;
mod signals;
mod source;
mod split;
mod standard;
mod synthetic;
mod tables;

pub use audio::{Audio, Frontend, WrongAudio};
pub use augment::{
    Augmentation, AugmentationError, BandShift, ColourJitter, Crop, Cutout, Mix, Policy, RandAugment, Resize, Rotation,
    SpecAugment, Spread, TimeShift, TimeStretch,
};
pub use batches::{Batch, BatchError, Batching, EvaluationBatches, Pixels, SamplesRef, Target, TrainingBatches};
pub use checksum::{WrongChecksum, check_md5, md5_of};
pub use error::DatasetError;
pub use feed::Feed;
pub use inspect::{
    Channel, Class, Doubt, Groups, Inspection, LabelHints, Montage, Pair, PartFigures, Place, Twins, inspect, montage,
};
pub use part::Part;
pub use published::{PUBLISHED, Published, PublishedFile, Supply};
pub use samples::{Samples, Uneven, Values};
pub use sealed::Sealed;
pub use signals::{SIGNAL_CLASSES, signals};
pub use source::{Kind, Options, Source};
pub use split::{Split, SplitDigest, SplitError};
pub use standard::Standard;
pub use synthetic::{SYNTHETIC_CLASSES, synthetic};
pub use tables::Window;
