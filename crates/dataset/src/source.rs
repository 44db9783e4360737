//! Where samples come from: a folder or file, told by what is there, or a built-in set, told by its name.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::{
    Audio, DatasetError, Frontend, Part, Samples, Standard, Values, Window, arrays, audio, cifar, idx, listing,
    pictures, signals, synthetic, tables,
};

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
    /// NumPy's arrays.
    Arrays,
    /// WAV files.
    Recordings,
    /// PNG and JPEG files.
    Pictures,
    /// A row a sample.
    Table,
    /// Windows of recordings, a row a moment.
    Series,
}

/// What a user may want otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// How recordings in tables are cut into samples.
    pub window: Window,
    /// How sound becomes features.
    pub audio: Audio,
    /// The group (person, speaker) that is the test part, instead of the published one; all others are learnt from.
    pub left_out: Option<u32>,
}

/// A data set that can be read.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    form: Form,
    options: Options,
    /// By what the values of every part are standardised, once that is known.
    standard: OnceLock<Standard>,
}

#[derive(Clone, Debug)]
enum Form {
    Synthetic,
    Signals,
    Idx,
    Cifar(cifar::Place),
    Arrays,
    Recordings,
    Pictures,
    Table,
    Series,
}

impl Source {
    /// The built-in set of this name (`synthetic`, `signals`), or what lies at this path. Nothing is read yet.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        Self::open_with(path, Options::default())
    }

    /// The same, with a user's options.
    pub fn open_with(path: &Path, options: Options) -> Result<Self, DatasetError> {
        let form = match path.to_str() {
            Some("synthetic") => Form::Synthetic,
            Some("signals") => Form::Signals,
            _ => Form::at(path)?,
        };
        Ok(Self { path: path.to_owned(), form, options, standard: OnceLock::new() })
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
            Form::Arrays => Kind::Arrays,
            Form::Recordings => Kind::Recordings,
            Form::Pictures => Kind::Pictures,
            Form::Table => Kind::Table,
            Form::Series => Kind::Series,
        }
    }

    /// Where it was found, or the name of a built-in set.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How sound becomes features, where there is sound: a part of what a deployed network's caller must do.
    pub fn frontend(&self) -> Result<Option<Frontend>, DatasetError> {
        match self.form {
            Form::Recordings => audio::frontend(&self.path, &self.options.audio).map(Some),
            _ => Ok(None),
        }
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

    /// A part before it is standardised.
    fn raw(&self, part: Part) -> Result<Samples, DatasetError> {
        let Some(group) = self.options.left_out else { return self.kept(part) };
        let all = match self.kept(Part::Test) {
            Ok(test) => self.kept(Part::Train)?.followed_by(test).map_err(DatasetError::uneven(&self.path))?,
            Err(DatasetError::NoPart { .. }) => self.kept(Part::Train)?,
            Err(error) => return Err(error),
        };
        let Some(groups) = all.groups() else {
            let problem = "samples are of no groups, so that none can be left out".to_owned();
            return Err(DatasetError::wrong(&self.path, problem));
        };
        if !groups.contains(&group) {
            let mut known = groups.to_vec();
            known.sort_unstable();
            known.dedup();
            let problem = format!("there is no group {group} to leave out; there are {known:?}");
            return Err(DatasetError::wrong(&self.path, problem));
        }
        let is_wanted = |&index: &usize| (groups[index] == group) == (part == Part::Test);
        let indices: Vec<usize> = (0..all.len()).filter(is_wanted).collect();
        Ok(all.subset(&indices))
    }

    /// A part as it is kept.
    fn kept(&self, part: Part) -> Result<Samples, DatasetError> {
        let stretch = match part {
            Part::Test => (0, BUILT_IN_TEST),
            Part::Train => (BUILT_IN_TEST, BUILT_IN_TRAIN),
        };
        match &self.form {
            Form::Synthetic => Ok(synthetic(SEED, stretch.0.into(), stretch.1.into())),
            Form::Signals => Ok(signals(SEED, stretch.0.into(), stretch.1.into())),
            Form::Idx => idx::read(&self.path, part),
            Form::Cifar(place) => place.read(part),
            Form::Arrays => arrays::read(&self.path, part),
            Form::Recordings => audio::read(&self.path, part, &self.options.audio),
            Form::Pictures => pictures::read(&self.path, part),
            Form::Table => tables::read(&self.path, part),
            Form::Series => tables::read_series(&self.path, part, self.options.window),
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
        if let Some(place) = cifar::at(path) {
            return Ok(Self::Cifar(place));
        }
        type Looks = fn(&Path) -> bool;
        let forms: [(Looks, Self); 5] = [
            (arrays::is_at, Self::Arrays),
            (tables::is_at, Self::Table),
            (tables::is_series_at, Self::Series),
            (|path| listing::is_at(path, pictures::EXTENSIONS), Self::Pictures),
            (audio::is_at, Self::Recordings),
        ];
        let found = forms.into_iter().find(|(is_at, _)| is_at(path));
        found.map(|(_, form)| form).ok_or_else(|| DatasetError::Unknown(path.to_owned()))
    }
}
