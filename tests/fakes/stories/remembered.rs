//! A tool that is asked once only.

use automcu_toolchain::{
    judge::{Judge, Judged, Patience, Question, Remembered, ask},
    stedgeai::Settings,
};
use serde_json::json;

use crate::bench::{Bench, network, question};

/// What comes of the tool as it is now, with answers kept on the bench.
fn judged(bench: &Bench, settings: Settings, question: &Question<'_>) -> Judged {
    let judge: Box<dyn Judge> = Box::new(bench.judge(settings).expect("a tool"));
    let patience = Patience { tries: 1, ..Patience::default() };
    ask(&Remembered::new(judge, bench.path("answers"), 100), question, patience)
}

#[test]
fn a_tool_that_has_answered_is_not_started_again() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let network = network();
    let question = question(&network);
    let first = judged(&bench, bench.settings(), &question);
    assert_eq!((first.remembered, first.tries), (false, 1));
    // It would crash.
    bench.behave(&json!({ "generation": "core-2.2", "signal": 11 }));
    let second = judged(&bench, bench.settings(), &question);
    assert_eq!((second.remembered, second.tries), (true, 0));
    assert_eq!(second.measurement, first.measurement);
    let elsewhere = Question { part: None, ..question };
    assert_eq!(judged(&bench, bench.settings(), &elsewhere).verdict.word(), "tool failed");
    // With a compiler it would count its runtime.
    let settings = Settings { search: vec![bench.path("gcc")], ..bench.settings() };
    assert!(!judged(&bench, settings.clone(), &question).remembered);
    assert_eq!(judged(&bench, settings.clone(), &question).verdict.word(), "tool failed");
    // Wherever one of the same version lies, the same is said; of another one nothing is known.
    bench.behave(&json!({ "generation": "core-2.2" }));
    assert!(!judged(&bench, settings.clone(), &question).remembered);
    let moved = bench.path("home");
    std::fs::copy(bench.path("gcc/arm-none-eabi-gcc"), moved.join("arm-none-eabi-gcc")).expect("writable");
    let elsewhere_settings = Settings { search: vec![moved], ..bench.settings() };
    assert!(judged(&bench, elsewhere_settings, &question).remembered);
    bench.compile_with("arm-none-eabi-gcc 14.2.0");
    assert!(!judged(&bench, settings.clone(), &question).remembered);
    // Neither is anything of another generator within the same tool.
    bench.behave(&json!({ "generation": "core-2.2", "component": "10.3.0" }));
    assert!(!judged(&bench, settings, &question).remembered);
    // What failed is not kept.
    bench.behave(&json!({ "generation": "core-2.2" }));
    assert!(!judged(&bench, bench.settings(), &elsewhere).remembered);
    bench.behave(&json!({ "generation": "core-4.0" }));
    assert!(!judged(&bench, bench.settings(), &question).remembered);
}

#[test]
fn that_a_network_is_not_supported_is_remembered() {
    let line = "NOT IMPLEMENTED: Unsupported operator type: Mean";
    let bench = Bench::new(&json!({ "generation": "core-2.2", "says": line, "status": 255 }));
    let network = network();
    for remembered in [false, true] {
        let judged = judged(&bench, bench.settings(), &question(&network));
        assert_eq!((judged.verdict.word(), judged.remembered), ("unsupported", remembered));
    }
}
