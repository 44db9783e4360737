//! `.npy`: a magic number, a header that is a Python dictionary, then the values of one array.

use crate::{
    DatasetError,
    file::{MOST_SAMPLES, MOST_VALUES, Reader},
};

const MAGIC: &[u8] = b"\x93NUMPY";
const LONGEST_HEADER: u32 = 1 << 16;
const MOST_DIMENSIONS: usize = 8;
/// Values are taken in pieces of so many.
const PIECE: u64 = 1 << 16;

/// An array in C order.
pub(crate) struct Array {
    pub(crate) sizes: Vec<u64>,
    pub(crate) elements: Elements,
}

/// Its values, in no more room than they need.
pub(crate) enum Elements {
    /// Of u1.
    Bytes(Vec<u8>),
    /// Of other integers.
    Integers(Vec<i64>),
    /// Of floats, and of integers that are asked for as floats.
    Floats(Vec<f32>),
}

/// What an array is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Values,
    Labels,
}

/// The types of numbers that are read.
#[derive(Clone, Copy)]
enum Type {
    U1,
    I1,
    U2,
    I2,
    U4,
    I4,
    I8,
    F4,
    F8,
}

impl Array {
    pub(crate) fn read(mut reader: Reader, purpose: Purpose) -> Result<Self, DatasetError> {
        let header = header(&mut reader)?;
        let wrong = |problem: String| DatasetError::wrong(reader.path(), problem);
        let kind = Type::of(value_of(&header, "descr").unwrap_or_default()).map_err(wrong)?;
        if value_of(&header, "fortran_order").is_none_or(|order| !order.starts_with("False")) {
            return Err(wrong("its order is not C; save numpy.ascontiguousarray(array)".to_owned()));
        }
        let sizes = sizes(value_of(&header, "shape").unwrap_or_default())
            .ok_or_else(|| wrong(format!("its header {header:?} says no shape of 1 to {MOST_DIMENSIONS} sizes")))?;
        let most = if purpose == Purpose::Labels { MOST_SAMPLES } else { MOST_VALUES };
        let count = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
        let count = count
            .filter(|count| (1..=most).contains(count))
            .ok_or_else(|| wrong(format!("sizes of {sizes:?}, where there are 1 to {most} values")))?;
        let elements = kind.elements(&mut reader, count, purpose)?;
        reader.end()?;
        Ok(Self { sizes, elements })
    }
}

fn header(reader: &mut Reader) -> Result<String, DatasetError> {
    let mut start = [0; 8];
    reader.fill(&mut start, "its magic number")?;
    if !start.starts_with(MAGIC) || !(1..=3).contains(&start[6]) {
        let problem = "it does not start as .npy files of version 1 to 3 do; write it with numpy.save";
        return Err(DatasetError::wrong(reader.path(), problem));
    }
    let mut length = [0; 4];
    reader.fill(if start[6] == 1 { &mut length[..2] } else { &mut length }, "its header's length")?;
    let length = u32::from_le_bytes(length);
    if length > LONGEST_HEADER {
        let problem = format!("a header of {length} bytes, where {LONGEST_HEADER} are the most");
        return Err(DatasetError::wrong(reader.path(), problem));
    }
    let header = reader.bytes(length.into(), "its header")?;
    String::from_utf8(header).map_err(|_| reader.damaged("its header is no text".to_owned()))
}

/// What follows a key of the header.
fn value_of<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, rest) = header.split_once(&format!("'{key}'"))?;
    rest.trim_start().strip_prefix(':').map(str::trim_start)
}

/// `(12, 3, )` and what follows.
fn sizes(text: &str) -> Option<Vec<u64>> {
    let (inner, _) = text.strip_prefix('(')?.split_once(')')?;
    let sizes: Result<Vec<u64>, _> =
        inner.split(',').map(str::trim).filter(|size| !size.is_empty()).map(str::parse).collect();
    sizes.ok().filter(|sizes| (1..=MOST_DIMENSIONS).contains(&sizes.len()))
}

impl Type {
    fn of(text: &str) -> Result<Self, String> {
        let name = text.trim_start_matches(['\'', '"']).split(['\'', '"']).next().unwrap_or_default();
        Ok(match name {
            "|u1" | "<u1" => Self::U1,
            "|i1" | "<i1" => Self::I1,
            "<u2" => Self::U2,
            "<i2" => Self::I2,
            "<u4" => Self::U4,
            "<i4" => Self::I4,
            "<i8" => Self::I8,
            "<f4" => Self::F4,
            "<f8" => Self::F8,
            other => {
                let known = "u1, i1, u2, i2, u4, i4, i8, f4 and f8, little-endian";
                return Err(format!("its type {other:?} is not read; known are {known}; convert it with array.astype"));
            }
        })
    }

    const fn width(self) -> u64 {
        match self {
            Self::U1 | Self::I1 => 1,
            Self::U2 | Self::I2 => 2,
            Self::U4 | Self::I4 | Self::F4 => 4,
            Self::I8 | Self::F8 => 8,
        }
    }

    fn elements(self, reader: &mut Reader, count: u64, purpose: Purpose) -> Result<Elements, DatasetError> {
        if let Self::U1 = self {
            return Ok(Elements::Bytes(reader.bytes(count, "its values")?));
        }
        let is_integer = !matches!(self, Self::F4 | Self::F8);
        let mut elements = match purpose {
            Purpose::Labels if is_integer => Elements::Integers(Vec::new()),
            _ => Elements::Floats(Vec::new()),
        };
        let mut left = count;
        while left > 0 {
            let piece = left.min(PIECE);
            let bytes = reader.bytes(piece * self.width(), "its values")?;
            let each = bytes.chunks_exact(usize::try_from(self.width()).unwrap_or(1));
            match &mut elements {
                Elements::Integers(values) => values.extend(each.map(|bytes| self.integer(bytes))),
                Elements::Floats(values) => values.extend(each.map(|bytes| self.float(bytes))),
                Elements::Bytes(_) => {}
            }
            left -= piece;
        }
        Ok(elements)
    }

    fn integer(self, bytes: &[u8]) -> i64 {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let [a, b, c, d, ..] = wide;
        match self {
            Self::U1 | Self::U2 | Self::U4 | Self::I8 => i64::from_le_bytes(wide),
            Self::I1 => a.cast_signed().into(),
            Self::I2 => i16::from_le_bytes([a, b]).into(),
            _ => i32::from_le_bytes([a, b, c, d]).into(),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "values are kept as f32")]
    fn float(self, bytes: &[u8]) -> f32 {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let [a, b, c, d, ..] = wide;
        match self {
            Self::F4 => f32::from_le_bytes([a, b, c, d]),
            Self::F8 => f64::from_le_bytes(wide) as f32,
            _ => self.integer(bytes) as f32,
        }
    }
}
