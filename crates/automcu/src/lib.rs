//! The `automcu` program as a library, so that it can be started from a test: arguments and streams in, an outcome out.

mod cli;
mod cmd;
mod input;
mod outcome;
mod show;

use std::{
    ffi::OsString,
    io::{Read, Write},
};

use clap::{CommandFactory, Parser, error::ErrorKind};

use cli::{Cli, Verb};
pub use outcome::Outcome;

/// What the program reads from and writes to. Whoever hands in `output` decides whether colours reach it.
pub struct Streams {
    /// Standard input.
    pub input: Box<dyn Read>,
    /// Standard output: answers.
    pub output: Box<dyn Write>,
    /// Standard error: what went wrong.
    pub errors: Box<dyn Write>,
}

/// Runs the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams) -> Outcome {
    let done = match Cli::try_parse_from(arguments) {
        Ok(cli) => answer(cli.verb, streams),
        Err(error) => return refuse_arguments(&error, streams),
    };
    let done = done.and_then(|outcome| streams.output.flush().map(|()| outcome).map_err(Into::into));
    done.unwrap_or_else(|failure| {
        let outcome = failure.outcome();
        if outcome != Outcome::ReaderGone {
            // There is nowhere left to say that standard error is closed.
            let _ = writeln!(streams.errors, "automcu: {failure}");
        }
        outcome
    })
}

fn answer(verb: Verb, streams: &mut Streams) -> Result<Outcome, outcome::Failure> {
    match verb {
        Verb::Check(arguments) => cmd::check::run(&arguments, streams),
        Verb::Targets(arguments) => cmd::targets::run(&arguments, streams),
        Verb::Completions(arguments) => cmd::completions::run(&arguments, streams),
        Verb::Man(arguments) => cmd::man::run(&arguments, streams),
    }
}

/// Help and version are answers; anything else is misuse.
fn refuse_arguments(error: &clap::Error, streams: &mut Streams) -> Outcome {
    let text = error.render().ansi().to_string();
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let (sink, outcome) =
        if asked_for { (&mut streams.output, Outcome::Yes) } else { (&mut streams.errors, Outcome::Misused) };
    match write!(sink, "{text}").and_then(|()| sink.flush()) {
        Ok(()) => outcome,
        Err(_) => Outcome::ReaderGone,
    }
}

/// The program's whole command line, as completions and man pages describe it.
fn command() -> clap::Command {
    Cli::command()
}
