//! Everything a commit must pass, in one command that reports every failure.

use std::path::Path;

use anyhow::bail;

use crate::{layers, process::Program, say, schemas, test};

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut report = Report::default();
    report.step("format", || cargo(root, &["fmt", "--all", "--check"], 2));
    report.step("clippy", || {
        cargo(root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], 30)
    });
    report.step("layers", || layers::run(root));
    report.step("schemas", || schemas::run(root, true));
    report.step("docs", || {
        let arguments = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
        Program::cargo(&arguments, 15).within(root).with("RUSTDOCFLAGS", "-D warnings").run()
    });
    if Program::cargo(&["deny", "--version"], 1).output().is_ok() {
        report.step("licences and bans", || {
            cargo(root, &["deny", "--offline", "check", "licenses", "bans", "sources"], 5)
        });
    } else {
        say("-- licences and bans: left out, cargo-deny is not installed");
    }
    report.step("tests", || test::run(root, &test::Arguments::default()));
    report.finish()
}

fn cargo(root: &Path, arguments: &[&str], minutes: u64) -> anyhow::Result<()> {
    Program::cargo(arguments, minutes).within(root).run()
}

#[derive(Default)]
struct Report {
    passed: Vec<&'static str>,
    failed: Vec<String>,
}

impl Report {
    fn step(&mut self, name: &'static str, run: impl FnOnce() -> anyhow::Result<()>) {
        say(&format!("-- {name}"));
        match run() {
            Ok(()) => self.passed.push(name),
            Err(error) => self.failed.push(format!("{name}: {error:#}")),
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        say(&format!("-- passed: {}", self.passed.join(", ")));
        for failure in &self.failed {
            say(&format!("-- FAILED {failure}"));
        }
        match self.failed.len() {
            0 => Ok(()),
            count => bail!("{count} checks failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_does_not_keep_later_steps_from_running_and_all_are_told() {
        let mut report = Report::default();
        report.step("one", || bail!("wrong"));
        report.step("two", || Ok(()));
        report.step("three", || bail!("wrong too"));
        assert_eq!(
            (report.passed.as_slice(), report.failed.as_slice()),
            (&["two"][..], &["one: wrong".to_owned(), "three: wrong too".to_owned()][..])
        );
        assert_eq!(report.finish().expect_err("failed").to_string(), "2 checks failed");
    }
}
