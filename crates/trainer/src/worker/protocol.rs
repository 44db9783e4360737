//! What is said to a worker, and what it says.

use std::path::PathBuf;

use automcu_dataset::{Samples, Split, SplitError};
use serde::{Deserialize, Serialize};

use crate::{recipe::Recipe, training::Summary};

/// The version of requests and events.
pub const PROTOCOL: u32 = 1;

/// What is asked of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The version of the protocol.
    pub version: u32,
    /// The architecture.
    pub spec: serde_json::Value,
    /// Decides initial weights, order and augmentation.
    pub seed: u64,
    /// On what, and how.
    pub conditions: Conditions,
    /// Where the checkpoint is written; what is there is gone on from.
    pub checkpoint: PathBuf,
    /// A checkpoint whose weights are begun with, such as that of a lower rung.
    #[serde(default)]
    pub from: Option<PathBuf>,
    /// Seconds that it may take to end once it is asked to, or once nobody is left to ask.
    pub grace_s: f64,
}

/// The conditions under which candidates are trained: those that are compared share them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// The data set: a built-in one by its name, or where it lies.
    pub data: PathBuf,
    /// The group (person, speaker) that is tested on, instead of the published test part.
    #[serde(default)]
    pub left_out: Option<u32>,
    /// Which of its training samples validate.
    pub split: Splitting,
    /// How.
    pub recipe: Recipe,
    /// Threads that compute. Another number rounds otherwise.
    pub threads: u32,
    /// Bytes of memory that the worker may ask for.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Seconds after which it stops, with a checkpoint.
    pub deadline_s: f64,
    /// Seconds between checkpoints.
    pub checkpoint_every_s: f64,
}

/// How training samples are split: the same way every time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Splitting {
    /// The share that validates.
    pub validation: f64,
    /// Which.
    pub seed: u64,
    /// Whether a person or speaker may be both learnt from and validated on, as where the test part has the same ones.
    pub mixes_groups: bool,
}

impl Default for Splitting {
    /// A tenth, of other groups than the rest.
    fn default() -> Self {
        Self { validation: 0.1, seed: 1, mixes_groups: false }
    }
}

impl Splitting {
    /// Which of these samples are learnt from, and which validate.
    pub fn of(&self, samples: &Samples) -> Result<Split, SplitError> {
        let groups = samples.groups().filter(|_| !self.mixes_groups);
        Split::stratified(samples.labels(), groups, self.validation, self.seed)
    }
}

/// What a worker says: a line each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It is there.
    Hello {
        /// The version of the protocol.
        version: u32,
        /// Its process.
        process: u32,
        /// What it computes with.
        vectors: String,
    },
    /// How far it is.
    Progress {
        /// The share that is done.
        share: f64,
        /// The epoch, from 1.
        epoch: u32,
        /// The loss of a batch.
        loss: f64,
    },
    /// An epoch is done.
    Epoch {
        /// The share that is done.
        share: f64,
        /// The epoch, from 1.
        epoch: u32,
        /// The mean loss of its batches.
        loss: f64,
        /// The share of right answers on the validation samples.
        validation: f64,
        /// Seconds of training until then.
        seconds: f64,
    },
    /// It lives.
    Heartbeat,
    /// Numbers went wrong; the epoch begins again at a lower rate.
    BackedOff {
        /// The epoch, from 1.
        epoch: u32,
    },
    /// A checkpoint is written.
    Checkpoint {
        /// Where.
        path: PathBuf,
        /// Epochs that it knows.
        epochs: u32,
    },
    /// It has ended.
    Result {
        /// What came of it.
        summary: Summary,
        /// Joules that the computer's processors took meanwhile, for whatever they did, where that can be read.
        energy_j: Option<f64>,
    },
    /// It has failed.
    Error {
        /// What is to blame.
        cause: Cause,
        /// What went wrong, and what to do.
        message: String,
    },
}

/// What is to blame when a worker fails: whether another try may help depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// What was asked for: the architecture, the recipe, the limits, a checkpoint of something else.
    Request,
    /// The data set.
    Data,
    /// Training itself: numbers went wrong.
    Divergence,
    /// The limit of memory.
    Memory,
    /// Files that cannot be read or written now.
    Storage,
}
