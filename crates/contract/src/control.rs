//! What a user asks the Supervisor, through whoever speaks with users.

use actix::Message;
use automcu_model::{ArtifactId, JobId};
use serde::Serialize;

use crate::{messages::Share, text::Brief};

/// Asks for a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubmitJob {
    /// Its [`JobPlan`](crate::JobPlan). Where one with the same key is there already, that is the answer.
    pub plan: ArtifactId,
}

/// What a user wants of a job that is there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// End it, keeping what is known.
    Cancel,
    /// Hold it, keeping how far it is.
    Pause,
    /// Go on with it.
    Resume,
    /// Change what it may and should do: all of it, or nothing where a part cannot be.
    Adjust(Adjustment),
}

/// What is changed of a job; what is not named stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Adjustment {
    /// Jobs of lower priority that wait come after it.
    pub priority: Option<i8>,
    /// So many seconds are allowed in all; none for as long as it takes.
    pub time_s: Option<Option<u64>>,
    /// So many candidates are allowed in all.
    pub candidates: Option<u32>,
    /// At this accuracy it stops; none goes on for as long as is allowed.
    pub goal: Option<Option<Share>>,
}

/// Asks the Supervisor to do something about a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CommandJob {
    /// Which.
    pub job: JobId,
    /// What.
    pub command: Command,
}

/// Why the Supervisor does not do what a user wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "refused")]
pub enum ControlError {
    /// There is no such job, or it is over and no longer in memory.
    #[error("{job} is not under way")]
    NotUnderWay {
        /// Which.
        job: JobId,
    },
    /// The job is in a state in which that means nothing.
    #[error("{job} is {state}; that cannot be {wanted}")]
    Meaningless {
        /// Which.
        job: JobId,
        /// Its state.
        state: Brief,
        /// What was wanted, as a participle.
        wanted: Brief,
    },
    /// The plan cannot be carried out.
    #[error("the job cannot be taken: {reason}")]
    Unusable {
        /// Why.
        reason: Brief,
    },
    /// As many jobs are there as are let in.
    #[error("{jobs} jobs are under way or wait; submit again when one is over, or cancel one")]
    Full {
        /// How many.
        jobs: u32,
    },
    /// Nothing can be written down.
    #[error("the history takes nothing: {reason}")]
    NotWritten {
        /// Why.
        reason: Brief,
    },
    /// The daemon ends.
    #[error("the daemon is ending; ask again when it is back")]
    Ending,
}

/// Asks the Supervisor to begin nothing more, and to tell when all trainings have stopped where they can be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Message)]
#[rtype(result = "()")]
pub struct Drain;

/// Asks the Supervisor whether it is well: the answer is nothing, or what ails it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Message)]
#[rtype(result = "Result<(), Brief>")]
pub struct Beat;

impl Message for SubmitJob {
    type Result = Result<JobId, ControlError>;
}

impl Message for CommandJob {
    type Result = Result<(), ControlError>;
}
