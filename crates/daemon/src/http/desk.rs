//! What the server works with, handed in by whoever composes the daemon.

use std::{future::Future, pin::Pin, sync::Arc};

use automcu_api::{BundleFile, JobFile, Problem};
use automcu_artifacts::Store;
use automcu_contract::ControlPort;
use automcu_history::{Event, History, HistoryError};
use automcu_model::{ArtifactId, JobId};

use super::hub::Hub;
pub use crate::plan::Planned;

/// Makes a plan of a job file, submitted by this key. It may block.
pub type PlanJob = Arc<dyn Fn(JobFile, Option<String>) -> Result<Planned, Problem> + Send + Sync>;

/// The files in a bundle's list, which is the artifact of this id; why not, where it is none. It may block.
pub type ListFiles = Arc<dyn Fn(ArtifactId) -> Result<Vec<BundleFile>, String> + Send + Sync>;

/// Asks the agents whether they are well: what ails them, if anything does.
pub type Pulse = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>>>> + Send + Sync>;

/// A part of a job's events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventPart {
    /// Events with their numbers, in order.
    pub items: Vec<(u64, Event)>,
    /// After which number the next part begins, if there may be one.
    pub next: Option<u64>,
}

/// Gives events that have happened.
pub trait Past: Send + Sync {
    /// At most so many of a job's events, those after the number `after`. It may block.
    fn events(&self, job: JobId, after: u64, limit: usize) -> Result<EventPart, HistoryError>;
}

/// A filter of logs that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LogLevelError(pub String);

/// What is logged, and how that is changed.
pub trait LogLevel: Send + Sync {
    /// The filter.
    fn level(&self) -> String;

    /// Sets it.
    fn set(&self, level: &str) -> Result<(), LogLevelError>;
}

/// Everything that the server works with.
#[derive(Clone)]
pub struct Desk {
    /// What jobs and candidates are.
    pub history: Arc<History>,
    /// What happened.
    pub past: Arc<dyn Past>,
    /// Who carries out commands.
    pub control: ControlPort,
    /// Where plans are put, and files come from.
    pub store: Store,
    /// What happens.
    pub hub: Hub,
    /// Who makes plans.
    pub planner: PlanJob,
    /// Who reads lists of bundles.
    pub files: ListFiles,
    /// Whether the agents are well.
    pub pulse: Pulse,
    /// What is logged.
    pub log_level: Arc<dyn LogLevel>,
}
