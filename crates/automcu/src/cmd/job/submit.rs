//! `automcu submit`.

use std::io::Write;

use automcu_api::{JobId, Resolved};
use serde::Serialize;

use super::{
    Desk,
    follow::{Way, follow},
    over,
};
use crate::{
    cli::Submit,
    cmd::write_json,
    daemon::Daemon,
    input,
    outcome::{Failure, Outcome},
    wish::{self, Consent, Wish},
};

#[derive(Serialize)]
struct Answer {
    version: u32,
    job: JobId,
    resolved: Resolved,
}

pub(super) fn run(arguments: &Submit, mut desk: Desk<'_>) -> Result<Outcome, Failure> {
    let targets = input::catalogue(arguments.catalogue.targets_dir.as_deref())?;
    let wish = Wish::read(&arguments.job, desk.input, &targets)?;
    let daemon = desk.daemon(&arguments.via)?;
    let resolved = daemon.ask(daemon.client.resolve(&wish.job))?;
    for line in wish.shown(&resolved) {
        // That nobody listens is no reason to stop.
        let _ = writeln!(desk.live.sink, "{line}");
    }
    match wish.consent(arguments.yes, desk.is_answered) {
        Consent::Given => {}
        Consent::Open if wish::agrees("Submit?", &mut desk.live, desk.input) => {}
        Consent::Open => return Ok(Outcome::No),
        Consent::Missing => return Err(Failure::Unconfirmed),
    }
    let job = daemon.ask(daemon.client.submit(&wish.job, arguments.key.as_deref()))?.job;
    let json = arguments.via.json;
    if let Some(way) = way(arguments.wait, arguments.watch, json) {
        return until_over(&daemon, job, way, json, &mut desk);
    }
    if json {
        write_json(&Answer { version: 1, job, resolved }, &mut desk.said.output)?;
    } else {
        writeln!(desk.said.output, "{job}")?;
        writeln!(desk.said.errors, "`automcu watch {job}` shows how it goes")?;
    }
    Ok(Outcome::Yes)
}

/// How a job is followed that was just submitted, if it is.
pub(super) fn way(wait: bool, watch: bool, json: bool) -> Option<Way> {
    match (wait, watch) {
        (_, true) if json => Some(Way::Json),
        (_, true) => Some(Way::Watching),
        (true, _) => Some(Way::Silently),
        (false, false) => None,
    }
}

/// The job's outcome, once it is over. Whoever is interrupted knows its number.
fn until_over(daemon: &Daemon, job: JobId, way: Way, json: bool, desk: &mut Desk<'_>) -> Result<Outcome, Failure> {
    if !json {
        let _ = writeln!(desk.live.sink, "{job} is submitted");
    }
    let detail = follow(daemon, job, way, None, desk)?;
    over::tell(&detail, json, desk)
}
