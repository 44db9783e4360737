use super::*;

use automcu_contract::{ArtifactId, AttemptId, CandidateId, JobId, Proof};
use automcu_model::DataType;
use automcu_target::Budget;
use proptest::prelude::*;

const SLOTS: Slots = Slots { slots: 2, most_waiting: 6, deadline: Duration::from_secs(60) };
const ONE: Slots = Slots { slots: 1, ..SLOTS };

fn ticket(job: u64, candidate: u64, attempt: u64) -> Ticket {
    Ticket { job: JobId(job), candidate: CandidateId(candidate), attempt: AttemptId(attempt) }
}

fn screen(ticket: Ticket) -> Asked {
    let (spec, budget) = (ArtifactId::of(b""), Budget::default());
    Asked::Screen(ScreenCandidate { ticket, spec, target: None, budget, dtype: DataType::Int8, judge: None })
}

fn verify(ticket: Ticket) -> Asked {
    let file = ArtifactId::of(b"");
    Asked::Verify(VerifyCandidate {
        ticket,
        spec: file,
        checkpoint: file,
        conditions: file,
        target: None,
        budget: Budget::default(),
        dtype: DataType::Int8,
        judge: None,
        proof: Proof::Choice,
    })
}

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn started(decisions: &[Decision]) -> Vec<Run> {
    let started = decisions.iter().filter_map(|decision| match decision {
        Decision::Start(run, _) => Some(*run),
        _ => None,
    });
    started.collect()
}

fn closed(decisions: &[Decision]) -> Vec<(Lane, Ticket, Closing)> {
    let closed = decisions.iter().filter_map(|decision| match decision {
        Decision::Close(asked, closing, _) => Some((asked.lane(), asked.ticket(), *closing)),
        _ => None,
    });
    closed.collect()
}

#[test]
fn screening_never_waits_for_verification() {
    let mut desk = Desk::new(ONE, ONE);
    for candidate in 1..=4 {
        desk.ask(verify(ticket(1, candidate, 1)), at(0)).expect("room");
    }
    let on = started(&desk.ask(screen(ticket(2, 1, 1)), at(1)).expect("room"));
    assert_eq!((on[0].lane, on[0].ticket), (Lane::Screening, ticket(2, 1, 1)));
    // The same ticket may be in both lines: they are different steps.
    let on = desk.ask(screen(ticket(1, 1, 1)), at(1)).expect("room");
    assert!(started(&on).is_empty() && desk.is_here(Lane::Screening, ticket(1, 1, 1)));
}

#[test]
fn slots_are_shared_between_jobs_by_what_they_had() {
    let mut desk = Desk::new(ONE, ONE);
    let first = started(&desk.ask(screen(ticket(1, 1, 1)), at(0)).expect("room"))[0];
    for (job, candidate) in [(1, 2), (1, 3), (2, 1), (2, 2)] {
        desk.ask(screen(ticket(job, candidate, 1)), at(0)).expect("room");
    }
    let (mut on, mut order) = (first, Vec::new());
    for now in [10, 11, 12, 13] {
        on = started(&desk.ended(on, at(now)))[0];
        order.push((on.ticket.job.0, on.ticket.candidate.0));
    }
    // Job 1 had ten seconds at once, the others take one each.
    assert_eq!(order, [(2, 1), (2, 2), (1, 2), (1, 3)]);
}

#[test]
fn asking_twice_is_asking_once_and_no_more_wait_than_agreed() {
    let mut desk = Desk::new(Slots { slots: 0, ..SLOTS }, SLOTS);
    for candidate in [1, 1, 2, 3, 4, 5, 6, 6] {
        assert_eq!(desk.ask(screen(ticket(1, candidate, 1)), at(0)), Ok(Vec::new()));
    }
    assert_eq!(desk.ask(screen(ticket(2, 1, 1)), at(0)), Err(RequestError::Busy { waiting: 6 }));
    assert!(!desk.is_here(Lane::Screening, ticket(2, 1, 1)));
    // Another try is about other weights: each has its own answer.
    let mut desk = Desk::new(Slots { slots: 3, ..SLOTS }, SLOTS);
    for attempt in [2, 1, 3] {
        let decisions = desk.ask(screen(ticket(1, 3, attempt)), at(0)).expect("room");
        assert_eq!(started(&decisions)[0].ticket, ticket(1, 3, attempt));
    }
}

#[test]
fn what_is_given_up_ends_at_once_and_what_its_thread_finds_is_dropped() {
    let mut desk = Desk::new(ONE, ONE);
    let on = started(&desk.ask(screen(ticket(1, 1, 1)), at(0)).expect("room"))[0];
    desk.ask(screen(ticket(1, 2, 1)), at(0)).expect("room");
    let stopped = desk.stop(ticket(1, 2, 1), StopCause::Pause, at(1));
    assert_eq!(closed(&stopped), [(Lane::Screening, ticket(1, 2, 1), Closing::GivenUp(StopCause::Pause))]);
    let stopped = desk.stop(ticket(1, 1, 1), StopCause::Cancellation, at(1));
    let expected = (Lane::Screening, ticket(1, 1, 1), Closing::GivenUp(StopCause::Cancellation));
    assert_eq!((&stopped[0], closed(&stopped)), (&Decision::Stop(on), vec![expected]));
    assert_eq!(desk.stop(ticket(1, 1, 1), StopCause::Cancellation, at(2)), []);
    // The same attempt may be asked for again while the thread lingers: what that finds is not its answer.
    let again = started(&desk.ask(screen(ticket(1, 1, 1)), at(3)).expect("room"))[0];
    assert_eq!(closed(&desk.ended(on, at(4))), []);
    assert_eq!(closed(&desk.ended(again, at(5))), [(Lane::Screening, ticket(1, 1, 1), Closing::Ended)]);
}

#[test]
fn what_takes_too_long_is_not_waited_for_and_threads_that_linger_are_bounded() {
    let mut desk = Desk::new(ONE, ONE);
    let decisions = desk.ask(screen(ticket(1, 1, 1)), at(0)).expect("room");
    assert_eq!(decisions[1..], [Decision::LookAgain(at(60))]);
    for candidate in [2, 3] {
        desk.ask(screen(ticket(1, candidate, 1)), at(0)).expect("room");
    }
    let early = desk.look(at(59));
    assert_eq!(early, [Decision::LookAgain(at(1))], "whoever looks too early looks again");
    let late = desk.look(at(60));
    assert_eq!(closed(&late), [(Lane::Screening, ticket(1, 1, 1), Closing::Overdue)]);
    assert_eq!(started(&late)[0].ticket, ticket(1, 2, 1), "the slot is free for the next one");
    let later = desk.look(at(120));
    assert_eq!(closed(&later), [(Lane::Screening, ticket(1, 2, 1), Closing::Overdue)]);
    assert!(started(&later).is_empty(), "two threads linger, and one slot is all there is");
    let back = desk.ended(started(&late)[0], at(121));
    assert_eq!((closed(&back), started(&back)[0].ticket), (vec![], ticket(1, 3, 1)));
}

#[test]
fn a_job_that_comes_late_is_owed_nothing() {
    let mut desk = Desk::new(ONE, ONE);
    let mut on = started(&desk.ask(screen(ticket(1, 1, 1)), at(0)).expect("room"))[0];
    for candidate in 2..=5 {
        desk.ask(screen(ticket(1, candidate, 1)), at(0)).expect("room");
    }
    on = started(&desk.ended(on, at(50)))[0];
    // It begins with what the other had, and then takes turns.
    desk.ask(screen(ticket(2, 1, 1)), at(50)).expect("room");
    desk.ask(screen(ticket(2, 2, 1)), at(50)).expect("room");
    let mut order = Vec::new();
    for now in [60, 70, 80] {
        on = started(&desk.ended(on, at(now)))[0];
        order.push(on.ticket.job.0);
    }
    assert_eq!(order, [2, 1, 2]);
}

proptest! {
    /// Whatever is asked, stopped, heard and waited for, and in whatever order: no more run than there are slots, no more threads
    /// than twice as many, and each attempt that was taken in is closed exactly once.
    #[test]
    fn every_attempt_ends_exactly_once(
        events in proptest::collection::vec((0_u8..8, 1_u64..4, 1_u64..3, 1_u64..3), 1..200),
    ) {
        let mut desk = Desk::new(SLOTS, ONE);
        let (mut threads, mut taken, mut ended) = (Vec::<Run>::new(), Vec::new(), Vec::new());
        let events: Vec<_> = events.into_iter().map(Some).chain([None; 60]).collect();
        for (now, event) in events.into_iter().enumerate() {
            let now = at(now as u64 * 7);
            let decisions = match event {
                Some((kind @ 0..=3, job, candidate, attempt)) => {
                    let ticket = ticket(job, candidate, attempt);
                    let asked = if kind < 2 { screen(ticket) } else { verify(ticket) };
                    let lane = asked.lane();
                    let is_new = !desk.is_here(lane, ticket);
                    let decisions = desk.ask(asked, now);
                    if is_new && decisions.is_ok() && !decisions.as_ref().is_ok_and(Vec::is_empty)
                        || is_new && desk.is_here(lane, ticket)
                    {
                        taken.push((lane, ticket));
                    }
                    decisions.unwrap_or_default()
                }
                Some((4, job, candidate, attempt)) => {
                    desk.stop(ticket(job, candidate, attempt), StopCause::Pause, now)
                }
                Some((5 | 6, _, candidate, _)) if !threads.is_empty() => {
                    let run = threads.remove(usize::try_from(candidate).expect("small") % threads.len());
                    desk.ended(run, now)
                }
                // In the end all threads come back.
                None if !threads.is_empty() => desk.ended(threads.remove(0), now),
                _ => desk.look(now),
            };
            threads.extend(started(&decisions));
            ended.extend(closed(&decisions).into_iter().map(|(lane, ticket, _)| (lane, ticket)));
            for (line, slots) in [(&desk.screening, 2), (&desk.verification, 1)] {
                let (on, all) = line.threads();
                prop_assert!(on <= slots && all <= 2 * slots, "{on} of {all} on {slots} slots");
            }
        }
        prop_assert!(desk.screening.is_empty() && desk.verification.is_empty());
        taken.sort();
        ended.sort();
        prop_assert_eq!(taken, ended);
    }
}
