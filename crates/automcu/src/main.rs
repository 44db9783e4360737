//! The program: hands its arguments and streams to the library.

use std::{
    io::IsTerminal,
    path::PathBuf,
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
        data: data_home(),
        state: state_home(),
        sockets: sockets(),
        is_watched: std::io::stderr().is_terminal(),
        is_answered: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
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

/// What the environment says of tools and of places for files.
#[expect(clippy::disallowed_methods, reason = "a program uses the tools that its user's environment names")]
fn surroundings() -> automcu::Surroundings {
    automcu::Surroundings::read(|name| std::env::var_os(name))
}

/// Where the environment says that a daemon listens.
#[expect(clippy::disallowed_methods, reason = "a client looks for the daemon where its user's environment says")]
fn sockets() -> automcu_api::Surroundings {
    let path = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    automcu_api::Surroundings {
        flag: None,
        variable: path("AUTOMCU_SOCKET"),
        configured: None,
        runtime: path("XDG_RUNTIME_DIR"),
        user: rustix::process::geteuid().as_raw(),
    }
}

/// Where histories are kept: AUTOMCU_STATE, or where the user's programs keep what they did.
#[expect(clippy::disallowed_methods, reason = "a program keeps things where its user's environment says")]
fn state_home() -> PathBuf {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let shared = || folder("XDG_STATE_HOME").map(|folder| folder.join("automcu"));
    let personal = || folder("HOME").map(|folder| folder.join(".local/state/automcu"));
    folder("AUTOMCU_STATE").or_else(shared).or_else(personal).unwrap_or_else(|| PathBuf::from("automcu-state"))
}

/// Where data sets lie under their names: AUTOMCU_DATA, or where the user's programs keep what they fetched.
#[expect(clippy::disallowed_methods, reason = "a program keeps things where its user's environment says")]
fn data_home() -> PathBuf {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = folder("AUTOMCU_DATA");
    let shared = || folder("XDG_DATA_HOME").map(|folder| folder.join("automcu/data"));
    let personal = || folder("HOME").map(|folder| folder.join(".local/share/automcu/data"));
    own.or_else(shared).or_else(personal).unwrap_or_else(|| PathBuf::from("automcu-data"))
}
