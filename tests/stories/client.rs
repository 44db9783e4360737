//! The verbs of the client, told to a real daemon: from words to a bundle, once more, and what is left behind.

use std::path::Path;

use automcu::Outcome;
use automcu_tests::{Daemon, Ended, Lair, automcu};
use serde_json::Value;

/// A small job on the built-in signals, whose outcome follows from its seed alone.
const WORDS: &str = "signals, 8 KiB of RAM and 16 KiB of Flash, 4 candidates, 2 epochs";

fn awake(lair: &Lair) -> Daemon {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(lair.awake())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[track_caller]
fn json(said: &Ended) -> Value {
    serde_json::from_str(&said.output).unwrap_or_else(|error| panic!("{error}: {} {}", said.output, said.errors))
}

#[test]
fn a_job_goes_from_words_to_a_bundle_and_comes_out_the_same_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lair = Lair::new(folder.path());
    let daemon = awake(&lair);
    let socket = lair.socket();
    let ask = |arguments: &[&str]| automcu(&[arguments, &["--socket", text(&socket)]].concat());

    let submitted = ask(&["submit", WORDS, "--yes", "--key", "once"]);
    assert_eq!((submitted.outcome, submitted.output.as_str()), (Outcome::Yes, "j1\n"), "{}", submitted.errors);
    assert!(submitted.errors.contains("8 classes of 128x1x3 samples"), "{}", submitted.errors);
    assert_eq!(ask(&["submit", WORDS, "--yes", "--key", "once"]).output, "j1\n");
    let watched = ask(&["watch", "j1"]);
    assert_eq!(watched.outcome, Outcome::Yes, "{}{}", watched.output, watched.errors);
    assert!(watched.output.contains("is the answer") && watched.output.contains("judged by"), "{}", watched.output);

    let shown = json(&ask(&["show", "j1", "--candidates", "--json"]));
    let count = shown["job"]["candidates"].as_u64();
    assert_eq!(shown["candidates"].as_array().map(|all| all.len() as u64), count, "{shown}");
    assert!(ask(&["show", "j1"]).output.contains("data = \"signals\""));
    let listed = json(&ask(&["ls", "--all", "--json"]));
    assert_eq!(listed["jobs"][0]["best"]["dtype"], "int8", "{listed}");
    assert!(ask(&["ls"]).output.contains("no such jobs"));
    let logs = ask(&["logs", "j1", "-f"]);
    assert_eq!(
        logs.output.lines().count() as u64,
        shown["job"]["events"].as_u64().expect("a number"),
        "{}",
        logs.errors
    );
    assert_eq!(ask(&["wait", "j1"]).outcome, Outcome::Yes);
    let over = ask(&["cancel", "j1"]);
    assert_ne!(over.outcome, Outcome::Yes, "what is over is not cancelled");

    let bundle = folder.path().join("bundle");
    let exported = ask(&["export", "j1", text(&bundle)]);
    assert_eq!(exported.outcome, Outcome::Yes, "{}", exported.errors);
    let proven = automcu(&["verify", text(&bundle)]);
    assert_eq!(proven.outcome, Outcome::Yes, "{}{}", proven.output, proven.errors);
    let replayed = ask(&["replay", "j1", "--wait"]);
    assert_eq!(replayed.outcome, Outcome::Yes, "{}{}", replayed.output, replayed.errors);
    assert!(replayed.output.contains("j2 came out as j1 did"), "{}", replayed.output);

    assert_eq!(ask(&["log-level"]).output, "info\n");
    assert!(ask(&["metrics"]).output.contains("automcu_"));
    what_is_left_behind(&lair, daemon);
}

/// While the daemon runs its history is its own; afterwards old jobs go, with all that only they named.
fn what_is_left_behind(lair: &Lair, daemon: Daemon) {
    let state = lair.state();
    let gc = |more: &[&str]| automcu(&[&["history", "gc", "--state", text(&state)], more].concat());
    let refused = gc(&["--keep-jobs", "0"]);
    assert_eq!(refused.outcome, Outcome::Later, "{}", refused.errors);
    assert!(
        refused.errors.contains(&format!("process {} writes this history", daemon.process())),
        "{}",
        refused.errors
    );
    assert_eq!(daemon.end(), Some(0));
    assert_eq!(json(&gc(&["--keep-jobs", "1", "--json"]))["jobs"], Value::from(vec!["j1"]));

    // What the kept job needs is still there.
    let daemon = awake(lair);
    let bundle = state.with_file_name("again");
    let arguments = ["export", "j2", text(&bundle), "--socket", text(&lair.socket())].map(ToOwned::to_owned);
    let exported = automcu(&arguments.each_ref().map(String::as_str));
    assert_eq!(exported.outcome, Outcome::Yes, "{}", exported.errors);
    assert_eq!(daemon.end(), Some(0));
    let swept = json(&gc(&["--keep-jobs", "0", "--json"]));
    assert_eq!(swept["jobs"], Value::from(vec!["j2"]));
    let left = automcu_artifacts::Store::open(state.join("artifacts")).and_then(|store| store.all());
    assert_eq!(left.expect("readable"), [], "nothing is left that anybody could name");
}
