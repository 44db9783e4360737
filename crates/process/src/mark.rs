//! A mark in the environment, by which all that a program started is found again: also what left its process group, and what
//! is left of a program whose starter was killed.
//!
//! A process that hands on another environment than its own is not found.

use std::ffi::{OsStr, OsString};

/// A word that a program carries in its environment, with all that it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(OsString);

impl Mark {
    /// What it is called in the environment.
    pub const NAME: &str = "AUTOMCU_RUN";

    /// A mark; two programs that are ended apart have different ones.
    #[must_use]
    pub fn new(word: impl Into<OsString>) -> Self {
        Self(word.into())
    }

    /// What is written into the environment.
    #[must_use]
    pub fn word(&self) -> &OsStr {
        &self.0
    }

    /// Ends every process that carries it. Whether none is left.
    pub fn end_all(&self) -> bool {
        end_marked(|word| word == self.0)
    }
}

/// Ends every process of this user whose mark is meant, at once and without asking, until none is left or none will go. Whether
/// none is left. Where there is no `/proc`, none is found.
pub fn end_marked(is_meant: impl Fn(&OsStr) -> bool) -> bool {
    processes::end(&is_meant)
}

/// Ends what carries a mark, when dropped.
pub(crate) struct EndsMarked<'m>(pub(crate) Option<&'m Mark>);

impl Drop for EndsMarked<'_> {
    fn drop(&mut self) {
        if let Some(mark) = self.0 {
            // What will not go is found by whoever looks next.
            mark.end_all();
        }
    }
}

#[cfg(target_os = "linux")]
mod processes {
    use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, thread, time::Duration};

    use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

    use super::Mark;

    /// One that is found may just have started another: it is looked for until twice in a row none is there.
    const QUIET_ROUNDS: u32 = 2;
    /// Who does not go within so many rounds waits for a device that does not answer.
    const ROUNDS: u32 = 500;
    const PAUSE: Duration = Duration::from_millis(5);

    pub(super) fn end(is_meant: &dyn Fn(&OsStr) -> bool) -> bool {
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            quiet = if end_once(is_meant) == 0 { quiet + 1 } else { 0 };
            if quiet == QUIET_ROUNDS {
                return true;
            }
            if quiet == 0 {
                pause();
            }
        }
        false
    }

    #[expect(clippy::disallowed_methods, reason = "processes end on the computer's clock; rounds are counted")]
    fn pause() {
        thread::sleep(PAUSE);
    }

    /// How many were found.
    fn end_once(is_meant: &dyn Fn(&OsStr) -> bool) -> usize {
        let Ok(processes) = fs::read_dir("/proc") else { return 0 };
        let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        numbers.filter_map(Pid::from_raw).filter(|&process| process != getpid() && end_one(process, is_meant)).count()
    }

    /// Whether the process carries a mark that is meant; then it is sent its end.
    fn end_one(process: Pid, is_meant: &dyn Fn(&OsStr) -> bool) -> bool {
        // Held before it is looked at: whoever gets its number after it is not ended in its place.
        let Ok(held) = pidfd_open(process, PidfdFlags::empty()) else { return false };
        // Of another user, or ended.
        let Ok(environment) = fs::read(format!("/proc/{}/environ", process.as_raw_nonzero())) else { return false };
        let is_marked = mark_in(&environment).is_some_and(is_meant);
        if is_marked {
            // It may have ended by itself.
            let _ = pidfd_send_signal(held, Signal::KILL);
        }
        is_marked
    }

    fn mark_in(environment: &[u8]) -> Option<&OsStr> {
        let mut variables = environment.split(|&byte| byte == 0);
        variables.find_map(|variable| {
            let word = variable.strip_prefix(Mark::NAME.as_bytes())?.strip_prefix(b"=")?;
            Some(OsStr::from_bytes(word))
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod processes {
    use std::ffi::OsStr;

    pub(super) fn end(_: &dyn Fn(&OsStr) -> bool) -> bool {
        true
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Limits, Program, Status};

    fn is_gone(process: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.trim()));
        stat.map_or(true, |stat| stat.contains(") Z "))
    }

    fn marked(folder: &Path, script: &str) -> Program {
        Program::new("/bin/sh", folder).args(["-c", script]).marked(Mark::new(folder))
    }

    #[test]
    fn what_left_the_group_ends_with_the_program_that_started_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "setsid sh -c 'echo $$ > child; sleep 60; true' & while [ ! -s child ]; do sleep 0.01; done";
        let ended = marked(folder.path(), script).run(Limits::of_seconds(20)).expect("a shell");
        let child = std::fs::read_to_string(folder.path().join("child")).expect("written");
        assert_eq!((ended.status, is_gone(&child), ended.output.was_cut), (Status::Exited(0), true, false));
    }

    #[test]
    fn only_what_is_meant_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = Mark::new(folder.path().join("other"));
        assert!(other.end_all(), "there is none");
        let ended = marked(folder.path(), "sleep 0.2; exit 5").run(Limits::of_seconds(20)).expect("a shell");
        assert_eq!(ended.status, Status::Exited(5));
    }
}
