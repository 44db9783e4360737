//! `automcu bench`.

mod rival;
mod train;

use std::{path::PathBuf, time::Duration};

use crate::{
    Live, Said,
    cli::{Bench, BenchVerb},
    outcome::{Failure, Outcome},
};

pub(crate) fn run(
    arguments: &Bench,
    folders: &[PathBuf],
    clock: fn() -> Duration,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    match &arguments.verb {
        BenchVerb::Train(arguments) => train::run(arguments, folders, clock, live, said),
    }
}
