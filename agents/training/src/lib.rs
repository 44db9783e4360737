//! The Training agent: owns the slots that candidates are trained in, shares them fairly between jobs, tries again what failed for
//! a passing cause, and reports summaries. How an attempt becomes a process, here or elsewhere, is an [`Executor`]'s secret.

mod actor;
mod desk;
mod folder;

use std::{path::PathBuf, sync::Arc, time::Duration};

use actix::{Actor, ArbiterHandle};
use automcu_artifacts::Store;
use automcu_contract::{SupervisorPort, TrainingPort};
use automcu_workers::Executor;

use actor::Training;

/// What the agent may do.
#[derive(Clone, Debug)]
pub struct Config {
    /// Attempts that run at a time.
    pub slots: u32,
    /// Attempts that wait; more are refused.
    pub most_waiting: u32,
    /// So often an attempt is begun again that failed for a passing cause.
    pub retries: u32,
    /// The pause before the first time; before each next one it is four times as long.
    pub pause: Duration,
    /// Seconds that a worker may take to end once it is asked to.
    pub grace_s: f64,
    /// Where attempts have their files while they run.
    pub folder: PathBuf,
}

/// What the agent works with.
#[derive(Clone)]
pub struct Hands {
    /// Starts attempts.
    pub executor: Arc<dyn Executor>,
    /// Keeps specs, conditions and checkpoints.
    pub store: Store,
    /// The time since some moment.
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

/// Starts the agent in an arbiter of its own. Its outcomes go to the supervisor.
#[must_use]
pub fn spawn(arbiter: &ArbiterHandle, config: Config, hands: Hands, supervisor: SupervisorPort) -> TrainingPort {
    let agent = Training::start_in_arbiter(arbiter, |_| Training::new(config, hands, supervisor));
    TrainingPort { train: agent.clone().recipient(), stop: agent.recipient() }
}
