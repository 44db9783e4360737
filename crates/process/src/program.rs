//! One program, started within bounds: a process group and a folder of its own, a deadline, first a polite signal, then a
//! final one, and no more output kept than was agreed.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    group::{EndsWithParent, Leader, Status},
    mark::{EndsMarked, Mark},
    said::{Keep, Output, Said},
};

/// What a program may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// After this it is asked to end.
    pub deadline: Duration,
    /// After this much more it is ended.
    pub grace: Duration,
    /// The most bytes kept of each of its outputs, half of them the first and half the last; the rest is read and dropped.
    pub output_bytes: usize,
}

impl Limits {
    /// A deadline, with two seconds of grace and 256 KiB of output.
    #[must_use]
    pub const fn of_seconds(seconds: u64) -> Self {
        Self { deadline: Duration::from_secs(seconds), grace: Duration::from_secs(2), output_bytes: 256 << 10 }
    }
}

/// A program about to be started. It sees no environment but a path, a plain locale, its own folder, and what else it is given.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    search: Vec<PathBuf>,
    home: Option<PathBuf>,
    mark: Option<Mark>,
}

/// Where every program looks for others, after the folders that it is given.
pub const SEARCHED: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];

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
        self.errors.last_words().or_else(|| self.output.last_words()).unwrap_or("it said nothing")
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
        let (path, folder) = (path.into(), folder.into());
        Self { path, arguments: Vec::new(), folder, search: Vec::new(), home: None, mark: None }
    }

    /// With folders where it looks for others first. One whose name a path cannot hold is left out.
    #[must_use]
    pub fn searching(mut self, folders: &[PathBuf]) -> Self {
        let can_be_held = |folder: &&PathBuf| std::env::join_paths([folder]).is_ok();
        self.search.extend(folders.iter().filter(can_be_held).cloned());
        self
    }

    /// With another home than its folder.
    #[must_use]
    pub fn home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// With a mark. When it has been run to its end, all that carries the mark is ended, also what left its process group.
    #[must_use]
    pub fn marked(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
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

    /// What was called, for whoever looks at what came of it.
    #[must_use]
    pub fn line(&self) -> String {
        let arguments = self.arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
        [self.path.display().to_string()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
    }

    /// Where the program is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs it to its end, or to its limits. When this returns, nothing that it started is left in its process group, nor, where
    /// it was given a mark, outside.
    pub fn run(&self, limits: Limits) -> Result<Ended, ProgramError> {
        let mut command = self.command();
        command.stdin(Stdio::null()).ends_with_parent();
        // Dropped after the leader, where that is lost.
        let marked = EndsMarked(self.mark.as_ref());
        let mut leader = Leader::start(&mut command).map_err(|error| self.not_started(error))?;
        let outputs = Outputs::of(&mut leader, Keep::Ends(limits.output_bytes)).map_err(|error| self.lost(error))?;
        let status = leader.wait(limits.deadline, limits.grace).map_err(|error| self.lost(error))?;
        // Whoever holds the outputs open has to go before they end.
        drop(marked);
        Ok(outputs.ended(status, limits.grace))
    }

    /// The command, with its outputs piped.
    #[expect(clippy::disallowed_methods, reason = "this is where programs are started")]
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", self.search_path())
            .env("LC_ALL", "C")
            .env("HOME", self.home.as_ref().unwrap_or(&self.folder))
            .env("TMPDIR", &self.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(mark) = &self.mark {
            command.env(Mark::NAME, mark.word());
        }
        command
    }

    fn search_path(&self) -> OsString {
        let always = SEARCHED.iter().map(Path::new);
        let folders = self.search.iter().map(PathBuf::as_path).chain(always);
        // Each was held against what a path can hold.
        std::env::join_paths(folders).unwrap_or_else(|_| SEARCHED.join(":").into())
    }

    pub(crate) fn not_started(&self, error: io::Error) -> ProgramError {
        ProgramError::NotStarted { program: self.path.clone(), error }
    }

    pub(crate) fn lost(&self, error: io::Error) -> ProgramError {
        ProgramError::Lost { program: self.path.clone(), error }
    }
}

/// Both outputs of a program while it runs.
pub(crate) struct Outputs {
    output: Option<Output>,
    errors: Option<Output>,
}

impl Outputs {
    pub(crate) fn of(leader: &mut Leader, keep: Keep) -> io::Result<Self> {
        let child = leader.child();
        Ok(Self {
            output: child.stdout.take().map(|stream| Output::of(stream, keep)).transpose()?,
            errors: child.stderr.take().map(|stream| Output::of(stream, keep)).transpose()?,
        })
    }

    pub(crate) fn ended(self, status: Status, patience: Duration) -> Ended {
        let said = |output: Option<Output>| output.map(|output| output.said(patience)).unwrap_or_default();
        Ended { status, output: said(self.output), errors: said(self.errors) }
    }
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
        let script = "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last";
        let ended = shell(script, Limits { output_bytes: 64, ..Limits::of_seconds(20) });
        assert_eq!((ended.status, ended.output.was_cut, ended.last_words()), (Status::Exited(0), true, "last"));
        let first: Vec<&str> = ended.output.text.lines().collect();
        assert_eq!((first[0], first[1].len(), first[2].len(), first.len()), ("first", 26, 26, 4));
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
    fn a_program_is_given_folders_to_search_and_a_home() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = [PathBuf::from("/opt/gcc/bin"), PathBuf::from("/opt/a:b")];
        let program = Program::new("/bin/sh", folder.path()).args(["-c", "echo $PATH $HOME"]);
        let ended = program.searching(&folders).home("/nowhere").run(Limits::of_seconds(20)).expect("a shell");
        assert_eq!(ended.output.text, "/opt/gcc/bin:/usr/local/bin:/usr/bin:/bin /nowhere\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Program::new("/no/such/program", "/").run(Limits::of_seconds(1)).expect_err("not there");
        assert!(error.to_string().starts_with("/no/such/program cannot be started: "), "{error}");
    }
}
