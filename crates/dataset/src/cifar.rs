//! The binary versions of CIFAR-10 and CIFAR-100: records of labels and three planes of 32x32 bytes.

use std::{fs::File, io::Read, path::Path};

use automcu_model::Shape;

use crate::{DatasetError, Images};

const SHAPE: Shape = Shape { height: 32, width: 32, channels: 3 };
const PLANE: usize = 32 * 32;
/// The most bytes of a file.
const LONGEST: u64 = 1 << 30;

/// Reads one file. Before each image stand `label_bytes` bytes, the last of which is the class.
pub(crate) fn read(path: &Path, label_bytes: usize, classes: u8) -> Result<Images, DatasetError> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    file.map_err(|error| DatasetError::Read { path: path.to_owned(), error })?;
    let wrong = |problem: String| DatasetError::Wrong { path: path.to_owned(), problem };
    let record = label_bytes + 3 * PLANE;
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        return Err(wrong(format!("{} bytes are no whole number of records of {record}", bytes.len())));
    }
    let mut values = Vec::with_capacity(bytes.len());
    let mut labels = Vec::new();
    for record in bytes.chunks_exact(record) {
        let (head, planes) = record.split_at(label_bytes);
        let label = head[label_bytes - 1];
        if label >= classes {
            return Err(wrong(format!("record {} has the class {label} of {classes}", labels.len())));
        }
        labels.push(label);
        let (red, rest) = planes.split_at(PLANE);
        let (green, blue) = rest.split_at(PLANE);
        values.extend(red.iter().zip(green).zip(blue).flat_map(|((&red, &green), &blue)| [red, green, blue]));
    }
    Ok(Images::new(SHAPE, values, labels))
}
