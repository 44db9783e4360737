//! `automcu history`: what a daemon has kept, while it does not run.

mod gc;
mod transfer;

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use automcu_daemon::Archive;

use crate::{
    Said,
    cli::{History, HistoryVerb, Kept},
    outcome::{Failure, Outcome},
};

/// `state` is the daemon's folder, where none is named.
pub(crate) fn run(
    arguments: &History,
    input: &mut dyn Read,
    output: &mut dyn Write,
    state: &Path,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    match &arguments.verb {
        HistoryVerb::Export(arguments) => transfer::export(arguments, output, state, said),
        HistoryVerb::Import(arguments) => transfer::import(arguments, input, state, said),
        HistoryVerb::Rebuild(arguments) => transfer::rebuild(arguments, state, said),
        HistoryVerb::Gc(arguments) => gc::run(arguments, state, said),
    }
}

/// Where it is kept.
fn folder(kept: &Kept, state: &Path) -> PathBuf {
    kept.state.clone().unwrap_or_else(|| state.to_owned())
}

fn open(kept: &Kept, state: &Path) -> Result<Archive, Failure> {
    Ok(Archive::open(&folder(kept, state))?)
}
