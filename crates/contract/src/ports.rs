//! Ports: all that anyone may know of a running agent.

use actix::{Message, Recipient};

use crate::{
    Summary,
    messages::{
        ProposalSummary, ProposeCandidates, ScreenCandidate, ScreeningSummary, StopAttempt, TrainCandidate,
        TrainingProgress, TrainingSummary, VerificationSummary, VerifyCandidate,
    },
};

/// A request is answered at once, by acceptance or refusal; its outcome goes to the supervisor when there is one.
pub trait Request: Summary + Message<Result = Result<(), RequestError>> {}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// As much is waiting as the agent lets wait.
    #[error("{waiting} requests are waiting already; ask again when one of them has ended")]
    Busy {
        /// How many are waiting.
        waiting: u32,
    },
    /// The agent is ending.
    #[error("the agent is ending; ask its successor")]
    Ending,
}

/// The Proposal agent.
#[derive(Clone, Debug)]
pub struct ProposalPort {
    /// Asks for candidates.
    pub propose: Recipient<ProposeCandidates>,
}

/// The Training agent.
#[derive(Clone, Debug)]
pub struct TrainingPort {
    /// Asks for a training.
    pub train: Recipient<TrainCandidate>,
    /// Gives one up.
    pub stop: Recipient<StopAttempt>,
}

/// The Evaluation agent.
#[derive(Clone, Debug)]
pub struct EvaluationPort {
    /// Asks for a verdict before training.
    pub screen: Recipient<ScreenCandidate>,
    /// Asks for proof after it.
    pub verify: Recipient<VerifyCandidate>,
    /// Gives one of these up.
    pub stop: Recipient<StopAttempt>,
}

/// The Supervisor, as the others see it: where outcomes go.
#[derive(Clone, Debug)]
pub struct SupervisorPort {
    /// Candidates.
    pub proposed: Recipient<ProposalSummary>,
    /// Verdicts before training.
    pub screened: Recipient<ScreeningSummary>,
    /// How far a training is.
    pub progressed: Recipient<TrainingProgress>,
    /// Trained candidates.
    pub trained: Recipient<TrainingSummary>,
    /// Proofs.
    pub verified: Recipient<VerificationSummary>,
}
