//! What is written: events of version 1. A kind is never changed once released, only added to; times are handed in.

use automcu_model::{ArtifactId, AttemptId, CandidateId, JobId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::figures::{Budget, Footprint, Metric, Source, TrainingEnd, Verdict};

/// Something that happened to a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The job.
    pub job: JobId,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What.
    pub what: What,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the states are drawn in docs/HISTORY.md")]
pub enum JobState {
    Queued,
    Proposing,
    Screening,
    Training,
    Verifying,
    Refining,
    Paused,
    Finished,
    Failed,
    Cancelled,
}

impl JobState {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Cancelled)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_first(rung: &u8) -> bool {
    *rung == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_none_at_all(count: &u32) -> bool {
    *count == 0
}

/// A change of what a job may or should do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change", content = "to")]
pub enum Change {
    /// Its priority.
    Priority(i8),
    /// Seconds that it may take.
    TimeS(Option<u64>),
    /// Candidates that it may train.
    Candidates(u32),
    /// The accuracy at which it ends.
    Goal(Option<f64>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum What {
    /// A user submitted the job. Always its first event.
    JobSubmitted {
        /// The job's document, as it was accepted.
        spec: Value,
        /// The digest of the text that was submitted.
        digest: String,
        /// What the user calls it by.
        #[serde(default)]
        tags: Vec<String>,
        /// The data set's name.
        dataset: String,
        /// The target's name.
        target: Option<String>,
        /// What candidates may need.
        budget: Budget,
    },
    /// The job went from one state to another.
    JobStateChanged {
        /// From.
        from: JobState,
        /// To.
        to: JobState,
        /// Why.
        cause: String,
    },
    /// A candidate was put forward. Always its first event.
    CandidateProposed {
        /// Which.
        candidate: CandidateId,
        /// Its spec.
        spec: ArtifactId,
        /// The digest of its graph.
        digest: String,
        /// Who had the idea.
        source: Source,
        /// Why.
        rationale: String,
        /// In which round.
        round: u32,
        /// The candidates that it rests on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<CandidateId>,
    },
    /// A judge said whether it fits, before it was trained.
    CandidateScreened {
        /// Which.
        candidate: CandidateId,
        /// The judge with its version.
        judge: String,
        /// What it said.
        #[serde(flatten)]
        verdict: Verdict,
        /// What the candidate needs.
        footprint: Option<Footprint>,
        /// The judge's report.
        report: Option<ArtifactId>,
    },
    /// An attempt at training it began. A later attempt takes the place of one that is under way.
    TrainingStarted {
        /// Which.
        candidate: CandidateId,
        /// Which try.
        attempt: AttemptId,
        /// The data set, recipe and limits.
        conditions: ArtifactId,
        /// The seed.
        seed: u64,
        /// The checkpoint that it goes on from, or the weights that it begins with.
        from: Option<ArtifactId>,
        /// At which rung, from 0 on.
        #[serde(default, skip_serializing_if = "is_first")]
        rung: u8,
    },
    /// A checkpoint was written.
    TrainingProgressed {
        /// Which.
        candidate: CandidateId,
        /// Which try.
        attempt: AttemptId,
        /// Epochs done.
        epochs: u32,
        /// Where to go on from.
        checkpoint: ArtifactId,
    },
    /// The attempt ended.
    TrainingEnded {
        /// Which.
        candidate: CandidateId,
        /// Which try.
        attempt: AttemptId,
        /// How.
        #[serde(flatten)]
        end: TrainingEnd,
        /// The best metric.
        metric: Option<Metric>,
        /// Epochs done.
        epochs: u32,
        /// How long it took.
        duration_ms: u64,
        /// What the processors took meanwhile.
        energy_mj: Option<u64>,
        /// The weights, or where to go on from.
        checkpoint: Option<ArtifactId>,
    },
    /// The trained candidate was converted, built and measured.
    CandidateVerified {
        /// Which.
        candidate: CandidateId,
        /// The judge with its version.
        judge: String,
        /// What it said.
        #[serde(flatten)]
        verdict: Verdict,
        /// What the candidate needs.
        footprint: Option<Footprint>,
        /// The metric of what ships.
        metric: Option<Metric>,
        /// Sources, models, test vectors and reports.
        bundle: Option<ArtifactId>,
        /// The metric on the test samples, of the winner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test: Option<Metric>,
        /// Whether all was proven that is of a winner.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        as_winner: bool,
        /// Of the weights of which try.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<AttemptId>,
        /// How long it took.
        duration_ms: Option<u64>,
    },
    /// The job's answer; a later one takes its place.
    WinnerChosen {
        /// Which.
        candidate: CandidateId,
        /// Why.
        reason: String,
    },
    /// A user changed what is allowed or wanted.
    JobAdjusted {
        /// What.
        #[serde(flatten)]
        change: Change,
    },
    /// A daemon began to work at the job after another had ended: the time between does not count.
    JobTakenUp {},
    /// A round of proposals is complete: so many candidates, no more if it is the last.
    RoundProposed {
        /// Which, from 1 on.
        round: u32,
        /// How many were put forward in it.
        candidates: u32,
        /// How many were refused on the way, without being put forward.
        #[serde(default)]
        refused: u32,
        /// Why no more come, if so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends: Option<String>,
    },
    /// What a language model cost.
    Cost {
        /// Tokens read and written.
        tokens: u64,
        /// Millionths of what the provider bills in, where the price is known.
        money_micros: Option<u64>,
        /// Requests that were answered, or failed for good.
        #[serde(default, skip_serializing_if = "is_none_at_all")]
        requests: u32,
        /// Of these, requests that came to nothing.
        #[serde(default, skip_serializing_if = "is_none_at_all")]
        failures: u32,
    },
    /// Something worth telling.
    Note {
        /// It.
        text: String,
        /// The candidate that it is about.
        candidate: Option<CandidateId>,
    },
}

impl What {
    /// The candidate that it is about.
    #[must_use]
    pub const fn candidate(&self) -> Option<CandidateId> {
        match self {
            Self::JobSubmitted { .. }
            | Self::JobStateChanged { .. }
            | Self::JobAdjusted { .. }
            | Self::JobTakenUp {}
            | Self::RoundProposed { .. }
            | Self::Cost { .. } => None,
            Self::Note { candidate, .. } => *candidate,
            Self::CandidateProposed { candidate, .. }
            | Self::CandidateScreened { candidate, .. }
            | Self::TrainingStarted { candidate, .. }
            | Self::TrainingProgressed { candidate, .. }
            | Self::TrainingEnded { candidate, .. }
            | Self::CandidateVerified { candidate, .. }
            | Self::WinnerChosen { candidate, .. } => Some(*candidate),
        }
    }

    /// The artifacts that it names.
    #[must_use]
    pub fn artifacts(&self) -> Vec<ArtifactId> {
        match self {
            Self::CandidateProposed { spec, .. } => vec![*spec],
            Self::CandidateScreened { report, .. } => report.iter().copied().collect(),
            Self::TrainingStarted { conditions, from, .. } => from.iter().copied().chain([*conditions]).collect(),
            Self::TrainingProgressed { checkpoint, .. } => vec![*checkpoint],
            Self::TrainingEnded { checkpoint, .. } => checkpoint.iter().copied().collect(),
            Self::CandidateVerified { bundle, .. } => bundle.iter().copied().collect(),
            Self::JobSubmitted { .. }
            | Self::JobStateChanged { .. }
            | Self::JobAdjusted { .. }
            | Self::JobTakenUp {}
            | Self::RoundProposed { .. }
            | Self::WinnerChosen { .. }
            | Self::Cost { .. }
            | Self::Note { .. } => Vec::new(),
        }
    }

    /// Whether its figures can be true.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::TrainingEnded { metric, .. } => metric.is_none_or(|metric| metric.is_sound()),
            Self::CandidateVerified { metric, test, .. } => {
                [metric, test].into_iter().flatten().all(|metric| metric.is_sound())
            }
            Self::JobAdjusted { change: Change::Goal(Some(goal)) } => (0.0..=1.0).contains(goal),
            _ => true,
        }
    }
}
