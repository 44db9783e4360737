//! How the program ends. The numbers are part of the interface and documented in the help.

use std::{io, path::PathBuf, process::ExitCode};

use automcu_convert::TfliteError;
use automcu_target::{TargetError, UnknownTarget};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is yes, or what was asked for was printed.
    Yes,
    /// The answer is no: it does not fit.
    No,
    /// The command line is not understood.
    Misused,
    /// What was handed in is refused.
    Refused,
    /// A file cannot be read.
    Unreadable,
    /// The answer cannot be written.
    Unwritable,
}

impl Outcome {
    /// The exit status.
    #[must_use]
    pub const fn status(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Misused => 2,
            Self::Refused => 65,
            Self::Unreadable => 66,
            Self::Unwritable => 74,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.status().into()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder cannot be read.
    #[error("{}: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    /// A file of targets is none, whatever it says.
    #[error("{}: not a family of targets: {problem}", path.display())]
    Family { path: PathBuf, problem: String },
    #[error("{}: there are {count} files of targets (*.toml); {remedy}", path.display())]
    FamilyCount { path: PathBuf, count: usize, remedy: &'static str },
    /// A file is no int8 network that is understood.
    #[error("{file}: {error}")]
    Model { file: String, error: Box<TfliteError> },
    #[error("{0}")]
    UnknownTarget(#[from] UnknownTarget),
    #[error("{0}")]
    Target(#[from] TargetError),
    #[error("there is no verb {0:?}; `automcu help` lists all")]
    UnknownVerb(String),
    /// The architecture is refused; each reason has been told already.
    #[error("{file} is not constructible")]
    NotConstructible { file: String },
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl Failure {
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Read { .. } => Outcome::Unreadable,
            Self::UnknownTarget(_) | Self::UnknownVerb(_) | Self::FamilyCount { .. } => Outcome::Misused,
            Self::Target(_) | Self::Family { .. } | Self::Model { .. } | Self::NotConstructible { .. } => {
                Outcome::Refused
            }
            Self::Write(_) => Outcome::Unwritable,
        }
    }
}
