use automcu_history::{AppendError, Budget, Change, Event, HistoryError, Inconsistency, JobState, Refused, What};
use automcu_model::{AttemptId, CandidateId, JobId};

use crate::support::*;

#[test]
fn a_job_is_told_from_its_events_and_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, opened) = open(folder.path());
    assert_eq!((opened.events, opened.rebuilt, opened.torn), (0, None, None));
    assert_eq!(put(&history, whole_job(1)).last, 16);
    let job = history.job(JobId(1)).expect("there");
    assert_eq!((job.state, job.winner, job.candidates), (JobState::Finished, Some(CandidateId(1)), 2));
    assert_eq!((job.tokens, job.money_micros, job.trained, job.verified), (1_200, Some(3_400), 2, 1));
    let first = history.candidate(JobId(1), CandidateId(1)).expect("readable").expect("there");
    assert_eq!(first.metric().expect("measured").value, 0.71);
    let best = history.best(JobId(1), None, 9).expect("readable").items;
    assert_eq!(best.iter().map(|candidate| candidate.id.0).collect::<Vec<_>>(), [1, 2]);
    assert!(matches!(history.job(JobId(2)), Err(HistoryError::NoJob { .. })));
    let before = seen(&history);
    drop(history);
    let (history, opened) = open(folder.path());
    assert_eq!((opened.events, opened.rebuilt, opened.replayed.events), (16, None, 0));
    assert_eq!(seen(&history), before);
}

#[test]
fn what_is_under_way_is_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, whole_job(1));
    put(&history, vec![submitted(2), proposed(2, 1), proposed(2, 2), started(2, 1, 1), progressed(2, 1, 1, 5)]);
    drop(history);
    let (history, _) = open(folder.path());
    let running = history.running(None, 10).expect("readable").items;
    assert_eq!(running.iter().map(|job| job.id.0).collect::<Vec<_>>(), [2]);
    let under_way = history.open_attempts(JobId(2), None, 10).expect("readable").items;
    let training = under_way[0].open_attempt().expect("under way");
    assert_eq!((under_way.len(), training.attempt, training.epochs), (1, AttemptId(1), 5));
    assert_eq!(training.checkpoint, Some(artifact("checkpoint 2 1 5")));
    // A later attempt takes over; the earlier one is late from then on.
    put(&history, vec![started(2, 1, 2)]);
    let late = history.append(vec![ended(2, 1, 1, 0.5)]).expect("taken").wait(PATIENCE).expect_err("late");
    assert_eq!(late.to_string(), "event 0 of this append cannot be: attempt a1 at c1 of j2 is not under way");
}

#[test]
fn an_append_with_an_event_that_cannot_be_is_refused_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, whole_job(1));
    let before = exported(&history);
    let refused = |events: Vec<Event>| history.append(events).expect("taken").wait(PATIENCE).expect_err("refused");
    let late_state = state(1, JobState::Finished, JobState::Queued);
    for (events, said) in [
        (vec![submitted(1)], "event 0 of this append cannot be: j1 was submitted before; take the next free number"),
        (vec![proposed(9, 1)], "event 0 of this append cannot be: j9 was never submitted"),
        (vec![submitted(2), started(2, 1, 1)], "event 1 of this append cannot be: c1 of j2 was never proposed"),
        (
            vec![proposed(1, 3), proposed(1, 3)],
            "event 1 of this append cannot be: c3 of j1 was proposed before; take the next free number",
        ),
        (
            vec![proposed(1, 3), verified(1, 3, 0.5)],
            "event 1 of this append cannot be: c3 of j1 has no training that ended",
        ),
        (vec![late_state], "event 0 of this append cannot be: j1 is Finished and cannot go from Finished to Queued"),
        (vec![started(1, 1, 3), ended(1, 1, 3, f64::NAN)], "event 1 of this append: a number is not from 0 to 1"),
        (vec![submitted(0)], "event 0 of this append: j0 is no job; the first is j1"),
    ] {
        assert_eq!(refused(events).to_string(), said);
    }
    let much = What::Note { text: "x".repeat(2 << 20), candidate: None };
    assert!(matches!(refused(vec![event(1, 1, much)]), AppendError::Unsound { at: 0, .. }));
    let error = refused(vec![ended(1, 1, 1, 0.5)]);
    assert!(matches!(error, AppendError::Inconsistent { inconsistency: Inconsistency::LateAttempt { .. }, .. }));
    assert_eq!(exported(&history), before);
}

#[test]
fn rounds_adjustments_and_rungs_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, eventful_job(1));
    let job = history.job(JobId(1)).expect("there");
    let refused = Refused { over_budget: 1, unsupported: 0 };
    assert_eq!((job.rounds, job.refused, job.passed_over, job.priority), (2, refused, 69, Some(-3)));
    let first = history.candidate(JobId(1), CandidateId(1)).expect("readable").expect("there");
    assert_eq!((first.fits(), first.training.map(|training| training.rung)), (true, Some(0)), "the latest attempt's");
    let second = history.candidate(JobId(1), CandidateId(2)).expect("readable").expect("there");
    assert!(!second.fits());
    // Of earlier weights than the latest only what was proven as the answer counts.
    put(&history, vec![ended(1, 1, 3, 0.7), verified_of(1, 1, 2)]);
    let first = history.candidate(JobId(1), CandidateId(1)).expect("readable").expect("there");
    assert_eq!(first.verification.and_then(|verification| verification.attempt), None);
    let mut winner = verified_of(1, 1, 2);
    if let What::CandidateVerified { as_winner, .. } = &mut winner.what {
        *as_winner = true;
    }
    put(&history, vec![winner]);
    let first = history.candidate(JobId(1), CandidateId(1)).expect("readable").expect("there");
    let verification = first.verification.expect("verified");
    assert_eq!((verification.attempt, verification.test), (Some(AttemptId(2)), Some(metric(0.79))));
}

#[test]
fn what_cannot_be_of_rounds_and_adjustments_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    put(&history, whole_job(1));
    put(&history, eventful_job(2));
    let over = "event 0 of this append cannot be: j1 is Finished; nothing of it changes any more";
    let round_3 = "event 0 of this append cannot be: j2 has had 2 rounds of proposals, and round";
    for (happened, said) in [
        (adjusted(1, Change::Priority(1)), over.to_owned()),
        (round(1, 1), over.to_owned()),
        (event(1, 9, What::JobTakenUp {}), over.to_owned()),
        (round(2, 2), format!("{round_3} 2 is not the next")),
        (round(2, 4), format!("{round_3} 4 is not the next")),
        (adjusted(2, Change::Goal(Some(1.5))), "event 0 of this append: a number is not from 0 to 1".to_owned()),
        (verified_of(2, 1, 4), "event 0 of this append cannot be: c1 of j2 has no training that ended".to_owned()),
    ] {
        let refused = history.append(vec![happened]).expect("taken").wait(PATIENCE).expect_err("refused");
        assert_eq!(refused.to_string(), said);
    }
    put(&history, vec![ended(2, 1, 3, 0.7)]);
    history.append(vec![verified_of(2, 1, 4)]).expect("taken").wait(PATIENCE).expect_err("nobody made try 4");
    put(&history, vec![round(2, 3)]);
}

#[test]
fn a_second_writer_is_told_who_the_first_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    let Err(error) = automcu_history::History::open(folder.path()) else { panic!("one writer only") };
    let said = format!("process {} writes this history; stop it, or choose another folder", std::process::id());
    assert!(error.to_string().ends_with(&said), "{error}");
    drop(history);
    open(folder.path());
}

#[test]
fn past_candidates_of_similar_jobs_are_given_the_best_first_and_each_graph_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    for job in 1..=3 {
        put(&history, whole_job(job));
    }
    // Best of all was one that does not fit, and one that nobody has judged; an earlier refusal does not count.
    put(
        &history,
        vec![submitted(4), proposed(4, 7), refused(4, 7), screened(4, 7), started(4, 7, 1), ended(4, 7, 1, 0.9)],
    );
    put(&history, vec![proposed(4, 8), started(4, 8, 1), ended(4, 8, 1, 0.95)]);
    put(&history, vec![proposed(4, 9), screened(4, 9), started(4, 9, 1), ended(4, 9, 1, 0.96), misfit(4, 9)]);
    let budget = Budget { ram_bytes: Some(200 << 10), flash_bytes: Some(1 << 20) };
    let found = history.warm("gestures", Some("stm32h743"), budget, 10).expect("readable");
    let told: Vec<_> = found.iter().map(|warm| warm.candidate.metric().expect("measured").value).collect();
    assert_eq!(told, [0.9, 0.71]);
    for (dataset, target, ram) in
        [("gestures", None, 200), ("speech", Some("stm32h743"), 200), ("gestures", Some("stm32h743"), 300)]
    {
        let budget = Budget { ram_bytes: Some(ram << 10), ..budget };
        assert_eq!(history.warm(dataset, target, budget, 10).expect("readable"), []);
    }
}
