//! Jobs against agents that are made up, in made-up time: whoever answers when, and whatever is interrupted.

mod world;

use std::collections::BTreeSet;

use automcu_contract::{Adjustment, CandidateId, Command, ControlError, JobId, JobPlan, ProposalSummary, Share};
use automcu_history::{JobState, What};
use proptest::prelude::*;

use crate::job::{Agent, Ask};
use world::{Answer, TEMPER, Temper, World, plan, ran};

#[test]
fn a_job_goes_from_proposals_to_a_winner_that_is_proven() {
    let (world, job) = ran(TEMPER, &plan(12));
    assert_eq!(world.end(job), (JobState::Finished, "all that was allowed was tried".to_owned()));
    let begun = world.events(job).filter(|what| matches!(what, What::TrainingStarted { rung: 0, .. })).count();
    assert_eq!(begun, 12, "refused ones do not count");
    let (_, winner) = world.outcome(job);
    let verified = world.events(job).filter_map(|what| match what {
        What::CandidateVerified { candidate, metric: Some(metric), as_winner: false, .. } => {
            Some((*candidate, metric.value))
        }
        _ => None,
    });
    let best = verified.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(candidate, _)| candidate);
    assert_eq!(winner, best);
    let tested = world.events(job).filter(|what| matches!(what, What::CandidateVerified { test: Some(_), .. })).count();
    assert_eq!(tested, 1, "the test samples are looked at once");
}

#[test]
fn what_a_judge_refuses_is_never_trained() {
    let (world, job) = ran(TEMPER, &plan(12));
    let refused: BTreeSet<CandidateId> = world
        .events(job)
        .filter_map(|what| match what {
            What::CandidateScreened { candidate, verdict: automcu_history::Verdict::OverBudget { .. }, .. } => {
                Some(*candidate)
            }
            _ => None,
        })
        .collect();
    assert!(!refused.is_empty());
    for what in world.events(job) {
        if let What::TrainingStarted { candidate, .. } = what {
            assert!(!refused.contains(candidate));
        }
    }
}

#[test]
fn proposals_and_screening_go_on_while_candidates_train() {
    let (world, _) = ran(TEMPER, &plan(30));
    let place = |start: &str| world.log.iter().position(|order| order.starts_with(start));
    let second =
        world.log.iter().position(|order| order.starts_with("Propose") && order.contains("round: 2")).expect("two");
    let first_kept = place("Keep").expect("a page");
    assert!(second < first_kept, "the second round does not wait for what becomes of the first");
}

#[test]
fn a_goal_that_is_met_ends_the_search() {
    let easy = JobPlan { goal: Some(0.85), ..plan(30) };
    let (world, job) = ran(TEMPER, &easy);
    assert_eq!(world.end(job), (JobState::Finished, "the goal is met".to_owned()));
    let begun = world.events(job).filter(|what| matches!(what, What::TrainingStarted { .. })).count();
    assert!(begun < 15, "{begun} were trained");
    assert!(world.outcome(job).1.is_some());
}

#[test]
fn nothing_feasible_is_an_answer_with_its_reason() {
    let (world, job) = ran(Temper { nothing_fits: true, ..TEMPER }, &plan(12));
    let (state, cause) = world.end(job);
    assert_eq!(state, JobState::Finished);
    assert_eq!(cause, "nothing feasible: the smallest takes 9 KiB of RAM; allow 9 KiB");
    let (world, job) = ran(Temper { refused: 1, ..TEMPER }, &plan(12));
    let (state, cause) = world.end(job);
    assert_eq!((state, cause.as_str()), (JobState::Finished, "nothing feasible; the last one refused: 1 KiB of RAM"));
}

#[test]
fn when_the_time_is_over_the_best_so_far_is_the_answer() {
    let timed = JobPlan { time_s: Some(20), ..plan(1_000) };
    let (world, job) = ran(TEMPER, &timed);
    let (state, cause) = world.end(job);
    assert_eq!(state, JobState::Finished, "{cause}");
    assert!(world.outcome(job).1.is_some());
    assert!(world.now < 1_000_000 + 22_000, "{}", world.now);
    // Trainings that take longer than there is time leave nothing behind.
    let (world, job) = ran(Temper { training_ms: 60_000, ..TEMPER }, &timed);
    assert_eq!(world.end(job), (JobState::Failed, "the time is over; nothing was trained to its end".to_owned()));
}

#[test]
fn jobs_wait_for_their_turn_by_priority() {
    let mut world = World::new(TEMPER);
    for priority in [0, 0, 0, 5] {
        world.submit(&JobPlan { priority, ..plan(3) });
    }
    let document = serde_json::to_vec(&plan(3)).expect("plain data");
    assert_eq!(world.office.submit(&document, world.now).expect_err("full"), ControlError::Full { jobs: 4 });
    world.run();
    let begin = |job: u64| {
        let changed =
            world.written[&JobId(job)].iter().find(|(_, event)| matches!(event.what, What::JobStateChanged { .. }));
        changed.expect("it began").1.at_ms
    };
    assert!(begin(4) <= begin(1) && begin(1) < begin(2) && begin(2) <= begin(3));
    for job in 1..=4 {
        assert_eq!(world.end(JobId(job)).0, JobState::Finished);
    }
}

#[test]
fn the_same_submission_twice_is_one_job() {
    let mut world = World::new(TEMPER);
    let keyed = JobPlan { key: Some("mine".to_owned()), ..plan(3) };
    let job = world.submit(&keyed);
    assert_eq!(world.submit(&keyed), job);
    world.crash();
    assert_eq!(world.submit(&keyed), job);
    assert_ne!(world.submit(&plan(3)), job);
}

#[test]
fn a_pause_stops_trainings_and_resuming_goes_on_where_they_were() {
    let mut world = World::new(TEMPER);
    let job = world.submit(&plan(6));
    while !world.log.iter().any(|order| order.starts_with("Train")) {
        world.step();
    }
    let paused = world.office.command(job, Command::Pause, world.now).expect("at work");
    world.follow([(job, paused)]);
    world.run();
    assert_eq!(world.end(job).0, JobState::Paused);
    let again = world.office.command(job, Command::Pause, world.now);
    assert!(matches!(again, Err(ControlError::Meaningless { .. })), "{again:?}");
    world.crash();
    let resumed = world.office.command(job, Command::Resume, world.now).expect("paused");
    world.follow([(job, resumed)]);
    assert!(world.log.iter().any(|order| order.starts_with("Train(") && order.contains("Checkpoint(")));
    world.run();
    assert_eq!(world.end(job).0, JobState::Finished);
    assert_eq!(world.outcome(job).1, ran(TEMPER, &plan(6)).0.outcome(job).1);
}

#[test]
fn a_job_can_be_cancelled_at_any_time() {
    let whole = {
        let mut world = World::new(TEMPER);
        world.submit(&plan(6));
        (0..).take_while(|_| world.step()).count()
    };
    for steps in 0..whole - 1 {
        let mut world = World::new(TEMPER);
        let job = world.submit(&plan(6));
        (0..steps).for_each(|_| _ = world.step());
        let Ok(turn) = world.office.command(job, Command::Cancel, world.now) else { continue };
        world.follow([(job, turn)]);
        world.run();
        assert_eq!(world.end(job).0, JobState::Cancelled, "after {steps}");
        let open = world.events(job).fold(0_i64, |open, what| match what {
            What::TrainingStarted { .. } => open + 1,
            What::TrainingEnded { .. } => open - 1,
            _ => open,
        });
        assert_eq!(open, 0, "after {steps}: each attempt that began has ended");
        assert!(matches!(world.office.command(job, Command::Cancel, world.now), Err(ControlError::NotUnderWay { .. })));
    }
}

#[test]
fn what_is_allowed_can_be_changed_under_way() {
    let mut world = World::new(TEMPER);
    let job = world.submit(&plan(30));
    (0..20).for_each(|_| _ = world.step());
    let adjusted = |world: &World| world.events(job).filter(|what| matches!(what, What::JobAdjusted { .. })).count();
    let change =
        Adjustment { candidates: Some(9), priority: Some(3), goal: Some(Share::new(0.99)), ..Adjustment::default() };
    let nothing = world.office.command(job, Command::Adjust(Adjustment { candidates: Some(0), ..change }), world.now);
    assert!(matches!(nothing, Err(ControlError::Unusable { .. })));
    assert_eq!(adjusted(&world), 0, "all or nothing");
    let turn = world.office.command(job, Command::Adjust(change), world.now).expect("at work");
    world.follow([(job, turn)]);
    assert_eq!(adjusted(&world), 3);
    world.crash();
    world.run();
    let begun = world.events(job).filter(|what| matches!(what, What::TrainingStarted { rung: 0, .. })).count();
    assert!((9..=12).contains(&begun), "{begun}");
}

#[test]
fn an_agent_that_dies_is_asked_again_and_what_kills_it_each_time_is_given_up() {
    for agent in Agent::ALL {
        let mut world = World::new(TEMPER);
        let job = world.submit(&plan(6));
        let mut deaths = 0;
        while world.step() {
            // Each time that something is asked of it, twice.
            if deaths < 2 && world.log.last().is_some_and(|order| asks(order, agent)) {
                deaths += 1;
                world.answers.retain(|_, answer| of(answer) != agent);
                let following = world.office.agent_died(agent, world.now);
                world.follow(following);
            }
        }
        assert_eq!(deaths, 2);
        assert_eq!(world.end(job).0, JobState::Finished, "{agent:?}");
        assert_eq!(world.outcome(job), ran(TEMPER, &plan(6)).0.outcome(job), "{agent:?}");
    }
    // The first training kills each time.
    let mut world = World::new(TEMPER);
    let job = world.submit(&plan(6));
    for _ in 0..3 {
        while !world.answers.values().any(|answer| of(answer) == Agent::Training) {
            world.step();
        }
        world.answers.retain(|_, answer| of(answer) != Agent::Training);
        let following = world.office.agent_died(Agent::Training, world.now);
        world.follow(following);
    }
    world.run();
    let failed = world
        .events(job)
        .filter(|what| matches!(what, What::TrainingEnded { end: automcu_history::TrainingEnd::Failed { .. }, .. }));
    assert!(failed.count() >= 1);
    assert_eq!(world.end(job).0, JobState::Finished);
}

fn asks(order: &str, agent: Agent) -> bool {
    match agent {
        Agent::Proposal => order.starts_with("Propose"),
        Agent::Training => order.starts_with("Train"),
        Agent::Evaluation => order.starts_with("Screen") || order.starts_with("Verify"),
    }
}

const fn of(answer: &Answer) -> Agent {
    match answer {
        Answer::Proposed(_) => Agent::Proposal,
        Answer::Trained(_) => Agent::Training,
        Answer::Screened(_) | Answer::Verified(_) => Agent::Evaluation,
    }
}

#[test]
fn draining_keeps_how_far_trainings_are_and_begins_nothing() {
    let mut world = World::new(TEMPER);
    let job = world.submit(&plan(6));
    while !world.log.iter().any(|order| order.starts_with("Train")) {
        world.step();
    }
    let following = world.office.drain();
    world.follow(following);
    assert!(!world.office.is_drained());
    let asked = world.log.len();
    world.run();
    assert!(world.office.is_drained());
    assert!(world.log[asked..].iter().all(|order| order.starts_with("Keep")), "{:?}", &world.log[asked..]);
    let document = serde_json::to_vec(&plan(3)).expect("plain data");
    assert_eq!(world.office.submit(&document, world.now).expect_err("ending"), ControlError::Ending);
    world.crash();
    world.run();
    assert_eq!(world.outcome(job), ran(TEMPER, &plan(6)).0.outcome(job));
}

#[test]
fn late_answers_are_dropped() {
    let mut world = World::new(TEMPER);
    let job = world.submit(&plan(3));
    while world.answers.is_empty() {
        world.step();
    }
    let (_, Answer::Proposed(first)) =
        world.answers.first_key_value().map(|(key, answer)| (*key, answer.clone())).expect("asked")
    else {
        panic!("candidates come first")
    };
    let late = ProposalSummary { round: 9, ..first.clone() };
    assert!(world.office.proposed(late, world.now).is_none());
    assert!(world.office.proposed(first.clone(), world.now).is_some());
    assert!(world.office.proposed(first, world.now).is_none(), "the second time it is late");
    world.office.put_off(job, Ask::Propose(9));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Without a bound of time, what comes of a job follows from its plan: not from who answers first, and not from where it was
    /// interrupted, however often.
    #[test]
    fn who_answers_first_and_where_it_is_interrupted_changes_nothing(
        delays in any::<u64>(),
        crashes in proptest::collection::vec(1_usize..60, 0..8),
        goal in proptest::option::of(0.85_f64..0.96),
    ) {
        let plan = JobPlan { goal, ..plan(14) };
        let (expected, job) = ran(TEMPER, &plan);
        let mut world = World::new(Temper { delays, ..TEMPER });
        world.submit(&plan);
        for steps in crashes {
            (0..steps).for_each(|_| _ = world.step());
            world.crash();
        }
        world.run();
        prop_assert_eq!(world.end(job), expected.end(job));
        let (told, winner) = world.outcome(job);
        let (expected_told, expected_winner) = expected.outcome(job);
        prop_assert_eq!(winner, expected_winner);
        // What was stopped because the goal was met may have been further or less far.
        if goal.is_none() {
            prop_assert_eq!(told, expected_told);
        }
    }
}
