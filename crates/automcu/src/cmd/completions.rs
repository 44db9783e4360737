//! `automcu completions`.

use std::io::Write;

use crate::{
    Streams,
    cli::Completions,
    outcome::{Failure, Outcome},
};

pub(crate) fn run(arguments: &Completions, streams: &mut Streams) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::command(), "automcu", &mut script);
    streams.output.write_all(&script)?;
    Ok(Outcome::Yes)
}
