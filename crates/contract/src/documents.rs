//! Documents that agents hand each other as artifacts: what does not fit into a message. Each has a version and a bound.

use automcu_model::{ArtifactId, CandidateId, GraphDigest, JobId};
use automcu_target::Budget;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::messages::Source;

/// The version of these documents.
pub const DOCUMENTS: u32 = 1;

/// A job as the Supervisor carries it out. It is stored with the job: what it was resolved from may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobPlan {
    /// [`DOCUMENTS`].
    pub version: u32,
    /// The job file as it was accepted.
    pub asked: Value,
    /// What the user calls it by.
    pub tags: Vec<String>,
    /// The data set's name.
    pub dataset: String,
    /// The target's name.
    pub target: Option<String>,
    /// What candidates may need.
    pub budget: Budget,
    /// The accuracy at which the search ends.
    pub goal: Option<f64>,
    /// Seconds that it may take; time that it is paused does not count. None makes it depend on its seed alone.
    pub time_s: Option<u64>,
    /// Jobs of higher priority are begun first.
    pub priority: i8,
    /// The seed of everything random.
    pub seed: u64,
    /// By which the same submission is recognised when it comes again.
    pub key: Option<String>,
    /// The [`Assignment`] of Proposal.
    pub assignment: ArtifactId,
    /// Candidates of a round of proposals.
    pub a_round: u8,
    /// How candidates are trained, one rung after the other, each for fewer of them.
    pub rungs: Vec<Rung>,
    /// The share of the time after which no new candidates are begun, where the best are trained further.
    pub exploring: f64,
    /// Whether candidates are screened before they are trained.
    pub screens_first: bool,
    /// The judge whose word is wanted of each candidate.
    pub judge: Option<String>,
    /// Whether whoever proposes sees all that was said, not summaries.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shows_transcript: bool,
}

impl JobPlan {
    /// The most rungs.
    pub const RUNGS: usize = 8;
    /// The share of the time after which nothing is trained any more, and the answer is made ready.
    pub const CLOSING: f64 = 0.92;

    /// Candidates that are trained at all.
    #[must_use]
    pub fn candidates(&self) -> u32 {
        self.rungs.first().map_or(0, |rung| rung.entrants)
    }
}

/// One rung: the same training for all that come so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// The data set, its split, the recipe and its length (`automcu_trainer::Conditions`).
    pub conditions: ArtifactId,
    /// How many come so far: of the first rung all candidates, of each next one the best of the rung before.
    pub entrants: u32,
    /// How often each is trained, each time with another seed.
    pub seeds: u32,
    /// Whether the first of these begins with the weights of the rung before.
    pub warm: bool,
}

/// What Proposal must know of a job: the same for its whole life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// [`DOCUMENTS`].
    pub version: u32,
    /// The shape of a sample: rows, columns, values at each place.
    pub input: [u32; 3],
    /// How many classes there are.
    pub classes: u32,
    /// The target's name.
    pub target: Option<String>,
    /// Who proposes.
    pub proposer: Proposer,
    /// The description of the space that is searched; without it the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<serde_json::Value>,
    /// Whether what is proposed has to fit by Proposal's own planning.
    pub fitting: bool,
    /// The most multiply-accumulates of a candidate: more could not be learnt with in the time that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_macs: Option<u64>,
    /// The seed.
    pub seed: u64,
    /// Specs that did well in past jobs, best first.
    pub warm: Vec<ArtifactId>,
    /// What a language model is told and may cost, where one is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompting: Option<Prompting>,
}

/// What a language model is told of a job beside what follows from the rest of the assignment, and what it may cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompting {
    /// What the data set is called. Somebody else's words: they are quoted, never obeyed.
    pub data: String,
    /// The accuracy at which the search ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<f64>,
    /// Candidates that are trained in all.
    pub candidates: u32,
    /// Facts of the target, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<String>,
    /// What is shown of the past.
    #[serde(default)]
    pub shown: Shown,
    /// Tokens that the job may read and write in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_tokens: Option<u64>,
    /// What the job may cost in all, in millionths of what the provider bills in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_money_micros: Option<u64>,
    /// The job whose recorded answers are given again; nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<JobId>,
}

/// What a language model is shown of the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Summaries: the front, trends, refusals; bounded however long the job is.
    #[default]
    Summaries,
    /// All that agents said, as it grows.
    Transcript,
    /// The last result.
    Last,
}

/// Who proposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposer {
    /// Seeds scaled to the budget, then what a surrogate expects to gain most by.
    #[default]
    Guided,
    /// Seeds, random draws, then evolution.
    Mixed,
    /// The seed library, scaled to the budget.
    Seeds,
    /// Evolution from random draws.
    Evolution,
    /// Random draws.
    Random,
    /// Changes of the best, the first improvement taken, begun anew where none is left.
    Local,
    /// Aging evolution by weights of accuracy and cost that are drawn anew each time.
    Unas,
    /// The simplest first: kernels doubled, then cells, as long as that gains.
    Occam,
    /// A language model, within the space; the default proposer where that fails.
    Llm,
    /// A language model that sees what the default proposer would try, each as often as it has earned.
    Hybrid,
    /// A language model that sees the last result only.
    Genius,
}

impl Proposer {
    /// Whether a language model is asked.
    #[must_use]
    pub const fn asks_a_model(self) -> bool {
        matches!(self, Self::Llm | Self::Hybrid | Self::Genius)
    }
}

/// What became of candidates, as far as Proposal is shown: a page, and by which page to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomePage {
    /// [`DOCUMENTS`].
    pub version: u32,
    /// The job.
    pub job: JobId,
    /// The page before, if this is not the first. Rounds never grow towards it.
    pub earlier: Option<ArtifactId>,
    /// The round that it is about.
    pub round: u32,
    /// Its candidates, in the order in which they were put forward; at most [`OutcomePage::MOST`].
    pub outcomes: Vec<PastOutcome>,
    /// All that agents said of the job so far, a line each, where whoever proposes is to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<ArtifactId>,
}

impl OutcomePage {
    /// The most outcomes of a page.
    pub const MOST: usize = 8;
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastOutcome {
    /// Which.
    pub candidate: CandidateId,
    /// Its spec.
    pub spec: ArtifactId,
    /// What makes it the same as another.
    pub digest: GraphDigest,
    /// Who had the idea; pages of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fate")]
pub enum Fate {
    /// A judge refused it.
    Refused {
        /// Why.
        reason: String,
    },
    /// It was trained.
    Trained {
        /// Its validation metric, from 0 to 1.
        score: f64,
    },
    /// An attempt failed, for no fault of what was measured.
    Failed {
        /// Why.
        reason: String,
    },
}
