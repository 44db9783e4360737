//! `automcu bench`.

mod cells;
mod lines;
mod plot;
mod record;
mod rival;
mod search;
mod train;

use std::path::PathBuf;

use crate::{
    Host, Live, Said,
    cli::{Bench, BenchVerb},
    judges::Workshop,
    outcome::{Failure, Outcome},
};

pub(crate) fn run(
    arguments: &Bench,
    folders: &[PathBuf],
    host: &Host<'_>,
    workshop: &Workshop<'_>,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    match &arguments.verb {
        BenchVerb::Train(arguments) => train::run(arguments, folders, host.clock, live, said),
        BenchVerb::Cells(arguments) => cells::run(arguments, live, said),
        BenchVerb::Search(arguments) => search::run(arguments, host, workshop, live, said),
    }
}
