//! Asks a tool for its judgement of a network, and is there to be killed meanwhile: `fake-daemon TOOL WORKSPACES NETWORK`.

use std::{env, fs, path::PathBuf, process::ExitCode, sync::Arc};

use automcu_convert::Network;
use automcu_target::Budget;
use automcu_toolchain::{
    judge::{Judge, Question},
    stedgeai::{Found, FoundBy, Settings, Slots, StEdgeAi},
};

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [tool, workspaces, network] = paths.as_slice() else { return ExitCode::FAILURE };
    let file = fs::read(network).expect("a network");
    let network = Network::from_tflite(&file).expect("a network");
    let found = Found { program: tool.clone(), by: FoundBy::Configured };
    let judge = StEdgeAi::new(found, Settings::new(workspaces), Arc::new(Slots::new(1))).expect("a tool");
    let question = Question { network: &network, float: None, part: None, budget: Budget::default() };
    if judge.analyze(&question).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
