//! The index: derived from the journal, dispensable, and the only place that names sled. sled may panic on a damaged file,
//! so nothing of it is called unguarded.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{disk::remove_folder, error::HistoryError, keys};

/// Counted up with every change to keys or records. An index of another schema is made anew.
const SCHEMA: u32 = 3;
/// What sled may keep in memory; its own default is a gigabyte.
const CACHE_BYTES: u64 = 64 << 20;

/// Up to which event of which journal the index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    schema: u32,
    pub(crate) generation: u64,
    pub(crate) seq: u64,
    pub(crate) check: u64,
}

impl Mark {
    pub(crate) fn new(generation: u64, seq: u64, check: u64) -> Self {
        Self { schema: SCHEMA, generation, seq, check }
    }

    pub(crate) fn is_of_this_schema(&self) -> bool {
        self.schema == SCHEMA
    }
}

/// What is to be written; `None` removes.
pub(crate) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Where records are looked up: in the index, or in what is about to be written to it.
pub(crate) trait Lookup {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HistoryError>;
}

/// Looks up a record.
pub(crate) fn read<T: DeserializeOwned>(from: &dyn Lookup, key: &[u8]) -> Result<Option<T>, HistoryError> {
    from.get(key)?.map(|bytes| serde_json::from_slice(&bytes).map_err(HistoryError::index)).transpose()
}

/// Writes over a lookup, not yet in it.
pub(crate) struct Staged<'a> {
    below: &'a dyn Lookup,
    writes: Writes,
}

impl<'a> Staged<'a> {
    pub(crate) fn over(below: &'a dyn Lookup) -> Self {
        Self::of(below, Writes::new())
    }

    /// Goes on with what was staged before.
    pub(crate) fn of(below: &'a dyn Lookup, writes: Writes) -> Self {
        Self { below, writes }
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert(key, Some(value));
    }

    pub(crate) fn put_record(&mut self, key: Vec<u8>, record: &impl Serialize) {
        self.put(key, serde_json::to_vec(record).expect("records are plain data"));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    pub(crate) fn absorb(&mut self, writes: Writes) {
        self.writes.extend(writes);
    }

    pub(crate) fn into_writes(self) -> Writes {
        self.writes
    }
}

impl Lookup for Staged<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HistoryError> {
        match self.writes.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.below.get(key),
        }
    }
}

/// A key and its value.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// The open index.
pub(crate) struct Index {
    /// `None` while it cannot be opened.
    tree: Option<sled::Db>,
    folder: PathBuf,
    visited: AtomicU64,
}

impl Index {
    /// Opens the index, or says why it cannot be.
    pub(crate) fn open(folder: &Path) -> Result<Self, HistoryError> {
        let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES);
        let tree = guarded(|| config.open())?;
        Ok(Self { tree: Some(tree), folder: folder.to_owned(), visited: AtomicU64::new(0) })
    }

    /// Closes the index, removes it, and opens an empty one.
    pub(crate) fn clear(&mut self) -> Result<(), HistoryError> {
        // Closing flushes, which may panic on a damaged file.
        _ = guarded(|| {
            drop(self.tree.take());
            Ok(())
        });
        *self = Self::anew(&self.folder)?;
        Ok(())
    }

    /// An empty index in the place of whatever is there.
    pub(crate) fn anew(folder: &Path) -> Result<Self, HistoryError> {
        remove_folder(folder).map_err(|error| HistoryError::io(folder, error))?;
        Self::open(folder)
    }

    /// Up to where it is; `None` where that cannot be told.
    pub(crate) fn mark(&self) -> Option<Mark> {
        read(self, keys::META).ok().flatten()
    }

    /// Writes all of it or nothing.
    pub(crate) fn apply(&self, writes: Writes, mark: Mark) -> Result<(), HistoryError> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        batch.insert(keys::META, serde_json::to_vec(&mark).map_err(HistoryError::index)?);
        guarded(|| self.tree()?.apply_batch(batch))
    }

    /// Makes what was applied survive. Only to spare the next start the work: the journal is the truth.
    pub(crate) fn flush(&self) -> Result<(), HistoryError> {
        guarded(|| self.tree()?.flush().map(drop))
    }

    /// At most `limit` entries whose keys begin with `prefix`, in order, after the key `after`.
    pub(crate) fn page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, HistoryError> {
        let from = after.map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
        guarded(|| {
            let mut found = Vec::new();
            for entry in self.tree()?.range(from..).take(limit) {
                let (key, value) = entry?;
                self.visited.fetch_add(1, Ordering::Relaxed);
                if !key.starts_with(prefix) {
                    break;
                }
                found.push((key.to_vec(), value.to_vec()));
            }
            Ok(found)
        })
    }

    /// How many entries were looked at since it was opened.
    pub(crate) fn visited(&self) -> u64 {
        self.visited.load(Ordering::Relaxed)
    }

    fn tree(&self) -> Result<&sled::Db, sled::Error> {
        self.tree.as_ref().ok_or_else(|| sled::Error::Unsupported("the index is closed".to_owned()))
    }
}

impl Lookup for Index {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HistoryError> {
        self.visited.fetch_add(1, Ordering::Relaxed);
        guarded(|| Ok(self.tree()?.get(key)?.map(|value| value.to_vec())))
    }
}

fn guarded<T>(work: impl FnOnce() -> Result<T, sled::Error>) -> Result<T, HistoryError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(HistoryError::index),
        Err(panic) => Err(HistoryError::index(said(panic.as_ref()))),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}
