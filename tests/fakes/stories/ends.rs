//! However a run ends, nothing is left of it.

use std::{sync::Arc, thread, time::Duration};

use automcu_toolchain::{
    judge::{Judge, NoAnswer},
    stedgeai::{Places, Settings, Slots, StEdgeAi, find},
};
use serde_json::json;

use crate::bench::{Bench, is_gone, kill, network, question};

/// Long enough to say a version, short enough to be waited for.
const SHORT: Duration = Duration::from_secs(3);

#[test]
fn a_tool_that_hangs_is_ended_even_where_it_does_not_want_to() {
    for waits in ["heeds", "deaf"] {
        let bench = Bench::new(&json!({ "generation": "core-2.2", "waits": waits, "leaves": ["group", "apart"] }));
        let none = bench.measure(Settings { deadline: SHORT, ..bench.settings() }).expect_err("no end");
        assert!(matches!(&none, NoAnswer::Transient { words } if words.contains("longer than")), "{none}");
        for kind in ["tool", "group", "apart"] {
            assert!(is_gone(bench.process(kind)), "{waits}: {kind}");
        }
        bench.assert_clean(1);
    }
}

#[test]
fn a_tool_that_hangs_when_it_is_asked_for_its_version_is_ended() {
    let bench = Bench::new(&json!({ "generation": "core-2.2", "waits": "deaf", "fails_early": true }));
    let none = bench.judge(Settings { deadline: SHORT, ..bench.settings() }).expect_err("no end");
    assert!(none.is_transient(), "{none}");
    bench.assert_clean(1);
}

#[test]
fn a_tool_that_crashes_has_failed() {
    for (signal, is_transient) in [(11, false), (6, false), (9, true)] {
        let bench = Bench::new(&json!({ "generation": "core-2.2", "signal": signal, "leaves": ["apart"] }));
        let none = bench.measure(bench.settings()).expect_err("a crash");
        assert_eq!(none.is_transient(), is_transient, "{none}");
        assert!(is_gone(bench.process("apart")));
        bench.assert_clean(1);
    }
}

#[test]
fn what_outlives_a_run_that_went_well_is_ended() {
    let bench = Bench::new(&json!({ "generation": "core-4.0", "leaves": ["group", "apart"] }));
    assert!(bench.measure(bench.settings()).is_ok());
    assert!(is_gone(bench.process("group")) && is_gone(bench.process("apart")));
    bench.assert_clean(0);
}

#[test]
fn a_tool_that_somebody_kills_may_be_asked_again() {
    let bench = Bench::new(&json!({ "generation": "core-2.2", "waits": "heeds", "leaves": ["apart"] }));
    let none = thread::scope(|scope| {
        let asked = scope.spawn(|| bench.measure(bench.settings()));
        kill(bench.process("waiting"));
        asked.join().expect("no panic")
    });
    assert!(none.expect_err("killed").is_transient());
    assert!(is_gone(bench.process("apart")));
    bench.assert_clean(1);
}

#[test]
fn a_tool_whose_child_somebody_kills_has_failed() {
    let bench = Bench::new(&json!({ "generation": "core-2.2", "has_child": true, "status": 255 }));
    let none = thread::scope(|scope| {
        let asked = scope.spawn(|| bench.measure(bench.settings()));
        kill(bench.process("child"));
        asked.join().expect("no panic")
    });
    let none = none.expect_err("killed");
    assert!(matches!(&none, NoAnswer::Failed { words } if words.contains("the compiler ended")), "{none}");
    bench.assert_clean(1);
}

#[test]
fn who_waits_too_long_for_a_turn_hears_that_the_tool_is_busy() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let found = find(&Places { configured: Some(bench.tool()), ..Places::default() }).expect("a tool");
    let settings = Settings { patience: Duration::from_millis(50), ..bench.settings() };
    let judge = StEdgeAi::new(found, settings, Arc::new(Slots::new(1))).expect("a tool");
    bench.behave(&json!({ "generation": "core-2.2", "waits": "heeds" }));
    let network = network();
    thread::scope(|scope| {
        let first = scope.spawn(|| judge.analyze(&question(&network)));
        let process = bench.process("waiting");
        let none = judge.analyze(&question(&network)).expect_err("no turn");
        assert!(matches!(&none, NoAnswer::Transient { words } if words.starts_with("busy")), "{none}");
        kill(process);
        assert!(first.join().expect("no panic").is_err());
    });
    bench.behave(&json!({ "generation": "core-2.2" }));
    assert!(judge.analyze(&question(&network)).is_ok(), "the turn was given back");
    bench.assert_clean(1);
}

#[test]
fn many_runs_at_a_time_do_not_disturb_each_other() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let judge = bench.judge(bench.settings()).expect("a tool");
    let network = network();
    let ask = || judge.analyze(&question(&network)).expect("measured");
    let all: Vec<_> =
        thread::scope(|scope| [(); 6].map(|()| scope.spawn(ask)).map(|asked| asked.join().expect("no panic")).into());
    assert!(all.iter().all(|measurement| *measurement == all[0]));
    bench.assert_clean(0);
}
