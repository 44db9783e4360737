//! What users are shown of jobs and candidates, and what they may change. Figures say their data type and how they are known; what is
//! not known is null.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    amounts::{Goal, Span},
    ids::{AttemptId, CandidateId, Digest, JobId},
    job::JobFile,
};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

/// The type of a network's weights and activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DataType {
    Int8,
    Float32,
}

/// How a figure came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// Computed from the graph.
    Estimated,
    /// Reported by a deployment tool.
    Tool,
    /// Read from a linked image.
    Linked,
    /// The emitted C, run on the daemon's computer.
    Host,
    /// Ran in an emulator.
    Emulated,
    /// Ran on silicon.
    Device,
}

/// Who had the idea of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The seed library.
    Seed,
    /// The surrogate.
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

/// The memory that a job allows; what is not bounded is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryBudget {
    /// RAM.
    pub ram_bytes: Option<u64>,
    /// Flash.
    pub flash_bytes: Option<u64>,
}

/// What a candidate needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Footprint {
    /// The data type that it is for.
    pub dtype: DataType,
    /// How it is known.
    pub provenance: Provenance,
    /// RAM: the peak of activations.
    pub activations_bytes: u64,
    /// RAM: what the runtime keeps.
    pub runtime_bytes: Option<u64>,
    /// RAM: the stack.
    pub stack_bytes: Option<u64>,
    /// Flash: weights and biases.
    pub weights_bytes: u64,
    /// Flash: multipliers and shifts.
    pub tables_bytes: Option<u64>,
    /// Flash: code.
    pub code_bytes: Option<u64>,
}

/// A metric from 0 to 1 with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// The metric.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The data type of what was measured.
    pub dtype: DataType,
    /// How it was measured.
    pub provenance: Provenance,
}

/// What a judge says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "says")]
pub enum Verdict {
    /// It fits.
    Fits,
    /// It needs more than is allowed.
    OverBudget {
        /// Where, and the smallest fix.
        reason: String,
    },
    /// It has an operation that the judge lacks.
    Unsupported {
        /// Which, where.
        reason: String,
    },
    /// The judge failed, not the candidate.
    ToolFailed {
        /// What happened.
        reason: String,
        /// Whether another try may help.
        is_transient: bool,
    },
    /// Nobody could tell.
    Unknown,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum TrainingEnd {
    /// It ran its course.
    Finished,
    /// It no longer got better.
    Stalled,
    /// It was asked to stop.
    Stopped,
    /// Its time was over.
    OutOfTime,
    /// It failed.
    Failed {
        /// What happened.
        reason: String,
        /// Whether another try may help.
        is_transient: bool,
    },
    /// Nobody knows how.
    Lost,
}

/// A change of what a job may or should do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "of", content = "to")]
pub enum Change {
    /// Its priority.
    Priority(i8),
    /// Seconds that it may take; null for as long as it takes.
    TimeS(Option<u64>),
    /// Candidates that it may train.
    Candidates(u32),
    /// The accuracy at which it ends; null for none.
    Goal(Option<f64>),
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` (of events: `after`) of the next page, if there may be one.
    pub next: Option<String>,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobView {
    /// Which.
    pub id: JobId,
    /// What its user calls it by.
    pub tags: Vec<String>,
    /// The data set's name.
    pub data: String,
    /// The target's name.
    pub target: Option<String>,
    /// What candidates may need.
    pub budget: MemoryBudget,
    /// Where it is.
    pub state: JobState,
    /// Why.
    pub cause: String,
    /// When it was submitted, in milliseconds since 1970.
    pub submitted_ms: u64,
    /// When something last happened.
    pub changed_ms: u64,
    /// Candidates put forward.
    pub candidates: u64,
    /// Trainings that have ended.
    pub trained: u64,
    /// Verifications.
    pub verified: u64,
    /// Rounds of proposals.
    pub rounds: u32,
    /// Candidates that a judge refused before training, as they need too much.
    pub over_budget: u64,
    /// Candidates that a judge refused as its tool lacks an operation.
    pub unsupported: u64,
    /// Members of the space that were refused without being put forward.
    pub passed_over: u64,
    /// Its priority.
    pub priority: Option<i8>,
    /// The answer.
    pub winner: Option<CandidateId>,
    /// What language models read and wrote.
    pub tokens: u64,
    /// What that cost in millionths, as far as prices are known.
    pub money_micros: Option<u64>,
    /// How often language models were asked.
    #[serde(default)]
    pub requests: u64,
    /// How often that came to nothing.
    #[serde(default)]
    pub failed_requests: u64,
    /// How trainings ended, and what they took.
    #[serde(default)]
    pub trainings: TrainingsView,
    /// The accuracy at which it ends now, where a user has changed it: null where it goes on for as long as is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "changed")]
    pub goal: Option<Option<f64>>,
    /// The latest notes.
    pub notes: Vec<NoteView>,
    /// The number of its last event.
    pub events: u64,
}

/// A job with all that is known of it as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobDetail {
    /// The job as it stands.
    pub job: JobView,
    /// Its answer, with its figures.
    pub winner: Option<CandidateView>,
    /// What it was submitted with: the plan, with the job file in it.
    pub document: Value,
}

/// How trainings ended, and what they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrainingsView {
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

/// What stands there was changed, be it to nothing.
fn changed<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::<f64>::deserialize(source).map(Some)
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteView {
    /// When.
    pub at_ms: u64,
    /// The candidate that it is about.
    pub candidate: Option<CandidateId>,
    /// It.
    pub text: String,
}

/// A candidate as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CandidateView {
    /// The job.
    pub job: JobId,
    /// Which.
    pub id: CandidateId,
    /// In which round it was put forward.
    pub round: u32,
    /// Its spec, an artifact.
    pub spec: Digest,
    /// The digest of its graph.
    pub graph: String,
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
    /// Its metric: of what ships where that was measured, otherwise of the training.
    pub metric: Option<Metric>,
    /// The latest verdicts before training.
    pub screenings: Vec<ScreeningView>,
    /// The latest attempt at training it.
    pub training: Option<TrainingView>,
    /// How many attempts there were.
    pub attempts: u64,
    /// The latest verdict after training.
    pub verification: Option<VerificationView>,
}

/// A verdict before training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScreeningView {
    /// When.
    pub at_ms: u64,
    /// The judge with its version.
    pub judge: String,
    /// What it said.
    pub verdict: Verdict,
    /// What the candidate needs.
    pub footprint: Option<Footprint>,
    /// The judge's report, an artifact.
    pub report: Option<Digest>,
}

/// An attempt at training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainingView {
    /// Which.
    pub attempt: AttemptId,
    /// The seed.
    pub seed: u64,
    /// At which rung, from 0 on.
    pub rung: u8,
    /// When it began.
    pub started_ms: u64,
    /// Epochs done, as far as was told.
    pub epochs: u32,
    /// The latest checkpoint, an artifact.
    pub checkpoint: Option<Digest>,
    /// How it ended; null while it is under way.
    pub end: Option<TrainingEnd>,
    /// The best metric.
    pub metric: Option<Metric>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// What the processors took meanwhile.
    pub energy_mj: Option<u64>,
}

/// A verdict after training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerificationView {
    /// When.
    pub at_ms: u64,
    /// The judge with its version.
    pub judge: String,
    /// What it said.
    pub verdict: Verdict,
    /// What the candidate needs.
    pub footprint: Option<Footprint>,
    /// The validation metric of what ships.
    pub metric: Option<Metric>,
    /// The same on the test samples, of the winner.
    pub test: Option<Metric>,
    /// Of the weights of which try.
    pub attempt: Option<AttemptId>,
    /// The list of the files of its bundle, an artifact.
    pub bundle: Option<Digest>,
    /// How long it took.
    pub duration_ms: Option<u64>,
}

/// A job that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Submitted {
    /// Which; with an `idempotency-key` that was seen before, the job that is there.
    pub job: JobId,
}

/// A job as it would be carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// The job file, with everything said that was left out.
    pub job: JobFile,
    /// What was assumed where nothing was said, a sentence each.
    pub assumed: Vec<String>,
    /// The data set's name.
    pub data: String,
    /// The shape of a sample: rows, columns, values at each place.
    pub input: [u32; 3],
    /// How many classes there are.
    pub classes: u32,
    /// The target's name.
    pub target: Option<String>,
    /// What candidates may need, with what the target allows.
    pub budget: MemoryBudget,
    /// How candidates are trained, one rung after the other.
    pub rungs: Vec<RungView>,
    /// Which tools judge.
    pub judges: Vec<String>,
}

/// One rung: the same training for all that come so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RungView {
    /// How many candidates come so far.
    pub entrants: u32,
    /// How often each is trained.
    pub seeds: u32,
    /// For how many epochs at most.
    pub epochs: Option<u32>,
}

/// What a user changes of a job that is there. What is left out stays; null takes a bound away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Its priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -100, max = 100))]
    pub priority: Option<i8>,
    /// How long it may take in all.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub time: Option<Option<Span>>,
    /// Candidates that it may train in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub candidates: Option<u32>,
    /// The accuracy at which it ends.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub goal: Option<Option<Goal>>,
}

/// Null is said, unlike nothing.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(source).map(Some)
}

/// The files that a candidate ships as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    /// The job.
    pub job: JobId,
    /// Which candidate.
    pub candidate: CandidateId,
    /// The list itself, an artifact.
    pub digest: Digest,
    /// Its files.
    pub files: Vec<BundleFile>,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleFile {
    /// Its path within the bundle: relative, with `/`.
    pub path: String,
    /// Its content, an artifact.
    pub digest: Digest,
    /// How long it is.
    pub bytes: u64,
}

/// The order of a list of candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// As they were put forward.
    #[default]
    Number,
    /// Those that were measured, the best first.
    Best,
}

/// Whether the daemon works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Whether jobs are taken and carried out.
    pub is_well: bool,
    /// What is wrong, a sentence each.
    pub troubles: Vec<String>,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Version {
    /// The daemon's version.
    pub version: String,
    /// [`PROTOCOL`](crate::PROTOCOL).
    pub protocol: u32,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLevel {
    /// A filter: `info`, `debug`, or per place, as in `info,automcu_training=debug`.
    pub level: String,
}
