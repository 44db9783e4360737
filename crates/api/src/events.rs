//! Events and progress, as watchers are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AttemptId, CandidateId, Digest, JobId},
    views::{Change, Footprint, JobState, MemoryBudget, Metric, Source, TrainingEnd, Verdict},
};

/// Something that happened to a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventView {
    /// The job.
    pub job: JobId,
    /// Its how many-th event, from 1 on, without gaps.
    pub n: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

impl EventView {
    /// The state that the job went to, if it is over with that.
    #[must_use]
    pub const fn ends_in(&self) -> Option<JobState> {
        match self.what {
            What::JobStateChanged { to, .. } if to.is_final() => Some(to),
            _ => None,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum What {
    /// A user submitted the job.
    JobSubmitted {
        /// What the user calls it by.
        tags: Vec<String>,
        /// The data set's name.
        data: String,
        /// The target's name.
        target: Option<String>,
        /// What candidates may need.
        budget: MemoryBudget,
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
    /// A candidate was put forward.
    CandidateProposed {
        /// Which.
        candidate: CandidateId,
        /// Its spec, an artifact.
        spec: Digest,
        /// The digest of its graph.
        graph: String,
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
        verdict: Verdict,
        /// What the candidate needs.
        footprint: Option<Footprint>,
        /// The judge's report, an artifact.
        report: Option<Digest>,
    },
    /// An attempt at training it began.
    TrainingStarted {
        /// Which.
        candidate: CandidateId,
        /// Which try.
        attempt: AttemptId,
        /// The seed.
        seed: u64,
        /// At which rung, from 0 on.
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
        /// Where to go on from, an artifact.
        checkpoint: Digest,
    },
    /// The attempt ended.
    TrainingEnded {
        /// Which.
        candidate: CandidateId,
        /// Which try.
        attempt: AttemptId,
        /// How.
        end: TrainingEnd,
        /// The best metric.
        metric: Option<Metric>,
        /// Epochs done.
        epochs: u32,
        /// How long it took.
        duration_ms: u64,
        /// What the processors took meanwhile.
        energy_mj: Option<u64>,
        /// The weights, or where to go on from: an artifact.
        checkpoint: Option<Digest>,
    },
    /// The trained candidate was converted, built and measured.
    CandidateVerified {
        /// Which.
        candidate: CandidateId,
        /// The judge with its version.
        judge: String,
        /// What it said.
        verdict: Verdict,
        /// What the candidate needs.
        footprint: Option<Footprint>,
        /// The metric of what ships.
        metric: Option<Metric>,
        /// The metric on the test samples, of the winner.
        test: Option<Metric>,
        /// Whether all was proven that is of a winner.
        as_winner: bool,
        /// Of the weights of which try.
        attempt: Option<AttemptId>,
        /// The list of the files of its bundle, an artifact.
        bundle: Option<Digest>,
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
        change: Change,
    },
    /// A daemon began to work at the job after another had ended.
    JobTakenUp {},
    /// A round of proposals is complete.
    RoundProposed {
        /// Which, from 1 on.
        round: u32,
        /// How many candidates were put forward in it.
        candidates: u32,
        /// How many were refused on the way.
        refused: u32,
        /// Why no more come, if so.
        ends: Option<String>,
    },
    /// What a language model cost.
    Cost {
        /// Tokens read and written.
        tokens: u64,
        /// Millionths of what the provider bills in, where the price is known.
        money_micros: Option<u64>,
        /// Requests that were answered, or failed for good.
        #[serde(default)]
        requests: u32,
        /// Of these, requests that came to nothing.
        #[serde(default)]
        failures: u32,
    },
    /// Something worth telling.
    Note {
        /// It.
        text: String,
        /// The candidate that it is about.
        candidate: Option<CandidateId>,
    },
    /// What a newer daemon tells.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// How far a training is. It is told to those who watch, and not kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// The job.
    pub job: JobId,
    /// Which candidate.
    pub candidate: CandidateId,
    /// Which try.
    pub attempt: AttemptId,
    /// Epochs done.
    pub epochs: u32,
    /// How far the training is, from 0 to 1.
    pub done: f64,
    /// The last epoch's validation metric.
    pub metric: Option<f64>,
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Something happened. On a stream of one job none is left out.
    Event(Box<EventView>),
    /// How far a training is.
    Progress(Progress),
    /// So many notices were left out, since the watcher was too slow: of progress only, where one job is watched.
    Missed(u64),
    /// The job is over, and this was all.
    Over(JobState),
}
