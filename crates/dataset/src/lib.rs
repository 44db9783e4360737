//! Labelled images: files as their publishers lay them out, and a built-in set that is drawn from a seed.
//!
//! Files are not trusted: whatever they say of themselves is held against what is there before it is believed.

mod cifar;
mod error;
mod folder;
mod idx;
mod images;
mod synthetic;

pub use error::DatasetError;
pub use folder::{Folder, Kind, Part};
pub use images::Images;
pub use synthetic::{SYNTHETIC_CLASSES, synthetic};
