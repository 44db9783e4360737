//! Where samples come from: a folder or file, told by what is there, or a built-in set, told by its name.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::{DatasetError, Part, Samples, Standard, Values, cifar, idx, signals, synthetic};

/// The seed of the built-in sets, and how many samples they have for the last word.
const SEED: u64 = 1;
const BUILT_IN_TEST: u16 = 2_000;
/// Samples for learning come from another stretch of the same seed.
const BUILT_IN_TRAIN: u16 = 10_000;

/// How a data set is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The built-in pictures.
    Synthetic,
    /// The built-in signals.
    Signals,
    /// MNIST, Fashion-MNIST and their like.
    Idx,
    /// CIFAR-10, binary.
    Cifar10,
    /// CIFAR-100, binary, by its fine classes.
    Cifar100,
}

/// A data set that can be read.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    form: Form,
    /// By what the values of every part are standardised, once that is known.
    standard: OnceLock<Standard>,
}

#[derive(Clone, Debug)]
enum Form {
    Synthetic,
    Signals,
    Idx,
    Cifar(cifar::Place),
}

impl Source {
    /// The built-in set of this name (`synthetic`, `signals`), or what lies at this path. Nothing is read yet.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let form = match path.to_str() {
            Some("synthetic") => Form::Synthetic,
            Some("signals") => Form::Signals,
            _ => Form::at(path)?,
        };
        Ok(Self { path: path.to_owned(), form, standard: OnceLock::new() })
    }

    /// How it is kept.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.form {
            Form::Synthetic => Kind::Synthetic,
            Form::Signals => Kind::Signals,
            Form::Idx => Kind::Idx,
            Form::Cifar(place) => match place.version {
                cifar::Version::Ten => Kind::Cifar10,
                cifar::Version::Hundred => Kind::Cifar100,
            },
        }
    }

    /// Where it was found, or the name of a built-in set.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a part of it. Whatever is no picture is standardised by the training part's figures, which the samples tell.
    pub fn read(&self, part: Part) -> Result<Samples, DatasetError> {
        let samples = self.raw(part)?;
        let Values::Floats(values) = samples.values() else { return Ok(samples) };
        let channels = usize::try_from(samples.shape().channels).unwrap_or(1);
        let standard = match (self.standard.get(), part) {
            (Some(standard), _) => standard.clone(),
            (None, Part::Train) => Standard::of(values, channels),
            (None, Part::Test) => self.standard_of_train(&samples)?,
        };
        Ok(samples.standardised(self.standard.get_or_init(|| standard)))
    }

    fn standard_of_train(&self, test: &Samples) -> Result<Standard, DatasetError> {
        let train = self.raw(Part::Train)?;
        match train.values() {
            Values::Floats(values) if train.shape() == test.shape() => {
                Ok(Standard::of(values, usize::try_from(train.shape().channels).unwrap_or(1)))
            }
            _ => {
                let problem = format!("samples of {} in train and of {} in test", train.shape(), test.shape());
                Err(DatasetError::wrong(&self.path, problem))
            }
        }
    }

    /// A part as it is kept.
    fn raw(&self, part: Part) -> Result<Samples, DatasetError> {
        let stretch = match part {
            Part::Test => (0, BUILT_IN_TEST),
            Part::Train => (BUILT_IN_TEST, BUILT_IN_TRAIN),
        };
        match &self.form {
            Form::Synthetic => Ok(synthetic(SEED, stretch.0.into(), stretch.1.into())),
            Form::Signals => Ok(signals(SEED, stretch.0.into(), stretch.1.into())),
            Form::Idx => idx::read(&self.path, part),
            Form::Cifar(place) => place.read(part),
        }
    }
}

impl Form {
    /// Looks what is there.
    fn at(path: &Path) -> Result<Self, DatasetError> {
        std::fs::metadata(path).map_err(DatasetError::unreadable(path))?;
        if idx::is_in(path) {
            return Ok(Self::Idx);
        }
        cifar::at(path).map(Self::Cifar).ok_or_else(|| DatasetError::Unknown(path.to_owned()))
    }
}
