//! Help, completions and manual pages are read by those they are made for.

use std::{
    path::Path,
    process::{Command, Output},
};

use automcu::Outcome;
use automcu_needs::need;
use automcu_tests::automcu;

#[expect(clippy::disallowed_methods, reason = "the readers of completions and manual pages are programs")]
fn read_by(program: &Path, arguments: &[&str], text: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("text");
    std::fs::write(&file, text).expect("writable");
    Command::new(program).args(arguments).arg(&file).output().expect("the program starts")
}

#[track_caller]
fn is_accepted(output: &Output) {
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
}

fn completions(shell: &str) -> String {
    let said = automcu(&["completions", shell]);
    assert_eq!(said.outcome, Outcome::Yes);
    assert!(said.output.contains("dtype"), "{shell}");
    said.output
}

#[test]
fn bash_reads_its_completions() {
    let Some(bash) = need("bash") else { return };
    is_accepted(&read_by(&bash, &["-n"], &completions("bash")));
}

#[test]
fn zsh_reads_its_completions() {
    let Some(zsh) = need("zsh") else { return };
    is_accepted(&read_by(&zsh, &["-n"], &completions("zsh")));
}

#[test]
fn fish_reads_its_completions() {
    let Some(fish) = need("fish") else { return };
    is_accepted(&read_by(&fish, &["--no-execute"], &completions("fish")));
}

#[test]
fn manual_pages_are_in_order() {
    let Some(mandoc) = need("mandoc") else { return };
    for page in [
        &["man"][..],
        &["man", "check"],
        &["man", "inspect"],
        &["man", "build"],
        &["man", "data"],
        &["man", "submit"],
        &["man", "set"],
        &["man", "history"],
        &["man", "config"],
        &["man", "doctor"],
        &["man", "screen"],
        &["man", "audit"],
        &["man", "targets"],
        &["man", "completions"],
    ] {
        let said = automcu(page);
        assert_eq!(said.outcome, Outcome::Yes);
        is_accepted(&read_by(&mandoc, &["-T", "lint", "-W", "error"], &said.output));
    }
}

#[test]
fn a_manual_page_of_no_verb_is_refused() {
    let said = automcu(&["man", "fly"]);
    assert_eq!(said.outcome, Outcome::Misused);
    assert_eq!(said.errors, "automcu: there is no verb \"fly\"; `automcu help` lists all\n");
}

#[test]
fn help_names_every_verb_and_every_exit_status() {
    let said = automcu(&["--help"]);
    assert_eq!(said.outcome, Outcome::Yes);
    for word in [
        "check",
        "inspect",
        "build",
        "data",
        "doctor",
        "screen",
        "audit",
        "targets",
        "submit",
        "watch",
        "log-level",
        "history",
        "completions",
        "man",
        "STM32",
        "0 ",
        "1 ",
        "2 ",
        "65",
        "66",
        "74",
    ] {
        let there = said.output.contains(word) || automcu(&["-h"]).output.contains(word);
        assert!(there, "{word} in\n{}", said.output);
    }
    for outcome in [
        Outcome::Yes,
        Outcome::No,
        Outcome::Misused,
        Outcome::Refused,
        Outcome::Unreadable,
        Outcome::Unavailable,
        Outcome::Unwritable,
        Outcome::Later,
        Outcome::Foreign,
        Outcome::NotAllowed,
        Outcome::Interrupted,
    ] {
        assert!(said.output.contains(&format!("\n  {:<3} ", outcome.status())), "{outcome:?}");
    }
}
