use std::{fs, thread};

use automcu_history::{EVENTS_BYTES, Event, Events, History, Keep, Options, PAGE, What};
use automcu_model::JobId;

use crate::support::*;

/// All events of a job, so many at a time.
fn all(history: &History, job: u64, at_a_time: usize) -> Vec<(u64, Event)> {
    let (mut found, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let Events { items, next } = history.events(JobId(job), from, at_a_time).expect("readable");
        assert!(items.len() <= at_a_time && next.is_none_or(|next| next > from));
        found.extend(items);
        after = next;
    }
    found
}

fn numbered(events: Vec<Event>) -> Vec<(u64, Event)> {
    (1..).zip(events).collect()
}

fn note(job: u64, text: &str) -> Event {
    event(job, 1, What::Note { text: text.to_owned(), candidate: None })
}

/// Three jobs whose events lie between each other's, over several files.
fn interleaved(folder: &std::path::Path) -> History {
    let options = Options { segment_bytes: 3_000, ..Options::default() };
    let (history, _) = History::open_with(folder, options).expect("opens");
    let [one, two, three] = [1, 2, 3].map(whole_job);
    for ((one, two), three) in one.into_iter().zip(two).zip(three) {
        // Two together, and one alone; what is refused between them leaves no hole.
        put(&history, vec![one, two]);
        history.append(vec![note(1, "yes"), note(9, "no")]).expect("taken").wait(PATIENCE).expect_err("no such job");
        put(&history, vec![three]);
    }
    history
}

#[test]
fn a_job_s_events_come_back_in_order_wherever_they_lie() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = interleaved(folder.path());
    assert!(segments(folder.path()).len() > 3);
    let check = |history: &History, jobs: &[u64]| {
        for &job in jobs {
            for at_a_time in [1, 5, 16, PAGE] {
                assert_eq!(all(history, job, at_a_time), numbered(whole_job(job)), "job {job}, {at_a_time} at a time");
            }
        }
    };
    check(&history, &[1, 2, 3]);
    assert_eq!(history.events(JobId(2), 14, 9).expect("readable").items, numbered(whole_job(2))[14..]);
    assert_eq!(history.events(JobId(9), 0, 9).expect("readable"), Events { items: Vec::new(), next: None });
    drop(history);
    let (history, opened) = open(folder.path());
    assert_eq!(opened.replayed.events, 0);
    check(&history, &[1, 2, 3]);
    history.rebuild().expect("rebuilt");
    check(&history, &[1, 2, 3]);
    // Every line moves, and the first job goes.
    put(&history, vec![note(1, "late")]);
    put(&history, vec![submitted(4)]);
    assert_eq!(history.gc(Keep { newest: 2, ..Keep::default() }).expect("swept").jobs, 1);
    check(&history, &[2, 3]);
    assert_eq!((all(&history, 1, 9), all(&history, 4, 9)), (Vec::new(), numbered(vec![submitted(4)])));
}

#[test]
fn events_of_several_jobs_come_job_by_job() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = interleaved(folder.path());
    let mut heard = Vec::new();
    history.events_of([JobId(3), JobId(9), JobId(1)], |n, event| heard.push((n, event))).expect("readable");
    assert_eq!(heard, [numbered(whole_job(3)), numbered(whole_job(1))].concat());
}

#[test]
fn events_are_read_while_others_are_written_and_only_those_that_are_safe() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, vec![submitted(1), submitted(2)]);
    thread::scope(|scope| {
        scope.spawn(|| (0..300).for_each(|place| _ = put(&history, vec![note(1, &place.to_string()), note(2, "x")])));
        let mut last = 0;
        while last < 301 {
            let found = all(&history, 1, 64);
            assert!(found.iter().map(|(n, _)| *n).eq(1..=found.len() as u64) && found.len() >= last);
            last = found.len();
        }
    });
}

#[test]
fn a_part_looks_at_no_more_than_it_gives_and_is_no_larger_than_agreed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    for job in 1..=40 {
        let notes = (0..2_500).map(|_| note(job, "much happens"));
        put(&history, std::iter::once(submitted(job)).chain(notes).collect());
    }
    let before = history.visited();
    assert_eq!(history.events(JobId(20), 2_000, 50).expect("readable").items.len(), 50);
    assert!(history.visited() - before <= 50);
    assert_eq!(all(&history, 20, PAGE).len(), 2_501);
    let large = "x".repeat(EVENTS_BYTES / 2);
    put(&history, (0..4).map(|_| note(7, &large)).collect());
    let part = history.events(JobId(7), 2_501, 9).expect("readable");
    assert_eq!((part.items.len(), part.next), (2, Some(2_503)));
    assert_eq!(all(&history, 7, 9).len(), 2_505);
}

#[test]
fn what_is_damaged_or_lost_leaves_its_number_out() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(interleaved(folder.path()));
    let files = segments(folder.path());
    let mut bytes = fs::read(&files[1]).expect("readable");
    bytes[60] ^= 1;
    fs::write(&files[1], bytes).expect("writable");
    fs::remove_file(&files[2]).expect("removable");
    let (history, opened) = open(folder.path());
    let left: Vec<_> = (1..=3).flat_map(|job| all(&history, job, 9)).collect();
    assert!(opened.lost > 3);
    assert_eq!(left.len() as u64, opened.events);
    for (n, event) in left {
        assert_eq!(whole_job(event.job.0)[usize::try_from(n).expect("small") - 1], event);
    }
}
