//! Arrays of NumPy: a folder of `.npy` files, or one `.npz` file.

mod npy;

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use automcu_model::Shape;

use crate::{
    DatasetError, Part, Samples, Values,
    classes::Classes,
    file::{self, MOST_SAMPLES, MOST_VALUES, Reader, ends_in},
};
use npy::{Array, Elements, Purpose};

/// The longest file within an archive, unpacked.
const LONGEST: u64 = MOST_VALUES;

/// What an array is of.
#[derive(Clone, Copy)]
enum Role {
    Values,
    Labels,
    Groups,
}

/// Whether there are such arrays at a path.
pub(crate) fn is_at(path: &Path) -> bool {
    path.is_file() && ends_in(path, &["npz"])
        || Part::ALL.iter().any(|&part| names(part, Role::Values).any(|name| path.join(name).is_file()))
}

pub(crate) fn read(path: &Path, part: Part) -> Result<Samples, DatasetError> {
    let values = find(path, part, Role::Values, Purpose::Values)?;
    let Some((values_path, values)) = values else {
        let remedy = "save it as train-x.npy, train-y.npy, test-x.npy, test-y.npy, or under such names in one .npz";
        return Err(DatasetError::NoPart { path: path.to_owned(), part: part.name(), remedy });
    };
    let (count, shape) = shape(&values_path, &values)?;
    let labels = labels(path, part)?.ok_or_else(|| {
        let name = names(part, Role::Labels).next().unwrap_or_default();
        DatasetError::wrong(path, format!("there is no {name} beside the values; save the classes, counted from 0"))
    })?;
    if labels.len() as u64 != count {
        return Err(DatasetError::wrong(&values_path, format!("{} labels for {count} samples", labels.len())));
    }
    let other = highest(path, part.other())?;
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
    let names = Classes::of(folder)?.at_least(&labels, other);
    let values = of_elements(&values_path, values.elements)?;
    let samples = Samples::new(shape, values, labels, names).map_err(DatasetError::uneven(&values_path))?;
    match find(path, part, Role::Groups, Purpose::Labels)? {
        Some((path, groups)) => samples.grouped(whole_numbers(&path, groups)?).map_err(DatasetError::uneven(&path)),
        None => Ok(samples),
    }
}

/// The first of them is how this project calls it; the others are what other tools write.
fn names(part: Part, role: Role) -> impl Iterator<Item = String> {
    let (part, role) = (
        part.name(),
        match role {
            Role::Values => ["x", "images"],
            Role::Labels => ["y", "labels"],
            Role::Groups => ["subject", "group"],
        },
    );
    let ways = move |role| [format!("{part}-{role}.npy"), format!("{role}_{part}.npy"), format!("{part}_{role}.npy")];
    role.into_iter().flat_map(ways)
}

/// The highest label of a part; 0 where it is not there.
fn highest(path: &Path, part: Part) -> Result<u16, DatasetError> {
    Ok(labels(path, part)?.and_then(|labels| labels.into_iter().max()).unwrap_or(0))
}

fn labels(path: &Path, part: Part) -> Result<Option<Vec<u16>>, DatasetError> {
    let Some((path, labels)) = find(path, part, Role::Labels, Purpose::Labels)? else { return Ok(None) };
    whole_numbers(&path, labels).map(Some)
}

/// An array with the path that it is called by in errors.
fn find(path: &Path, part: Part, role: Role, purpose: Purpose) -> Result<Option<(PathBuf, Array)>, DatasetError> {
    let reader = if path.is_dir() {
        names(part, role).map(|name| path.join(name)).find(|path| path.is_file()).map(|path| Reader::open(&path))
    } else {
        within(path, &names(part, role).collect::<Vec<_>>()).transpose()
    };
    let Some(reader) = reader.transpose()? else { return Ok(None) };
    let path = reader.path().to_owned();
    Ok(Some((path, Array::read(reader, purpose)?)))
}

/// The first of these files that an archive holds.
fn within(path: &Path, names: &[String]) -> Result<Option<Reader>, DatasetError> {
    let damaged = |byte, problem: String| DatasetError::Damaged { path: path.to_owned(), byte, problem };
    let file = File::open(path).map_err(DatasetError::unreadable(path))?;
    let length = file.metadata().map_err(DatasetError::unreadable(path))?.len();
    // The list of an archive's files is its last piece.
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(length, error.to_string()))?;
    let Some(name) = names.iter().find(|name| archive.index_for_name(name).is_some()) else { return Ok(None) };
    let entry = archive.by_name(name).map_err(|error| damaged(length, format!("{name}: {error}")))?;
    let start = entry.data_start().unwrap_or(0);
    let mut bytes = Vec::new();
    match entry.take(LONGEST).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(Reader::of(&path.join(name), bytes))),
        Err(error) if file::is_damage(&error) => {
            Err(damaged(start, format!("in {name}, after {} bytes unpacked: {error}", bytes.len())))
        }
        Err(error) => Err(DatasetError::unreadable(path)(error)),
    }
}

/// How many samples an array holds, and of which shape.
fn shape(path: &Path, array: &Array) -> Result<(u64, Shape), DatasetError> {
    let wrong = || {
        let problem = format!(
            "sizes of {:?}; samples are (count, features), (count, steps, channels) or (count, height, width, channels)",
            array.sizes
        );
        DatasetError::wrong(path, problem)
    };
    if array.sizes[0] > MOST_SAMPLES {
        let problem = format!("{} samples, where {MOST_SAMPLES} are the most; use fewer", array.sizes[0]);
        return Err(DatasetError::wrong(path, problem));
    }
    let size = |size: u64| u32::try_from(size).map_err(|_| wrong());
    let is_picture = matches!(array.elements, Elements::Bytes(_));
    Ok(match *array.sizes.as_slice() {
        [count, features] => (count, Shape::vector(size(features)?)),
        [count, height, width] if is_picture => {
            (count, Shape { height: size(height)?, width: size(width)?, channels: 1 })
        }
        [count, steps, channels] => (count, Shape { height: size(steps)?, width: 1, channels: size(channels)? }),
        [count, height, width, channels] => {
            (count, Shape { height: size(height)?, width: size(width)?, channels: size(channels)? })
        }
        _ => return Err(wrong()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "values are kept as f32")]
fn of_elements(path: &Path, elements: Elements) -> Result<Values, DatasetError> {
    let values = match elements {
        Elements::Bytes(values) => return Ok(Values::Bytes(values)),
        Elements::Integers(values) => values.into_iter().map(|value| value as f32).collect(),
        Elements::Floats(values) => values,
    };
    match values.iter().position(|value: &f32| !value.is_finite()) {
        Some(at) => Err(DatasetError::wrong(path, format!("value {at} is {}; leave such samples out", values[at]))),
        None => Ok(Values::Floats(values)),
    }
}

/// Labels or groups: whole numbers from 0.
fn whole_numbers<T: TryFrom<i64>>(path: &Path, array: Array) -> Result<Vec<T>, DatasetError> {
    let is_column = matches!(array.sizes.as_slice(), [_] | [_, 1]);
    let values: Vec<i64> = match array.elements {
        Elements::Bytes(values) if is_column => values.into_iter().map(i64::from).collect(),
        Elements::Integers(values) if is_column => values,
        _ => {
            let problem =
                format!("sizes of {:?} or no integers; labels and groups are one integer a sample", array.sizes);
            return Err(DatasetError::wrong(path, problem));
        }
    };
    let each = values.iter().enumerate().map(|(i, &value)| {
        T::try_from(value).map_err(|_| DatasetError::wrong(path, format!("number {i} is {value}; count from 0")))
    });
    each.collect()
}
