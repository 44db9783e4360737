//! What left this computer and what came back, line by line in a file: a record for people, and a memory from which the same
//! question is answered again.

mod file;
mod line;
mod wire;

use std::{fmt, path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Ask, Client, Digest, Model, ask::Answering};

pub use file::Cassette;

use wire::TapedWire;

/// Says what time it is: milliseconds since 1970.
pub type WallClock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What a cassette is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing: no file is touched.
    Off,
    /// Every final answer is added.
    Record,
    /// What is in it is not asked again; what is not is asked and added.
    Remember,
    /// What is in it is answered in the order in which it was; nothing else is, and nobody is asked.
    Replay,
}

/// Why a cassette cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CassetteError {
    /// The file cannot be opened, read or written.
    #[error("{}: {message}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// Another program writes to it.
    #[error("{} is written to by another program; give each its own file", .0.display())]
    InUse(PathBuf),
    /// A line of it is not as it was written.
    #[error("{}, line {line}: {message}; put the file aside, or take the line out", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// It is written by a newer program.
    #[error("{} is of version {version}, and version 1 is read here; use the newer program", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// It is as large as it may become.
    #[error("{} is full; put it aside, and a new one is begun", .0.display())]
    Full(PathBuf),
    /// It does not hold this request, and nobody may be asked.
    #[error("no answer to request {0} is recorded; record it, or ask what was asked")]
    Missing(Digest),
}

/// A client with a cassette in between.
pub struct Recorded {
    client: Client,
}

impl Recorded {
    /// This client, whose exchanges go through this cassette.
    #[must_use]
    pub fn new(client: Client, cassette: Cassette) -> Self {
        Self { client: client.over(|wire, endpoint| Arc::new(TapedWire::new(wire, cassette, endpoint))) }
    }
}

impl Model for Recorded {
    fn ask<'a>(&'a self, ask: &'a Ask) -> Answering<'a> {
        self.client.ask(ask)
    }

    fn name(&self) -> &str {
        self.client.name()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recorded").field(&self.client).finish()
    }
}
