//! A small network, and tools that are none: scripts that behave as tests ask.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_convert::{Network, Quantisation, Weights};
use automcu_model::{Graph, GraphBuilder, Op, Origin, Shape, spec::Activation};
use automcu_process::{Limits, Program, ProgramError};
use automcu_target::Budget;

use crate::judge::Question;

/// Four numbers made two.
pub(crate) fn network() -> Network {
    let mut graph = GraphBuilder::new(Shape::vector(4)).expect("small");
    let op = Op::Dense { bias: true, activation: Activation::None };
    let end = graph.unary(op, Graph::INPUT, Shape::vector(2), Origin::Head).expect("small");
    let weights = Weights { values: vec![1; 8], biases: vec![0; 2], scales: vec![0.01; 2] };
    let step = Quantisation { scale: 0.1, zero_point: 0 };
    Network::new(graph.finish(end), vec![step; 2], vec![Some(weights)]).expect("a network")
}

pub(crate) fn question(network: &Network) -> Question<'_> {
    Question { network, float: None, part: None, budget: Budget { ram: None, flash: None } }
}

/// A shell script as a program.
pub(crate) fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, format!("#!/bin/sh\n[ \"$1\" = --warm-up ] && exit 0\n{script}\n")).expect("writable");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
    // Another test may have started a program while the file was open for writing, and that holds it until it runs.
    let warm_up = Program::new(&file, folder).arg("--warm-up");
    for _ in 0..1_000 {
        if !matches!(warm_up.run(Limits::of_seconds(20)), Err(ProgramError::NotStarted { .. })) {
            break;
        }
    }
    file
}

/// Long enough to say something, short enough to wait for.
pub(crate) fn brief() -> Limits {
    Limits { deadline: Duration::from_millis(300), grace: Duration::from_millis(100), output_bytes: 64 << 10 }
}
