//! What goes wrong, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use automcu_model::{CandidateId, JobId};

use crate::state::Inconsistency;

/// The history cannot be opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file or folder cannot be read or written.
    #[error("{}: {error}; see whether the disk is full or the folder is another user's", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process writes here.
    #[error("{}: process {holder} writes this history; stop it, or choose another folder", path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
        /// The process, as it has said.
        holder: String,
    },
    /// A newer version wrote here.
    #[error("{}: version {version}, and this program knows up to {known}; use the newer program", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its version.
        version: u64,
        /// The newest that is known.
        known: u64,
    },
    /// The index cannot be read.
    #[error("the index of the history is damaged: {cause}; rebuild it from the journal")]
    Index {
        /// What was wrong.
        cause: String,
    },
    /// After a flush that failed nothing more is written.
    #[error("the history is read-only since a write failed: {cause}; make room on the disk and open it again")]
    ReadOnly {
        /// What failed.
        cause: String,
    },
    /// What was asked for is not there.
    #[error("there is no {job} in the history")]
    NoJob {
        /// Which.
        job: JobId,
    },
    /// The writer is gone.
    #[error("the writer of the history has ended; open it again")]
    Gone,
    /// An outside reader or writer failed.
    #[error("line {line}: {cause}")]
    Transfer {
        /// Which line, from 1.
        line: u64,
        /// What was wrong.
        cause: String,
    },
    /// Two different jobs have one id.
    #[error("line {line}: {job} is another job here; nothing after this line was taken over")]
    Clash {
        /// Which line, from 1.
        line: u64,
        /// Which job.
        job: JobId,
    },
}

impl HistoryError {
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }

    pub(crate) fn index(cause: impl ToString) -> Self {
        Self::Index { cause: cause.to_string() }
    }
}

/// Events were not taken. None of those that were handed in together is in the history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Too many wait.
    #[error("{waiting} appends wait for the disk already; try again later")]
    Busy {
        /// How many may wait.
        waiting: usize,
    },
    /// An event cannot have happened.
    #[error("event {at} of this append cannot be: {inconsistency}")]
    Inconsistent {
        /// Which, from 0.
        at: usize,
        /// Why.
        inconsistency: Inconsistency,
    },
    /// An event is too large or says what cannot be.
    #[error("event {at} of this append: {cause}")]
    Unsound {
        /// Which, from 0.
        at: usize,
        /// Why.
        cause: String,
    },
    /// It may be on the disk or not: the write or the flush failed.
    #[error("not flushed: {cause}; the history is read-only until it is opened again")]
    NotFlushed {
        /// What failed.
        cause: String,
    },
    /// An earlier flush failed.
    #[error("the history is read-only since a write failed: {cause}; make room on the disk and open it again")]
    ReadOnly {
        /// What failed.
        cause: String,
    },
    /// The index cannot be read, nor rebuilt.
    #[error("{cause}")]
    Index {
        /// What was wrong.
        cause: String,
    },
    /// It took longer than the caller waits. It may still be written.
    #[error("not flushed within {waited_ms} ms; it may still be: read the history before trying again")]
    TimedOut {
        /// How long was waited.
        waited_ms: u128,
    },
    /// The writer is gone.
    #[error("the writer of the history has ended; open it again")]
    Gone,
}

/// Names a candidate in an error.
pub(crate) fn of(job: JobId, candidate: CandidateId) -> String {
    format!("{candidate} of {job}")
}
