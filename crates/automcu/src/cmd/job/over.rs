//! What came of a job of a daemon.

use std::io::{self, Write};

use automcu_api::JobDetail;
use serde::Serialize;

use super::Desk;
use crate::{
    cmd::write_json,
    outcome::{Failure, Outcome},
    show::figures,
};

#[derive(Serialize)]
struct Answer<'d> {
    version: u32,
    #[serde(flatten)]
    detail: &'d JobDetail,
}

/// Tells it; the exit status is the job's outcome.
pub(super) fn tell(detail: &JobDetail, json: bool, desk: &mut Desk<'_>) -> Result<Outcome, Failure> {
    if json {
        write_json(&Answer { version: 1, detail }, &mut desk.said.output)?;
    } else {
        write(detail, &mut desk.said.output)?;
    }
    Ok(Outcome::of_job(detail))
}

fn write(detail: &JobDetail, into: &mut dyn Write) -> io::Result<()> {
    let job = detail.job.id;
    figures::counts(detail, into)?;
    writeln!(into)?;
    match &detail.winner {
        Some(winner) => {
            figures::winner(winner, into)?;
            writeln!(into)?;
            writeln!(into, "Next:")?;
            writeln!(into, "  automcu export {job} DIR     the code, the network and what is known of it")?;
            writeln!(into, "  automcu show {job}           the other candidates")
        }
        None => writeln!(into, "Next: `automcu show {job}` says why; allow more RAM, Flash or time, or aim at less."),
    }
}
