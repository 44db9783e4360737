//! `automcu history`: what a daemon has kept, while it does not run.

mod gc;
mod transfer;

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use automcu_daemon::Archive;
use automcu_settings::Settings;

use crate::{
    Said,
    cli::{History, HistoryVerb, Kept},
    outcome::{Failure, Outcome},
};

pub(crate) fn run(
    arguments: &History,
    input: &mut dyn Read,
    output: &mut dyn Write,
    settings: &Settings,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    // The daemon's folder, where none is named.
    let state = settings.places.state.value.as_path();
    match &arguments.verb {
        HistoryVerb::Export(arguments) => transfer::export(arguments, output, state, said),
        HistoryVerb::Import(arguments) => transfer::import(arguments, input, state, said),
        HistoryVerb::Rebuild(arguments) => transfer::rebuild(arguments, state, said),
        HistoryVerb::Gc(arguments) => gc::run(arguments, settings, said),
    }
}

/// Where it is kept.
fn folder(kept: &Kept, state: &Path) -> PathBuf {
    kept.state.clone().unwrap_or_else(|| state.to_owned())
}

fn open(kept: &Kept, state: &Path) -> Result<Archive, Failure> {
    Ok(Archive::open(&folder(kept, state))?)
}
