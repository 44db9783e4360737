//! The agent over a real store, and a supervisor that asks as the loop does: round r when those up to r - 2 are settled.

mod model;
mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use automcu_contract::{
    ArtifactId, Assignment, DOCUMENTS, Fate, JobId, OutcomePage, ProposeCandidates, Proposer, RequestError, Shortfall,
    Source,
};
use automcu_model::Spec;
use automcu_search::{Buildable, Evolution, Numbers, Purpose, Space, Strategy, Task};
use automcu_target::{Budget, Core};
use proptest::{
    prelude::{ProptestConfig, any, prop_assert_eq, proptest},
    test_runner::RngSeed,
};

use support::{Job, Scene, bounded, budget, space};

/// What a job is asked to be.
fn assigned(proposer: Proposer) -> Assignment {
    Assignment {
        version: DOCUMENTS,
        input: [1, 64, 3],
        classes: 4,
        target: Some("a part".to_owned()),
        proposer,
        space: None,
        fitting: true,
        most_macs: None,
        seed: 5,
        warm: Vec::new(),
        prompting: None,
    }
}

#[actix::test]
async fn rounds_in_order_give_candidates_that_fit_and_none_twice() {
    for proposer in [Proposer::Mixed, Proposer::Evolution, Proposer::Random] {
        let mut scene = Scene::new(4);
        let mut job = scene.job(1, assigned(proposer), budget());
        for round in 1..=6 {
            let answer = scene.ask(&job.asks(round)).await;
            assert_eq!((answer.job, answer.round, answer.shortfall), (JobId(1), round, None));
            assert_eq!(answer.candidates.as_slice().len(), 3);
            job.put_forward(&scene.store, answer.candidates.into_vec());
        }
        let task = Task { space: space(), budget: budget(), core: Core::CortexM4, most_macs: None };
        let all: Vec<_> = job.rounds.iter().flatten().collect();
        for (place, one) in all.iter().enumerate() {
            assert!(all[..place].iter().all(|other| other.digest != one.digest), "{proposer:?} repeats itself");
            let text = scene.store.get(one.spec).expect("kept");
            let spec = Spec::from_json(&text).expect("a spec");
            assert_eq!((spec.to_json().as_bytes(), spec.lower().expect("it lowers").digest()), (&text[..], one.digest));
            assert!(task.admit(&space().member(&spec).expect("of the space")).is_ok());
        }
        let sources: Vec<Source> = all.iter().map(|one| one.source).collect();
        let begins = if proposer == Proposer::Mixed { Source::Seed } else { Source::Random };
        let ends = if proposer == Proposer::Random { Source::Random } else { Source::Evolution };
        assert!(sources[0] == begins && sources.contains(&ends), "{sources:?}");
    }
}

#[actix::test]
async fn the_answer_is_that_of_the_strategy() {
    let mut scene = Scene::new(4);
    let mut job = scene.job(1, assigned(Proposer::Evolution), budget());
    for round in 1..=4 {
        let answer = scene.ask(&job.asks(round)).await;
        job.put_forward(&scene.store, answer.candidates.into_vec());
    }
    let task = std::sync::Arc::new(Task { space: space(), budget: budget(), core: Core::CortexM4, most_macs: None });
    let mut strategy = Evolution::new(task, 5);
    // What was seen for round 4 are rounds 1 and 2; round 3 is pending.
    job.rounds[2].iter().for_each(|one| strategy.know(one.digest));
    let found = strategy.propose(&job.outcomes(&scene.store, 2), 3);
    let expected: Vec<_> = found.proposals.into_iter().map(|proposal| proposal.id).collect();
    assert_eq!(job.rounds[3].iter().map(|one| one.digest).collect::<Vec<_>>(), expected);
}

/// What is done next in an interleaving.
type Step = (bool, bool, usize);

/// Two jobs of some rounds each; their answers, whatever happens in between.
async fn told(most_jobs: usize, steps: &[Step]) -> Vec<automcu_contract::ProposalSummary> {
    const ROUNDS: u32 = 4;
    let mut scene = Scene::new(most_jobs);
    let mut jobs = [
        scene.job(1, assigned(Proposer::Mixed), budget()),
        scene.job(2, Assignment { seed: 6, ..assigned(Proposer::Evolution) }, bounded(8, 24)),
    ];
    let mut answers = Vec::new();
    let mut steps = steps.iter().copied().chain(std::iter::repeat((false, false, 0)));
    while jobs.iter().any(|job| job.next_round() <= ROUNDS) {
        let (is_anew, is_again, which) = steps.next().expect("endless");
        if is_anew {
            scene.restart();
        }
        let place = if jobs[which].next_round() <= ROUNDS { which } else { 1 - which };
        let job = &mut jobs[place];
        let round = job.next_round();
        if is_again && round > 1 {
            let earlier = 1 + u32::try_from(which).expect("small") % (round - 1);
            let answer = scene.ask(&job.asks(earlier)).await;
            assert_eq!(answer.candidates.as_slice(), job.rounds[earlier as usize - 1], "round {earlier} once more");
        }
        let answer = scene.ask(&job.asks(round)).await;
        job.put_forward(&scene.store, answer.candidates.clone().into_vec());
        answers.push(answer);
    }
    answers.sort_by_key(|answer| (answer.job, answer.round));
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn restarts_repetitions_and_forgetting_change_nothing(
        most_jobs in 0..3_usize,
        steps in proptest::collection::vec((any::<bool>(), any::<bool>(), 0..2_usize), 8),
    ) {
        let (lived, other) = actix::System::new().block_on(async { (told(9, &[]).await, told(most_jobs, &steps).await) });
        prop_assert_eq!(lived, other);
    }
}

#[actix::test]
async fn an_agent_that_lives_reads_no_page_twice_and_one_that_is_new_reads_all() {
    let mut scene = Scene::new(4);
    let mut job = scene.job(1, assigned(Proposer::Random), budget());
    for round in 1..=8 {
        let answer = scene.ask(&job.asks(round)).await;
        assert_eq!(answer.shortfall, None, "round {round}");
        job.put_forward(&scene.store, answer.candidates.into_vec());
        // Whatever was on pages that were asked with is gone, but for the latest, whose name is on the next.
        for page in job.pages.iter().take((round as usize).saturating_sub(2)) {
            scene.remove(*page);
        }
        for one in job.rounds.iter().take((round as usize).saturating_sub(2)).flatten() {
            scene.remove(one.spec);
        }
    }
    scene.restart();
    let Some(Shortfall::Failed { reason, is_transient: false }) = scene.ask(&job.asks(9)).await.shortfall else {
        panic!("it cannot know")
    };
    assert!(reason.as_str().contains("is not there"), "{reason}");
}

#[actix::test]
async fn where_nothing_fits_it_is_said_what_lacks_and_what_would_do() {
    let mut scene = Scene::new(4);
    let job = scene.job(1, assigned(Proposer::Mixed), bounded(8, 1));
    let answer = scene.ask(&job.asks(1)).await;
    assert_eq!(answer.candidates.as_slice(), []);
    let Some(Shortfall::NothingFits { reason }) = answer.shortfall else { panic!("{:?}", answer.shortfall) };
    let task = Task { space: space(), budget: bounded(8, 1), core: Core::CortexM4, most_macs: None };
    let smallest = task.smallest_that_fails().expect("nothing fits").smallest;
    let does = Budget { ram: Some(smallest.ram()), flash: Some(smallest.flash()) };
    let said = format!("would do with {} of Flash and {} of RAM", smallest.flash(), smallest.ram());
    assert!(reason.as_str().starts_with("nothing fits: Flash lacks ") && reason.as_str().ends_with(&said), "{reason}");
    let job = scene.job(2, assigned(Proposer::Random), does);
    assert_eq!(scene.ask(&job.asks(1)).await.candidates.as_slice().len(), 1, "the smallest there is");
}

#[actix::test]
async fn seeds_come_to_an_end() {
    let mut scene = Scene::new(4);
    let mut job = scene.job(1, assigned(Proposer::Seeds), budget());
    let mut shortfall = None;
    for round in 1..=12 {
        let answer = scene.ask(&ProposeCandidates { wanted: 200, ..job.asks(round) }).await;
        assert!(answer.candidates.as_slice().iter().all(|one| one.source == Source::Seed));
        assert!(answer.candidates.as_slice().len() == 8 || answer.shortfall.is_some());
        job.put_forward(&scene.store, answer.candidates.into_vec());
        shortfall = answer.shortfall;
        if shortfall.is_some() {
            break;
        }
    }
    let Some(Shortfall::Exhausted { reason }) = shortfall else { panic!("{shortfall:?}") };
    assert!(reason.as_str().starts_with("every seed was put forward"), "{reason}");
}

#[actix::test]
async fn what_did_well_in_the_past_comes_first_if_it_fits_and_once() {
    let mut scene = Scene::new(4);
    let other = scene.job(1, Assignment { seed: 9, ..assigned(Proposer::Random) }, budget());
    let past = scene.ask(&ProposeCandidates { wanted: 4, ..other.asks(1) }).await.candidates.into_vec();
    let wide = space().widened(&space().seeds()[0].member, 64);
    let wide = scene.store.put(space().spec(&wide).to_json().as_bytes()).expect("put");
    let strange = scene.store.put(br#"{"version":1}"#).expect("put");
    let gone = ArtifactId::of(b"gone");
    let warm = [wide, past[0].spec, gone, past[1].spec, strange, past[0].spec, past[2].spec, past[3].spec].to_vec();
    let mut job = scene.job(2, Assignment { warm, ..assigned(Proposer::Mixed) }, budget());
    for round in 1..=2 {
        let answer = scene.ask(&job.asks(round)).await;
        job.put_forward(&scene.store, answer.candidates.into_vec());
    }
    let found: Vec<_> = job.rounds.iter().flatten().map(|one| (one.source, one.spec)).collect();
    let expected: Vec<_> = past.iter().map(|one| (Source::Warm, one.spec)).collect();
    assert_eq!(found[..4], expected);
    assert!(found[4..].iter().all(|(source, _)| *source != Source::Warm));
}

#[actix::test]
async fn without_the_filter_draws_are_as_they_come() {
    let mut scene = Scene::new(4);
    let job = scene.job(1, Assignment { fitting: false, ..assigned(Proposer::Random) }, bounded(2, 4));
    let answer = scene.ask(&ProposeCandidates { wanted: 6, ..job.asks(1) }).await;
    assert_eq!((answer.refused, answer.shortfall), (0, None));
    let mut numbers = Numbers::of(5, Purpose::Draw, 0);
    let first = space().id(&space().draw(&mut numbers)).expect("it can be built");
    assert_eq!(answer.candidates.as_slice()[0].digest, first);
    let task = Task { space: space(), budget: bounded(2, 4), core: Core::CortexM4, most_macs: None };
    let over = answer.candidates.as_slice().iter().filter(|one| {
        let spec = Spec::from_json(&scene.store.get(one.spec).expect("kept")).expect("a spec");
        task.admit(&space().member(&spec).expect("of the space")).is_err()
    });
    assert!(over.count() > 3);
}

#[actix::test]
async fn what_a_judge_has_refused_is_not_proposed_again_nor_what_is_no_member() {
    let mut scene = Scene::new(0);
    let mut job = scene.job(1, assigned(Proposer::Random), budget());
    let would = scene.ask(&job.asks(1)).await.candidates.into_vec();
    // As if others had put forward just these, and a network of another kind.
    job.put_forward(&scene.store, would.clone());
    let strange = br#"{"version":1,"input":{"height":1,"width":64,"channels":3},"backbone":[{"op":"max_pool"}],
        "head":{"op":"classifier","classes":4}}"#;
    job.settle(&scene.store, |_| Fate::Refused { reason: "too large".to_owned() }, Some(strange));
    let again = scene.ask(&job.asks(3)).await;
    assert!(again.candidates.as_slice().iter().all(|one| would.iter().all(|other| other.digest != one.digest)));
    assert_eq!(again.candidates.as_slice().len(), 3);
}

#[actix::test]
async fn pages_that_are_not_the_job_s_are_told_and_leave_no_trace() {
    let mut scene = Scene::new(4);
    let mut job = scene.job(1, assigned(Proposer::Random), budget());
    for round in 1..=3 {
        let answer = scene.ask(&job.asks(round)).await;
        job.put_forward(&scene.store, answer.candidates.into_vec());
    }
    let right = scene.ask(&job.asks(4)).await;
    let page: OutcomePage = serde_json::from_slice(&scene.store.get(job.pages[1]).expect("kept")).expect("a page");
    let mut half = page.clone();
    half.outcomes[2].spec = ArtifactId::of(b"gone");
    let mut another = page.clone();
    another.outcomes[0].digest = page.outcomes[1].digest;
    let mut beyond = page.clone();
    beyond.outcomes[1].fate = Fate::Trained { score: 1.5 };
    let many = std::iter::repeat_n(page.outcomes[0].clone(), 9).collect();
    for (wrong, said) in [
        (OutcomePage { job: JobId(2), ..page.clone() }, "it is of j2"),
        (OutcomePage { round: 4, ..page.clone() }, "it is of round 4, and those up to 3 count"),
        (OutcomePage { round: 0, ..page.clone() }, "it is of round 1, and those up to 0 count"),
        (OutcomePage { version: 2, ..page.clone() }, "version 2 where 1 is known"),
        (OutcomePage { outcomes: many, ..page.clone() }, "9 outcomes where 8 fit"),
        (OutcomePage { earlier: Some(page.outcomes[0].spec), ..page.clone() }, "is not what it should be"),
        (OutcomePage { earlier: Some(ArtifactId::of(b"gone")), ..page.clone() }, "is not there"),
        (half, "is not there"),
        (another, "its graph is not"),
        (beyond, "a score of 1.5"),
    ] {
        let outcomes = Some(scene.store.put(&serde_json::to_vec(&wrong).expect("JSON")).expect("put"));
        let answer = scene.ask(&ProposeCandidates { outcomes, ..job.asks(4) }).await;
        let Some(Shortfall::Failed { reason, is_transient: false }) = &answer.shortfall else { panic!("{answer:?}") };
        assert!(reason.as_str().contains(said) || reason.as_str().ends_with('…'), "{reason} / {said}");
        assert_eq!(scene.ask(&job.asks(4)).await, right);
    }
}

#[actix::test]
async fn assignments_that_cannot_be_are_told() {
    let mut scene = Scene::new(4);
    for (wrong, said) in [
        (
            Assignment { target: Some("no part".to_owned()), ..assigned(Proposer::Mixed) },
            "there is no target \"no part\"",
        ),
        (
            Assignment { input: [0, 1, 1], ..assigned(Proposer::Mixed) },
            "inputs of [0, 1, 1] and 4 classes make no space",
        ),
        (Assignment { version: 7, ..assigned(Proposer::Mixed) }, "the assignment (artifact "),
    ] {
        let job = scene.job(1, wrong, budget());
        let answer = scene.ask(&job.asks(1)).await;
        let Some(Shortfall::Failed { reason, is_transient: false }) = &answer.shortfall else { panic!("{answer:?}") };
        assert!(reason.as_str().starts_with(said), "{reason}");
    }
    // Another assignment, or budget, is another job.
    let job = scene.job(1, assigned(Proposer::Seeds), budget());
    let small = scene.ask(&job.asks(1)).await;
    let large = scene.ask(&ProposeCandidates { budget: bounded(64, 256), ..job.asks(1) }).await;
    assert_ne!(small.candidates, large.candidates);
    assert_eq!(scene.ask(&job.asks(1)).await, small);
}

#[actix::test]
async fn a_panic_is_an_answer_and_the_agent_lives_on() {
    static PANICS: AtomicBool = AtomicBool::new(true);
    let mut scene = Scene::with(4, 8, |_| {
        assert!(!PANICS.swap(false, Ordering::SeqCst), "nobody has thought of this");
        Some(Core::CortexM4)
    });
    let job = scene.job(1, assigned(Proposer::Random), budget());
    let answer = scene.ask(&job.asks(1)).await;
    let Some(Shortfall::Failed { reason, is_transient: false }) = &answer.shortfall else { panic!("{answer:?}") };
    assert_eq!(reason.as_str(), "a panic: nobody has thought of this");
    assert_eq!(scene.ask(&job.asks(1)).await.candidates.as_slice().len(), 3);
}

#[actix::test]
async fn no_more_wait_than_agreed_and_asking_twice_is_asking_once() {
    // Nothing is through before this is dropped.
    let (held, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let mut scene = Scene::with(4, 2, move |_| {
        let _ = gate.lock().expect("whole").recv();
        Some(Core::CortexM4)
    });
    let jobs: Vec<Job> = (1..=5).map(|job| scene.job(job, assigned(Proposer::Random), budget())).collect();
    let asks = |place: usize| scene.port.propose.send(jobs[place].asks(1));
    let answers = [asks(0), asks(0), asks(1), asks(2), asks(2), asks(3)];
    let mut taken = Vec::new();
    for answer in answers {
        taken.push(answer.await.expect("it lives"));
    }
    assert_eq!(taken, [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(RequestError::Busy { waiting: 2 })]);
    drop(held);
    let mut answered = Vec::new();
    for _ in 0..3 {
        answered.push(scene.answer().await.job.0);
    }
    assert_eq!(answered, [1, 2, 3]);
    assert_eq!(scene.ask(&jobs[4].asks(1)).await.job, JobId(5), "nothing else was said in between");
}
