//! Starts other programs, each with a deadline.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};

/// A program about to be started.
pub(crate) struct Program {
    command: Command,
    line: String,
    deadline: Duration,
}

impl Program {
    #[expect(clippy::disallowed_methods, reason = "chores are made of other programs; this is where they start")]
    pub(crate) fn new(program: impl AsRef<Path>, arguments: &[&str], minutes: u64) -> Self {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).stdin(Stdio::null());
        let line = format!("{} {}", program.as_ref().display(), arguments.join(" "));
        Self { command, line, deadline: Duration::from_secs(60 * minutes) }
    }

    /// The cargo that runs this.
    pub(crate) fn cargo(arguments: &[&str], minutes: u64) -> Self {
        Self::new(env!("CARGO"), arguments, minutes)
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn with(mut self, variable: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(variable, value);
        self
    }

    pub(crate) fn without(mut self, variable: &str) -> Self {
        self.command.env_remove(variable);
        self
    }

    /// Runs it, its output shown; an error where it fails.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        let child = self.command.spawn().with_context(|| format!("`{}` cannot be started", self.line))?;
        let status = wait(child, self.deadline).with_context(|| format!("`{}`", self.line))?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.line);
        }
        Ok(())
    }

    /// Starts it, its output going to this file. It is killed where nobody holds it any more.
    pub(crate) fn start(mut self, log: std::fs::File) -> anyhow::Result<Running> {
        self.command.stdout(log.try_clone()?).stderr(log);
        let child = self.command.spawn().with_context(|| format!("`{}` cannot be started", self.line))?;
        Ok(Running { child, line: self.line })
    }

    /// Runs it, its output kept; an error with the last lines of it where it fails.
    pub(crate) fn output(mut self) -> anyhow::Result<String> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().with_context(|| format!("`{}` cannot be started", self.line))?;
        let streams = (child.stdout.take().context("piped")?, child.stderr.take().context("piped")?);
        let readers = (std::thread::spawn(move || text(streams.0)), std::thread::spawn(move || text(streams.1)));
        let status = wait(child, self.deadline).with_context(|| format!("`{}`", self.line))?;
        let (output, errors) = (readers.0.join().unwrap_or_default(), readers.1.join().unwrap_or_default());
        if !status.success() {
            bail!(
                "`{}` ended with {status}: {}",
                self.line,
                last_line(&errors).or(last_line(&output)).unwrap_or("it said nothing")
            );
        }
        Ok(output + &errors)
    }
}

/// A program that runs beside this one.
pub(crate) struct Running {
    child: std::process::Child,
    line: String,
}

impl Running {
    /// An error where it has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("`{}` ended with {status}", self.line),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it has ended by itself there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(mut stream: impl Read) -> String {
    const MOST: u64 = 16 << 20;
    let mut bytes = Vec::new();
    // What cannot be read is not shown; the exit status counts.
    let _ = stream.by_ref().take(MOST).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn last_line(text: &str) -> Option<&str> {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "a chore has no clock but the computer's")]
fn wait(mut child: std::process::Child, deadline: Duration) -> anyhow::Result<std::process::ExitStatus> {
    let start = std::time::Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("was killed: it took more than {} minutes", deadline.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_past_its_deadline_is_killed_and_says_so() {
        let error = Program::new("sleep", &["60"], 0).output().expect_err("killed");
        assert!(format!("{error:#}").contains("`sleep 60`: was killed"), "{error:#}");
    }

    #[test]
    fn a_program_beside_ends_with_who_holds_it_and_its_end_is_noticed() {
        let log = || tempfile::tempfile().expect("a file");
        let mut running = Program::new("sleep", &["60"], 1).start(log()).expect("started");
        running.check().expect("it runs");
        let process = format!("/proc/{}", running.child.id());
        drop(running);
        assert!(!Path::new(&process).exists());
        let mut ended = Program::new("true", &[], 1).start(log()).expect("started");
        ended.child.wait().expect("it ends");
        assert!(ended.check().expect_err("ended").to_string().contains("`true ` ended with exit status: 0"));
    }

    #[test]
    fn the_last_words_of_a_program_that_fails_are_kept() {
        let error = Program::new("sh", &["-c", "echo first; echo last >&2; exit 3"], 1).output().expect_err("fails");
        assert!(error.to_string().ends_with("exit status: 3: last"), "{error:#}");
        assert!(Program::new("no-such-program", &[], 1).run().is_err());
    }
}
