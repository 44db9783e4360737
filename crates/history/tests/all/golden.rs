//! What version 1 wrote is read for ever. The files are never made anew; a new version gets a folder of its own.

use std::{fs, path::Path};

use crate::support::*;

#[test]
fn a_history_of_version_1_is_read_and_told_as_ever() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/history-v1");
    let folder = tempfile::tempdir().expect("a folder");
    let generation = folder.path().join("journal/v1-00000001");
    fs::create_dir_all(&generation).expect("writable");
    for file in ["00000001.jsonl", "00000002.jsonl"] {
        fs::copy(golden.join("journal/v1-00000001").join(file), generation.join(file)).expect("copied");
    }
    let (history, opened) = open(folder.path());
    let expected = |name: &str| fs::read_to_string(golden.join(name)).expect("readable");
    assert_eq!((opened.events, opened.damaged, opened.torn, opened.replayed.inconsistent), (35, 0, None, 0));
    assert_eq!(exported(&history), expected("export.jsonl"));
    let jobs = history.jobs(None, 10).expect("readable").items;
    let mut records = serde_json::to_string_pretty(&jobs).expect("plain");
    for job in jobs {
        let candidates = history.candidates(job.id, None, 10).expect("readable").items;
        records.push_str(&serde_json::to_string_pretty(&candidates).expect("plain"));
    }
    assert_eq!(records + "\n", expected("records.json"));
    // And what is written now is what was written then.
    let (now, _) = open(&folder.path().join("now"));
    put(&now, whole_job(1));
    put(&now, eventful_job(2));
    assert_eq!(exported(&now), expected("export.jsonl"));
}
