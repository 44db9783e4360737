//! Ports: all that anyone may know of a running agent.

use actix::Recipient;

use crate::control::{Beat, CommandJob, Drain, SubmitJob};
use crate::messages::{
    ProposalSummary, ProposeCandidates, ScreenCandidate, ScreeningSummary, StopAttempt, TrainCandidate,
    TrainingProgress, TrainingSummary, VerificationSummary, VerifyCandidate,
};

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

/// The Supervisor, as users see it.
#[derive(Clone, Debug)]
pub struct ControlPort {
    /// Asks for a job.
    pub submit: Recipient<SubmitJob>,
    /// Asks for something about a job.
    pub command: Recipient<CommandJob>,
    /// Asks it to begin nothing more.
    pub drain: Recipient<Drain>,
    /// Asks whether it is well.
    pub beat: Recipient<Beat>,
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
