//! What stories share: the program, started in this process, and what it said.

pub mod fake_daemon;
pub mod random;
pub mod sage;
pub mod server;

mod daemon;

pub use daemon::{Daemon, Lair};

use std::{
    cell::RefCell,
    ffi::OsString,
    io::{Cursor, Write},
    path::{Path, PathBuf},
    rc::Rc,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use automcu::{Outcome, Streams, Surroundings};
use automcu_settings::Environment;

/// Where programs usually lie.
const USUAL: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

/// How a run of the program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub errors: String,
}

/// Runs `automcu` with these arguments.
pub fn automcu(arguments: &[&str]) -> Ended {
    automcu_reading(b"", arguments)
}

/// Runs `automcu` with this on its standard input.
pub fn automcu_reading(input: &[u8], arguments: &[&str]) -> Ended {
    automcu_among(&USUAL, input, arguments)
}

/// Runs `automcu` where data sets lie in this folder.
pub fn automcu_keeping(data: &Path, arguments: &[&str]) -> Ended {
    let settings = Environment::default().saying("AUTOMCU_DATA", data);
    run(&USUAL, &Surroundings { settings, ..Surroundings::default() }, b"", arguments)
}

/// Runs `automcu` where this follows from the environment for its configuration, and nothing else.
pub fn automcu_configured(settings: &Environment, input: &[u8], arguments: &[&str]) -> Ended {
    run(&USUAL, &Surroundings { settings: settings.clone(), ..Surroundings::default() }, input, arguments)
}

/// Runs `automcu` where the environment says this.
pub fn automcu_within(surroundings: &Surroundings, folders: &[&str], arguments: &[&str]) -> Ended {
    run(folders, surroundings, b"", arguments)
}

/// Runs `automcu` where programs are looked for in these folders only.
pub fn automcu_among(folders: &[&str], input: &[u8], arguments: &[&str]) -> Ended {
    run(folders, &Surroundings::default(), input, arguments)
}

/// Runs `automcu` where a person answers this at the terminal.
pub fn automcu_asked(answer: &str, arguments: &[&str]) -> Ended {
    started(&USUAL, &Surroundings::default(), answer.as_bytes(), true, arguments)
}

fn run(folders: &[&str], surroundings: &Surroundings, input: &[u8], arguments: &[&str]) -> Ended {
    started(folders, surroundings, input, false, arguments)
}

fn started(
    folders: &[&str],
    surroundings: &Surroundings,
    input: &[u8],
    is_answered: bool,
    arguments: &[&str],
) -> Ended {
    let (output, errors) = (Kept::default(), Kept::default());
    let mut streams = Streams {
        input: Box::new(Cursor::new(input.to_vec())),
        output: Box::new(output.clone()),
        errors: Box::new(errors.clone()),
        folders: folders.iter().map(PathBuf::from).collect(),
        surroundings: surroundings.clone(),
        is_watched: false,
        is_answered,
        is_journal: false,
        clock: since_start,
        program: program(),
        interrupts: Arc::default,
    };
    let line = ["automcu"].iter().chain(arguments).map(OsString::from);
    let outcome = automcu::run(line, &mut streams);
    Ended { outcome, output: output.text(), errors: errors.text() }
}

/// The program that starts itself to do long work: it is built with the tests, beside their folder.
#[must_use]
pub fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a test is a program");
    let folder = tests.parent().and_then(Path::parent).expect("tests lie in a folder of their own");
    folder.join("automcu-of-stories")
}

#[expect(clippy::disallowed_methods, reason = "training says how long it took")]
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The path of a fixture.
#[must_use]
pub fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    path.to_str().expect("the repository's path is text").to_owned()
}

#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("text")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
