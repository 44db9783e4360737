//! `automcu show`.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use anstyle::Style;
use automcu_api::{CandidateView, JobDetail, JobId, JobView, Order, TrainingEnd, TrainingsView, Verdict};
use automcu_model::Bytes;
use serde::Serialize;

use super::{Desk, document};
use crate::{
    board::{percent, tag},
    cli::Show,
    cmd::write_json,
    daemon::{Daemon, LARGEST},
    outcome::{Failure, Outcome},
    show::{Align, FAINT, GOOD, TITLE, Table, event::memory, figures, styled, time},
};

/// So many of the best candidates are shown.
const BEST: usize = 5;

#[derive(Serialize)]
struct Answer<'a> {
    version: u32,
    #[serde(flatten)]
    detail: &'a JobDetail,
    refused: &'a BTreeMap<String, Refusals>,
    candidates: &'a [CandidateView],
}

/// How many candidates a judge refused, and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Refusals {
    over_budget: u64,
    unsupported: u64,
    failed: u64,
}

pub(super) fn run(arguments: &Show, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let detail = daemon.ask(daemon.client.job(arguments.job))?;
    let mut all = candidates(&daemon, arguments.job)?;
    let refused = refusals(&all);
    if !arguments.candidates {
        all = daemon.ask(daemon.client.candidates(arguments.job, Order::Best, None, u16::try_from(BEST).ok()))?.items;
    }
    let sink = &mut desk.said.output;
    if arguments.via.json {
        write_json(&Answer { version: 1, detail: &detail, refused: &refused, candidates: &all }, sink)?;
    } else {
        write(&detail, &refused, &all, arguments.candidates, sink)?;
    }
    Ok(Outcome::Yes)
}

/// All candidates, as they were put forward.
fn candidates(daemon: &Daemon, job: JobId) -> Result<Vec<CandidateView>, Failure> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = daemon.ask(daemon.client.candidates(job, Order::Number, cursor.as_deref(), Some(LARGEST)))?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// Who refused how many for what: by each judge's last word on a candidate.
fn refusals(candidates: &[CandidateView]) -> BTreeMap<String, Refusals> {
    let mut refused = BTreeMap::<String, Refusals>::new();
    for candidate in candidates {
        let last: BTreeMap<&str, &Verdict> =
            candidate.screenings.iter().map(|screening| (screening.judge.as_str(), &screening.verdict)).collect();
        for (judge, verdict) in last {
            let of = |counted: fn(&mut Refusals) -> &mut u64| Some(counted);
            let counted = match verdict {
                Verdict::OverBudget { .. } => of(|refusals| &mut refusals.over_budget),
                Verdict::Unsupported { .. } => of(|refusals| &mut refusals.unsupported),
                Verdict::ToolFailed { .. } => of(|refusals| &mut refusals.failed),
                Verdict::Fits | Verdict::Unknown => None,
            };
            if let Some(counted) = counted {
                *counted(refused.entry(judge.to_owned()).or_default()) += 1;
            }
        }
    }
    refused
}

fn write(
    detail: &JobDetail,
    refused: &BTreeMap<String, Refusals>,
    candidates: &[CandidateView],
    is_all: bool,
    into: &mut dyn Write,
) -> io::Result<()> {
    let job = &detail.job;
    figures::counts(detail, into)?;
    for (judge, Refusals { over_budget, unsupported, failed }) in refused {
        let parts = [(over_budget, "need too much"), (unsupported, "cannot be built"), (failed, "made it fail")];
        let parts = parts.iter().filter(|(count, _)| **count > 0).map(|(count, what)| format!("{count} {what}"));
        writeln!(into, "  {judge}: {}", parts.collect::<Vec<_>>().join(", "))?;
    }
    writeln!(into, "submitted {}, last change {}", time::utc(job.submitted_ms), time::utc(job.changed_ms))?;
    costs(job, into)?;
    asked(detail, into)?;
    if let Some(winner) = &detail.winner {
        writeln!(into, "\n{}", styled("The answer:", GOOD))?;
        figures::winner(winner, into)?;
    }
    if !candidates.is_empty() {
        writeln!(into, "\n{}", styled(if is_all { "Candidates:" } else { "The best candidates:" }, TITLE))?;
        table(candidates).write(into)?;
    }
    for note in &job.notes {
        let about = note.candidate.map(|candidate| format!("{candidate}: ")).unwrap_or_default();
        writeln!(into, "{}", styled(format!("note, {}: {about}{}", time::utc(note.at_ms), note.text), FAINT))?;
    }
    Ok(())
}

/// What the job took so far.
fn costs(job: &JobView, into: &mut dyn Write) -> io::Result<()> {
    let TrainingsView { attempts, completed, stopped, out_of_time, failed, lost, duration_ms, energy_mj } =
        job.trainings;
    if attempts > 0 {
        let parts = [
            (completed, "completed"),
            (stopped, "stopped"),
            (out_of_time, "out of time"),
            (failed, "failed"),
            (lost, "lost"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let parts = if parts.is_empty() { "none has ended".to_owned() } else { parts.join(", ") };
        let took = time::span(duration_ms / 1000);
        let energy = energy_mj.map(|energy| format!(", {} J", energy / 1000)).unwrap_or_default();
        writeln!(into, "training attempts: {attempts} ({parts}), {took}{energy}")?;
    }
    if job.requests > 0 || job.tokens > 0 {
        let money = job.money_micros.map_or_else(
            || "at a cost that is not known".to_owned(),
            |micros| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
        );
        let (asked, failed, tokens) = (job.requests, job.failed_requests, job.tokens);
        writeln!(into, "language models: {asked} requests ({failed} came to nothing), {tokens} tokens, {money}")?;
    }
    Ok(())
}

/// The job file; of another version what it says, as it stands.
fn asked(detail: &JobDetail, into: &mut dyn Write) -> io::Result<()> {
    writeln!(into, "\n{}", styled("The job:", TITLE))?;
    match document::asked(detail) {
        Ok(job) => {
            job.to_toml().lines().filter(|line| !line.is_empty()).try_for_each(|line| writeln!(into, "  {line}"))
        }
        Err(_) => writeln!(into, "  {}, within {}", detail.job.data, memory(&detail.job.budget)),
    }
}

/// Who had the idea, and from which candidates.
fn by(candidate: &CandidateView) -> String {
    let from: Vec<String> = candidate.evidence.iter().map(ToString::to_string).collect();
    let source = tag(&candidate.source);
    if from.is_empty() { source } else { format!("{source} ({})", from.join(", ")) }
}

fn table(candidates: &[CandidateView]) -> Table<7> {
    let mut table = Table::new([
        ("candidate", Align::Left),
        ("by", Align::Left),
        ("metric", Align::Right),
        ("of", Align::Left),
        ("RAM", Align::Right),
        ("Flash", Align::Right),
        ("stands", Align::Left),
    ]);
    for candidate in candidates {
        let metric = candidate.metric.as_ref();
        let of = metric.map(|metric| format!("{}, {}", tag(&metric.dtype), tag(&metric.provenance)));
        let [ram, flash] = needs(candidate);
        let cells = [
            candidate.id.to_string(),
            by(candidate),
            metric.map_or_else(|| "-".to_owned(), |metric| percent(metric.value)),
            of.unwrap_or_default(),
            ram,
            flash,
            stands(candidate),
        ];
        table.row(cells, Style::new());
    }
    table
}

/// RAM and Flash by the last who measured them, with how they are known.
fn needs(candidate: &CandidateView) -> [String; 2] {
    let verified = candidate.verification.as_ref().and_then(|verification| verification.footprint);
    let screened = candidate.screenings.iter().rev().find_map(|screening| screening.footprint);
    match verified.or(screened) {
        Some(footprint) => {
            figures::sums(&footprint).map(|(_, bytes, _)| format!("{} {}", Bytes(bytes), tag(&footprint.provenance)))
        }
        None => ["-", "-"].map(ToOwned::to_owned),
    }
}

/// What became of it so far.
fn stands(candidate: &CandidateView) -> String {
    if let Some(verification) = &candidate.verification {
        return match &verification.verdict {
            Verdict::Fits => format!("fits, by {}", verification.judge),
            verdict => reason(verdict),
        };
    }
    let refused = candidate.screenings.iter().rev().map(|screening| &screening.verdict);
    if let Some(verdict) = refused.into_iter().find(|verdict| !matches!(verdict, Verdict::Fits | Verdict::Unknown)) {
        return reason(verdict);
    }
    match candidate.training.as_ref().map(|training| &training.end) {
        Some(None) => "in training".to_owned(),
        Some(Some(TrainingEnd::Failed { reason, .. })) => format!("could not be trained: {reason}"),
        Some(Some(_)) => "trained".to_owned(),
        None => "put forward".to_owned(),
    }
}

fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Fits => "fits".to_owned(),
        Verdict::OverBudget { reason } | Verdict::Unsupported { reason } | Verdict::ToolFailed { reason, .. } => {
            reason.clone()
        }
        Verdict::Unknown => "nobody could tell".to_owned(),
    }
}
