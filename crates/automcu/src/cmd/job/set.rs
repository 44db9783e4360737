//! `automcu set`.

use std::io::Write;

use automcu_api::{Adjustment, JobId};
use serde::Serialize;

use super::Desk;
use crate::{
    cli::{Bound, Set},
    cmd::write_json,
    outcome::{Failure, Outcome},
};

#[derive(Serialize)]
struct Answer {
    version: u32,
    job: JobId,
    accepted: Adjustment,
}

pub(super) fn run(arguments: &Set, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let adjustment = Adjustment {
        priority: arguments.priority,
        time: arguments.time.map(Bound::or_null),
        candidates: arguments.candidates,
        goal: arguments.goal.map(Bound::or_null),
    };
    daemon.ask(daemon.client.adjust(arguments.job, &adjustment))?;
    if arguments.via.json {
        let answer = Answer { version: 1, job: arguments.job, accepted: adjustment };
        write_json(&answer, &mut desk.said.output)?;
    } else {
        writeln!(desk.said.output, "{} is changed", arguments.job)?;
    }
    Ok(Outcome::Yes)
}
