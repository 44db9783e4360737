//! `automcu history`: what a daemon has kept, while it does not run.

use std::{
    fs::{self, File},
    path::Path,
};

use automcu::Outcome;
use automcu_artifacts::Store;
use automcu_tests::{Ended, automcu, automcu_reading};
use serde_json::Value;

/// What was exported by version 1.
const EXPORT: &str = include_str!("../compat/history-v1/export.jsonl");

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn json(said: &Ended) -> Value {
    serde_json::from_str(&said.output).unwrap_or_else(|error| panic!("{error}: {} {}", said.output, said.errors))
}

/// A state folder with what version 1 exported.
fn imported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let said =
        automcu_reading(EXPORT.as_bytes(), &["history", "import", "-", "--state", text(folder.path()), "--json"]);
    let answer = json(&said);
    let lines = EXPORT.lines().count() as u64 - 1;
    assert_eq!((&answer["taken"], &answer["known"]), (&lines.into(), &0.into()), "{answer}");
    folder
}

#[test]
fn a_history_is_carried_to_another_folder_and_back() {
    let folder = imported();
    let state = text(folder.path());
    let file = folder.path().join("export.jsonl");
    let said = automcu(&["history", "export", text(&file), "--state", state]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert_eq!(fs::read_to_string(&file).expect("written"), EXPORT);
    let said = automcu(&["history", "export", "-", "--state", state]);
    assert_eq!(said.output, EXPORT);
    let said = automcu(&["history", "export", text(&file), "--state", state]);
    assert_eq!(said.outcome, Outcome::NotCreated);
    assert!(said.errors.contains("there is such a file already"), "{}", said.errors);
    let said = automcu(&["history", "import", text(&file), "--state", state]);
    assert!(said.output.starts_with("0 events taken over, "), "{}{}", said.output, said.errors);
    let said = automcu(&["history", "rebuild", "--state", state]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.output.starts_with("the index is made anew of "), "{}", said.output);
}

#[test]
fn what_is_no_export_is_refused_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = automcu_reading(b"{\"history\":2}\n", &["history", "import", "-", "--state", text(folder.path())]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("line 1: an export of this version begins with"), "{}", said.errors);
}

#[test]
fn old_jobs_and_files_that_nobody_names_go_when_that_is_asked_for() {
    let folder = imported();
    let state = text(folder.path());
    let store = Store::open(folder.path().join("artifacts")).expect("made");
    let stray = store.put(b"named by nobody").expect("put");
    let gc = |more: &[&str]| json(&automcu(&[&["history", "gc", "--state", state, "--json"], more].concat()));
    let kept = gc(&["--dry-run"]);
    assert_eq!((&kept["jobs"], &kept["artifacts"], &kept["bytes"]), (&Value::Array(vec![]), &1.into(), &15.into()));
    assert!(store.get(stray).is_ok(), "only said");
    let swept = gc(&["--keep-jobs", "0"]);
    assert!(swept["jobs"].as_array().is_some_and(|jobs| !jobs.is_empty()), "{swept}");
    assert!(store.get(stray).is_err());
    let said = automcu(&["history", "gc", "--keep-days", "1", "--state", state]);
    assert_eq!(said.output, "gone: 0 jobs with 0 events; 0 artifacts, 0 B\n", "{}", said.errors);
}

#[test]
fn a_daemon_that_runs_is_told_with_its_number() {
    let folder = imported();
    let path = folder.path().join("history/lock");
    fs::write(&path, "4711\n").expect("writable");
    let lock = File::open(&path).expect("there");
    lock.lock().expect("free");
    for verb in [&["rebuild"][..], &["gc"], &["export", "-"], &["import", "-"]] {
        let said = automcu(&[&["history"], verb, &["--state", text(folder.path())]].concat());
        assert_eq!(said.outcome, Outcome::Later, "{verb:?}: {}", said.errors);
        assert!(said.errors.contains("process 4711 writes this history; stop it"), "{}", said.errors);
    }
}

#[test]
fn a_folder_without_history_is_told_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = automcu(&["history", "gc", "--state", text(folder.path())]);
    assert_eq!(said.outcome, Outcome::Unreadable);
    assert!(said.errors.contains("there is no history in this folder"), "{}", said.errors);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
