//! `automcu history gc`.

use std::io::Write;

use automcu_daemon::{Keep, Removed};
use automcu_model::Bytes;
use automcu_settings::Settings;
use serde::Serialize;

use super::open;
use crate::{
    Said,
    cli::HistoryGc,
    cmd::write_json,
    house::wall_ms,
    outcome::{Failure, Outcome},
    show::thousands,
};

const DAY_MS: u64 = 24 * 3600 * 1000;

#[derive(Serialize)]
struct Answer {
    version: u32,
    /// Whether it was only said what would go.
    dry_run: bool,
    jobs: Vec<String>,
    events: u64,
    artifacts: u64,
    bytes: u64,
}

pub(super) fn run(arguments: &HistoryGc, settings: &Settings, said: &mut Said) -> Result<Outcome, Failure> {
    let keep = keep(arguments, &settings.history, wall_ms());
    let removed = open(&arguments.kept, &settings.places.state.value)?.sweep(&keep, arguments.dry_run)?;
    let Removed { jobs, events, artifacts, bytes } = removed;
    let jobs = jobs.iter().map(ToString::to_string).collect();
    let answer = Answer { version: 1, dry_run: arguments.dry_run, jobs, events, artifacts, bytes };
    if arguments.kept.json {
        write_json(&answer, &mut said.output)?;
        return Ok(Outcome::Yes);
    }
    let went = if arguments.dry_run { "would go" } else { "gone" };
    let (count, events, artifacts) = (answer.jobs.len(), thousands(events), thousands(artifacts));
    writeln!(said.output, "{went}: {count} jobs with {events} events; {artifacts} artifacts, {}", Bytes(bytes))?;
    if !answer.jobs.is_empty() {
        writeln!(said.output, "  {}", answer.jobs.join(" "))?;
    }
    Ok(Outcome::Yes)
}

/// What is not said is as configured. Where nobody says anything of jobs, all stay.
fn keep(arguments: &HistoryGc, configured: &automcu_settings::History, now_ms: u64) -> Keep {
    let jobs = configured.keep_jobs.value.and_then(|count| usize::try_from(count.get()).ok());
    let jobs = arguments.keep_jobs.or(jobs);
    let days = arguments.keep_days.or(configured.keep_days.value.map(|days| days.get()));
    let says_nothing = jobs.is_none() && days.is_none() && arguments.tag.is_empty();
    Keep {
        newest: jobs.unwrap_or(if says_nothing { usize::MAX } else { 0 }),
        since_ms: days.map(|days| now_ms.saturating_sub(u64::from(days) * DAY_MS)),
        tags: arguments.tag.clone(),
    }
}
