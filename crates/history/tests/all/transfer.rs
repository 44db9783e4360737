use automcu_history::{HistoryError, Imported};
use automcu_model::JobId;

use crate::support::*;

/// What a newer version might write of a job.
const NEWER: &str = r#"{"v":1,"job":"j1","n":17,"at_ms":9,"kind":"job_admired","by":"someone"}"#;
const NEWEST: &str = r#"{"v":2,"job":"j1","n":18,"who":"knows"}"#;

#[test]
fn an_import_takes_what_is_new_and_a_second_one_nothing() {
    let [here, there] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let (history, _) = open(here.path());
    for job in 1..=40 {
        put(&history, whole_job(job));
    }
    let text = exported(&history);
    let (other, _) = open(there.path());
    put(&other, whole_job(1));
    let told = other.import(text.as_bytes()).expect("imported");
    assert_eq!(told, Imported { taken: 39 * 16, known: 16, ..Imported::default() });
    let told = other.import(text.as_bytes()).expect("imported");
    assert_eq!(told, Imported { known: 640, ..Imported::default() });
    assert_eq!((exported(&other), seen(&other)), (text, seen(&history)));
}

#[test]
fn events_of_newer_versions_are_kept_as_they_stand_and_told() {
    let [here, there] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let (history, _) = open(here.path());
    put(&history, whole_job(1));
    let text = format!("{}{NEWER}\n{NEWEST}\n{{\"v\":3}}\n", exported(&history));
    let told = history.import(text.as_bytes()).expect("imported");
    assert_eq!((told.taken, told.known, told.left_out), (2, 16, 1));
    let job = history.job(JobId(1)).expect("there");
    assert_eq!((job.unknown, job.events), (2, 18));
    assert!(exported(&history).ends_with(&format!("{NEWER}\n{NEWEST}\n")));
    drop(history);
    std::fs::remove_dir_all(here.path().join("index")).expect("removable");
    let (history, opened) = open(here.path());
    assert_eq!((opened.replayed.unknown, opened.replayed.events), (2, 18));
    assert_eq!(history.job(JobId(1)).expect("there"), job);
    // The count goes on behind them.
    put(&history, vec![submitted(2)]);
    let (other, _) = open(there.path());
    other.import(exported(&history).as_bytes()).expect("imported");
    assert_eq!(exported(&other), exported(&history));
}

#[test]
fn another_job_of_the_same_number_and_lines_gone_wrong_are_told_by_their_line() {
    let [here, there] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let (history, _) = open(here.path());
    put(&history, vec![submitted(1)]);
    let (other, _) = open(there.path());
    let mut its = submitted(1);
    its.at_ms += 1;
    put(&other, vec![its]);
    let error = other.import(exported(&history).as_bytes()).expect_err("another job");
    assert!(matches!(error, HistoryError::Clash { line: 2, job: JobId(1) }), "{error}");
    for (text, said) in [
        ("", "line 1: empty; an export begins with {\"history\":1}"),
        ("{\"history\":2}\n", "line 1: an export of this version begins with {\"history\":1}"),
        ("{\"history\":1}\n[1]\n", "line 2: no JSON object; export it again"),
        ("{\"history\":1}\n{\"v\":1", "line 2: cut off or too long; export it again"),
    ] {
        assert_eq!(other.import(text.as_bytes()).expect_err("wrong").to_string(), said);
    }
    let orphan = "{\"history\":1}\n{\"v\":1,\"job\":\"j9\",\"n\":2,\"at_ms\":1,\"kind\":\"cost\",\"tokens\":1,\"money_micros\":null}\n";
    let told = other.import(orphan.as_bytes()).expect("read");
    assert_eq!((told.taken, told.refused, told.refusals[0].0), (0, 1, 2));
}
