use std::path::Path;

use automcu_history::{Change, Event, History, JobState, What};
use automcu_model::{CandidateId, JobId};
use proptest::prelude::{BoxedStrategy, Just, ProptestConfig, Strategy, prop_assert_eq, prop_oneof, proptest};

use crate::support::*;

fn any_state() -> BoxedStrategy<JobState> {
    use JobState::{Cancelled, Failed, Finished, Proposing, Queued, Training};
    proptest::sample::select(vec![Queued, Proposing, Training, Finished, Failed, Cancelled]).boxed()
}

/// Events in any order, most of which can be.
fn any_event() -> BoxedStrategy<Event> {
    let (job, candidate, attempt) = (1..4_u64, 1..4_u64, 1..5_u64);
    let metric = (0..=1_000_u32).prop_map(|thousandths| f64::from(thousandths) / 1_000.0);
    prop_oneof![
        job.clone().prop_map(submitted),
        (job.clone(), any_state(), any_state()).prop_map(|(job, from, to)| state(job, from, to)),
        (job.clone(), candidate.clone()).prop_map(|(job, candidate)| proposed(job, candidate)),
        (job.clone(), candidate.clone()).prop_map(|(job, candidate)| screened(job, candidate)),
        (job.clone(), candidate.clone(), attempt.clone()).prop_map(|(job, of, attempt)| started(job, of, attempt)),
        (job.clone(), candidate.clone(), attempt.clone(), 1..9_u32)
            .prop_map(|(job, of, attempt, epochs)| progressed(job, of, attempt, epochs)),
        (job.clone(), candidate.clone(), attempt, metric.clone())
            .prop_map(|(job, of, attempt, metric)| ended(job, of, attempt, metric)),
        (job.clone(), candidate.clone(), metric).prop_map(|(job, of, metric)| verified(job, of, metric)),
        (job.clone(), candidate.clone()).prop_map(|(job, of)| {
            event(job, 9, What::WinnerChosen { candidate: CandidateId(of), reason: "best".to_owned() })
        }),
        (job.clone(), 1..4_u32).prop_map(|(job, number)| round(job, number)),
        (job.clone(), -9..9_i8).prop_map(|(job, priority)| adjusted(job, Change::Priority(priority))),
        (job, Just(5)).prop_map(|(job, tokens)| event(
            job,
            10,
            What::Cost { tokens, money_micros: None, requests: 1, failures: 0 }
        )),
    ]
    .boxed()
}

/// Appends one by one; what cannot be is refused.
fn told(folder: &Path, events: &[Event], taken: &mut Vec<Event>) -> String {
    let (history, _) = open(folder);
    for event in events {
        if history.append(vec![event.clone()]).expect("taken").wait(PATIENCE).is_ok() {
            taken.push(event.clone());
        }
    }
    seen(&history)
}

/// The events of all jobs as they are given back, job by job.
fn given(history: &History) -> Vec<Event> {
    let mut given = Vec::new();
    let mut numbers = std::collections::BTreeMap::new();
    let visit = |n, event: Event| {
        let last = numbers.entry(event.job).or_insert(0);
        *last += 1;
        assert_eq!(n, *last);
        given.push(event);
    };
    history.events_of((1..4).map(JobId), visit).expect("readable");
    given
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_prefix_a_restart_and_the_rest_give_what_all_at_once_gives(
        events in proptest::collection::vec(any_event(), 0..60),
        cut in 0..60_usize,
    ) {
        let [whole, parts] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let mut taken = Vec::new();
        let all = told(whole.path(), &events, &mut taken);
        taken.sort_by_key(|event| event.job);
        let cut = cut.min(events.len());
        told(parts.path(), &events[..cut], &mut Vec::new());
        prop_assert_eq!(&told(parts.path(), &events[cut..], &mut Vec::new()), &all);
        prop_assert_eq!(&given(&open(parts.path()).0), &taken);
        // And so does a replay of the journal alone.
        std::fs::remove_dir_all(parts.path().join("index")).expect("removable");
        let (history, opened) = open(parts.path());
        prop_assert_eq!(&seen(&history), &all);
        prop_assert_eq!(opened.replayed.inconsistent, 0);
        let (other, _) = open(&parts.path().join("other"));
        other.import(exported(&history).as_bytes()).expect("imported");
        prop_assert_eq!(&seen(&other), &all);
        prop_assert_eq!((&given(&history), &given(&other)), (&taken, &taken));
    }
}
