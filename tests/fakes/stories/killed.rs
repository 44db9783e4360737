//! What a killed program leaves is gone at the next start.

use std::process::{Child, Command, Stdio};

use automcu_toolchain::runs::{Swept, sweep};
use serde_json::json;

use crate::bench::{Bench, is_gone, marked_below, network_file, wait_for};

/// A program that asks the tool.
#[expect(clippy::disallowed_methods, reason = "it is killed, which whoever bounds programs does not do")]
fn daemon(bench: &Bench) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-daemon"));
    command.arg(bench.tool()).arg(bench.runs()).arg(network_file());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a daemon")
}

#[test]
fn what_a_killed_program_leaves_is_swept_away_with_grandchildren() {
    let behaviour = json!({ "generation": "core-2.2", "waits": "deaf", "leaves": ["group", "apart"] });
    let bench = Bench::new(&behaviour);
    let mut daemon = daemon(&bench);
    let tool = bench.process("waiting");
    assert_eq!(bench.runs_left().len(), 1);
    assert_eq!(sweep(&bench.runs()), Swept { folders: 0, is_clean: true }, "somebody is there");
    assert!(!is_gone(tool) && marked_below(&bench.runs()).len() == 3);

    daemon.kill().expect("there");
    daemon.wait().expect("killed");
    wait_for("the end of the tool", || is_gone(tool));
    assert_eq!(sweep(&bench.runs()), Swept { folders: 1, is_clean: true });
    assert!(is_gone(bench.process("group")) && is_gone(bench.process("apart")));
    bench.assert_clean(0);
}

#[test]
fn a_run_that_goes_on_is_left_alone_when_another_was_killed() {
    let bench = Bench::new(&json!({ "generation": "core-2.2", "waits": "heeds", "leaves": ["apart"] }));
    let mut killed = daemon(&bench);
    bench.process("waiting");
    let first = bench.process("apart");
    for note in ["tool/waiting.pid", "tool/apart.pid"] {
        std::fs::remove_file(bench.path(note)).expect("there");
    }
    let mut going_on = daemon(&bench);
    let (second, tool) = (bench.process("apart"), bench.process("waiting"));

    killed.kill().expect("there");
    killed.wait().expect("killed");
    assert_eq!(sweep(&bench.runs()), Swept { folders: 1, is_clean: true });
    assert!(is_gone(first) && !is_gone(second) && !is_gone(tool));

    going_on.kill().expect("there");
    going_on.wait().expect("killed");
    assert_eq!(sweep(&bench.runs()), Swept { folders: 1, is_clean: true });
    bench.assert_clean(0);
}
