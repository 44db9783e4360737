//! The program: hands its arguments and streams to the library.

use std::{
    io::IsTerminal,
    process::ExitCode,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use signal_hook::consts::{SIGINT, SIGTERM};

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "a program looks for others where its user's shell does")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut streams = automcu::Streams {
        input: Box::new(std::io::stdin()),
        output: Box::new(anstream::stdout()),
        errors: Box::new(anstream::stderr()),
        folders: std::env::split_paths(&path).collect(),
        surroundings: surroundings(),
        is_watched: std::io::stderr().is_terminal(),
        is_answered: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        is_journal: is_journal(),
        clock: since_start,
        program: std::env::current_exe().unwrap_or_else(|_| "automcu".into()),
        interrupts,
    };
    automcu::run(std::env::args_os(), &mut streams).into()
}

/// The time since this was first asked.
#[expect(clippy::disallowed_methods, reason = "the program hands the clock in")]
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Has the flag set by the first interruption of the user; the second ends the program.
fn interrupts() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Where a signal cannot be heard, it ends the program as ever.
        let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&flag));
        let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
    }
    flag
}

/// What the environment says of tools, of places for files, and of the configuration.
#[expect(clippy::disallowed_methods, reason = "a program works as its user's environment says")]
fn surroundings() -> automcu::Surroundings {
    let processors = std::thread::available_parallelism().map_or(1, Into::into);
    let user = rustix::process::geteuid().as_raw();
    let settings = automcu_settings::Environment::read(|name| std::env::var_os(name), user, processors);
    automcu::Surroundings { settings, ..automcu::Surroundings::read(|name| std::env::var_os(name)) }
}

/// Whether the journal reads standard error: systemd says which file that is, and a child may have another.
#[expect(clippy::disallowed_methods, reason = "the journal is where the environment says")]
fn is_journal() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let own = rustix::fs::fstat(std::io::stderr());
    own.is_ok_and(|own| stream.to_str() == Some(&format!("{}:{}", own.st_dev, own.st_ino)))
}
