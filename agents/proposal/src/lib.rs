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
mod consult;
mod consults;
mod language;
mod line;
mod mind;
mod minds;
mod past;
mod prompt;
mod shares;
mod trouble;

use std::sync::Arc;

use actix::{Actor, ArbiterHandle};
use automcu_artifacts::Store;
use automcu_contract::{JobId, ProposalPort, SupervisorPort};
use automcu_llm::{Model, Price};
use automcu_target::Core;

use actor::Proposal;

/// What the agent may do.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Requests that wait; more are refused.
    pub most_waiting: u32,
    /// Jobs of which more is kept than their messages say.
    pub most_jobs: usize,
    /// Jobs that are worked at side by side: while a language model is waited for, others go on.
    pub at_once: usize,
}

/// Says which core a target has, if there is such a target.
pub type Targets = Arc<dyn Fn(&str) -> Option<Core> + Send + Sync>;

/// Whose conversation it is: what was said in it is said again when the same is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The job.
    pub job: JobId,
    /// The job whose recorded answers are given; nobody is asked.
    pub replays: Option<JobId>,
}

/// Who is asked in a conversation, and what that costs.
#[derive(Clone, Debug)]
pub struct Counterpart {
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its price, where it is known.
    pub price: Option<Price>,
}

/// The language model of a conversation; or why there is none, in words.
pub type Models = Arc<dyn Fn(Conversation) -> Result<Counterpart, String> + Send + Sync>;

/// What the agent works with.
#[derive(Clone)]
pub struct Hands {
    /// Keeps assignments, pages and specs.
    pub store: Store,
    /// The cores of targets.
    pub targets: Targets,
    /// Language models, where one is configured.
    pub models: Option<Models>,
}

/// Starts the agent in an arbiter of its own. Its outcomes go to the supervisor.
#[must_use]
pub fn spawn(arbiter: &ArbiterHandle, config: Config, hands: Hands, supervisor: SupervisorPort) -> ProposalPort {
    let agent = Proposal::start_in_arbiter(arbiter, move |_| Proposal::new(config, hands, supervisor));
    ProposalPort { propose: agent.recipient() }
}
