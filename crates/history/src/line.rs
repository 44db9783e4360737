//! An event as one line of JSON, and what becomes of a line that this version does not understand: it is kept as it
//! stands, counted and told.

use automcu_model::JobId;
use serde::{Deserialize, Serialize};

use crate::event::{Event, What};

/// The version of events that is written. Newer ones are kept, not understood.
pub(crate) const VERSION: u64 = 1;

/// The most bytes of one event.
pub const EVENT_BYTES: usize = 1 << 20;

/// The kind of the store's own line: jobs were dropped.
const SWEPT: &str = "swept";

/// A line, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    /// The `n`th event of its job.
    Event { n: u64, event: Box<Event> },
    /// Jobs up to this one were dropped here or are still there; their ids are not given again.
    Swept { highest_job: u64 },
    /// What a newer version wrote.
    Unknown { job: Option<JobId>, n: Option<u64> },
}

#[derive(Serialize, Deserialize)]
struct Written<W> {
    v: u64,
    job: JobId,
    n: u64,
    at_ms: u64,
    #[serde(flatten)]
    what: W,
}

/// What every version has promised to keep.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    v: u64,
    kind: Option<String>,
    job: Option<JobId>,
    n: Option<u64>,
    highest_job: Option<u64>,
}

/// The line of an event.
pub(crate) fn write(event: &Event, n: u64) -> String {
    let written = Written { v: VERSION, job: event.job, n, at_ms: event.at_ms, what: &event.what };
    serde_json::to_string(&written).expect("events are plain data with text for keys")
}

/// The line that keeps ids from being given again.
pub(crate) fn swept(highest_job: u64) -> String {
    serde_json::json!({ "v": VERSION, "kind": SWEPT, "highest_job": highest_job }).to_string()
}

/// Reads a line. Never fails: what is not understood says so.
pub(crate) fn read(text: &str) -> Line {
    let Ok(head) = serde_json::from_str::<Head>(text) else {
        return Line::Unknown { job: None, n: None };
    };
    let unknown = Line::Unknown { job: head.job, n: head.n };
    if head.v != VERSION {
        return unknown;
    }
    if let (Some(SWEPT), Some(highest_job)) = (head.kind.as_deref(), head.highest_job) {
        return Line::Swept { highest_job };
    }
    match serde_json::from_str::<Written<What>>(text) {
        Ok(Written { job, n, at_ms, what, .. }) if what.is_sound() => {
            Line::Event { n, event: Box::new(Event { job, at_ms, what }) }
        }
        _ => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::proptest;

    #[test]
    fn what_says_what_cannot_be_is_kept_and_not_believed() {
        let ended = r#"{"v":1,"job":"j1","n":2,"at_ms":1,"kind":"training_ended","candidate":"c1","attempt":"a1","end":"finished","metric":{"value":1.5,"low":0,"high":1,"dtype":"int8","provenance":"host"},"epochs":1,"duration_ms":1,"energy_mj":null,"checkpoint":null}"#;
        let unknown = Line::Unknown { job: Some(JobId(1)), n: Some(2) };
        assert_eq!(read(ended), unknown);
        assert!(matches!(read(&ended.replace("1.5", "0.5")), Line::Event { n: 2, .. }));
        assert_eq!(read(&ended.replace("0.5", "1").replace("\"v\":1", "\"v\":2")), unknown);
    }

    #[test]
    fn what_was_written_before_rungs_were_told_is_of_the_first() {
        let started = r#"{"v":1,"job":"j1","n":2,"at_ms":1,"kind":"training_started","candidate":"c1","attempt":"a1","conditions":"9dc1a53f77a3ec5407c7463653a3bfd284649054517efe35cad885397faf936e","seed":7,"from":null}"#;
        let Line::Event { event, .. } = read(started) else { panic!("known") };
        assert!(matches!(event.what, What::TrainingStarted { rung: 0, .. }));
        assert_eq!(write(&event, 2), started);
        let verified = r#"{"v":1,"job":"j1","n":3,"at_ms":1,"kind":"candidate_verified","candidate":"c1","judge":"g","verdict":"fits","footprint":null,"metric":null,"bundle":null,"duration_ms":null}"#;
        let Line::Event { event, .. } = read(verified) else { panic!("known") };
        assert!(matches!(event.what, What::CandidateVerified { test: None, attempt: None, .. }));
        assert_eq!(write(&event, 3), verified);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,200}") {
            read(&text);
        }
    }
}
