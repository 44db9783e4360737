//! `automcu ls`.

use std::{io::Write, path::Path};

use automcu_api::{JobState, JobView, MemoryBudget, Metric, Order};
use automcu_model::Bytes;
use serde::Serialize;

use super::{Desk, document};
use crate::{
    board::{percent, word},
    cli::Ls,
    cmd::write_json,
    daemon::{Daemon, LARGEST},
    house::wall_ms,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, GOOD, TITLE, Table, styled, time},
};

/// So many pages are looked through for jobs that are wanted.
const PAGES: usize = 256;

#[derive(Serialize)]
struct Answer {
    version: u32,
    jobs: Vec<Row>,
    /// Where the list goes on.
    next: Option<String>,
}

/// A job, with what is not in its view.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    job: JobView,
    best: Option<Metric>,
    /// As submitted.
    goal: Option<f64>,
}

pub(super) fn run(arguments: &Ls, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let (jobs, next) = wanted(&daemon, arguments)?;
    let jobs = jobs.into_iter().map(|job| row(&daemon, job)).collect::<Result<_, Failure>>()?;
    let answer = Answer { version: 1, jobs, next };
    let sink = &mut desk.said.output;
    if arguments.via.json {
        write_json(&answer, sink)?;
        return Ok(Outcome::Yes);
    }
    let table = table(&answer.jobs, wall_ms());
    if table.is_empty() {
        let hint = if arguments.all { "" } else { "; `automcu ls --all` lists those that are over" };
        writeln!(sink, "{}", styled(format!("no such jobs{hint}"), FAINT))?;
    } else {
        table.write(sink)?;
    }
    if let Some(next) = &answer.next {
        writeln!(sink, "{}", styled(format!("the list goes on with --after {next}"), FAINT))?;
    }
    Ok(Outcome::Yes)
}

/// The newest jobs that are wanted, and where to go on.
fn wanted(daemon: &Daemon, arguments: &Ls) -> Result<(Vec<JobView>, Option<String>), Failure> {
    let limit = usize::from(arguments.limit);
    let (mut found, mut cursor) = (Vec::new(), arguments.after.clone());
    for _ in 0..PAGES {
        // A page never has more than is missing, so that the next list begins right behind the last of this one.
        let missing = u16::try_from(limit - found.len()).unwrap_or(LARGEST);
        let page = daemon.ask(daemon.client.jobs(cursor.as_deref(), Some(missing)))?;
        found.extend(page.items.into_iter().filter(|job| is_wanted(job.state, arguments)));
        cursor = page.next;
        if found.len() >= limit || cursor.is_none() {
            break;
        }
    }
    Ok((found, cursor))
}

fn is_wanted(state: JobState, arguments: &Ls) -> bool {
    match arguments.state.as_slice() {
        [] => arguments.all || !state.is_final(),
        states => states.contains(&state),
    }
}

fn row(daemon: &Daemon, job: JobView) -> Result<Row, Failure> {
    let best = daemon.ask(daemon.client.candidates(job.id, Order::Best, None, Some(1)))?;
    let goal = document::goal(&daemon.ask(daemon.client.job(job.id))?);
    Ok(Row { best: best.items.first().and_then(|best| best.metric), job, goal })
}

fn table(rows: &[Row], now_ms: u64) -> Table<9> {
    let mut table = Table::new([
        ("job", Align::Left),
        ("state", Align::Left),
        ("data", Align::Left),
        ("target", Align::Left),
        ("RAM", Align::Right),
        ("Flash", Align::Right),
        ("best of goal", Align::Right),
        ("candidates", Align::Right),
        ("age", Align::Right),
    ]);
    for Row { job, best, goal } in rows {
        let MemoryBudget { ram_bytes, flash_bytes } = job.budget;
        let cells = [
            job.id.to_string(),
            word(job.state).to_owned(),
            short(&job.data),
            job.target.clone().unwrap_or_else(none),
            ram_bytes.map_or_else(none, |bytes| Bytes(bytes).to_string()),
            flash_bytes.map_or_else(none, |bytes| Bytes(bytes).to_string()),
            standing(best.as_ref(), *goal),
            job.candidates.to_string(),
            time::span(now_ms.saturating_sub(job.submitted_ms) / 1000),
        ];
        let style = match (job.state, job.winner) {
            (JobState::Finished, Some(_)) => GOOD,
            (state, _) if state.is_final() => FAINT,
            _ => TITLE,
        };
        table.row(cells, style);
    }
    table
}

fn none() -> String {
    "-".to_owned()
}

/// A path by its end, which tells more than its beginning.
fn short(data: &str) -> String {
    let name = Path::new(data).file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| data.to_owned())
}

/// `90.12 % of 91.00 %`.
fn standing(best: Option<&Metric>, goal: Option<f64>) -> String {
    let best = best.map_or_else(none, |best| percent(best.value));
    let goal = goal.map(|goal| format!(" of {}", percent(goal))).unwrap_or_default();
    format!("{best}{goal}")
}
