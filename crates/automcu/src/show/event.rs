//! Every event as a line.

use automcu_api::{Change, EventView, MemoryBudget, Metric, Source, Span, TrainingEnd, Verdict, What};
use automcu_model::Bytes;

use super::{figures, time};
use crate::board::{accuracy, percent, tag, word};

/// `   7  2026-11-21 22:58:03Z  c1 was put forward in round 1 by seed: ...`.
pub(crate) fn line(event: &EventView) -> String {
    format!("{:>4}  {}  {}", event.n, time::utc(event.at_ms), said(&event.what))
}

fn said(what: &What) -> String {
    match what {
        What::JobSubmitted { tags, data, target, budget } => submitted(tags, data, target.as_deref(), budget),
        What::JobStateChanged { from, to, cause } => format!("{} after {}: {cause}", word(*to), word(*from)),
        What::CandidateProposed { candidate, source, rationale, round, graph, evidence, .. } => {
            let graph = graph.get(..8).unwrap_or(graph);
            let rests: Vec<String> = evidence.iter().map(ToString::to_string).collect();
            let rests = if rests.is_empty() { String::new() } else { format!(" (from {})", rests.join(", ")) };
            format!("{candidate} put forward in round {round} by {} ({graph}): {rationale}{rests}", source_of(*source))
        }
        What::CandidateScreened { candidate, judge, verdict, footprint, .. } => {
            let needs = footprint.as_ref().map(|footprint| format!("; {}", figures::in_short(footprint)));
            format!("{candidate} screened by {judge}: {}{}", verdict_of(verdict), needs.unwrap_or_default())
        }
        What::TrainingStarted { candidate, attempt, seed, rung } => {
            format!("{candidate} {attempt} in training at rung {rung}, seed {seed}")
        }
        What::TrainingProgressed { candidate, attempt, epochs, .. } => {
            format!("{candidate} {attempt} kept after {epochs} epochs")
        }
        What::TrainingEnded { candidate, attempt, end, metric, epochs, duration_ms, energy_mj, .. } => {
            let metric = metric.as_ref().map(|metric| format!(", {}", accuracy(metric))).unwrap_or_default();
            let energy = energy_mj.map(|energy| format!(", {} J", energy / 1000)).unwrap_or_default();
            let took = time::span(duration_ms / 1000);
            format!("{candidate} {attempt} {} after {epochs} epochs and {took}{energy}{metric}", end_of(end))
        }
        What::CandidateVerified { candidate, judge, verdict, metric, test, as_winner, .. } => {
            let how = if *as_winner { "proven" } else { "verified" };
            let figures = on_samples(metric.as_ref(), test.as_ref());
            format!("{candidate} {how} by {judge}: {}{figures}", verdict_of(verdict))
        }
        What::WinnerChosen { candidate, reason } => format!("{candidate} is the answer: {reason}"),
        What::JobAdjusted { change } => changed(change),
        What::JobTakenUp {} => "taken up by a later daemon".to_owned(),
        What::RoundProposed { round, candidates, refused, ends } => {
            let ends = ends.as_ref().map(|why| format!("; no more come: {why}")).unwrap_or_default();
            format!("round {round} complete: {candidates} put forward, {refused} passed over{ends}")
        }
        What::Cost { tokens, money_micros, requests, failures } => {
            #[expect(clippy::cast_precision_loss, reason = "an amount for people")]
            let money = money_micros.map(|micros| format!(", {:.4}", micros as f64 / 1e6)).unwrap_or_default();
            let failed = if *failures > 0 {
                format!(", {failures} of {requests} requests came to nothing")
            } else {
                String::new()
            };
            format!("{tokens} tokens{money}{failed}")
        }
        What::Note { text, candidate } => {
            let about = candidate.map(|candidate| format!("{candidate}: ")).unwrap_or_default();
            format!("note: {about}{text}")
        }
        What::Unknown => "something that a newer daemon tells".to_owned(),
    }
}

fn submitted(tags: &[String], data: &str, target: Option<&str>, budget: &MemoryBudget) -> String {
    let target = target.map(|target| format!(" for {target}")).unwrap_or_default();
    let tags = if tags.is_empty() { String::new() } else { format!(", tagged {}", tags.join(", ")) };
    format!("submitted: {data}{target} within {}{tags}", memory(budget))
}

/// `64 KiB of RAM, 128 KiB of Flash`.
pub(crate) fn memory(budget: &MemoryBudget) -> String {
    let part = |bytes: Option<u64>, of| bytes.map(|bytes| format!("{} of {of}", Bytes(bytes)));
    let parts: Vec<String> =
        [part(budget.ram_bytes, "RAM"), part(budget.flash_bytes, "Flash")].into_iter().flatten().collect();
    if parts.is_empty() { "any memory".to_owned() } else { parts.join(", ") }
}

fn source_of(source: Source) -> String {
    tag(&source)
}

/// A verdict with its reason.
fn verdict_of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Fits => "fits".to_owned(),
        Verdict::OverBudget { reason } => format!("needs too much: {reason}"),
        Verdict::Unsupported { reason } => format!("cannot be built: {reason}"),
        Verdict::ToolFailed { reason, .. } => format!("the judge failed: {reason}"),
        Verdict::Unknown => "nobody could tell".to_owned(),
    }
}

fn end_of(end: &TrainingEnd) -> String {
    match end {
        TrainingEnd::Finished => "finished".to_owned(),
        TrainingEnd::Stalled => "stalled".to_owned(),
        TrainingEnd::Stopped => "stopped".to_owned(),
        TrainingEnd::OutOfTime => "out of time".to_owned(),
        TrainingEnd::Failed { reason, .. } => format!("failed ({reason})"),
        TrainingEnd::Lost => "lost".to_owned(),
    }
}

fn on_samples(metric: Option<&Metric>, test: Option<&Metric>) -> String {
    let part = |what: &str, metric: Option<&Metric>| metric.map(|metric| format!("; {what} {}", accuracy(metric)));
    [part("validation", metric), part("test", test)].into_iter().flatten().collect()
}

fn changed(change: &Change) -> String {
    let none = || "none".to_owned();
    match change {
        Change::Priority(priority) => format!("priority set to {priority}"),
        Change::TimeS(time) => {
            let time = time.and_then(Span::new).map_or_else(none, |time| time.to_string());
            format!("time set to {time}")
        }
        Change::Candidates(count) => format!("candidates set to {count}"),
        Change::Goal(goal) => format!("goal set to {}", goal.map_or_else(none, percent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_api::{CandidateId, JobId, JobState};

    #[test]
    fn every_event_is_a_line() {
        let candidate = CandidateId(3);
        let over = Verdict::OverBudget { reason: "RAM by 2 KiB".to_owned() };
        for (what, text) in [
            (
                What::JobStateChanged { from: JobState::Queued, to: JobState::Proposing, cause: "begun".to_owned() },
                "proposing after queued: begun",
            ),
            (
                What::CandidateScreened {
                    candidate,
                    judge: "gcc 13".to_owned(),
                    verdict: over,
                    footprint: None,
                    report: None,
                },
                "c3 screened by gcc 13: needs too much: RAM by 2 KiB",
            ),
            (What::JobAdjusted { change: Change::TimeS(None) }, "time set to none"),
            (What::JobAdjusted { change: Change::Goal(Some(0.9)) }, "goal set to 90.00 %"),
            (
                What::RoundProposed { round: 2, candidates: 4, refused: 7, ends: None },
                "round 2 complete: 4 put forward, 7 passed over",
            ),
            (
                What::Cost { tokens: 1200, money_micros: Some(3400), requests: 3, failures: 1 },
                "1200 tokens, 0.0034, 1 of 3 requests came to nothing",
            ),
            (What::Note { text: "slow".to_owned(), candidate: Some(candidate) }, "note: c3: slow"),
            (What::Unknown, "something that a newer daemon tells"),
        ] {
            let event = EventView { job: JobId(1), n: 7, at_ms: 1000, what };
            assert_eq!(line(&event), format!("   7  1970-01-01 00:00:01Z  {text}"));
        }
        let budget = MemoryBudget { ram_bytes: Some(65_536), flash_bytes: None };
        assert_eq!(memory(&budget), "64 KiB of RAM");
    }
}
