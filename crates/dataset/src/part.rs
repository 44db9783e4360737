//! The parts of a data set.

use serde::Serialize;

/// A part of a data set, as its publishers split it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What may be learnt from.
    Train,
    /// What is only for the last word.
    Test,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// How it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Train => Self::Test,
            Self::Test => Self::Train,
        }
    }
}
