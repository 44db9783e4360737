//! `automcu completions`.

use std::io::Write;

use crate::{
    Said,
    cli::Completions,
    outcome::{Failure, Outcome},
};

pub(crate) fn run(arguments: &Completions, said: &mut Said) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::command(), "automcu", &mut script);
    said.output.write_all(&script)?;
    Ok(Outcome::Yes)
}
