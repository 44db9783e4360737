//! `automcu cancel`, `pause` and `resume`.

use std::io::Write;

use automcu_api::JobId;
use serde::Serialize;

use super::Desk;
use crate::{
    cli::Several,
    cmd::write_json,
    outcome::{Failure, Outcome},
};

/// What is done with a job.
#[derive(Clone, Copy)]
pub(super) enum Command {
    Cancel,
    Pause,
    Resume,
}

impl Command {
    /// What happens from now on: it is accepted, and events tell when it is done.
    const fn happens(self) -> &'static str {
        match self {
            Self::Cancel => "is being cancelled",
            Self::Pause => "is being paused",
            Self::Resume => "goes on",
        }
    }
}

/// What came of it.
#[derive(Serialize)]
struct Done {
    job: JobId,
    is_accepted: bool,
    /// Why not.
    problem: Option<String>,
}

/// Each job by itself: one that cannot is told, and the others can. The exit status is that of the first that cannot.
pub(super) fn run(command: Command, arguments: &Several, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let (mut outcome, mut all) = (Outcome::Yes, Vec::new());
    for job in &arguments.jobs {
        let client = &daemon.client;
        let done = match command {
            Command::Cancel => daemon.ask(client.cancel(*job)),
            Command::Pause => daemon.ask(client.pause(*job)),
            Command::Resume => daemon.ask(client.resume(*job)),
        };
        let problem = done.as_ref().err().map(ToString::to_string);
        match (&done, &problem) {
            (Err(failure), Some(problem)) => {
                outcome = if outcome == Outcome::Yes { failure.outcome() } else { outcome };
                writeln!(desk.said.errors, "automcu: {job}: {problem}")?;
            }
            _ if !arguments.via.json => writeln!(desk.said.output, "{job} {}", command.happens())?,
            _ => {}
        }
        all.push(Done { job: *job, is_accepted: problem.is_none(), problem });
        // Of a daemon that is not there the next job would say the same.
        if let Err(Failure::Client(error)) = &done
            && !matches!(error, automcu_api::ClientError::Refused(_))
        {
            break;
        }
    }
    if arguments.via.json {
        write_json(&all, &mut desk.said.output)?;
    }
    Ok(outcome)
}
