//! What a person sees of a job while it goes on: notices folded into a line of status, and into a line for each thing that is
//! worth one. The same for a job of this process and for one of a daemon.

use std::collections::{BTreeMap, BTreeSet};

use automcu_api::{AttemptId, CandidateId, EventView, JobState, Metric, Notice, Progress, TrainingEnd, Verdict, What};

use crate::cmd::clock_time;

/// A training that is going on.
#[derive(Clone, Copy, Debug)]
struct Training {
    rung: u8,
    done: f64,
    metric: Option<f64>,
}

/// A job as it is seen.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Option<JobState>,
    submitted_ms: Option<u64>,
    proposed: BTreeSet<CandidateId>,
    refused: BTreeSet<CandidateId>,
    trained: BTreeSet<CandidateId>,
    training: BTreeMap<(CandidateId, AttemptId), Training>,
    best: Option<(CandidateId, Metric)>,
    winner: Option<CandidateId>,
    goal: Option<f64>,
    time_s: Option<u64>,
}

impl Board {
    /// Of a job with this goal and this time.
    pub(crate) fn new(goal: Option<f64>, time_s: Option<u64>) -> Self {
        Self { goal, time_s, ..Self::default() }
    }

    /// Takes in what is told; gives the line that it is worth, if any.
    pub(crate) fn hear(&mut self, notice: &Notice) -> Option<String> {
        match notice {
            Notice::Event(event) => self.happened(event),
            Notice::Progress(progress) => {
                self.progressed(progress);
                None
            }
            Notice::Missed(count) => Some(format!("{count} notices were left out, as this was too slow")),
            Notice::Over(state) => {
                self.state = Some(*state);
                None
            }
        }
    }

    fn progressed(&mut self, progress: &Progress) {
        if let Some(training) = self.training.get_mut(&(progress.candidate, progress.attempt)) {
            (training.done, training.metric) = (progress.done, progress.metric.or(training.metric));
        }
    }

    fn happened(&mut self, event: &EventView) -> Option<String> {
        let since = event.at_ms.saturating_sub(*self.submitted_ms.get_or_insert(event.at_ms));
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of years")]
        let at = clock_time(since as f64 / 1e3);
        self.take_in(&event.what).map(|line| format!("{at:>7}  {line}"))
    }

    fn take_in(&mut self, what: &What) -> Option<String> {
        match what {
            What::JobSubmitted { data, target, .. } => {
                let target = target.as_ref().map(|target| format!(" for {target}")).unwrap_or_default();
                Some(format!("submitted: {data}{target}"))
            }
            What::JobStateChanged { to, cause, .. } => {
                self.state = Some(*to);
                Some(format!("{}: {cause}", word(*to)))
            }
            What::CandidateProposed { candidate, .. } => {
                self.proposed.insert(*candidate);
                None
            }
            What::CandidateScreened { candidate, judge, verdict, .. } => {
                let reason = match verdict {
                    Verdict::Fits => return None,
                    Verdict::OverBudget { reason } | Verdict::Unsupported { reason } => reason.as_str(),
                    Verdict::ToolFailed { reason, .. } => reason.as_str(),
                    _ => "nobody could tell",
                };
                self.refused.insert(*candidate);
                Some(format!("{candidate} is refused by {judge}: {reason}"))
            }
            What::TrainingStarted { candidate, attempt, rung, .. } => {
                self.training.insert((*candidate, *attempt), Training { rung: *rung, done: 0.0, metric: None });
                None
            }
            What::TrainingEnded { candidate, attempt, end, metric, .. } => {
                let rung = self.training.remove(&(*candidate, *attempt)).map_or(0, |training| training.rung);
                self.ended(*candidate, rung, end, *metric)
            }
            What::CandidateVerified { candidate, verdict, metric, test, .. } => {
                self.verified(*candidate, verdict, *metric, *test)
            }
            What::WinnerChosen { candidate, .. } => {
                self.winner = Some(*candidate);
                Some(format!("{candidate} is the answer"))
            }
            What::RoundProposed { ends: Some(why), .. } => Some(format!("no more candidates: {why}")),
            What::JobTakenUp {} => Some("taken up again".to_owned()),
            What::JobAdjusted { .. } => Some("what is allowed was changed".to_owned()),
            What::Note { text, .. } => Some(text.clone()),
            _ => None,
        }
    }

    fn ended(&mut self, candidate: CandidateId, rung: u8, end: &TrainingEnd, metric: Option<Metric>) -> Option<String> {
        let how = if rung == 0 { "tried" } else { "trained further" };
        match (end, metric) {
            (TrainingEnd::Failed { reason, .. }, _) => Some(format!("{candidate} could not be trained: {reason}")),
            (TrainingEnd::Stopped, _) => None,
            (_, Some(metric)) => {
                self.trained.insert(candidate);
                self.improve(candidate, metric);
                Some(format!("{candidate} {how}: {}", accuracy(&metric)))
            }
            (_, None) => Some(format!("{candidate}: its training ended before anything was measured")),
        }
    }

    fn verified(
        &mut self,
        candidate: CandidateId,
        verdict: &Verdict,
        metric: Option<Metric>,
        test: Option<Metric>,
    ) -> Option<String> {
        match (verdict, metric, test) {
            (Verdict::Fits, _, Some(test)) => {
                Some(format!("{candidate} is proven; on the test samples: {}", accuracy(&test)))
            }
            (Verdict::Fits, Some(metric), None) => {
                self.best = Some((candidate, metric)).filter(|_| self.is_better(&metric)).or(self.best.take());
                Some(format!("{candidate} as integers: {}", accuracy(&metric)))
            }
            (Verdict::Fits, None, None) => Some(format!("{candidate} fits")),
            (
                Verdict::OverBudget { reason } | Verdict::Unsupported { reason } | Verdict::ToolFailed { reason, .. },
                ..,
            ) => Some(format!("{candidate} does not hold as integers: {reason}")),
            _ => Some(format!("{candidate}: nobody could tell whether it fits")),
        }
    }

    /// What ships counts more than what was trained.
    fn is_better(&self, metric: &Metric) -> bool {
        let Some((_, best)) = &self.best else { return true };
        let is_integer = |metric: &Metric| metric.dtype == automcu_api::DataType::Int8;
        (is_integer(metric), metric.value) > (is_integer(best), best.value)
    }

    fn improve(&mut self, candidate: CandidateId, metric: Metric) {
        if self.is_better(&metric) {
            self.best = Some((candidate, metric));
        }
    }

    /// The line that is written anew.
    pub(crate) fn status(&self, now_ms: u64) -> String {
        let mut parts = vec![self.state.map_or("queued", word).to_owned()];
        parts.push(format!("{} tried, {} refused", self.trained.len(), self.refused.len()));
        if let Some((candidate, metric)) = &self.best {
            let goal = self.goal.map(|goal| format!(" of {}", percent(goal))).unwrap_or_default();
            parts.push(format!("best {}{goal} ({candidate})", percent(metric.value)));
        }
        if !self.training.is_empty() {
            let each = self.training.iter().take(4).map(|((candidate, _), training)| {
                let metric = training.metric.map(|metric| format!(" {}", percent(metric))).unwrap_or_default();
                format!("{candidate} {} {}{metric}", bar(training.done), whole(training.done))
            });
            parts.push(each.collect::<Vec<_>>().join("  "));
        }
        if let Some(begun) = self.submitted_ms {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds of years")]
            let seconds = now_ms.saturating_sub(begun) as f64 / 1e3;
            #[expect(clippy::cast_precision_loss, reason = "seconds of years")]
            let of = self.time_s.map(|time| format!(" of {}", clock_time(time as f64))).unwrap_or_default();
            parts.push(format!("{}{of}", clock_time(seconds)));
        }
        parts.join(" · ")
    }
}

/// A bar of eight.
fn bar(done: f64) -> String {
    const LONG: usize = 8;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a bar")]
    let full = (done.clamp(0.0, 1.0) * LONG as f64) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(LONG - full))
}

fn whole(share: f64) -> String {
    format!("{:.0} %", 100.0 * share.clamp(0.0, 1.0))
}

/// `91.25 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// `91.25 % (90.62 to 91.83, int8, host)`.
pub(crate) fn accuracy(metric: &Metric) -> String {
    let Metric { value, low, high, dtype, provenance } = metric;
    let (dtype, provenance) = (tag(dtype), tag(provenance));
    format!("{} ({:.2} to {:.2}, {dtype}, {provenance})", percent(*value), 100.0 * low, 100.0 * high)
}

/// How a value is written on the wire.
pub(crate) fn tag(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}

/// A state as a word.
pub(crate) const fn word(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Proposing => "proposing",
        JobState::Screening => "screening",
        JobState::Training => "training",
        JobState::Verifying => "verifying",
        JobState::Refining => "refining",
        JobState::Paused => "paused",
        JobState::Finished => "finished",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    }
}
