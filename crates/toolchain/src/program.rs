//! One program, started within bounds: a process group and a folder of its own, a deadline, first a polite signal, then a
//! final one, and no more output kept than was agreed.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// What a program may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// After this it is asked to end.
    pub deadline: Duration,
    /// After this much more it is ended.
    pub grace: Duration,
    /// The most bytes kept of each of its outputs; the rest is read and dropped.
    pub output_bytes: usize,
}

impl Limits {
    /// A deadline, with two seconds of grace and 256 KiB of output.
    #[must_use]
    pub const fn of_seconds(seconds: u64) -> Self {
        Self { deadline: Duration::from_secs(seconds), grace: Duration::from_secs(2), output_bytes: 256 << 10 }
    }
}

/// A program about to be started. It sees no environment but a path, a plain locale and its own folder.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    search: OsString,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this status.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// Because it took longer than allowed.
    TimedOut,
}

/// What a program said on one of its outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The first bytes of it, as text.
    pub text: String,
    /// Whether there was more.
    pub was_cut: bool,
}

/// A program that was started and has ended, together with all that it started.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// What it said on its standard output.
    pub output: Said,
    /// What it said on its standard error.
    pub errors: Said,
}

impl Ended {
    /// The last words of it that say anything, for a message.
    #[must_use]
    pub fn last_words(&self) -> &str {
        fn words(said: &Said) -> Option<&str> {
            said.text.lines().rev().map(str::trim).find(|line| !line.is_empty())
        }
        words(&self.errors).or_else(|| words(&self.output)).unwrap_or("it said nothing")
    }
}

/// A program that did not get as far as ending.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not there, or may not be started.
    #[error("{} cannot be started: {error}", program.display())]
    NotStarted {
        /// Which.
        program: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It was started, and lost.
    #[error("{} was started and cannot be waited for: {error}", program.display())]
    Lost {
        /// Which.
        program: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Program {
    /// A program that will run in this folder.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let search = OsString::from("/usr/local/bin:/usr/bin:/bin");
        Self { path: path.into(), arguments: Vec::new(), folder: folder.into(), search }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Where the program is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs it to its end, or to its limits. When this returns, nothing that it started is left in its process group.
    pub fn run(&self, limits: Limits) -> Result<Ended, ProgramError> {
        let mut child = self.start().map_err(|error| ProgramError::NotStarted { program: self.path.clone(), error })?;
        let group = Pid::from_child(&child);
        let outputs = (
            child.stdout.take().map(|stream| reader(stream, limits.output_bytes)),
            child.stderr.take().map(|stream| reader(stream, limits.output_bytes)),
        );
        let status = wait(&mut child, group, limits)
            .map_err(|error| ProgramError::Lost { program: self.path.clone(), error })?;
        let said = |output: Option<Output>| output.map(|output| output.said(limits.grace)).unwrap_or_default();
        Ok(Ended { status, output: said(outputs.0), errors: said(outputs.1) })
    }

    #[expect(clippy::disallowed_methods, reason = "this is where programs are started")]
    fn start(&self) -> io::Result<Child> {
        Command::new(&self.path)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", &self.search)
            .env("LC_ALL", "C")
            .env("HOME", &self.folder)
            .env("TMPDIR", &self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .ends_with_parent()
            .spawn()
    }
}

/// A program that outlives the one that waits for it would run on for ever: nobody is left to end it.
trait EndsWithParent {
    fn ends_with_parent(&mut self) -> &mut Self;
}

impl EndsWithParent for Command {
    #[cfg(target_os = "linux")]
    fn ends_with_parent(&mut self) -> &mut Self {
        let ask = || rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from);
        #[expect(unsafe_code, reason = "between fork and exec")]
        // SAFETY: a single system call, which allocates nothing and takes no lock.
        unsafe {
            self.pre_exec(ask)
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn ends_with_parent(&mut self) -> &mut Self {
        self
    }
}

/// Waits for the child, and ends it and its group where it takes too long.
#[expect(clippy::disallowed_methods, reason = "a child's deadline runs on the computer's clock")]
fn wait(child: &mut Child, group: Pid, limits: Limits) -> io::Result<Status> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let mut was_asked = false;
    loop {
        // The group is ended before the child is reaped: until then its number is nobody else's.
        if has_ended(group)? {
            let _ = kill_process_group(group, Signal::KILL);
            let status = child.wait()?;
            return Ok(if was_asked { Status::TimedOut } else { status_of(status) });
        }
        let taken = start.elapsed();
        if taken > limits.deadline + limits.grace {
            let _ = kill_process_group(group, Signal::KILL);
            child.kill()?;
            child.wait()?;
            return Ok(Status::TimedOut);
        }
        if taken > limits.deadline && !was_asked {
            was_asked = true;
            let _ = kill_process_group(group, Signal::TERM);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn has_ended(child: Pid) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(child), options)?.is_some())
}

fn status_of(status: ExitStatus) -> Status {
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Exited(code),
        (None, signal) => Status::Signalled(signal.unwrap_or(0)),
    }
}

/// What is read of a stream while it is read.
struct Output {
    kept: Arc<Mutex<Kept>>,
    end: Receiver<()>,
}

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    was_cut: bool,
}

impl Output {
    /// What was said, up to the end of the stream. A descendant that left the group may hold it open for ever: then what
    /// was said until now.
    fn said(self, patience: Duration) -> Said {
        let is_whole = !matches!(self.end.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Said { text: String::from_utf8_lossy(&kept.bytes).into_owned(), was_cut: kept.was_cut || !is_whole }
    }
}

/// Reads a stream to its end, and keeps the first bytes.
fn reader(mut stream: impl Read + Send + 'static, most: usize) -> Output {
    let (sender, end) = channel::<()>();
    let output = Output { kept: Arc::default(), end };
    let kept = Arc::clone(&output.kept);
    thread::spawn(move || {
        // Dropped with the thread, which is the sign that all was read.
        let _sender = sender;
        let mut part = [0; 8192];
        // What cannot be read any more is not kept; how the program ended says the rest.
        while let Ok(count @ 1..) = stream.read(&mut part) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let room = most.saturating_sub(kept.bytes.len());
            kept.bytes.extend_from_slice(&part[..count.min(room)]);
            kept.was_cut |= count > room;
        }
    });
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limits: Limits) -> Ended {
        let folder = tempfile::tempdir().expect("a folder");
        Program::new("/bin/sh", folder.path()).arg("-c").arg(script).run(limits).expect("a shell")
    }

    fn quick() -> Limits {
        Limits { deadline: Duration::from_millis(200), grace: Duration::from_millis(200), output_bytes: 64 }
    }

    #[test]
    fn a_program_ends_with_its_status_and_its_words() {
        let ended = shell("echo out; echo first >&2; echo last >&2; exit 7", Limits::of_seconds(20));
        assert_eq!((ended.status, ended.last_words()), (Status::Exited(7), "last"));
        assert_eq!(ended.output, Said { text: "out\n".to_owned(), was_cut: false });
        assert_eq!(shell("kill -9 $$", Limits::of_seconds(20)).status, Status::Signalled(9));
    }

    #[test]
    fn a_program_that_hangs_is_ended_even_where_it_does_not_want_to() {
        assert_eq!(shell("sleep 60", quick()).status, Status::TimedOut);
        assert_eq!(shell("trap '' TERM; while :; do sleep 1; done", quick()).status, Status::TimedOut);
    }

    #[test]
    fn what_a_program_starts_ends_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "(sleep 60; touch late) & echo $! > child; echo started";
        let program = Program::new("/bin/sh", folder.path()).arg("-c").arg(script);
        let ended = program.run(Limits::of_seconds(20)).expect("a shell");
        assert_eq!((ended.status, ended.output.text.as_str()), (Status::Exited(0), "started\n"));
        let child = std::fs::read_to_string(folder.path().join("child")).expect("written");
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        let is_gone = stat.map_or(true, |stat| stat.contains(") Z "));
        assert!(is_gone, "the background process still runs");
    }

    #[test]
    fn output_without_end_is_cut() {
        let ended =
            shell("head -c 3000000 /dev/zero | tr '\\0' x", Limits { output_bytes: 64, ..Limits::of_seconds(20) });
        assert_eq!((ended.status, ended.output.text.len(), ended.output.was_cut), (Status::Exited(0), 64, true));
    }

    #[test]
    fn what_was_said_is_kept_though_somebody_holds_the_pipe() {
        // Only once it has left the group.
        let script = "echo said; setsid sh -c 'touch there; sleep 5' & while [ ! -e there ]; do sleep 0.01; done";
        let limits = Limits { grace: Duration::from_millis(100), ..Limits::of_seconds(20) };
        let ended = shell(script, limits);
        assert_eq!(
            (ended.status, ended.output.text.as_str(), ended.output.was_cut),
            (Status::Exited(0), "said\n", true)
        );
    }

    #[test]
    fn a_program_sees_nothing_of_the_environment() {
        let ended = shell("env | cut -d= -f1 | sort | tr '\\n' ' '", Limits::of_seconds(20));
        let names: Vec<&str> =
            ended.output.text.split(' ').filter(|name| !["_", "OLDPWD", "PWD", "SHLVL", ""].contains(name)).collect();
        assert_eq!(names, ["HOME", "LC_ALL", "PATH", "TMPDIR"]);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::new("/no/such/program", "/").run(Limits::of_seconds(1)).expect_err("not there");
        assert!(error.to_string().starts_with("/no/such/program cannot be started: "), "{error}");
    }
}
