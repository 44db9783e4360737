//! Workers that do what none should: scripts in their place.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use automcu_trainer::{
    Accuracy, Cause, Conditions, End, Measured, Nature, PROTOCOL, Recipe, Request, Splitting, Summary, WorkerEvent,
};
use automcu_workers::{Bounds, Ending, Executor, Heard, Local, Loss, Started};

const BOUNDS: Bounds = Bounds { silence: Duration::from_secs(20), lateness: Duration::from_secs(20) };

fn request() -> Request {
    Request {
        version: PROTOCOL,
        spec: serde_json::json!({}),
        seed: 1,
        conditions: Conditions {
            data: "synthetic".into(),
            left_out: None,
            split: Splitting::default(),
            recipe: Recipe::named("rung-0", Nature::Colour).expect("built in"),
            threads: 1,
            memory_bytes: None,
            deadline_s: 60.0,
            checkpoint_every_s: 60.0,
        },
        checkpoint: "checkpoint".into(),
        from: None,
        grace_s: 20.0,
    }
}

/// Starts a script as a worker; its lines go to descriptor 9.
fn start(folder: &Path, script: &str, bounds: Bounds, request: &Request) -> Started {
    let program = folder.join("worker");
    let script = format!("#!/bin/sh\nexec 9>\"$3\"\nread request\n{script}\n");
    fs::write(&program, script).expect("writable");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("ours");
    Local::new(program, bounds).start(request, folder).expect("started")
}

fn all(mut started: Started) -> (Vec<WorkerEvent>, Ending) {
    let mut said = Vec::new();
    while let Some(heard) = started.heard.blocking_recv() {
        match heard {
            Heard::Said(event) => said.push(event),
            Heard::Ended(ending) => {
                assert_eq!(started.heard.blocking_recv(), None, "the ending is the last");
                return (said, ending);
            }
        }
    }
    panic!("there is always an ending: {said:?}");
}

fn ending(script: &str) -> Ending {
    let folder = tempfile::tempdir().expect("a folder");
    all(start(folder.path(), script, BOUNDS, &request())).1
}

#[test]
fn how_a_worker_ends_is_told_apart() {
    let lost = |loss, words: &str| Ending::Lost { loss, words: words.to_owned() };
    let failed = r#"echo '{"event":"error","cause":"divergence","message":"it diverged"}' >&9; exit 65"#;
    assert_eq!(ending(failed), Ending::Failed { cause: Cause::Divergence, message: "it diverged".to_owned() });
    assert_eq!(ending("echo first; echo a >&2; echo >&2; echo b >&2; exit 3"), lost(Loss::Exited(3), "a; b"));
    assert_eq!(ending("exit 0"), lost(Loss::Exited(0), ""));
    assert_eq!(ending("kill -SEGV $$"), lost(Loss::Signalled(11), ""));
    let no_memory = "memory allocation of 5 bytes failed";
    assert_eq!(ending(&format!("echo {no_memory} >&2; kill -ABRT $$")), lost(Loss::OutOfMemory, no_memory));
    assert_eq!(ending("echo nonsense >&9; sleep 60"), lost(Loss::Babbling, ""));
    assert_eq!(ending(r#"echo '{"event":"sings"}' >&9; sleep 60"#), lost(Loss::Babbling, ""));
    // A result counts only if its exit status agrees.
    let measured = Measured { accuracy: Accuracy::of(9, 10), loss: 0.5 };
    let (end, epochs, best_epoch, seconds, back_offs) = (End::Completed, 2, 2, 1.0, 0);
    let summary = Summary { validation: measured, end, epochs, best_epoch, seconds, back_offs };
    let result = WorkerEvent::Result { summary: summary.clone(), energy_j: None };
    let line = serde_json::to_string(&result).expect("JSON");
    assert_eq!(ending(&format!("echo '{line}' >&9; exit 0")), Ending::Done { summary, energy_j: None });
    assert_eq!(ending(&format!("echo '{line}' >&9; exit 1")), lost(Loss::Exited(1), ""));
    let no_thread = "thread 'main' panicked: failed to spawn thread";
    assert_eq!(ending(&format!("echo \"{no_thread}\" >&2; exit 101")), lost(Loss::OutOfMemory, no_thread));
}

#[test]
fn only_what_may_pass_is_worth_another_try() {
    let lost = |loss| Ending::Lost { loss, words: String::new() };
    for loss in [Loss::Exited(1), Loss::Signalled(9), Loss::Silent, Loss::Babbling, Loss::Gone] {
        assert!(lost(loss).is_transient(), "{loss:?}");
    }
    assert!(!lost(Loss::OutOfMemory).is_transient() && !lost(Loss::Late).is_transient());
    for (cause, is_transient) in
        [(Cause::Storage, true), (Cause::Data, false), (Cause::Request, false), (Cause::Divergence, false)]
    {
        assert_eq!(Ending::Failed { cause, message: String::new() }.is_transient(), is_transient);
    }
}

#[test]
fn a_worker_that_gives_no_sign_of_life_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let bounds = Bounds { silence: Duration::from_millis(200), ..BOUNDS };
    let (_, ending) = all(start(folder.path(), "trap '' TERM; while :; do sleep 1; done", bounds, &request()));
    assert!(matches!(ending, Ending::Lost { loss: Loss::Silent, .. }), "{ending:?}");
}

const BEATING: &str = r#"while :; do echo '{"event":"heartbeat"}' >&9; sleep 0.05; done"#;

#[test]
fn a_worker_that_goes_on_after_its_deadline_or_after_it_was_asked_to_stop_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut late = request();
    late.conditions.deadline_s = 0.1;
    let bounds = Bounds { lateness: Duration::from_millis(100), ..BOUNDS };
    let (_, ending) = all(start(folder.path(), BEATING, bounds, &late));
    assert!(matches!(ending, Ending::Lost { loss: Loss::Late, .. }), "{ending:?}");

    let Started { heard, stop } = start(folder.path(), BEATING, BOUNDS, &Request { grace_s: 0.1, ..request() });
    stop.send(()).expect("it runs");
    let (stop, _kept) = tokio::sync::oneshot::channel();
    let (_, ending) = all(Started { heard, stop });
    assert!(matches!(ending, Ending::Lost { loss: Loss::Late, .. }), "{ending:?}");
}

/// Writes what it hears, and ends.
const HEEDING: &str = r#"echo '{"event":"heartbeat"}' >&9; read word; echo "$word" > heard; exit 4"#;

#[test]
fn a_worker_that_nobody_wants_any_more_is_asked_to_stop() {
    for wanted in ["the word", "its ending", "its events"] {
        let folder = tempfile::tempdir().expect("a folder");
        let Started { mut heard, stop } = start(folder.path(), HEEDING, BOUNDS, &request());
        assert!(matches!(heard.blocking_recv(), Some(Heard::Said(WorkerEvent::Heartbeat))));
        match wanted {
            "the word" => stop.send(()).expect("it runs"),
            "its ending" => drop(stop),
            _ => {
                drop(heard);
                let file = folder.path().join("heard");
                while !fs::read_to_string(&file).is_ok_and(|text| text == "stop\n") {
                    std::thread::yield_now();
                }
                continue;
            }
        }
        while !matches!(heard.blocking_recv(), Some(Heard::Ended(Ending::Lost { loss: Loss::Exited(4), .. }))) {}
        assert_eq!(fs::read_to_string(folder.path().join("heard")).expect("written"), "stop\n", "{wanted}");
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = Local::new("/no/such/program", BOUNDS).start(&request(), Path::new("/")).expect_err("not there");
    assert!(error.to_string().starts_with("/no/such/program cannot be started"), "{error}");
}
