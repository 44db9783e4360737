//! What version 1 wrote is read for ever. The files are never made anew; a new version gets a folder of its own.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::*;

/// Attempts, those that were completed, and whether they took time, of the jobs in their order.
const TRAININGS: [(u64, u64, bool); 2] = [(3, 2, true), (2, 2, true)];

/// Whether all that was told is told as it was. What was added since may be there beside it.
fn is_told(before: &Value, now: &Value) -> bool {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            before.iter().all(|(name, value)| now.get(name).is_some_and(|now| is_told(value, now)))
        }
        (Value::Array(before), Value::Array(now)) => {
            before.len() == now.len() && before.iter().zip(now).all(|(before, now)| is_told(before, now))
        }
        (before, now) => before == now,
    }
}

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
    let trainings = jobs.iter().map(|job| job.trainings);
    assert_eq!(trainings.map(|of| (of.attempts, of.completed, of.duration_ms > 0)).collect::<Vec<_>>(), TRAININGS);
    let mut records = vec![serde_json::to_value(&jobs).expect("plain")];
    for job in jobs {
        let candidates = history.candidates(job.id, None, 10).expect("readable").items;
        records.push(serde_json::to_value(&candidates).expect("plain"));
    }
    let told = expected("records.json");
    let told = serde_json::Deserializer::from_str(&told).into_iter::<Value>();
    let told: Vec<Value> = told.map(|value| value.expect("JSON")).collect();
    assert!(told.len() == records.len() && told.iter().zip(&records).all(|(told, now)| is_told(told, now)));
    // And what is written now is what was written then.
    let (now, _) = open(&folder.path().join("now"));
    put(&now, whole_job(1));
    put(&now, eventful_job(2));
    assert_eq!(exported(&now), expected("export.jsonl"));
}
