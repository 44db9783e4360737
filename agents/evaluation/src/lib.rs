//! The Evaluation agent: says whether candidates fit before anything is trained, and quantises, converts, builds, verifies and
//! bundles them after it. Short and long work have slots of their own, shared fairly between jobs. How a network is judged, built
//! and run is the toolchain's secret, how it is made int8 that of `deployment`.

mod actor;
mod bench;
mod bundle;
mod desk;
mod finding;
mod line;
mod panel;
mod proof;
mod report;
mod screening;
mod shelf;
mod verification;

use std::{num::NonZero, path::PathBuf, sync::Arc, time::Duration};

use actix::{Actor, ArbiterHandle};
use automcu_artifacts::Store;
use automcu_contract::{EvaluationPort, SupervisorPort};
use automcu_target::Catalogue;
use automcu_toolchain::{
    Tools,
    judge::{Judge, Patience},
};

use actor::Evaluation;

/// What the agent may do.
#[derive(Clone, Debug)]
pub struct Config {
    /// For what is asked before training: seconds each.
    pub screening: Slots,
    /// For what is asked after it: minutes each.
    pub verification: Slots,
    /// How often a judge is asked whose tool fails in a way that may pass.
    pub patience: Patience,
    /// Threads that compute what a network gets right.
    pub threads: NonZero<usize>,
    /// Samples that are kept between verifications, in bytes: loading costs.
    pub samples_bytes: u64,
    /// Where firmware lies while it is built.
    pub folder: PathBuf,
}

/// The bounds of one kind of work.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// Attempts that run at a time.
    pub slots: u32,
    /// Attempts that wait; more are refused.
    pub most_waiting: u32,
    /// After so long nobody waits for an attempt any more. Tools have deadlines of their own, which have to be shorter.
    pub deadline: Duration,
}

/// What the agent works with.
#[derive(Clone)]
pub struct Hands {
    /// Who is asked: the quickest first, which needs no tool and also judges each trained candidate; the most decisive last.
    pub judges: Vec<Arc<dyn Judge>>,
    /// The microcontrollers by their names, a user's among them.
    pub targets: Catalogue,
    /// Compilers and emulators, for the one that is chosen.
    pub tools: Tools,
    /// Keeps specs, conditions, checkpoints, reports and bundles.
    pub store: Store,
    /// The time since some moment.
    pub clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

/// Starts the agent in an arbiter of its own. Its outcomes go to the supervisor.
#[must_use]
pub fn spawn(arbiter: &ArbiterHandle, config: Config, hands: Hands, supervisor: SupervisorPort) -> EvaluationPort {
    let agent = Evaluation::start_in_arbiter(arbiter, |_| Evaluation::new(config, hands, supervisor));
    EvaluationPort { screen: agent.clone().recipient(), verify: agent.clone().recipient(), stop: agent.recipient() }
}
