//! What agents say to each other. An agent knows these types and nothing else of the others.
//!
//! A request is accepted or refused at once; its outcome comes later, as a message to the supervisor. What
//! is about a candidate carries a [`Ticket`], and a proposal its job and round, so that a late answer is recognised and
//! dropped. Bulk (specs, weights, pages of past outcomes, reports) goes by [`ArtifactId`].
//!
//! ```text
//!            ProposeCandidates                ScreenCandidate, VerifyCandidate
//!           ┌──────────────────► Proposal     ┌──────────────────► Evaluation
//! Supervisor│                       │         │                        │
//!     ▲     ├─────────────────────────────────┘                        │
//!     │     │ TrainCandidate, StopAttempt                              │
//!     │     └──────────────────► Training                              │
//!     │                             │ TrainingProgress,                │
//!     └─────────────────────────────┴─ ...Summary ─────────────────────┘
//! ```
//!
//! What is absent: behaviour, shared state, addresses (a port holds recipients), and anything that grows with a job.

mod control;
mod documents;
mod messages;
mod plain;
mod ports;
mod request;
mod text;
mod ticket;

pub use automcu_model::{ArtifactId, AttemptId, CandidateId, JobId};
pub use control::{Adjustment, Beat, Command, CommandJob, ControlError, Drain, SubmitJob};
pub use documents::{Assignment, DOCUMENTS, Fate, JobPlan, OutcomePage, PastOutcome, Prompting, Proposer, Rung, Shown};
pub use messages::{
    Beginning, Metric, Proof, ProposalSummary, ProposeCandidates, Proposed, ScreenCandidate, ScreeningSummary, Share,
    Shortfall, Source, Spent, StopAttempt, StopCause, TrainCandidate, TrainingEnd, TrainingProgress, TrainingSummary,
    Verdict, VerificationSummary, VerifyCandidate,
};
pub use plain::{Plain, SUMMARY_BYTES, Summary};
pub use ports::{ControlPort, EvaluationPort, ProposalPort, SupervisorPort, TrainingPort};
pub use request::{Request, RequestError};
pub use text::{Brief, Few, TooMany};
pub use ticket::Ticket;
