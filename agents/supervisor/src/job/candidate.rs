//! A candidate of a job: what was said of it, and its trainings.

use std::collections::BTreeMap;

use automcu_contract::Source;
use automcu_history::{TrainingEnd, Verdict};
use automcu_model::{ArtifactId, AttemptId, GraphDigest};

/// A candidate as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) spec: ArtifactId,
    pub(crate) digest: GraphDigest,
    pub(crate) source: Source,
    pub(crate) screening: Screening,
    pub(crate) runs: Vec<Run>,
    /// What was found of the weights of an attempt.
    pub(crate) verified: BTreeMap<AttemptId, Verified>,
    /// What came of proving all of an attempt.
    pub(crate) proven: BTreeMap<AttemptId, Verified>,
}

/// What judges said before training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Screening {
    Open,
    Fits,
    Refused {
        reason: String,
    },
    /// A judge failed, for no fault of the candidate.
    Failed {
        reason: String,
    },
}

/// What judges said after training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Verified {
    pub(crate) fits: bool,
    /// The metric of the integer network.
    pub(crate) metric: Option<f64>,
}

/// A training at a rung with a seed: however many attempts it took.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) rung: u8,
    pub(crate) seed: u64,
    /// The latest attempt.
    pub(crate) attempt: AttemptId,
    /// Whether that is under way.
    pub(crate) is_open: bool,
    /// What the first attempt began with.
    pub(crate) began_with: Option<ArtifactId>,
    /// What the latest attempt went on from.
    pub(crate) went_on_from: Option<ArtifactId>,
    /// Where to go on from.
    pub(crate) resume: Option<ArtifactId>,
    pub(crate) outcome: Option<RunOutcome>,
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RunOutcome {
    Trained { metric: f64, checkpoint: ArtifactId },
    Failed { reason: String },
}

impl Candidate {
    pub(crate) const fn new(spec: ArtifactId, digest: GraphDigest, source: Source) -> Self {
        Self {
            spec,
            digest,
            source,
            screening: Screening::Open,
            runs: Vec::new(),
            verified: BTreeMap::new(),
            proven: BTreeMap::new(),
        }
    }

    pub(crate) fn run(&self, rung: u8, seed: u64) -> Option<&Run> {
        self.runs.iter().find(|run| (run.rung, run.seed) == (rung, seed))
    }

    pub(crate) fn runs_at(&self, rung: u8) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.rung == rung)
    }

    /// Its number at a rung: the mean over seeds that came through.
    pub(crate) fn score(&self, rung: u8) -> Option<f64> {
        let scores: Vec<f64> = self.runs_at(rung).filter_map(|run| run.trained().map(|(metric, _)| metric)).collect();
        #[expect(clippy::cast_precision_loss, reason = "a few seeds")]
        let count = scores.len() as f64;
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / count)
    }

    pub(crate) fn next_attempt(&self) -> AttemptId {
        AttemptId(self.runs.iter().map(|run| run.attempt.0).max().unwrap_or(0) + 1)
    }

    pub(crate) fn screened(&mut self, verdict: &Verdict) {
        self.screening = match verdict {
            Verdict::Fits => Screening::Fits,
            Verdict::OverBudget { reason } | Verdict::Unsupported { reason } => {
                Screening::Refused { reason: reason.clone() }
            }
            Verdict::ToolFailed { reason, .. } => Screening::Failed { reason: reason.clone() },
            Verdict::Unknown => Screening::Refused { reason: "nobody could tell whether it fits".to_owned() },
        };
    }

    /// A training begins, or goes on after it was stopped.
    pub(crate) fn begun(&mut self, rung: u8, seed: u64, attempt: AttemptId, from: Option<ArtifactId>) {
        if let Some(run) = self.runs.iter_mut().find(|run| (run.rung, run.seed) == (rung, seed)) {
            (run.attempt, run.is_open, run.went_on_from) = (attempt, true, from);
            return;
        }
        self.runs.push(Run {
            rung,
            seed,
            attempt,
            is_open: true,
            began_with: from,
            went_on_from: None,
            resume: None,
            outcome: None,
        });
    }

    pub(crate) fn ended(
        &mut self,
        attempt: AttemptId,
        end: &TrainingEnd,
        metric: Option<f64>,
        checkpoint: Option<ArtifactId>,
    ) {
        let Some(run) = self.runs.iter_mut().find(|run| run.attempt == attempt && run.is_open) else { return };
        run.is_open = false;
        run.resume = checkpoint.or(run.resume);
        run.outcome = match (end, metric, checkpoint) {
            (TrainingEnd::Stopped, _, _) => None,
            (TrainingEnd::Failed { reason, .. }, _, _) => Some(RunOutcome::Failed { reason: reason.clone() }),
            (TrainingEnd::Lost, _, _) => Some(RunOutcome::Failed { reason: "it was lost".to_owned() }),
            (_, Some(metric), Some(checkpoint)) => Some(RunOutcome::Trained { metric, checkpoint }),
            _ => Some(RunOutcome::Failed { reason: "it ended before anything was measured".to_owned() }),
        };
    }
}

impl Run {
    /// Its metric and its weights, if it came through.
    pub(crate) const fn trained(&self) -> Option<(f64, ArtifactId)> {
        match &self.outcome {
            Some(RunOutcome::Trained { metric, checkpoint }) => Some((*metric, *checkpoint)),
            _ => None,
        }
    }
}
