//! Requests, progress and outcomes.

use automcu_model::{ArtifactId, CandidateId, DataType, GraphDigest, JobId, Provenance};
use automcu_target::{Budget, Footprint};
use serde::{Deserialize, Serialize};

use crate::{
    control::{CommandJob, SubmitJob},
    plain::{Summary, sealed::Sealed},
    request::{Request, RequestError},
    text::{Brief, Few},
    ticket::Ticket,
};

/// A number from 0 to 1: an accuracy, or how far something is.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Share(f64);

impl Share {
    /// The number, if it is one from 0 to 1.
    #[must_use]
    pub fn new(number: f64) -> Option<Self> {
        (0.0..=1.0).contains(&number).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A validation metric with its interval, and which arithmetic it was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// The metric.
    pub value: Share,
    /// The lower end of its interval.
    pub low: Share,
    /// The upper end.
    pub high: Share,
    /// The data type of the network that was measured.
    pub dtype: DataType,
    /// How it was measured.
    pub provenance: Provenance,
}

/// Asks Proposal for candidates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposeCandidates {
    /// The job.
    pub job: JobId,
    /// Which round of proposals this is; an answer to an earlier one is late.
    pub round: u32,
    /// How many are wanted, at most as many as [`ProposalSummary::candidates`] takes.
    pub wanted: u8,
    /// What they may need.
    pub budget: Budget,
    /// The job's [`Assignment`](crate::Assignment).
    pub assignment: ArtifactId,
    /// The latest [`OutcomePage`](crate::OutcomePage) that counts for this round; it names those before it.
    pub outcomes: Option<ArtifactId>,
    /// What was put forward before this round and is on none of these pages, so that it is not put forward again.
    pub pending: Few<GraphDigest, { Self::PENDING }>,
    /// What language models have cost the job before this round.
    pub spent: Spent,
}

/// What asking language models cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Requests that were answered, or failed for good.
    pub requests: u32,
    /// Of these, requests that came to nothing: no answer, or none that could be used.
    pub failures: u32,
    /// Tokens read and written.
    pub tokens: u64,
    /// Millionths of what the provider bills in; none where a price is not known.
    pub money_micros: Option<u64>,
}

impl ProposeCandidates {
    /// The most candidates that are put forward and not settled when more are asked for.
    pub const PENDING: usize = 32;
}

impl Spent {
    /// Both together. What both cost is not known where it is not of one.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            failures: self.failures.saturating_add(other.failures),
            tokens: self.tokens.saturating_add(other.tokens),
            money_micros: match (self.money_micros, other.money_micros) {
                (Some(one), Some(other)) => Some(one.saturating_add(other)),
                _ => None,
            },
        }
    }
}

/// Where a candidate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The seed library, scaled to the budget.
    Seed,
    /// The surrogate's choice.
    Surrogate,
    /// A mutation.
    Evolution,
    /// A random draw.
    Random,
    /// A language model.
    Llm,
    /// A past job.
    Warm,
}

/// A candidate that Proposal puts forward.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposed {
    /// Its spec.
    pub spec: ArtifactId,
    /// What makes it the same as another.
    pub digest: GraphDigest,
    /// Who had the idea.
    pub source: Source,
    /// Why.
    pub rationale: Brief,
    /// The candidates that it rests on.
    pub evidence: Few<CandidateId, { Self::EVIDENCE }>,
}

impl Proposed {
    /// The most candidates that one rests on.
    pub const EVIDENCE: usize = 2;
}

/// Proposal's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposalSummary {
    /// The job.
    pub job: JobId,
    /// The round that was asked for.
    pub round: u32,
    /// The candidates; none where Proposal has no more to put forward.
    pub candidates: Few<Proposed, 8>,
    /// Members of the space that were refused on the way, without being put forward.
    pub refused: u32,
    /// Why there are fewer than were wanted.
    pub shortfall: Option<Shortfall>,
    /// What asking a language model cost, where one was asked.
    pub spent: Option<Spent>,
    /// What the user should know, such as that a model failed.
    pub remarks: Few<Brief, 2>,
}

/// Why Proposal puts forward less than was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "shortfall")]
pub enum Shortfall {
    /// Nothing that it knows of fits.
    NothingFits {
        /// What lacks, and which budget would do.
        reason: Brief,
    },
    /// It has put forward all that it can.
    Exhausted {
        /// What it has tried.
        reason: Brief,
    },
    /// It could not work.
    Failed {
        /// What happened.
        reason: Brief,
        /// Whether another try may help.
        is_transient: bool,
    },
}

/// Asks Evaluation whether a candidate fits, before anything is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenCandidate {
    /// Which try.
    pub ticket: Ticket,
    /// The candidate's spec.
    pub spec: ArtifactId,
    /// The target's name.
    pub target: Option<Brief>,
    /// What it may need.
    pub budget: Budget,
    /// The data type that ships.
    pub dtype: DataType,
    /// The judge whose word alone counts, by its name; without one the firmest that can tell.
    pub judge: Option<Brief>,
}

/// What a judge says of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// It fits.
    Fits,
    /// It needs more than is allowed.
    OverBudget {
        /// Where, and the smallest fix.
        reason: Brief,
    },
    /// It has an operation that the judge's tool lacks.
    Unsupported {
        /// Which operation, in which layer.
        reason: Brief,
    },
    /// The judge failed, not the candidate.
    ToolFailed {
        /// What happened.
        reason: Brief,
        /// Whether another try may help.
        is_transient: bool,
    },
    /// Nobody could tell.
    Unknown,
}

/// The outcome of screening.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreeningSummary {
    /// Which try.
    pub ticket: Ticket,
    /// The judge with its version.
    pub judge: Brief,
    /// What it says.
    pub verdict: Verdict,
    /// What the candidate needs, as far as is known.
    pub footprint: Option<Footprint>,
    /// The judge's full report.
    pub report: Option<ArtifactId>,
    /// How long it took.
    pub duration_ms: u64,
}

/// Asks Training to train a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainCandidate {
    /// Which try.
    pub ticket: Ticket,
    /// The candidate's spec.
    pub spec: ArtifactId,
    /// The data set, its split, the recipe and the limits: all that candidates share that are compared.
    pub conditions: ArtifactId,
    /// The seed of everything random.
    pub seed: u64,
    /// Where it begins.
    pub beginning: Beginning,
}

/// Where a training begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// With weights that are drawn.
    Fresh,
    /// With the weights of another training of the same spec, such as at a lower rung.
    Weights(ArtifactId),
    /// Where a training of the same spec under the same conditions was stopped.
    Checkpoint(ArtifactId),
}

/// How far a training is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingProgress {
    /// Which try.
    pub ticket: Ticket,
    /// Epochs done.
    pub epochs: u32,
    /// How far the training is.
    pub done: Share,
    /// The last epoch's validation metric.
    pub metric: Option<Share>,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub enum TrainingEnd {
    /// It ran its course.
    Finished,
    /// It no longer got better.
    Stalled,
    /// It was asked to stop.
    Stopped,
    /// It was not through when its time was over.
    OutOfTime,
    /// It failed.
    Failed {
        /// What happened.
        reason: Brief,
        /// Whether another try may help.
        is_transient: bool,
    },
}

/// The outcome of a training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingSummary {
    /// Which try.
    pub ticket: Ticket,
    /// How it ended.
    pub end: TrainingEnd,
    /// The best validation metric.
    pub metric: Option<Metric>,
    /// Epochs done.
    pub epochs: u32,
    /// How long it trained.
    pub duration_ms: u64,
    /// What the computer's processors took meanwhile, for whatever they did, where that can be read.
    pub energy_mj: Option<u64>,
    /// The checkpoint: of a training that has ended by itself the weights that are handed out, of one that was stopped or has failed
    /// where to go on from, if it came so far.
    pub checkpoint: Option<ArtifactId>,
}

/// Why an attempt is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// The user cancelled the job.
    Cancellation,
    /// The user paused the job.
    Pause,
    /// The goal is met.
    Success,
    /// The budget is spent.
    Exhaustion,
    /// The daemon ends.
    Shutdown,
}

/// Asks Training or Evaluation to give an attempt up, keeping what it has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StopAttempt {
    /// Which try.
    pub ticket: Ticket,
    /// Why.
    pub cause: StopCause,
}

/// Asks Evaluation to quantise, convert, build and prove a trained candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerifyCandidate {
    /// Which try.
    pub ticket: Ticket,
    /// The candidate's spec.
    pub spec: ArtifactId,
    /// Its weights.
    pub checkpoint: ArtifactId,
    /// What it was trained under: which samples calibrate and validate.
    pub conditions: ArtifactId,
    /// The target's name.
    pub target: Option<Brief>,
    /// What it may need.
    pub budget: Budget,
    /// The data type that ships.
    pub dtype: DataType,
    /// The judge whose word alone counts, by its name; without one the firmest that can tell.
    pub judge: Option<Brief>,
    /// How much is proven.
    pub proof: Proof,
}

/// How much is proven of a trained candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// That it fits as an integer network, and how well that does on the validation samples: enough to choose by.
    Choice,
    /// All: built, run, compared bit for bit, measured on the test samples, and handed out as a bundle. For the one that is
    /// chosen.
    Winner,
}

/// The outcome of verification.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerificationSummary {
    /// Which try.
    pub ticket: Ticket,
    /// The judge with its version.
    pub judge: Brief,
    /// What it says.
    pub verdict: Verdict,
    /// What the candidate needs.
    pub footprint: Option<Footprint>,
    /// The validation metric of the network that ships.
    pub metric: Option<Metric>,
    /// The same on the test samples, of the winner only.
    pub test: Option<Metric>,
    /// The list of the files of its bundle: sources, models, test vectors and reports.
    pub bundle: Option<ArtifactId>,
    /// How long it took.
    pub duration_ms: u64,
}

macro_rules! summaries {
    ($($name:ident),* $(,)?) => {
        $( impl Sealed for $name {}
           impl Summary for $name {} )*
    };
}
crate::every_summary!(summaries);

macro_rules! requests {
    ($($name:ident),*) => {
        $( impl actix::Message for $name {
               type Result = Result<(), RequestError>;
           }
           impl Request for $name {} )*
    };
}
requests!(ProposeCandidates, ScreenCandidate, TrainCandidate, StopAttempt, VerifyCandidate);

macro_rules! outcomes {
    ($($name:ident),*) => {
        $( impl actix::Message for $name {
               type Result = ();
           } )*
    };
}
outcomes!(ProposalSummary, ScreeningSummary, TrainingProgress, TrainingSummary, VerificationSummary);
