//! What is derived from events: jobs and candidates as they stand.

use automcu_model::{ArtifactId, AttemptId, CandidateId, JobId};
use serde::{Deserialize, Serialize};

use crate::{
    event::{Change, JobState},
    figures::{Budget, Footprint, Metric, Source, TrainingEnd, Verdict},
};

/// The most notes that a job's record holds; the latest stay.
pub const NOTES: usize = 16;
/// The most verdicts before training that a candidate's record holds; the latest stay.
pub const SCREENINGS: usize = 8;

/// A job as it stands. Its document is kept apart, so that lists stay small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// What the user calls it by.
    pub tags: Vec<String>,
    /// The data set's name.
    pub dataset: String,
    /// The target's name.
    pub target: Option<String>,
    /// What candidates may need.
    pub budget: Budget,
    /// The digest of what was submitted.
    pub digest: String,
    /// The digest of its first event, which tells it from another job of the same number.
    pub origin: ArtifactId,
    /// When it was submitted.
    pub submitted_ms: u64,
    /// When something last happened.
    pub changed_ms: u64,
    /// Where it is.
    pub state: JobState,
    /// Why.
    pub cause: String,
    /// Candidates put forward.
    pub candidates: u64,
    /// Trainings that have ended.
    pub trained: u64,
    /// Verifications.
    pub verified: u64,
    /// Rounds of proposals that are complete.
    pub rounds: u32,
    /// Screenings that refused, by what they said.
    pub refused: Refused,
    /// Architectures that Proposal itself refused, without putting them forward.
    pub passed_over: u64,
    /// The priority that a user has set since; none where it is as submitted.
    pub priority: Option<i8>,
    /// The answer.
    pub winner: Option<CandidateId>,
    /// What language models read and wrote.
    pub tokens: u64,
    /// What that cost, as far as prices are known.
    pub money_micros: Option<u64>,
    /// How often language models were asked.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub requests: u64,
    /// How often that came to nothing.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub failed_requests: u64,
    /// How trainings ended, and what they took.
    #[serde(default, skip_serializing_if = "Trainings::are_none")]
    pub trainings: Trainings,
    /// What a user has changed, the latest of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The latest notes.
    pub notes: Vec<Note>,
    /// The number of its last event.
    pub events: u64,
    /// Events of newer versions, kept but not understood.
    pub unknown: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_none_at_all(count: &u64) -> bool {
    *count == 0
}

/// Screenings that refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// It needed more than was allowed.
    pub over_budget: u64,
    /// It had an operation that the judge lacks.
    pub unsupported: u64,
}

/// How trainings ended, and what they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trainings {
    /// They were begun so often, each going on after a pause counted anew.
    pub attempts: u64,
    /// They came to an end of their own: through, or no longer better.
    pub completed: u64,
    /// They were asked to stop.
    pub stopped: u64,
    /// Their time was over.
    pub out_of_time: u64,
    /// They failed.
    pub failed: u64,
    /// Nobody knows how.
    pub lost: u64,
    /// What those that have ended took, in milliseconds.
    pub duration_ms: u64,
    /// What processors took meanwhile, where that was read for all that have ended.
    pub energy_mj: Option<u64>,
}

impl Trainings {
    fn are_none(&self) -> bool {
        self.attempts == 0
    }

    pub(crate) fn ended(&mut self, end: &TrainingEnd, duration_ms: u64, energy_mj: Option<u64>) {
        let is_first = self.completed + self.stopped + self.out_of_time + self.failed + self.lost == 0;
        *match end {
            TrainingEnd::Finished | TrainingEnd::Stalled => &mut self.completed,
            TrainingEnd::Stopped => &mut self.stopped,
            TrainingEnd::OutOfTime => &mut self.out_of_time,
            TrainingEnd::Failed { .. } => &mut self.failed,
            TrainingEnd::Lost => &mut self.lost,
        } += 1;
        self.duration_ms = self.duration_ms.saturating_add(duration_ms);
        let before = if is_first { Some(0) } else { self.energy_mj };
        self.energy_mj = before.zip(energy_mj).map(|(before, more)| before.saturating_add(more));
    }
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at_ms: u64,
    /// The candidate that it is about.
    pub candidate: Option<CandidateId>,
    /// It.
    pub text: String,
}

/// A candidate as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The job.
    pub job: JobId,
    /// Which.
    pub id: CandidateId,
    /// In which round it was put forward.
    pub round: u32,
    /// Its spec.
    pub spec: ArtifactId,
    /// The digest of its graph.
    pub digest: String,
    /// Who had the idea.
    pub source: Source,
    /// Why.
    pub rationale: String,
    /// The candidates that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<CandidateId>,
    /// When it was put forward.
    pub proposed_ms: u64,
    /// When something last happened.
    pub changed_ms: u64,
    /// The latest verdicts before training.
    pub screenings: Vec<Screening>,
    /// The latest attempt at training it.
    pub training: Option<Training>,
    /// How many attempts there were.
    pub attempts: u64,
    /// The latest verdict after training.
    pub verification: Option<Verification>,
}

impl Candidate {
    /// Its metric: of what ships where that was measured, otherwise of the training.
    #[must_use]
    pub fn metric(&self) -> Option<Metric> {
        let shipped = self.verification.as_ref().and_then(|verification| verification.metric);
        shipped.or_else(|| self.training.as_ref()?.ended.as_ref()?.metric)
    }

    /// Whether it fits, as far as is known: by the last verdict after training, or before it where there is none after.
    #[must_use]
    pub fn fits(&self) -> bool {
        let verified = self.verification.as_ref().map(|verification| &verification.verdict);
        verified.or_else(|| Some(&self.screenings.last()?.verdict)) == Some(&Verdict::Fits)
    }

    /// The attempt that is under way.
    #[must_use]
    pub fn open_attempt(&self) -> Option<&Training> {
        self.training.as_ref().filter(|training| training.ended.is_none())
    }
}

/// A verdict before training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Screening {
    /// When.
    pub at_ms: u64,
    /// The judge.
    pub judge: String,
    /// What it said.
    pub verdict: Verdict,
    /// What the candidate needs.
    pub footprint: Option<Footprint>,
    /// The judge's report.
    pub report: Option<ArtifactId>,
}

/// An attempt at training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Which.
    pub attempt: AttemptId,
    /// The data set, recipe and limits.
    pub conditions: ArtifactId,
    /// The seed.
    pub seed: u64,
    /// At which rung, from 0 on.
    pub rung: u8,
    /// When it began.
    pub started_ms: u64,
    /// Epochs done, as far as was told.
    pub epochs: u32,
    /// The latest checkpoint.
    pub checkpoint: Option<ArtifactId>,
    /// How it ended, if it has.
    pub ended: Option<Ended>,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at_ms: u64,
    /// How.
    pub end: TrainingEnd,
    /// The best metric.
    pub metric: Option<Metric>,
    /// How long it took.
    pub duration_ms: u64,
    /// What the processors took meanwhile.
    pub energy_mj: Option<u64>,
}

/// A verdict after training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// When.
    pub at_ms: u64,
    /// The judge.
    pub judge: String,
    /// What it said.
    pub verdict: Verdict,
    /// What the candidate needs.
    pub footprint: Option<Footprint>,
    /// The metric of what ships.
    pub metric: Option<Metric>,
    /// The metric on the test samples, of the winner.
    pub test: Option<Metric>,
    /// Of the weights of which try, where that was said.
    pub attempt: Option<AttemptId>,
    /// Sources, models, test vectors and reports.
    pub bundle: Option<ArtifactId>,
    /// How long it took.
    pub duration_ms: Option<u64>,
}
