//! How a network is trained, as data: every record names its recipe by digest, so that what was trained alike can be compared.

use std::fmt;

use automcu_dataset::{Augmentation, AugmentationError, Resize};
use serde::{Deserialize, Serialize};

/// A recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The version of this form.
    pub version: Version,
    /// What people call it.
    pub name: String,
    /// How long.
    pub length: Length,
    /// Samples of a batch.
    pub batch: u32,
    /// How parameters follow gradients.
    pub optimiser: Optimiser,
    /// The highest rate of learning.
    pub rate: f64,
    /// What becomes of the rate.
    pub schedule: Schedule,
    /// How much weights shrink; biases and normalisations do not.
    #[serde(default)]
    pub weight_decay: f64,
    /// The share of certainty that is given to all classes alike.
    #[serde(default)]
    pub label_smoothing: f64,
    /// How slowly an average follows the parameters, of which what is handed out is made; none hands out the last ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// The longest that a gradient may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// When to stop before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stop: Option<EarlyStop>,
    /// The share of the training samples that is used.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub fraction: f64,
    /// What is done to samples, stretch by stretch.
    pub stretches: Vec<Stretch>,
}

const fn all() -> f64 {
    1.0
}

fn is_all(fraction: &f64) -> bool {
    *fraction >= 1.0
}

/// The version of the form of recipes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        if number == 1 { Ok(Self) } else { Err(format!("version {number} of recipes is not known; write version 1")) }
    }
}

impl From<Version> for u32 {
    fn from(Version: Version) -> Self {
        1
    }
}

/// How long is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// So often through all samples. The same every time.
    Epochs(u32),
    /// So many seconds. What comes out depends on the computer.
    Seconds(f64),
}

/// How parameters follow gradients.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimiser {
    /// Steps along the gradient, with momentum.
    Sgd {
        /// The share of the last step that goes on.
        momentum: f64,
        /// Whether the gradient is taken where momentum leads to.
        nesterov: bool,
    },
    /// Steps of about the same length for all parameters; weights shrink apart from that.
    Adamw {
        /// How slowly the mean of gradients changes.
        mean: f64,
        /// How slowly the mean of their squares changes.
        square: f64,
    },
}

/// What becomes of the rate, over the share of training that is done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It rises evenly, and falls as a cosine to a share of the highest.
    Cosine {
        /// The share of training in which it rises.
        warm_up: f64,
        /// The share of the highest rate that is left at the end.
        last: f64,
    },
    /// It rises evenly from a share of the highest, and falls evenly to nothing.
    OneCycle {
        /// The share of training in which it rises.
        warm_up: f64,
        /// The share of the highest rate that it begins with.
        first: f64,
    },
    /// It is multiplied at each of so many equal parts of training.
    Steps {
        /// Into how many parts training is divided.
        parts: u32,
        /// By what the rate is multiplied from part to part.
        factor: f64,
    },
}

/// When training ends before its time: the validation metric has not risen for a while.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStop {
    /// How many epochs without a rise.
    pub patience: u32,
    /// How many epochs there are at least.
    pub least: u32,
    /// What counts as a rise, as a share of 1.
    pub rise: f64,
}

/// A stretch of training with an augmentation of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// The share of training at which it ends.
    pub until: f64,
    /// What is done to samples.
    #[serde(default)]
    pub augmentation: Augmentation,
}

/// The digest of a recipe: the same for the same values, in whatever order they were written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipeDigest([u8; 32]);

impl fmt::Display for RecipeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for RecipeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecipeDigest({self})")
    }
}

/// A recipe that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// It is no recipe.
    #[error("no recipe: {0}")]
    Form(String),
    /// A value is out of its range.
    #[error("{field} is {value}: {remedy}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        remedy: &'static str,
    },
    /// An augmentation is wrong.
    #[error("stretches[{index}].augmentation: {error}")]
    Augmentation {
        /// The stretch.
        index: usize,
        /// What is wrong.
        error: AugmentationError,
    },
    /// No recipe has this name.
    #[error("{name} is no recipe; known are {known}, or name a JSON file")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

impl Recipe {
    /// Reads a recipe, and checks it.
    pub fn from_json(text: &[u8]) -> Result<Self, RecipeError> {
        let recipe: Self = serde_json::from_slice(text).map_err(|error| RecipeError::Form(error.to_string()))?;
        recipe.checked()
    }

    /// What it says, as it is written into records.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and words")
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> RecipeDigest {
        RecipeDigest(*blake3::hash(self.to_json().as_bytes()).as_bytes())
    }

    /// The size that samples are brought to, those that validate as well: that of the last stretch.
    #[must_use]
    pub fn resize(&self) -> Option<Resize> {
        self.stretches.last().and_then(|stretch| stretch.augmentation.resize)
    }

    /// The recipe, if all its values are in their ranges.
    pub fn checked(self) -> Result<Self, RecipeError> {
        let within = |field, value: f64, range: (f64, f64), remedy| {
            if value.is_finite() && range.0 <= value && value <= range.1 {
                Ok(())
            } else {
                Err(RecipeError::Value { field, value: value.to_string(), remedy })
            }
        };
        match self.length {
            Length::Epochs(epochs) => {
                within("length.epochs", epochs.into(), (1.0, 10_000.0), "give a number from 1 to 10,000")?;
            }
            Length::Seconds(seconds) => {
                within("length.seconds", seconds, (1.0, 1e7), "give a number from 1 to 10,000,000")?;
            }
        }
        within("batch", self.batch.into(), (1.0, 4096.0), "give a number from 1 to 4,096")?;
        within("rate", self.rate, (1e-8, 100.0), "give a number above 0, such as 0.05")?;
        within("weight_decay", self.weight_decay, (0.0, 10.0), "give a number from 0 to 10, such as 0.0005")?;
        within("label_smoothing", self.label_smoothing, (0.0, 0.9), "give a number from 0 to 0.9")?;
        within("average", self.average.unwrap_or(0.0), (0.0, 0.999_999), "give a number below 1, such as 0.999")?;
        within("clip", self.clip.unwrap_or(1.0), (1e-6, 1e9), "give a number above 0, such as 5")?;
        within("fraction", self.fraction, (1e-6, 1.0), "give a number above 0 and at most 1")?;
        if let Some(EarlyStop { patience, least, rise }) = self.early_stop {
            let remedy = "give a number from 1 to 10,000";
            within("early_stop.patience", patience.into(), (1.0, 10_000.0), remedy)?;
            within("early_stop.least", least.into(), (1.0, 10_000.0), remedy)?;
            within("early_stop.rise", rise, (0.0, 1.0), "give a share from 0 to 1, such as 0.001")?;
        }
        let (first, second) = match self.optimiser {
            Optimiser::Sgd { momentum, .. } => (momentum, 0.0),
            Optimiser::Adamw { mean, square } => (mean, square),
        };
        within("optimiser", first, (0.0, 0.999_999), "give a number from 0 to below 1, such as 0.9")?;
        within("optimiser", second, (0.0, 0.999_999), "give a number from 0 to below 1, such as 0.999")?;
        let parts = match self.schedule {
            Schedule::Constant => [0.0, 0.0],
            Schedule::Cosine { warm_up, last } => [warm_up, last],
            Schedule::OneCycle { warm_up, first } => [warm_up, first],
            Schedule::Steps { parts, factor } => {
                within("schedule.steps.parts", parts.into(), (1.0, 1000.0), "give a number from 1 to 1,000")?;
                [0.0, factor]
            }
        };
        for part in parts {
            within("schedule", part, (0.0, 1.0), "give shares from 0 to 1")?;
        }
        self.check_stretches()?;
        Ok(self)
    }

    fn check_stretches(&self) -> Result<(), RecipeError> {
        let remedy = "give shares that rise, the last of them 1";
        let mut before = 0.0;
        for (index, stretch) in self.stretches.iter().enumerate() {
            if !(stretch.until > before && stretch.until <= 1.0) {
                let value = stretch.until.to_string();
                return Err(RecipeError::Value { field: "stretches.until", value, remedy });
            }
            before = stretch.until;
            stretch.augmentation.check().map_err(|error| RecipeError::Augmentation { index, error })?;
        }
        if before < 1.0 {
            return Err(RecipeError::Value { field: "stretches", value: format!("up to {before}"), remedy });
        }
        Ok(())
    }

    /// The augmentation at a share of training.
    #[must_use]
    pub fn stretch_at(&self, share: f64) -> usize {
        self.stretches.iter().position(|stretch| share < stretch.until).unwrap_or(self.stretches.len() - 1)
    }

    /// The stretch that ends at a share of training, or after it.
    #[must_use]
    pub fn stretch_until(&self, share: f64) -> usize {
        self.stretches.iter().position(|stretch| share <= stretch.until).unwrap_or(self.stretches.len() - 1)
    }
}

impl Schedule {
    /// The share of the highest rate at a share of training.
    #[must_use]
    pub fn at(self, share: f64) -> f64 {
        let share = share.clamp(0.0, 1.0);
        match self {
            Self::Constant => 1.0,
            Self::Cosine { warm_up, .. } | Self::OneCycle { warm_up, .. } if share < warm_up => {
                let first = if let Self::OneCycle { first, .. } = self { first } else { 0.0 };
                first + (1.0 - first) * share / warm_up
            }
            Self::Cosine { warm_up, last } => {
                let rest = if warm_up < 1.0 { (share - warm_up) / (1.0 - warm_up) } else { 1.0 };
                last + (1.0 - last) * 0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
            }
            Self::OneCycle { warm_up, .. } => {
                if warm_up < 1.0 {
                    (1.0 - share) / (1.0 - warm_up)
                } else {
                    1.0
                }
            }
            Self::Steps { parts, factor } => {
                let part = (share * f64::from(parts)).floor().min(f64::from(parts) - 1.0);
                factor.powf(part)
            }
        }
    }
}
