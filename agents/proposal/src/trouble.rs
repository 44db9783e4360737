//! Why there is no answer.

use automcu_artifacts::StoreError;
use automcu_contract::{ArtifactId, Brief, Shortfall};

/// What keeps the agent from working at a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the {what} (artifact {id}) is not what it should be: {problem}")]
    Content { what: &'static str, id: ArtifactId, problem: String },
    #[error("there is no target {0:?}")]
    Target(String),
    #[error("inputs of {input:?} and {classes} classes make no space of networks: {problem}")]
    Space { input: [u32; 3], classes: u32, problem: String },
    #[error("{what}: more than there may be")]
    TooMany { what: &'static str },
    #[error("the agent is ending")]
    Ending,
}

impl Trouble {
    pub(crate) fn content(what: &'static str, id: ArtifactId, problem: impl ToString) -> Self {
        Self::Content { what, id, problem: problem.to_string() }
    }

    /// The same to the supervisor. What is in an artifact does not change; a disk may be well again.
    pub(crate) fn shortfall(&self) -> Shortfall {
        let is_transient = matches!(self, Self::Store(StoreError::Io { .. }) | Self::Ending);
        Shortfall::Failed { reason: Brief::new(&self.to_string()), is_transient }
    }
}
