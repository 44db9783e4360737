//! What an executor of attempts promises.

use std::{fmt, path::Path};

use automcu_trainer::{Cause, Request, Summary, WorkerEvent};
use tokio::sync::{mpsc, oneshot};

/// Starts attempts. One attempt's misfortune is its own: a crash or a lack of memory takes no other along.
pub trait Executor: fmt::Debug + Send + Sync {
    /// Starts an attempt whose files are below `folder`.
    fn start(&self, request: &Request, folder: &Path) -> Result<Started, NotStarted>;
}

/// An attempt that was started.
#[derive(Debug)]
pub struct Started {
    /// What is heard of it; the last is its [`Ending`], and there always is one.
    pub heard: mpsc::Receiver<Heard>,
    /// Asks it to end with a checkpoint. So does dropping this: nobody is left who wants it.
    pub stop: oneshot::Sender<()>,
}

/// What is heard of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The worker says something. How far it is may be left out where nobody listens fast enough.
    Said(WorkerEvent),
    /// It has ended.
    Ended(Ending),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// With a result.
    Done {
        /// What came of it.
        summary: Summary,
        /// Joules that the computer's processors took meanwhile, for whatever they did, where that can be read.
        energy_j: Option<f64>,
    },
    /// With an error.
    Failed {
        /// What is to blame.
        cause: Cause,
        /// What went wrong, and what to do.
        message: String,
    },
    /// Without a word.
    Lost {
        /// What is known.
        loss: Loss,
        /// The last that it printed.
        words: String,
    },
}

/// What is known of an attempt that ended without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It ended by itself, with this status.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// It gave no sign of life, and was ended.
    Silent,
    /// It did not stop when it should have, and was ended.
    Late,
    /// It said what no worker says, and was ended.
    Babbling,
    /// It cannot be found any more.
    Gone,
}

/// An attempt that could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotStarted(pub String);

impl Ending {
    /// Whether the same attempt, tried again, may end otherwise.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Done { .. } => false,
            Self::Failed { cause, .. } => matches!(cause, Cause::Storage),
            Self::Lost { loss, .. } => !matches!(loss, Loss::OutOfMemory | Loss::Late),
        }
    }
}

/// Why there is no result; of a result, that there is one.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { .. } => f.write_str("the worker has ended with a result"),
            Self::Failed { message, .. } => f.write_str(message),
            Self::Lost { loss, words } => {
                match loss {
                    Loss::Exited(status) => write!(f, "the worker ended with status {status} and without a result")?,
                    Loss::Signalled(9) => {
                        write!(f, "the worker was killed (signal 9); perhaps the computer ran out of memory")?;
                    }
                    Loss::Signalled(signal) => write!(f, "the worker crashed (signal {signal})")?,
                    Loss::OutOfMemory => write!(
                        f,
                        "the worker needs more memory than it may have; allow more, or take a smaller batch or network"
                    )?,
                    Loss::Silent => write!(f, "the worker gave no sign of life and was ended")?,
                    Loss::Late => write!(f, "the worker did not stop when it should have and was ended")?,
                    Loss::Babbling => write!(f, "the worker said what no worker of this version says and was ended")?,
                    Loss::Gone => write!(f, "the worker cannot be found any more")?,
                }
                if words.is_empty() { Ok(()) } else { write!(f, "; its last words: {words}") }
            }
        }
    }
}
