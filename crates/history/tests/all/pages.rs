use automcu_history::{Cursor, Event, PAGE};
use automcu_model::JobId;

use crate::support::*;

/// So many records, in appends of some at a time.
fn filled(folder: &std::path::Path, jobs: u64, candidates: u64) -> automcu_history::History {
    let (history, _) = open(folder);
    let mut waiting: Vec<Event> = Vec::new();
    for job in 1..=jobs {
        waiting.push(submitted(job));
        waiting.extend((1..=candidates).map(|candidate| proposed(job, candidate)));
        if waiting.len() > 4_000 {
            put(&history, std::mem::take(&mut waiting));
        }
    }
    put(&history, waiting);
    history
}

#[test]
fn a_page_of_a_hundred_thousand_records_looks_at_no_more_than_it_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = filled(folder.path(), 1_000, 99);
    let visits = |ask: &dyn Fn()| {
        let before = history.visited();
        ask();
        history.visited() - before
    };
    // A key and its record each, and the one behind the last.
    assert!(visits(&|| assert_eq!(history.jobs(None, 50).expect("readable").items.len(), 50)) <= 101);
    assert!(visits(&|| assert_eq!(history.running(None, 50).expect("readable").items.len(), 50)) <= 101);
    assert!(visits(&|| assert_eq!(history.candidates(JobId(500), None, 50).expect("readable").items.len(), 50)) <= 51);
    assert!(visits(&|| assert_eq!(history.best(JobId(500), None, 50).expect("readable").items, [])) <= 1);
    assert!(visits(&|| drop(history.job(JobId(777)).expect("there"))) <= 1);
    assert!(visits(&|| assert_eq!(history.next_job().expect("readable"), JobId(1_001))) <= 1);
    let middle = history.jobs(None, 250).expect("readable").next;
    assert!(visits(&|| assert_eq!(history.jobs(middle.as_ref(), 10).expect("readable").items[0].id, JobId(750))) <= 21);
    drop(history);
    let (history, opened) = open(folder.path());
    assert_eq!((opened.events, opened.replayed.events), (100_000, 0));
    assert_eq!(history.jobs(None, 1).expect("readable").items[0].id, JobId(1_000));
}

#[test]
fn pages_end_to_end_give_everything_once_and_none_is_larger_than_the_bound() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = filled(folder.path(), 700, 1);
    let (mut all, mut after) = (Vec::new(), None::<Cursor>);
    loop {
        let page = history.jobs(after.as_ref(), usize::MAX).expect("readable");
        assert!(page.items.len() <= PAGE);
        all.extend(page.items.iter().map(|job| job.id.0));
        // As a client would hand it back.
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().expect("its own spelling"));
    }
    assert_eq!(all, (1..=700).rev().collect::<Vec<_>>());
    for wrong in ["7", "xy", "é1", "+1"] {
        assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
    }
    // A cursor of another list begins this one anew.
    assert_eq!(history.running(after.as_ref(), 1).expect("readable").items[0].id, JobId(1));
}
