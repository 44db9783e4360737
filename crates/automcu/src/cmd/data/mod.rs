//! `automcu data`.

mod inspect;
mod list;
mod prepare;

use std::path::Path;

use crate::{
    Said,
    cli::{Data, DataVerb},
    outcome::{Failure, Outcome},
};

/// `home` is where data sets lie under their names.
pub(crate) fn run(arguments: &Data, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    match &arguments.verb {
        DataVerb::List(arguments) => list::run(arguments, home, said),
        DataVerb::Prepare(arguments) => prepare::run(arguments, home, said),
        DataVerb::Inspect(arguments) => inspect::run(arguments, home, said),
    }
}
