//! IDX files, as MNIST and its relatives are published: a magic number with the type and the number of dimensions, their
//! sizes, then the values.

use std::{
    fs::File,
    io::{Read, Take},
    path::{Path, PathBuf},
};

use automcu_model::Shape;
use flate2::read::MultiGzDecoder;

use crate::{DatasetError, Images};

/// The most values of a file: twenty times MNIST.
const MOST_VALUES: u64 = 1 << 30;
/// The type code of bytes.
const BYTES: u8 = 8;

/// One IDX file of bytes.
struct Idx {
    sizes: Vec<u32>,
    values: Vec<u8>,
}

/// The file of this name, or the same compressed.
pub(crate) fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    [name.to_owned(), format!("{name}.gz")].into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

pub(crate) fn read(images: &Path, labels: &Path) -> Result<Images, DatasetError> {
    let (pixels, classes) = (Idx::read(images)?, Idx::read(labels)?);
    let wrong = |path: &Path, problem| DatasetError::Wrong { path: path.to_owned(), problem };
    let shape = match *pixels.sizes.as_slice() {
        [_, height, width] => Shape { height, width, channels: 1 },
        [_, height, width, channels] => Shape { height, width, channels },
        ref other => return Err(wrong(images, format!("{} dimensions, where images have 3 or 4", other.len()))),
    };
    if classes.sizes.len() != 1 || classes.sizes[0] != pixels.sizes[0] {
        return Err(wrong(labels, format!("{:?} labels for {} images", classes.sizes, pixels.sizes[0])));
    }
    Ok(Images::new(shape, pixels.values, classes.values))
}

impl Idx {
    fn read(path: &Path) -> Result<Self, DatasetError> {
        let unreadable = |error| DatasetError::Read { path: path.to_owned(), error };
        let file = File::open(path).map_err(unreadable)?;
        let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
        let source: Box<dyn Read> = if is_compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let wrong = |problem: String| DatasetError::Wrong { path: path.to_owned(), problem };
        // A compressed file may swell without end.
        let mut source = source.take(MOST_VALUES + 64);
        let [zero, also_zero, kind, count] = number(&mut source).map_err(unreadable)?;
        if (zero, also_zero, kind) != (0, 0, BYTES) || !(1..=4).contains(&count) {
            return Err(wrong(format!(
                "it starts with {zero} {also_zero} {kind} {count}, which is no IDX file of bytes"
            )));
        }
        let sizes = (0..count).map(|_| number(&mut source).map(u32::from_be_bytes)).collect::<Result<Vec<_>, _>>();
        let sizes = sizes.map_err(unreadable)?;
        let wanted = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size.into()));
        let wanted = wanted.filter(|wanted| (1..=MOST_VALUES).contains(wanted));
        let wanted = wanted.ok_or_else(|| wrong(format!("sizes of {sizes:?}")))?;
        let mut values = Vec::new();
        source.read_to_end(&mut values).map_err(unreadable)?;
        if values.len() as u64 != wanted {
            return Err(wrong(format!("{} values where its sizes {sizes:?} make {wanted}", values.len())));
        }
        Ok(Self { sizes, values })
    }
}

fn number(source: &mut Take<Box<dyn Read>>) -> std::io::Result<[u8; 4]> {
    let mut bytes = [0; 4];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}
