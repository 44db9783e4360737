//! Process groups: a program and all that it started, as long as that has not left.

use std::{
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

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

/// A child that leads a group of its own.
#[derive(Debug)]
pub(crate) struct Leader {
    child: Child,
    group: Pid,
    is_reaped: bool,
}

impl Leader {
    /// Starts a command as the leader of a group.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let group = Pid::from_child(&child);
        Ok(Self { child, group, is_reaped: false })
    }

    pub(crate) const fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the leader to end, and ends it and its group where it takes too long: a signal that it may heed after
    /// `deadline`, one that it may not after `grace` more.
    #[expect(clippy::disallowed_methods, reason = "a child's deadline runs on the computer's clock")]
    pub(crate) fn wait(&mut self, deadline: Duration, grace: Duration) -> io::Result<Status> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut was_asked = false;
        loop {
            // The group is ended before the child is reaped: until then its number is nobody else's.
            if self.has_ended()? {
                self.kill();
                let status = self.child.wait()?;
                self.is_reaped = true;
                return Ok(if was_asked { Status::TimedOut } else { status_of(status) });
            }
            let taken = start.elapsed();
            if taken > deadline.saturating_add(grace) {
                self.kill();
                self.child.kill()?;
                self.child.wait()?;
                self.is_reaped = true;
                return Ok(Status::TimedOut);
            }
            if taken > deadline && !was_asked {
                was_asked = true;
                let _ = kill_process_group(self.group, Signal::TERM);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Ends the whole group. Only before the leader is reaped.
    fn kill(&self) {
        // It may have ended by itself.
        let _ = kill_process_group(self.group, Signal::KILL);
    }

    fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.group), options)?.is_some())
    }
}

impl Drop for Leader {
    /// Whoever gives it up does not leave it behind.
    fn drop(&mut self) {
        if !self.is_reaped {
            self.kill();
            // What cannot be waited for cannot be told to anybody any more.
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

fn status_of(status: ExitStatus) -> Status {
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Exited(code),
        (None, signal) => Status::Signalled(signal.unwrap_or(0)),
    }
}

/// A program that outlives the one that waits for it would run on for ever: nobody is left to end it.
pub(crate) trait EndsWithParent {
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
