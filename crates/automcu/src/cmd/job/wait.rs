//! `automcu wait`.

use std::time::Duration;

use super::{
    Desk,
    follow::{Way, follow},
    over,
};
use crate::{
    board::word,
    cli::Wait,
    outcome::{Failure, Outcome},
};

pub(super) fn run(arguments: &Wait, mut desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let at_most = arguments.timeout.map(|timeout| Duration::from_secs(timeout.seconds()));
    let detail = follow(&daemon, arguments.job, Way::Silently, at_most, &mut desk)?;
    let job = &detail.job;
    if !job.state.is_final() {
        return Err(Failure::NotOver { job: job.id.to_string(), state: word(job.state) });
    }
    over::tell(&detail, arguments.via.json, &mut desk)
}
