//! The Proposal agent: chooses the next candidates of each job, around the strategies of `automcu-search`.
//!
//! An answer follows from its request alone: from the job's assignment, the budget, the pages of outcomes and what is pending. What
//! the agent keeps of a job between two rounds only spares it work; an agent that is new, or has forgotten the job, reads the
//! pages back to the first and says the same.
//!
//! ```text
//! ProposeCandidates ──► line ──► mind of the job ◄── pages of outcomes since the last round (artifacts)
//!                   (bounded,     │ warm specs, strategy (beside the arbiter: planning takes long)
//!                   fair)         ▼
//!                               specs (artifacts), ProposalSummary
//! ```

mod actor;
mod line;
mod mind;
mod minds;
mod past;
mod trouble;

use std::sync::Arc;

use actix::{Actor, ArbiterHandle};
use automcu_artifacts::Store;
use automcu_contract::{ProposalPort, SupervisorPort};
use automcu_target::Core;

use actor::Proposal;

/// What the agent may do.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Requests that wait; more are refused.
    pub most_waiting: u32,
    /// Jobs of which more is kept than their messages say.
    pub most_jobs: usize,
}

/// Says which core a target has, if there is such a target.
pub type Targets = Arc<dyn Fn(&str) -> Option<Core> + Send + Sync>;

/// What the agent works with.
#[derive(Clone)]
pub struct Hands {
    /// Keeps assignments, pages and specs.
    pub store: Store,
    /// The cores of targets.
    pub targets: Targets,
}

/// Starts the agent in an arbiter of its own. Its outcomes go to the supervisor.
#[must_use]
pub fn spawn(arbiter: &ArbiterHandle, config: Config, hands: Hands, supervisor: SupervisorPort) -> ProposalPort {
    let agent = Proposal::start_in_arbiter(arbiter, move |_| Proposal::new(config, hands, supervisor));
    ProposalPort { propose: agent.recipient() }
}
