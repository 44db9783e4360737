//! Reads FlatBuffers, every offset checked: a hostile file is refused, never a panic, and nothing is built from it but views.

/// Why bytes are no table, vector or string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {problem}")]
pub struct FlatError {
    /// Where.
    pub at: usize,
    /// What is wrong.
    pub problem: &'static str,
}

type Result<T> = std::result::Result<T, FlatError>;

/// The whole buffer.
#[derive(Clone, Copy)]
pub(crate) struct Buffer<'b>(&'b [u8]);

/// A table within a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Table<'b> {
    buffer: Buffer<'b>,
    at: usize,
    fields: usize,
    fields_end: usize,
}

/// A vector of tables.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'b> {
    buffer: Buffer<'b>,
    at: usize,
    count: usize,
}

impl<'b> Buffer<'b> {
    /// The root table of a buffer with this identifier.
    pub(crate) fn root(bytes: &'b [u8], identifier: &[u8; 4]) -> Result<Table<'b>> {
        let buffer = Self(bytes);
        if buffer.bytes(4, 4)? != identifier {
            return Err(FlatError { at: 4, problem: "the identifier is missing" });
        }
        buffer.table(buffer.follow(0)?)
    }

    fn bytes(self, at: usize, count: usize) -> Result<&'b [u8]> {
        let end = at.checked_add(count).ok_or(FlatError { at, problem: "a length that cannot be" })?;
        self.0.get(at..end).ok_or(FlatError { at, problem: "the file ends before what is said to be here" })
    }

    fn array<const N: usize>(self, at: usize) -> Result<[u8; N]> {
        Ok(self.bytes(at, N)?.try_into().expect("as many bytes as were asked for"))
    }

    fn u32(self, at: usize) -> Result<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn u16(self, at: usize) -> Result<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// Where the offset at this place leads.
    fn follow(self, at: usize) -> Result<usize> {
        let offset = self.u32(at)? as usize;
        at.checked_add(offset)
            .filter(|&to| offset >= 4 && to < self.0.len())
            .ok_or(FlatError { at, problem: "an offset that leads out of the file" })
    }

    fn table(self, at: usize) -> Result<Table<'b>> {
        let back = i64::from(self.array(at).map(i32::from_le_bytes)?);
        let at_i64 = i64::try_from(at).map_err(|_| FlatError { at, problem: "a place that cannot be" })?;
        let fields = usize::try_from(at_i64 - back).map_err(|_| FlatError { at, problem: "a table without fields" })?;
        let length = usize::from(self.u16(fields)?);
        if length < 4 {
            return Err(FlatError { at: fields, problem: "a list of fields that is too short" });
        }
        self.bytes(fields, length)?;
        Ok(Table { buffer: self, at, fields, fields_end: fields + length })
    }

    /// The count of a vector and where its items begin; the items are within the buffer.
    fn vector(self, at: usize, item: usize) -> Result<(usize, usize)> {
        let count = self.u32(at)? as usize;
        let bytes = count.checked_mul(item).ok_or(FlatError { at, problem: "a length that cannot be" })?;
        self.bytes(at + 4, bytes)?;
        Ok((at + 4, count))
    }
}

impl<'b> Table<'b> {
    /// A table in which nothing is written.
    pub(crate) const EMPTY: Table<'static> = Table { buffer: Buffer(&[]), at: 0, fields: 0, fields_end: 0 };

    /// Where a field's value stands, if it is written.
    fn field(&self, index: usize) -> Result<Option<usize>> {
        let entry = self.fields + 4 + 2 * index;
        if entry + 2 > self.fields_end {
            return Ok(None);
        }
        let offset = usize::from(self.buffer.u16(entry)?);
        Ok((offset != 0).then_some(self.at + offset))
    }

    pub(crate) fn i8(&self, index: usize, default: i8) -> Result<i8> {
        self.field(index)?.map_or(Ok(default), |at| self.buffer.array(at).map(i8::from_le_bytes))
    }

    pub(crate) fn i32(&self, index: usize, default: i32) -> Result<i32> {
        self.field(index)?.map_or(Ok(default), |at| self.buffer.array(at).map(i32::from_le_bytes))
    }

    pub(crate) fn u32(&self, index: usize, default: u32) -> Result<u32> {
        self.field(index)?.map_or(Ok(default), |at| self.buffer.u32(at))
    }

    pub(crate) fn f32(&self, index: usize, default: f32) -> Result<f32> {
        self.field(index)?.map_or(Ok(default), |at| self.buffer.array(at).map(f32::from_le_bytes))
    }

    pub(crate) fn table(&self, index: usize) -> Result<Option<Table<'b>>> {
        let Some(at) = self.field(index)? else { return Ok(None) };
        self.buffer.table(self.buffer.follow(at)?).map(Some)
    }

    /// A vector of tables; empty where it is not written.
    pub(crate) fn tables(&self, index: usize) -> Result<Tables<'b>> {
        let Some(at) = self.field(index)? else {
            return Ok(Tables { buffer: self.buffer, at: 0, count: 0 });
        };
        let (at, count) = self.buffer.vector(self.buffer.follow(at)?, 4)?;
        Ok(Tables { buffer: self.buffer, at, count })
    }

    pub(crate) fn bytes(&self, index: usize) -> Result<&'b [u8]> {
        let Some(at) = self.field(index)? else { return Ok(&[]) };
        let (at, count) = self.buffer.vector(self.buffer.follow(at)?, 1)?;
        self.buffer.bytes(at, count)
    }

    /// A string; what is no UTF-8 is replaced, and what is long is cut.
    pub(crate) fn text(&self, index: usize) -> Result<String> {
        const MOST: usize = 200;
        let bytes = self.bytes(index)?;
        Ok(String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]).into_owned())
    }

    /// At most `most` items: one stretch of the file may be named by many vectors, and each would be copied.
    fn items<const N: usize>(&self, index: usize, most: usize) -> Result<&'b [[u8; N]]> {
        let Some(at) = self.field(index)? else { return Ok(&[]) };
        let (at, count) = self.buffer.vector(self.buffer.follow(at)?, N)?;
        if count > most {
            return Err(FlatError { at, problem: "a list that is longer than any network needs" });
        }
        Ok(self.buffer.bytes(at, count * N)?.as_chunks().0)
    }

    pub(crate) fn i32s(&self, index: usize, most: usize) -> Result<Vec<i32>> {
        Ok(self.items(index, most)?.iter().map(|&bytes| i32::from_le_bytes(bytes)).collect())
    }

    pub(crate) fn i64s(&self, index: usize, most: usize) -> Result<Vec<i64>> {
        Ok(self.items(index, most)?.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect())
    }

    pub(crate) fn f32s(&self, index: usize, most: usize) -> Result<Vec<f32>> {
        Ok(self.items(index, most)?.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
    }
}

impl<'b> Tables<'b> {
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, index: usize) -> Result<Option<Table<'b>>> {
        if index >= self.count {
            return Ok(None);
        }
        let at = self.at + 4 * index;
        self.buffer.table(self.buffer.follow(at)?).map(Some)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Result<Table<'b>>> {
        (0..self.count).filter_map(move |index| self.get(index).transpose())
    }
}
