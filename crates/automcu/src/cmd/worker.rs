//! `automcu worker`, hidden: whoever trains starts it, nobody types it.

use std::{fs::File, io, time::Duration};

use automcu_trainer::work;

use crate::{
    cli::Worker,
    outcome::{Failure, Outcome},
};

pub(crate) fn run(arguments: &Worker, clock: fn() -> Duration) -> Result<Outcome, Failure> {
    let path = &arguments.events;
    let opened = File::options().append(true).open(path);
    let events = opened.map_err(|error| Failure::Create { path: path.clone(), error })?;
    // The request's input is waited for by a thread of its own, so it is taken from the process.
    work(io::stdin(), events, clock)?;
    Ok(Outcome::Yes)
}
