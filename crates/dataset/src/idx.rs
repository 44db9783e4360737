//! IDX files, as MNIST and its relatives are published: a magic number with the type and the number of dimensions, their
//! sizes, then the values.

use std::path::{Path, PathBuf};

use automcu_model::Shape;

use crate::{
    DatasetError, Part, Samples, Values,
    classes::Classes,
    file::{MOST_SAMPLES, MOST_VALUES, Reader},
};

/// The type code of bytes.
const BYTES: u8 = 8;

/// One IDX file of bytes.
struct Idx {
    sizes: Vec<u32>,
    values: Vec<u8>,
}

/// Whether a folder holds either part.
pub(crate) fn is_in(folder: &Path) -> bool {
    Part::ALL.iter().any(|&part| found(folder, files(part).0).is_some())
}

pub(crate) fn read(folder: &Path, part: Part) -> Result<Samples, DatasetError> {
    let path = |name: &str| found(folder, name).unwrap_or_else(|| folder.join(name));
    let (images, labels) = (path(files(part).0), path(files(part).1));
    let (pixels, classes) = (Idx::read(&images)?, Idx::read(&labels)?);
    let shape = match *pixels.sizes.as_slice() {
        [_, height, width] => Shape { height, width, channels: 1 },
        [_, height, width, channels] => Shape { height, width, channels },
        ref other => {
            let problem = format!("{} dimensions, where images have 3 or 4", other.len());
            return Err(DatasetError::wrong(&images, problem));
        }
    };
    if classes.sizes.len() != 1 || classes.sizes[0] != pixels.sizes[0] {
        let problem = format!("{:?} labels for {} images", classes.sizes, pixels.sizes[0]);
        return Err(DatasetError::wrong(&labels, problem));
    }
    let own: Vec<u16> = classes.values.into_iter().map(u16::from).collect();
    // The other part may know more classes.
    let other = found(folder, files(part.other()).1).map(|path| Idx::read(&path)).transpose()?;
    let other = other.map_or(0, |other| other.values.into_iter().max().unwrap_or(0));
    let names = Classes::of(folder)?.at_least(&own, other.into());
    Samples::new(shape, Values::Bytes(pixels.values), own, names).map_err(DatasetError::uneven(&images))
}

/// The files of images and labels.
const fn files(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Train => ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        Part::Test => ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
    }
}

/// The file of this name, or the same compressed.
fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    [name.to_owned(), format!("{name}.gz")].into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

impl Idx {
    fn read(path: &Path) -> Result<Self, DatasetError> {
        let mut reader = Reader::open(path)?;
        let mut head = [0; 4];
        reader.fill(&mut head, "its head")?;
        let [zero, also_zero, kind, count] = head;
        if (zero, also_zero, kind) != (0, 0, BYTES) || !(1..=4).contains(&count) {
            let problem = format!("it starts with {zero} {also_zero} {kind} {count}, which is no IDX file of bytes");
            return Err(DatasetError::wrong(path, problem));
        }
        let mut sizes = Vec::new();
        for _ in 0..count {
            reader.fill(&mut head, "its sizes")?;
            sizes.push(u32::from_be_bytes(head));
        }
        let wanted = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size.into()));
        let wanted = wanted.filter(|wanted| (1..=MOST_VALUES).contains(wanted) && u64::from(sizes[0]) <= MOST_SAMPLES);
        let wanted = wanted.ok_or_else(|| {
            DatasetError::wrong(
                path,
                format!(
                    "sizes of {sizes:?}, where there are 1 to {MOST_VALUES} values of at most {MOST_SAMPLES} samples"
                ),
            )
        })?;
        let values = reader.bytes(wanted, "its values")?;
        reader.end()?;
        Ok(Self { sizes, values })
    }
}
