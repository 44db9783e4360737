//! What a person sees of a job while it goes on: notices folded into a line of status, and into a line for each thing that is
//! worth one. The same for a job of this process and for one of a daemon.

use std::collections::{BTreeMap, BTreeSet};

use automcu_api::{
    AttemptId, CandidateId, Change, EventView, JobState, Metric, Notice, Progress, TrainingEnd, Verdict, What,
};

use crate::cmd::clock_time;

/// A training that is going on.
#[derive(Clone, Copy, Debug)]
struct Training {
    rung: u8,
    begun_ms: u64,
    done: f64,
    metric: Option<f64>,
}

impl Training {
    /// Seconds that it will take still, once enough is done to tell.
    fn left_s(&self, now_ms: u64) -> Option<f64> {
        const ENOUGH: f64 = 0.05;
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of years")]
        let seconds = now_ms.saturating_sub(self.begun_ms) as f64 / 1e3;
        (self.done >= ENOUGH).then(|| seconds * (1.0 - self.done).max(0.0) / self.done)
    }
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

    /// Where it is, as far as was told.
    pub(crate) const fn state(&self) -> Option<JobState> {
        self.state
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
        self.take_in(&event.what, event.at_ms).map(|line| format!("{at:>7}  {line}"))
    }

    fn take_in(&mut self, what: &What, at_ms: u64) -> Option<String> {
        match what {
            What::JobSubmitted { data, target, .. } => {
                let target = target.as_ref().map(|target| format!(" for {target}")).unwrap_or_default();
                Some(format!("submitted: {data}{target}"))
            }
            What::JobStateChanged { to, cause, .. } => {
                self.state = Some(*to);
                if to.is_final() || *to == JobState::Paused {
                    self.training.clear();
                }
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
                let training = Training { rung: *rung, begun_ms: at_ms, done: 0.0, metric: None };
                self.training.insert((*candidate, *attempt), training);
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
            What::JobAdjusted { change } => {
                match change {
                    Change::TimeS(time_s) => self.time_s = *time_s,
                    Change::Goal(goal) => self.goal = *goal,
                    Change::Priority(_) | Change::Candidates(_) => {}
                }
                Some("what is allowed was changed".to_owned())
            }
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
                let left = training.left_s(now_ms).map(|left| format!(" {} left", clock_time(left)));
                let (bar, done) = (bar(training.done), whole(training.done));
                format!("{candidate} {bar} {done}{metric}{}", left.unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_api::JobId;

    fn event(at_ms: u64, what: What) -> Notice {
        Notice::Event(Box::new(EventView { job: JobId(1), n: 1, at_ms, what }))
    }

    #[test]
    fn a_training_says_how_long_it_takes_still() {
        let (candidate, attempt) = (CandidateId(2), AttemptId(1));
        let mut board = Board::new(Some(0.9), Some(120));
        board.hear(&event(0, What::TrainingStarted { candidate, attempt, seed: 1, rung: 0 }));
        assert!(board.status(10_000).ends_with("c2 ░░░░░░░░ 0 % · 0:10 of 2:00"), "{}", board.status(10_000));
        let progress = Progress { job: JobId(1), candidate, attempt, epochs: 1, done: 0.25, metric: Some(0.5) };
        board.hear(&Notice::Progress(progress));
        let status = board.status(10_000);
        assert!(status.contains("c2 ██░░░░░░ 25 % 50.00 % 0:30 left"), "{status}");
        board.hear(&event(11_000, What::JobAdjusted { change: Change::TimeS(None) }));
        let over = What::JobStateChanged { from: JobState::Training, to: JobState::Paused, cause: "asked".to_owned() };
        assert_eq!(board.hear(&event(12_000, over)).as_deref(), Some("   0:12  paused: asked"));
        assert_eq!(board.status(12_000), "paused · 0 tried, 0 refused · 0:12");
    }
}
