//! The `automcu` program as a library, so that it can be started from a test: arguments and streams in, an outcome out.

mod answer;
mod audit;
mod board;
mod cli;
mod cmd;
mod configured;
mod daemon;
mod fetch;
mod house;
mod input;
mod judges;
mod language;
pub mod logging;
mod outcome;
mod record;
mod show;
mod status;
mod wish;

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use automcu_settings::{Environment, Settings};
use clap::{CommandFactory, Parser, error::ErrorKind};

use cli::{Cli, Verb};
use configured::Configured;
pub use judges::Surroundings;
use judges::Workshop;
use outcome::Failure;
pub use outcome::Outcome;

/// What the program reads from, writes to and looks into. Whoever hands in `output` decides whether colours reach it.
pub struct Streams {
    /// Standard input.
    pub input: Box<dyn Read>,
    /// Standard output: answers.
    pub output: Box<dyn Write>,
    /// Standard error: what went wrong.
    pub errors: Box<dyn Write>,
    /// Where compilers, emulators and deployment tools are looked for, in order.
    pub folders: Vec<PathBuf>,
    /// What else the environment says of tools and of places for files.
    pub surroundings: Surroundings,
    /// Whether a person watches `errors`, and lines there may be written anew.
    pub is_watched: bool,
    /// Whether a person answers on `input`.
    pub is_answered: bool,
    /// Whether the journal reads `errors`.
    pub is_journal: bool,
    /// The time since some moment.
    pub clock: fn() -> Duration,
    /// This program, which starts itself to do long work.
    pub program: PathBuf,
    /// From then on, an interruption by the user is told instead of ending the program; a second one ends it.
    pub interrupts: fn() -> Arc<AtomicBool>,
}

/// What long work needs of the computer.
struct Host<'s> {
    /// Where data sets lie under their names.
    data: &'s Path,
    clock: fn() -> Duration,
    program: &'s Path,
    interrupts: fn() -> Arc<AtomicBool>,
    /// Whether a person answers on standard input.
    is_answered: bool,
}

/// Where a verb says how far it has come, while it is at it.
struct Live<'s> {
    sink: &'s mut dyn Write,
    /// Whether a person sees lines that are written anew.
    is_watched: bool,
}

/// What a verb says, kept until it has decided how the program ends: a reader that hangs up must not change that.
#[derive(Default)]
struct Said {
    output: Vec<u8>,
    errors: Vec<u8>,
}

/// Runs the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams) -> Outcome {
    let mut said = Said::default();
    let outcome = match Cli::try_parse_from(arguments) {
        Ok(cli) => answer(cli, streams, &mut said).unwrap_or_else(|failure| {
            said.errors.extend_from_slice(format!("automcu: {failure}\n").as_bytes());
            failure.outcome()
        }),
        Err(error) => refuse_arguments(&error, &mut said),
    };
    let written = streams.output.write_all(&said.output).and_then(|()| streams.output.flush());
    let outcome = match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            said.errors.extend_from_slice(format!("automcu: the answer cannot be written: {error}\n").as_bytes());
            Outcome::Unwritable
        }
        _ => outcome,
    };
    // There is nowhere left to say that standard error is closed.
    let _ = streams.errors.write_all(&said.errors).and_then(|()| streams.errors.flush());
    outcome
}

fn answer(cli: Cli, streams: &mut Streams, said: &mut Said) -> Result<Outcome, Failure> {
    let Streams { input, output, errors, folders, surroundings, clock, program, interrupts, .. } = streams;
    let (is_watched, is_answered, is_journal) = (streams.is_watched, streams.is_answered, streams.is_journal);
    let Cli { config, mut verb } = cli;
    let settings = settings(&mut verb, config.as_deref(), &surroundings.settings)?;
    let data = settings.places.data.value.as_path();
    let host = Host { data, clock: *clock, program, interrupts: *interrupts, is_answered };
    let mut live = Live { sink: errors, is_watched };
    let workshop = || Workshop::open(folders, surroundings, (&settings.judges).into());
    match verb {
        Verb::Run(arguments) => cmd::run::run(&arguments, input, &host, &settings, &workshop(), &mut live, said),
        Verb::Serve(arguments) => {
            let reader = cmd::serve::Reader { is_watched, is_journal };
            cmd::serve::run(&arguments, config, &surroundings.settings, &settings, &host, &workshop(), reader)
        }
        Verb::Job(verb) => {
            let (sockets, clock, interrupts) = (&settings.sockets(&surroundings.settings), *clock, *interrupts);
            cmd::job::run(&verb, cmd::job::Desk { input, output, live, is_answered, sockets, clock, interrupts, said })
        }
        Verb::History(arguments) => cmd::history::run(&arguments, input, output, &settings, said),
        Verb::Check(arguments) => cmd::check::run(&arguments, input, said),
        Verb::Inspect(arguments) => cmd::inspect::run(&arguments, input, said),
        Verb::Fit(arguments) => cmd::fit::run(&arguments, input, said),
        Verb::Compile(arguments) => cmd::compile::run(&arguments, input, data, said),
        Verb::Build(arguments) => cmd::build::run(&arguments, input, data, said),
        Verb::Eval(arguments) => cmd::eval::run(&arguments, input, data, said),
        Verb::Data(arguments) => cmd::data::run(&arguments, data, said),
        Verb::Train(arguments) => cmd::train::run(&arguments, input, &host, &mut live, said),
        Verb::Bench(arguments) => cmd::bench::run(&arguments, folders, &host, &workshop(), &mut live, said),
        Verb::Worker(arguments) => cmd::worker::run(&arguments, *clock),
        Verb::Verify(arguments) => cmd::verify::run(&arguments, &workshop(), said),
        Verb::Screen(arguments) => cmd::screen::run(&arguments, input, &workshop(), said),
        Verb::Audit(arguments) => {
            let sockets = settings.sockets(&surroundings.settings);
            cmd::audit::run(&arguments, data, program, &workshop(), &sockets, said)
        }
        Verb::Validate(arguments) => cmd::validate::run(&arguments, input, &workshop(), said),
        Verb::Doctor(arguments) => cmd::doctor::run(&arguments, &workshop(), program, *clock, said),
        Verb::Targets(arguments) => cmd::targets::run(&arguments, input, said),
        Verb::Spaces(arguments) => cmd::spaces::run(&arguments, data, said),
        Verb::Largest(arguments) => cmd::largest::run(&arguments, data, said),
        Verb::VendorReport(arguments) => cmd::vendor_report::run(&arguments, input, said),
        Verb::Config(arguments) => cmd::config::run(&arguments, config, input, &surroundings.settings, said),
        Verb::Completions(arguments) => cmd::completions::run(&arguments, said),
        Verb::Man(arguments) => cmd::man::run(&arguments, said),
    }
}

/// The configuration that the verb works with, and its targets where the command line names none.
fn settings(verb: &mut Verb, config: Option<&Path>, environment: &Environment) -> Result<Settings, Failure> {
    if !verb.is_configured() {
        return Ok(Settings::usual(environment));
    }
    let flags = verb.flags();
    let Configured { settings, .. } = Configured::of(&flags, config.map(Path::to_owned), environment)?;
    if let Some(catalogue) = verb.catalogue() {
        catalogue.targets_dir = catalogue.targets_dir.take().or_else(|| settings.places.targets.value.clone());
    }
    Ok(settings)
}

/// Help and version are answers; anything else is misuse.
fn refuse_arguments(error: &clap::Error, said: &mut Said) -> Outcome {
    let text = error.render().ansi().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            said.output.extend_from_slice(text.as_bytes());
            Outcome::Yes
        }
        _ => {
            said.errors.extend_from_slice(text.as_bytes());
            Outcome::Misused
        }
    }
}

/// The program's whole command line, as completions and man pages describe it.
fn command() -> clap::Command {
    Cli::command()
}
