//! Jobs against agents that are made up, in made-up time: whoever answers when, and whatever is interrupted.

use std::collections::{BTreeMap, BTreeSet};

use automcu_contract::{
    ArtifactId, Brief, CandidateId, Command, ControlError, DOCUMENTS, Few, JobId, JobPlan, Metric, OutcomePage, Proof,
    ProposalSummary, Proposed, Rung, ScreeningSummary, Share, Shortfall, Source, TrainingEnd, TrainingSummary, Verdict,
    VerificationSummary,
};
use automcu_history::{Event, JobState, What};
use automcu_model::{DataType, Provenance};
use automcu_target::Budget;
use proptest::prelude::*;

use crate::{
    job::{Agent, Ask, Order, Turn},
    office::{self, Following, Office, Rules},
};

const RULES: Rules = Rules { at_work: 2, jobs: 4 };

/// How the made-up agents are.
#[derive(Clone, Copy, Debug)]
struct Temper {
    /// Whoever answers when follows from this.
    delays: u64,
    /// One candidate in so many is refused.
    refused: u64,
    /// The metric of the best there could be.
    best: f64,
    /// Nothing fits at all.
    nothing_fits: bool,
    /// A training takes so long, in milliseconds.
    training_ms: u64,
}

const TEMPER: Temper = Temper { delays: 1, refused: 3, best: 0.95, nothing_fits: false, training_ms: 1_000 };

#[derive(Clone, Debug)]
enum Answer {
    Proposed(ProposalSummary),
    Screened(ScreeningSummary),
    Trained(TrainingSummary),
    Verified(VerificationSummary),
}

/// The office with made-up agents around it.
struct World {
    office: Office,
    temper: Temper,
    now: u64,
    /// What is answered when; the second number makes each different.
    answers: BTreeMap<(u64, u64), Answer>,
    asked: u64,
    written: BTreeMap<JobId, Vec<(u64, Event)>>,
    pages: BTreeMap<ArtifactId, OutcomePage>,
    /// Orders that were given, by name.
    log: Vec<String>,
}

fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn number(id: ArtifactId) -> u64 {
    u64::from_str_radix(&id.to_string()[..15], 16).expect("hexadecimal")
}

fn metric(value: f64, dtype: DataType) -> Option<Metric> {
    let share = Share::new(value).expect("a share");
    Some(Metric { value: share, low: share, high: share, dtype, provenance: Provenance::Host })
}

fn plan(candidates: u32) -> JobPlan {
    let rung =
        |name: &str, entrants, seeds, warm| Rung { conditions: ArtifactId::of(name.as_bytes()), entrants, seeds, warm };
    JobPlan {
        version: DOCUMENTS,
        asked: serde_json::Value::Null,
        tags: Vec::new(),
        dataset: "synthetic".to_owned(),
        target: None,
        budget: Budget::default(),
        goal: None,
        time_s: None,
        priority: 0,
        seed: 7,
        key: None,
        assignment: ArtifactId::of(b"assignment"),
        a_round: 3,
        rungs: vec![rung("short", candidates, 1, false), rung("long", 3, 1, true), rung("again", 1, 2, false)],
        exploring: 0.55,
        screens_first: true,
        judge: None,
    }
}

impl World {
    fn new(temper: Temper) -> Self {
        Self {
            office: Office::new(RULES, JobId(1)),
            temper,
            now: 1_000_000,
            answers: BTreeMap::new(),
            asked: 0,
            written: BTreeMap::new(),
            pages: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    fn submit(&mut self, plan: &JobPlan) -> JobId {
        let document = serde_json::to_vec(plan).expect("plain data");
        let (job, turn) = self.office.submit(&document, self.now).expect("taken");
        self.follow(turn.map(|turn| (job, turn)));
        job
    }

    fn follow(&mut self, following: impl IntoIterator<Item = Following>) {
        for (job, turn) in following {
            self.written.entry(job).or_default().extend(turn.events);
            for order in turn.orders {
                self.order(order);
            }
        }
    }

    fn order(&mut self, order: Order) {
        self.log.push(format!("{order:?}"));
        let answer = match order {
            Order::Keep(page) => {
                let read: OutcomePage = serde_json::from_slice(&page).expect("a page");
                assert!(read.outcomes.len() <= OutcomePage::MOST);
                self.pages.insert(ArtifactId::of(&page), read);
                return;
            }
            Order::Propose(asked) => {
                if let Some(page) = asked.outcomes {
                    assert!(self.pages.contains_key(&page), "a page is kept before it is named");
                }
                Answer::Proposed(self.propose(asked.job, asked.round, asked.wanted, asked.outcomes))
            }
            Order::Screen(asked) => {
                let refused = number(asked.spec).is_multiple_of(self.temper.refused);
                let verdict =
                    if refused { Verdict::OverBudget { reason: Brief::new("1 KiB of RAM") } } else { Verdict::Fits };
                let judge = Brief::new("plan");
                Answer::Screened(ScreeningSummary {
                    ticket: asked.ticket,
                    judge,
                    verdict,
                    footprint: None,
                    report: None,
                    duration_ms: 1,
                })
            }
            Order::Train(asked) => {
                let quality = self.quality(asked.spec, asked.seed);
                Answer::Trained(TrainingSummary {
                    ticket: asked.ticket,
                    end: TrainingEnd::Finished,
                    metric: metric(quality, DataType::Float32),
                    epochs: 3,
                    duration_ms: 1_000,
                    energy_mj: None,
                    checkpoint: Some(ArtifactId::of(format!("{} {}", asked.spec, asked.seed).as_bytes())),
                })
            }
            Order::Verify(asked) => {
                let is_winner = asked.proof == Proof::Winner;
                let quality = (number(asked.checkpoint) % 1_000) as f64 / 1e6;
                let found = self.of_checkpoint(asked.spec, asked.checkpoint) - quality;
                Answer::Verified(VerificationSummary {
                    ticket: asked.ticket,
                    judge: Brief::new("plan"),
                    verdict: Verdict::Fits,
                    footprint: None,
                    metric: metric(found, DataType::Int8),
                    test: is_winner.then(|| metric(found, DataType::Int8)).flatten(),
                    bundle: is_winner.then_some(asked.checkpoint),
                    duration_ms: 5,
                })
            }
            Order::StopTraining(stop) => {
                self.stop(stop.ticket);
                return;
            }
            Order::StopEvaluation(_) => return,
        };
        self.asked += 1;
        let usual = if matches!(answer, Answer::Trained(_)) { self.temper.training_ms } else { 50 };
        let delay = usual + mix(self.temper.delays ^ self.asked) % usual;
        self.answers.insert((self.now + delay, self.asked), answer);
    }

    /// What trains ends now, with how far it is.
    fn stop(&mut self, ticket: automcu_contract::Ticket) {
        let is_it = |answer: &Answer| matches!(answer, Answer::Trained(one) if one.ticket == ticket);
        let key = self.answers.iter().find(|(_, answer)| is_it(answer)).map(|(key, _)| *key);
        let Some(Answer::Trained(mut one)) = key.and_then(|key| self.answers.remove(&key)) else { return };
        one.end = TrainingEnd::Stopped;
        one.metric = None;
        one.checkpoint = Some(ArtifactId::of(b"halfway"));
        self.asked += 1;
        self.answers.insert((self.now, self.asked), Answer::Trained(one));
    }

    fn quality(&self, spec: ArtifactId, seed: u64) -> f64 {
        self.temper.best - (number(spec) % 1_000) as f64 / 10_000.0 - (mix(seed ^ number(spec)) % 100) as f64 / 1e5
    }

    fn of_checkpoint(&self, spec: ArtifactId, checkpoint: ArtifactId) -> f64 {
        let seeds = [7, 1_007, 2_007, 2_008];
        let seed = seeds.into_iter().find(|seed| ArtifactId::of(format!("{spec} {seed}").as_bytes()) == checkpoint);
        self.quality(spec, seed.expect("weights that were trained"))
    }

    /// Candidates that depend on what was seen.
    fn propose(&self, job: JobId, round: u32, wanted: u8, outcomes: Option<ArtifactId>) -> ProposalSummary {
        let one = |place: u8| {
            let spec = ArtifactId::of(format!("{job} {round} {place} {outcomes:?}").as_bytes());
            let digest = spec.to_string().parse().expect("as many digits");
            Proposed { spec, digest, source: Source::Random, rationale: Brief::new("a draw") }
        };
        let nothing = Shortfall::NothingFits { reason: Brief::new("the smallest takes 9 KiB of RAM; allow 9 KiB") };
        let wanted = if self.temper.nothing_fits { 0 } else { wanted };
        let candidates = Few::new((0..wanted).map(one).collect()).expect("few");
        let shortfall = self.temper.nothing_fits.then_some(nothing);
        ProposalSummary { job, round, candidates, refused: 2, shortfall }
    }

    /// The next answer comes, or time passes.
    fn step(&mut self) -> bool {
        let next = self.answers.first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= self.now + 100);
        let following: Vec<Following> = match next {
            Some(key) => {
                self.now = self.now.max(key.0);
                let following = match self.answers.remove(&key).expect("there") {
                    Answer::Proposed(answer) => self.office.proposed(answer, self.now),
                    Answer::Screened(answer) => self.office.screened(&answer, self.now),
                    Answer::Trained(answer) => self.office.trained(&answer, self.now),
                    Answer::Verified(answer) => self.office.verified(&answer, self.now),
                };
                following.into_iter().collect()
            }
            None => {
                self.now += 100;
                self.office.tick(self.now)
            }
        };
        let idle =
            following.iter().all(|(_, turn)| *turn == Turn::default()) && self.answers.is_empty() && next.is_none();
        self.follow(following);
        !idle
    }

    fn run(&mut self) {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            assert!(steps < 10_000, "it never ends: {:?}", self.log.last());
        }
    }

    /// All in memory is gone; what was written is not.
    fn crash(&mut self) {
        self.now += 5_000;
        self.answers.clear();
        let next = JobId(self.written.keys().map(|id| id.0).max().unwrap_or(0) + 1);
        self.office = Office::new(RULES, next);
        for (id, events) in &self.written {
            let mut job = office::submitted(*id, &events[0].1.what).expect("a plan");
            for (n, event) in events {
                job.replay(*n, event);
            }
            if !job.state.is_final() {
                self.office.restore(job);
            }
        }
        let following = self.office.take_up(self.now);
        self.follow(following);
    }

    fn events(&self, job: JobId) -> impl Iterator<Item = &What> {
        self.written[&job].iter().map(|(_, event)| &event.what)
    }

    fn end(&self, job: JobId) -> (JobState, String) {
        let ends = self.events(job).filter_map(|what| match what {
            What::JobStateChanged { to, cause, .. } => Some((*to, cause.clone())),
            _ => None,
        });
        ends.last().expect("it went somewhere")
    }

    /// All that came of it, whoever finished when.
    fn outcome(&self, job: JobId) -> (BTreeSet<String>, Option<CandidateId>) {
        let told = self.events(job).filter_map(|what| match what {
            What::CandidateProposed { candidate, digest, round, .. } => Some(format!("{round} {candidate} {digest}")),
            What::TrainingEnded { candidate, metric: Some(metric), .. } => {
                Some(format!("{candidate} {}", metric.value))
            }
            What::CandidateVerified { candidate, metric: Some(metric), as_winner, .. } => {
                Some(format!("{candidate} int8 {} {as_winner}", metric.value))
            }
            _ => None,
        });
        let winner = self.events(job).find_map(|what| match what {
            What::WinnerChosen { candidate, .. } => Some(*candidate),
            _ => None,
        });
        (told.collect(), winner)
    }
}

fn ran(temper: Temper, plan: &JobPlan) -> (World, JobId) {
    let mut world = World::new(temper);
    let job = world.submit(plan);
    world.run();
    (world, job)
}

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
    for command in [Command::AllowCandidates(9), Command::Prioritise(3), Command::AimAt(Share::new(0.99))] {
        let turn = world.office.command(job, command, world.now).expect("at work");
        world.follow([(job, turn)]);
    }
    let nothing = world.office.command(job, Command::AllowCandidates(0), world.now);
    assert!(matches!(nothing, Err(ControlError::Unusable { .. })));
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
