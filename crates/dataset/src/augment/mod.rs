//! What is done to samples before they are learnt from: as data, checked before anything is computed.
//!
//! Nothing here knows of batches, threads or files. `chain.rs` puts the steps behind one another.

mod canvas;
mod chain;
mod check;
mod colour;
mod geometry;
mod mix;
mod policy;
mod resize;
mod signal;

use serde::{Deserialize, Serialize};

pub(crate) use chain::{Chain, Workspace, elements};
pub use check::AugmentationError;
pub(crate) use mix::mix;
pub(crate) use resize::Resizer;

/// What is done to samples that are learnt from, each step off unless it is given. The steps are taken in the order in which
/// they stand here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Pictures in another size. It is no augmentation proper: what validates has to be resized as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Pictures moved at random, by up to a border.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    /// Half of all pictures mirrored, left to right.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flip: bool,
    /// A learnt policy. Not together with `rand`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<Policy>,
    /// Operations drawn at random. Not together with `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rand: Option<RandAugment>,
    /// Brightness, contrast and saturation changed at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour_jitter: Option<ColourJitter>,
    /// A square of every picture made grey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutout: Option<Cutout>,
    /// Signals moved along time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_shift: Option<TimeShift>,
    /// Signals made longer or shorter about their middle, together with `time_shift`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_stretch: Option<TimeStretch>,
    /// Spectrograms moved along their bands, as from a higher or a deeper voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_shift: Option<BandShift>,
    /// Signals of sensors with three axes, turned in space as if the sensor was worn otherwise. Every three channels are a
    /// sensor, and all of them are turned alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// Signals multiplied by a random number about 1, another one for each channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Spread>,
    /// A random number about 0 added to every value of a signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Spread>,
    /// Stretches of time and of bands replaced by the sample's mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec_augment: Option<SpecAugment>,
    /// Pairs of samples averaged, and their labels. Together with `cutmix`, each batch takes the one or the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixup: Option<Mix>,
    /// A rectangle swapped between pairs of samples, and as much of their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutmix: Option<Mix>,
}

impl Augmentation {
    /// Samples as they are.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}

/// Pictures in another size: bilinear, with a filter as wide as the reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

/// Pictures moved by up to `pad` pixels each way; what comes in is grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crop {
    /// Pixels.
    pub pad: u32,
}

/// A grey square, its centre anywhere in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// Pixels of a side.
    pub side: u32,
}

/// The share of the first of two samples: of the beta distribution with both parameters `alpha`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// Above 0: small for shares near 0 and 1, 1 for any share alike.
    pub alpha: f64,
}

/// A policy of AutoAugment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// The one that was learnt on CIFAR-10.
    #[serde(rename = "cifar10")]
    Cifar10,
}

/// Operations drawn from those of RandAugment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandAugment {
    /// How many, one after the other.
    pub count: u32,
    /// How strong each is, from 0 to 30.
    pub magnitude: u32,
}

/// Factors drawn evenly from 1 less to 1 more than what is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColourJitter {
    /// From 0 to 1.
    pub brightness: f64,
    /// From 0 to 1.
    pub contrast: f64,
    /// From 0 to 1. Pictures of one channel have none.
    pub saturation: f64,
}

/// Signals moved along time; the outermost values are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeShift {
    /// The most steps each way.
    pub most: u32,
}

/// Signals made longer or shorter; the outermost values are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStretch {
    /// The most that is drawn, as a share of the length.
    pub most: f64,
}

/// Spectrograms moved along their bands; the outermost bands are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandShift {
    /// The most bands each way.
    pub most: u32,
}

/// Turns about an axis that points anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The standard deviation of the angle, in degrees.
    pub degrees: f64,
}

/// How far random numbers spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The standard deviation.
    pub deviation: f64,
}

/// Stretches of a spectrogram replaced by its mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpecAugment {
    /// How many stretches of time.
    pub time_masks: u32,
    /// The most steps of each.
    pub time_width: u32,
    /// How many stretches of bands.
    pub band_masks: u32,
    /// The most bands of each.
    pub band_width: u32,
}
