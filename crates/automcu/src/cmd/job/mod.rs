//! The verbs that speak with a daemon, a file each.

mod command;
mod document;
mod export;
mod follow;
mod log_level;
mod logs;
mod ls;
mod metrics;
mod over;
mod replay;
mod set;
mod show;
mod submit;
mod wait;
mod watch;

use std::{
    io::{Read, Write},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use automcu_api::Surroundings;

use crate::{
    Live, Said,
    cli::{JobVerb, Via},
    daemon::Daemon,
    outcome::{Failure, Outcome},
};

/// What these verbs have to work with.
pub(crate) struct Desk<'s> {
    pub(crate) input: &'s mut dyn Read,
    /// Standard output, for what is told while it happens.
    pub(crate) output: &'s mut dyn Write,
    pub(crate) live: Live<'s>,
    /// Whether a person answers on standard input.
    pub(crate) is_answered: bool,
    /// Where a daemon's socket may be.
    pub(crate) sockets: &'s Surroundings,
    pub(crate) clock: fn() -> Duration,
    pub(crate) interrupts: fn() -> Arc<AtomicBool>,
    /// What is told at the end.
    pub(crate) said: &'s mut Said,
}

impl Desk<'_> {
    fn daemon(&self, via: &Via) -> Result<Daemon, Failure> {
        Daemon::find(via.socket.as_deref(), self.sockets)
    }
}

pub(crate) fn run(verb: &JobVerb, desk: Desk<'_>) -> Result<Outcome, Failure> {
    match verb {
        JobVerb::Submit(arguments) => submit::run(arguments, desk),
        JobVerb::Ls(arguments) => ls::run(arguments, desk),
        JobVerb::Show(arguments) => show::run(arguments, desk),
        JobVerb::Watch(arguments) => watch::run(arguments, desk),
        JobVerb::Logs(arguments) => logs::run(arguments, desk),
        JobVerb::Cancel(arguments) => command::run(command::Command::Cancel, &arguments.of, desk),
        JobVerb::Pause(arguments) => command::run(command::Command::Pause, &arguments.of, desk),
        JobVerb::Resume(arguments) => command::run(command::Command::Resume, &arguments.of, desk),
        JobVerb::Set(arguments) => set::run(arguments, desk),
        JobVerb::Wait(arguments) => wait::run(arguments, desk),
        JobVerb::Export(arguments) => export::run(arguments, desk),
        JobVerb::Replay(arguments) => replay::run(arguments, desk),
        JobVerb::LogLevel(arguments) => log_level::run(arguments, desk),
        JobVerb::Metrics(arguments) => metrics::run(arguments, desk),
    }
}
