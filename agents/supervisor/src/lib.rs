//! The Supervisor agent: takes jobs, keeps the loop of proposing, screening, training and verifying going, makes agents anew that
//! have died, and is the only writer of history. What a job does next is decided by a pure core that is folded from what is
//! recorded; the actor writes it down first and asks the agents afterwards.

mod actor;
mod agents;
mod job;
mod office;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix::{Actor, ArbiterHandle};
use automcu_artifacts::Store;
use automcu_contract::{ControlPort, JobId, TrainingProgress};
use automcu_history::{Event, History};

pub use agents::Factories;

/// What the agent may do.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Jobs that are at work at a time.
    pub jobs_at_work: usize,
    /// Jobs that are not over; more are refused.
    pub most_jobs: usize,
    /// Which of the jobs are gone on with that were under way when the last daemon ended.
    pub takes_up: TakesUp,
}

/// Which jobs are gone on with. The others stay as they are, for another daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesUp {
    /// All of them.
    All,
    /// None.
    None,
    /// This one.
    One(JobId),
}

impl Default for Config {
    fn default() -> Self {
        Self { jobs_at_work: 4, most_jobs: 1000, takes_up: TakesUp::All }
    }
}

/// What watchers are told.
#[derive(Clone, Copy, Debug)]
pub enum Told<'t> {
    /// An event of a job is written: its number and itself.
    Recorded(u64, &'t Event),
    /// A training is going on.
    Progressed(&'t TrainingProgress),
}

/// What the agent works with.
pub struct Hands {
    /// Where it writes.
    pub history: Arc<History>,
    /// Where documents are kept.
    pub store: Store,
    /// Milliseconds since 1970.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Who is told of what happens; it must be quick.
    pub tell: Arc<dyn Fn(Told<'_>) + Send + Sync>,
    /// Makes the other agents.
    pub factories: Factories,
}

/// Starts the agent, and the others through their factories; jobs that are not over are gone on with.
#[must_use]
pub fn spawn(arbiter: &ArbiterHandle, config: Config, hands: Hands) -> ControlPort {
    let agent = actor::Supervisor::start_in_arbiter(arbiter, move |ctx| actor::Supervisor::new(config, hands, ctx));
    ControlPort {
        submit: agent.clone().recipient(),
        command: agent.clone().recipient(),
        drain: agent.clone().recipient(),
        beat: agent.recipient(),
    }
}
