//! The README's test command: sets up, runs all tests, and fails where a test skipped what could be set up.

use std::path::Path;

use anyhow::bail;
use automcu_needs::{Record, Skip};
use clap::Args;

use crate::{process::Program, say, setup};

/// How tests are run.
#[derive(Args, Default)]
pub(crate) struct Arguments {
    /// Install nothing: tests go without what is not there, and say so
    #[arg(long)]
    no_setup: bool,
    /// Only these: handed to the test runner
    #[arg(last = true)]
    filter: Vec<String>,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let record = Record::in_folder(&root.join("target/needs"));
    let outcomes = setup::all(root, &record, !arguments.no_setup)?;
    let ran = run_tests(root, &record, &arguments.filter);
    let judged = record.skips().map_err(Into::into).and_then(|skips| judge(&outcomes, &skips));
    if let Ok(left_out) = &judged {
        let nothing = left_out.is_empty().then(|| "left out: nothing".to_owned());
        left_out.iter().chain(&nothing).for_each(|line| say(line));
    }
    both(ran, judged.map(drop))
}

/// The failures of both, so that the one does not hide the other.
fn both(one: anyhow::Result<()>, other: anyhow::Result<()>) -> anyhow::Result<()> {
    match (one, other) {
        (Err(one), Err(other)) => bail!("{one:#}; {other:#}"),
        (one, other) => one.and(other),
    }
}

/// Doc tests first, so that the runner's closing line is the last word on the tests.
fn run_tests(root: &Path, record: &Record, filter: &[String]) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    let mut step = |arguments: &[&str]| {
        let mut line: Vec<&str> = arguments.to_vec();
        line.extend(filter.iter().map(String::as_str));
        let program = Program::cargo(&line, 40).within(root).with(Record::VARIABLE, record.folder());
        // What cargo tells a program that it runs must not reach the cargo that this program runs.
        if let Err(error) = program.without("CARGO_MANIFEST_DIR").without("CARGO_PKG_NAME").run() {
            failed.push(format!("{error:#}"));
        }
    };
    let has_nextest = Program::cargo(&["nextest", "--version"], 1).output().is_ok();
    if has_nextest {
        step(&["test", "--workspace", "--locked", "--doc"]);
        step(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]);
    } else {
        step(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("; "));
    }
    Ok(())
}

/// What was left out and why; an error where a test went without something that was there.
fn judge(outcomes: &[setup::Outcome], skips: &[Skip]) -> anyhow::Result<Vec<String>> {
    let mut left_out = Vec::new();
    for Skip { need, test } in skips {
        match outcomes.iter().find(|outcome| outcome.need.name == *need).map(|outcome| &outcome.program) {
            Some(Err(reason)) => left_out.push(format!("left out: {test}, for want of {need}: {reason}")),
            Some(Ok(program)) => bail!("{test} went without {need}, which is at {}", program.display()),
            None => bail!("{test} went without {need}, which is not in tests/needs/needs.toml"),
        }
    }
    Ok(left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_needs::{Need, Origin};

    fn outcome(program: Result<&str, &str>) -> setup::Outcome {
        let origin = Origin::Python { packages: Vec::new() };
        let need = Need { name: "oracle".into(), why: "truth".into(), origin };
        setup::Outcome { need, program: program.map(Into::into).map_err(Into::into) }
    }

    fn skip(need: &str) -> Vec<Skip> {
        vec![Skip { need: need.into(), test: "a_test".into() }]
    }

    #[test]
    fn a_skip_for_want_of_what_could_not_be_had_is_stated() {
        let left_out = judge(&[outcome(Err("there is no apt-get on this system"))], &skip("oracle")).expect("stated");
        assert_eq!(left_out, ["left out: a_test, for want of oracle: there is no apt-get on this system"]);
    }

    #[test]
    fn a_skip_although_what_it_needs_is_there_fails() {
        let error = judge(&[outcome(Ok("/bin/oracle"))], &skip("oracle")).expect_err("fails");
        assert_eq!(error.to_string(), "a_test went without oracle, which is at /bin/oracle");
        assert!(judge(&[outcome(Ok("/bin/oracle"))], &skip("wand")).is_err());
    }

    #[test]
    fn a_wrong_skip_does_not_hide_that_tests_failed() {
        let (one, other) = (|| Err(anyhow::anyhow!("tests failed")), || Err(anyhow::anyhow!("wrong skip")));
        assert_eq!(both(one(), other()).expect_err("both").to_string(), "tests failed; wrong skip");
        assert!(both(one(), Ok(())).is_err() && both(Ok(()), other()).is_err() && both(Ok(()), Ok(())).is_ok());
    }
}
