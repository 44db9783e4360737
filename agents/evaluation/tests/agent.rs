//! The agent, with judges that do as they are told.

mod support;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use automcu_contract::{ArtifactId, AttemptId, Proof, RequestError, ScreenCandidate, Ticket, Verdict, VerifyCandidate};
use automcu_model::{Bytes, DataType};
use automcu_target::Budget;
use automcu_toolchain::{Own, Tools, judge::NoAnswer};
use support::{Act, Fake, Gate, ONE, Scene, brief, ticket};

fn transient() -> Act {
    Act::None(NoAnswer::Transient { words: "no licence is free".to_owned() })
}

fn failed() -> Act {
    Act::None(NoAnswer::Failed { words: "it said nothing".to_owned() })
}

#[actix::test]
async fn the_firmest_judge_that_can_tell_has_the_last_word() {
    let judges = [Fake::new("quick", [Act::Measure(900)]), Fake::new("firm", [Act::Measure(950)])];
    let mut scene = Scene::of(&judges);
    let summary = scene.screened(scene.candidate(ticket(1))).await;
    assert_eq!((summary.verdict, summary.judge.as_str()), (Verdict::Fits, "firm (Fake firm 1.0)"));
    assert_eq!(summary.footprint.expect("measured").ram.activations, Bytes(950));
    let report = scene.json(summary.report);
    assert_eq!((&report["judge"], &report["verdict"]), (&"firm".into(), &"fits".into()));
    let judged = |row: usize| (&report["judges"][row]["judge"]["name"], &report["judges"][row]["verdict"]);
    assert_eq!((judged(0), judged(1)), ((&"quick".into(), &"fits".into()), (&"firm".into(), &"fits".into())));
    assert_eq!(report["spec"], scene.candidate(ticket(1)).spec.to_string());
    assert_eq!(report["drawn_weights"], true);
}

#[actix::test]
async fn the_first_refusal_ends_it() {
    let judges = [Fake::new("quick", [Act::Measure(1100)]), Fake::new("firm", [Act::Measure(900)])];
    let mut scene = Scene::of(&judges);
    let summary = scene.screened(scene.candidate(ticket(1))).await;
    let Verdict::OverBudget { reason } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().starts_with("RAM by 100 B"), "{reason}");
    assert_eq!((judges[0].asked(), judges[1].asked()), (1, 0));
    assert_eq!(scene.json(summary.report)["not_asked"], serde_json::json!(["firm"]));
    let unsupported = NoAnswer::Unsupported { operator: "Resize".to_owned(), layer: Some("conv_3".to_owned()) };
    let mut scene = Scene::of(&[Fake::new("quick", [Act::None(unsupported)])]);
    let summary = scene.screened(scene.candidate(ticket(1))).await;
    assert_eq!(summary.verdict, Verdict::Unsupported { reason: brief("Resize in conv_3").expect("a text") });
}

#[actix::test]
async fn the_planner_says_what_would_make_it_fit() {
    let mut scene = Scene::new(vec![Arc::new(Own::default())], ONE, Tools::default());
    let asked = scene.candidate(ticket(1));
    let budget = Budget { ram: Some(Bytes(64 << 10)), flash: Some(Bytes(6 << 10)) };
    let summary = scene.screened(ScreenCandidate { budget, ..asked.clone() }).await;
    let Verdict::OverBudget { reason } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("Flash by") && reason.as_str().contains("; narrow layer"), "{reason}");
    // The target allows what it has, and the user less.
    let asked = ScreenCandidate { ticket: ticket(2), target: brief("STM32F407VET6"), ..asked };
    let summary = scene.screened(ScreenCandidate { budget: Budget::default(), ..asked }).await;
    assert_eq!(summary.verdict, Verdict::Fits);
    let report = scene.json(summary.report);
    assert_eq!((&report["target"], &report["budget"]["ram_bytes"]), (&"STM32F407VET6".into(), &(128 << 10).into()));
}

#[actix::test]
async fn a_tool_that_fails_refuses_nobody_unless_its_word_is_wanted() {
    for act in [failed(), transient(), Act::None(NoAnswer::NotForTarget { words: "only ours".to_owned() })] {
        let judges = [Fake::new("quick", [Act::Measure(900)]), Fake::new("firm", [act.clone()])];
        let mut scene = Scene::of(&judges);
        let summary = scene.screened(scene.candidate(ticket(1))).await;
        assert_eq!((summary.verdict, summary.judge.as_str()), (Verdict::Fits, "quick (Fake quick 1.0)"), "{act:?}");
        let asked = ScreenCandidate { judge: brief("firm"), ..scene.candidate(ticket(2)) };
        let summary = scene.screened(asked).await;
        let Verdict::ToolFailed { is_transient, .. } = summary.verdict else { panic!("{summary:?}") };
        assert_eq!(is_transient, matches!(&act, Act::None(none) if none.is_transient()));
        assert_eq!(judges[0].asked(), 1, "whose word alone counts is asked alone");
    }
    // Where nobody else can tell, another try may help.
    let mut scene = Scene::of(&[Fake::new("quick", [transient(), Act::Measure(900)]), Fake::new("firm", [failed()])]);
    let summary = scene.screened(scene.candidate(ticket(1))).await;
    assert!(matches!(summary.verdict, Verdict::ToolFailed { is_transient: true, .. }), "{summary:?}");
    let again = Ticket { attempt: AttemptId(2), ..ticket(1) };
    assert_eq!(scene.screened(scene.candidate(again)).await.verdict, Verdict::Fits);
}

#[actix::test]
async fn what_cannot_be_asked_about_is_told() {
    let mut scene = Scene::of(&[Fake::new("quick", [Act::Measure(900)])]);
    let good = scene.candidate(ticket(1));
    let odd = scene.store.put(br#"{"version":1,"input":{"height":0}}"#).expect("put");
    let summary = scene.screened(ScreenCandidate { spec: odd, ..good.clone() }).await;
    let Verdict::Unsupported { reason } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().starts_with("the architecture cannot be built: "), "{reason}");
    for (asked, told) in [
        (ScreenCandidate { spec: ArtifactId::of(b"never put"), ..good.clone() }, "is not there"),
        (ScreenCandidate { target: brief("STM32F407VET7"), ..good.clone() }, "there is no target"),
        (ScreenCandidate { dtype: DataType::Float32, ..good.clone() }, "nothing but int8"),
        (ScreenCandidate { judge: brief("nobody"), ..good.clone() }, "there are quick"),
    ] {
        let summary = scene.screened(asked).await;
        let Verdict::ToolFailed { reason, is_transient: false } = &summary.verdict else { panic!("{summary:?}") };
        assert!(reason.as_str().contains(told), "{reason}");
        assert!(summary.judge.as_str().starts_with("automcu "), "{}", summary.judge);
    }
}

#[actix::test]
async fn a_judge_that_panics_takes_its_attempt_along_and_nothing_else() {
    let mut scene = Scene::of(&[Fake::new("quick", [Act::Panic, Act::Measure(900)])]);
    let summary = scene.screened(scene.candidate(ticket(1))).await;
    let Verdict::ToolFailed { reason, is_transient: false } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().ends_with("please report this: a judge that panics"), "{reason}");
    assert_eq!(scene.screened(scene.candidate(ticket(2))).await.verdict, Verdict::Fits);
}

#[actix::test]
async fn a_judge_that_hangs_is_not_waited_for_and_its_late_word_is_dropped() {
    let gate = Arc::new(Gate::default());
    let judge = Fake::new("quick", [Act::Hang(Arc::clone(&gate)), Act::Measure(900)]);
    let slots = automcu_evaluation::Slots { deadline: Duration::from_millis(300), ..ONE };
    let mut scene = Scene::new(vec![judge], slots, Tools::default());
    let summary = scene.screened(scene.candidate(ticket(1))).await;
    let Verdict::ToolFailed { reason, is_transient: true } = &summary.verdict else { panic!("{summary:?}") };
    assert_eq!(reason.as_str(), "it took longer than it may");
    assert!(summary.duration_ms >= 300);
    gate.open();
    while gate.passed.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The next word that is heard is the next attempt's.
    assert_eq!(scene.screened(scene.candidate(ticket(2))).await.verdict, Verdict::Fits);
    assert!(scene.screened.try_recv().is_err());
}

#[actix::test]
async fn what_is_given_up_is_told_once_whether_it_waited_or_ran() {
    let gate = Arc::new(Gate::default());
    let judge = Fake::new("quick", [Act::Hang(Arc::clone(&gate)), Act::Measure(900)]);
    let after = Fake::new("firm", [Act::Measure(900)]);
    let mut scene = Scene::of(&[Arc::clone(&judge), Arc::clone(&after)]);
    for candidate in 1..=4 {
        scene.screen(scene.candidate(ticket(candidate))).await.expect("accepted");
        // Asked twice is asked once.
        scene.screen(scene.candidate(ticket(candidate))).await.expect("accepted");
    }
    assert_eq!(scene.screen(scene.candidate(ticket(5))).await, Err(RequestError::Busy { waiting: 3 }));
    while judge.asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for candidate in [3, 1, 1] {
        scene.stop(ticket(candidate)).await;
    }
    for (candidate, is_begun) in [(3, false), (1, true)] {
        let summary = scene.verdict().await;
        let Verdict::ToolFailed { reason, is_transient: true } = &summary.verdict else { panic!("{summary:?}") };
        assert_eq!((summary.ticket, reason.as_str()), (ticket(candidate), "given up: cancellation"));
        assert!(is_begun || summary.duration_ms == 0);
    }
    // The others go on while the thread lingers.
    for candidate in [2, 4] {
        let summary = scene.verdict().await;
        assert_eq!((summary.ticket, summary.verdict), (ticket(candidate), Verdict::Fits));
    }
    gate.open();
    while gate.passed.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(scene.screened(scene.candidate(ticket(6))).await.verdict, Verdict::Fits);
    assert_eq!(after.asked(), 3, "nobody asks on for what was given up");
}

#[actix::test]
async fn screening_goes_on_while_a_verification_takes_its_time_and_what_lacks_is_told() {
    let mut scene = Scene::of(&[Fake::new("quick", [Act::Measure(900)])]);
    let ScreenCandidate { spec, budget, .. } = scene.candidate(ticket(1));
    let missing = ArtifactId::of(b"never put");
    let asked = VerifyCandidate {
        ticket: ticket(1),
        spec,
        checkpoint: missing,
        conditions: missing,
        target: None,
        budget,
        dtype: DataType::Int8,
        judge: None,
        proof: Proof::Choice,
    };
    scene.verify(asked.clone()).await.expect("accepted");
    assert_eq!(scene.screened(scene.candidate(ticket(1))).await.verdict, Verdict::Fits);
    let summary = scene.verified.recv().await.expect("an outcome");
    let Verdict::ToolFailed { reason, is_transient: false } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("is not there"), "{reason}");
    let nonsense = scene.store.put(b"{}").expect("put");
    let asked = VerifyCandidate { ticket: ticket(2), conditions: nonsense, ..asked };
    scene.verify(asked).await.expect("accepted");
    let summary = scene.verified.recv().await.expect("an outcome");
    let Verdict::ToolFailed { reason, is_transient: false } = &summary.verdict else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("the conditions (artifact"), "{reason}");
}
