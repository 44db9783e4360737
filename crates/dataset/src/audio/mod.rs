//! Sound by class: a folder of `LABEL_SPEAKER_INDEX.wav` as the Free Spoken Digit Dataset has it, or folders by class.

mod features;
mod wav;

use std::path::{Path, PathBuf};

use automcu_model::Shape;

pub use features::{Audio, Frontend, WrongAudio};

use crate::{
    DatasetError, Part, Samples, Values,
    file::{self, MOST_VALUES, ends_in},
    listing,
};
use features::Listener;
use wav::Sound;

const EXTENSIONS: &[&str] = &["wav"];
/// Recordings with a lower index are the published test set.
const TEST_INDICES: u32 = 5;

/// One recording.
struct Clip {
    path: PathBuf,
    class: u16,
    /// Who speaks, where that is told.
    speaker: Option<u32>,
}

/// The recordings of a part.
struct Clips {
    clips: Vec<Clip>,
    names: Vec<String>,
}

/// Whether there are recordings at a path.
pub(crate) fn is_at(path: &Path) -> bool {
    spoken(path).is_some() || listing::is_at(path, EXTENSIONS)
}

pub(crate) fn read(path: &Path, part: Part, audio: &Audio) -> Result<Samples, DatasetError> {
    let frontend = frontend(path, audio)?;
    let Clips { clips, names } = Clips::of(path, part)?;
    let (height, width) = (u32::try_from(frontend.frames).unwrap_or(u32::MAX), frontend.width());
    let shape = Shape { height, width, channels: 1 };
    if shape.elements().saturating_mul(clips.len() as u64) > MOST_VALUES {
        let problem = format!("{} recordings of {shape} make more than {MOST_VALUES} values", clips.len());
        return Err(DatasetError::wrong(path, problem));
    }
    let rate_hz = frontend.rate_hz;
    let mut listener = Listener::new(frontend);
    let mut values = Vec::new();
    for clip in &clips {
        let sound = Sound::read(&clip.path)?;
        if sound.rate_hz != rate_hz {
            let problem = format!("{} Hz, where the first recording has {rate_hz}; resample it", sound.rate_hz);
            return Err(DatasetError::wrong(&clip.path, problem));
        }
        listener.features(&sound.values, &mut values);
    }
    let labels = clips.iter().map(|clip| clip.class).collect();
    let samples = Samples::new(shape, Values::Floats(values), labels, names).map_err(DatasetError::uneven(path))?;
    match clips.iter().map(|clip| clip.speaker).collect() {
        Some(speakers) => samples.grouped(speakers).map_err(DatasetError::uneven(path)),
        None => Ok(samples),
    }
}

/// How sound becomes features here: at the rate of the first recording that may be learnt from.
pub(crate) fn frontend(path: &Path, audio: &Audio) -> Result<Frontend, DatasetError> {
    let clips = Clips::of(path, Part::Train).or_else(|_| Clips::of(path, Part::Test))?;
    let first = &clips.clips[0].path;
    let rate_hz = Sound::read(first)?.rate_hz;
    Frontend::new(audio, rate_hz).map_err(|error| DatasetError::wrong(first, error.to_string()))
}

/// The folder whose files are called as spoken digits are.
fn spoken(path: &Path) -> Option<PathBuf> {
    [path.join("recordings"), path.to_owned()].into_iter().find(|folder| {
        let entries = file::entries(folder).unwrap_or_default();
        let mut sounds = entries.iter().filter(|path| ends_in(path, EXTENSIONS)).take(8).peekable();
        sounds.peek().is_some() && sounds.all(|path| Spoken::of(path).is_some())
    })
}

/// What a recording's name says.
struct Spoken {
    label: String,
    speaker: String,
    index: u32,
}

impl Spoken {
    fn of(path: &Path) -> Option<Self> {
        let stem = path.file_stem()?.to_str()?;
        let (rest, index) = stem.rsplit_once('_')?;
        let (label, speaker) = rest.split_once('_')?;
        Some(Self { label: label.to_owned(), speaker: speaker.to_owned(), index: index.parse().ok()? })
    }

    const fn part(&self) -> Part {
        if self.index < TEST_INDICES { Part::Test } else { Part::Train }
    }
}

impl Clips {
    fn of(path: &Path, part: Part) -> Result<Self, DatasetError> {
        match spoken(path) {
            Some(folder) => Self::spoken(&folder, part),
            None => Self::listed(path, part),
        }
    }

    fn listed(path: &Path, part: Part) -> Result<Self, DatasetError> {
        let listing::Listing { files, names } = listing::of(path, part, EXTENSIONS)?;
        let clips = files.into_iter().map(|(path, class)| Clip { path, class, speaker: None }).collect();
        Ok(Self { clips, names })
    }

    fn spoken(folder: &Path, part: Part) -> Result<Self, DatasetError> {
        let mut all = Vec::new();
        for path in file::entries(folder)?.into_iter().filter(|path| ends_in(path, EXTENSIONS)) {
            let told = Spoken::of(&path).ok_or_else(|| {
                DatasetError::wrong(&path, "its name is not LABEL_SPEAKER_INDEX.wav as the others' are; rename it")
            })?;
            all.push((path, told));
        }
        let names = distinct(all.iter().map(|(_, told)| &told.label));
        let speakers = distinct(all.iter().map(|(_, told)| &told.speaker));
        let number = |all: &[String], name: &String| all.binary_search(name).unwrap_or(0);
        let clips: Vec<Clip> = all
            .into_iter()
            .filter(|(_, told)| told.part() == part)
            .map(|(path, told)| Clip {
                path,
                class: u16::try_from(number(&names, &told.label)).unwrap_or(u16::MAX),
                speaker: u32::try_from(number(&speakers, &told.speaker)).ok(),
            })
            .collect();
        match clips.is_empty() {
            true => {
                let remedy = "recordings with an index of 0 to 4 are the test part, the others the train part";
                Err(DatasetError::NoPart { path: folder.to_owned(), part: part.name(), remedy })
            }
            false => Ok(Self { clips, names }),
        }
    }
}

fn distinct<'n>(names: impl Iterator<Item = &'n String>) -> Vec<String> {
    names.collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect()
}
