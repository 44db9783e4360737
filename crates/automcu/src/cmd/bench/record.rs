//! Networks of the space, drawn and really trained, each by this very program as a process of its own. What validates is a part of the
//! training samples; the test part is never opened.

use std::{fs, path::Path, sync::Arc, time::Duration};

use automcu_model::{
    Spec,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_process::{Limits, Program, Status};
use automcu_search::{Buildable, Random, Space, Staged, Stages, Strategy, Task};
use automcu_target::{Budget, Core};
use automcu_toolchain::runs::Fresh;
use automcu_trainer::Accuracy;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::{self, Lines};
use crate::{Live, cli::BenchSearch, judges::Workshop, outcome::Failure};

/// Raised with whatever changes what a line means.
const VERSION: u32 = 1;
/// What is trained does not compute more than this, or it would not learn in a few epochs that take seconds.
const MOST_MACS: u64 = 1_000_000;
/// Reading the data and measuring in integers may take so long beside training.
const AROUND: Duration = Duration::from_secs(300);
/// An epoch takes no longer.
const AN_EPOCH: Duration = Duration::from_secs(60);
/// An answer is no longer.
const ANSWER_BYTES: usize = 4 << 20;

/// A network, and what it came to.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Line {
    version: u32,
    pub(super) spec: Value,
    /// What the int8 network gets right of samples that it did not learn from, as a share; none where it could not be trained.
    pub(super) score: Option<f64>,
    /// How often it saw all samples: so that the outcome does not depend on what else the computer did.
    epochs: u32,
    seed: u64,
}

/// The space of a record, its members, and what they came to.
pub(super) struct Record {
    pub(super) space: Stages,
    pub(super) members: Vec<(Staged, Option<f64>)>,
}

/// What `automcu train` answers, as far as it is of interest here.
#[derive(Deserialize)]
struct Answer {
    validation: Validation,
}

#[derive(Deserialize)]
struct Validation {
    accuracy: Accuracy,
}

/// Reads a record; refused where it has no line, or one that is no member of one space.
pub(super) fn read(path: &Path) -> Result<Record, Failure> {
    let refused = |problem: String| Failure::Lines { path: path.to_owned(), problem };
    let all: Vec<Line> = lines::read(path)?;
    let mut space = None;
    let mut members = Vec::with_capacity(all.len());
    for (place, line) in all.into_iter().enumerate() {
        let spec = serde_json::to_vec(&line.spec).map_err(std::io::Error::from)?;
        let spec = Spec::from_json(&spec).map_err(|refusals| refused(format!("entry {}: {refusals}", place + 1)))?;
        if space.is_none() {
            let classes = line.spec.pointer("/head/classes").and_then(Value::as_u64).unwrap_or(0);
            let classes = Classes::fixed(u32::try_from(classes).unwrap_or(0));
            let made = Stages::new(spec.input, classes);
            space = Some(made.map_err(|refusals| refused(format!("entry {}: {refusals}", place + 1)))?);
        }
        let member = space.as_ref().and_then(|space| space.member(&spec));
        let member = member
            .ok_or_else(|| refused(format!("entry {} is no network of stages for one input; remove it", place + 1)))?;
        members.push((member, line.score));
    }
    match space {
        Some(space) => Ok(Record { space, members }),
        None => Err(refused("there are no networks in it; --train adds some".to_owned())),
    }
}

/// The built-in pictures.
fn pictures() -> Result<Stages, Failure> {
    let input = Input { height: Side::fixed(32), width: Side::fixed(32), channels: InputChannels::fixed(3) };
    Stages::new(input, Classes::fixed(10)).map_err(|refusals| Failure::NotTrainable(refusals.to_string()))
}

/// Draws and trains so many networks that fit, and adds them to the record.
pub(super) fn train(
    arguments: &BenchSearch,
    count: u32,
    program: &Path,
    workshop: &Workshop<'_>,
    live: &mut Live<'_>,
) -> Result<(), Failure> {
    let root = workshop.runs().map_err(|error| Failure::Runs(error.to_string()))?;
    let space = pictures()?;
    let known = if arguments.record.exists() { read(&arguments.record)?.members } else { Vec::new() };
    let budget = Budget { ram: Some(arguments.ram), flash: Some(arguments.flash) };
    let task = Task { space: pictures()?, budget, core: Core::CortexM4, most_macs: Some(MOST_MACS) };
    let mut random = Random::new(Arc::new(task), arguments.seed);
    for (member, _) in &known {
        if let Ok(id) = space.id(member) {
            random.know(id);
        }
    }
    let mut lines = Lines::open(&arguments.record)?;
    for place in 1..=count {
        let found = random.propose(&[], 1);
        let Some(proposal) = found.proposals.into_iter().next() else {
            let why = found.shortfall.map_or_else(String::new, |shortfall| shortfall.to_string());
            return Err(Failure::NotTrainable(why));
        };
        let spec = space.spec(&proposal.member);
        let score = trained(&spec, arguments, program, root)?;
        let said = score.map_or_else(|| "not trainable".to_owned(), |score| format!("{:.2} %", 100.0 * score));
        let _ = writeln!(live.sink, "{place} of {count}: {said}");
        let spec = serde_json::to_value(&spec).map_err(std::io::Error::from)?;
        lines.add(&Line { version: VERSION, spec, score, epochs: arguments.epochs, seed: arguments.seed })?;
    }
    Ok(())
}

fn trained(spec: &Spec, arguments: &BenchSearch, program: &Path, root: &Path) -> Result<Option<f64>, Failure> {
    let mut run = Fresh::within(root).map_err(|error| Failure::Runs(error.to_string()))?;
    let architecture = run.folder().join("candidate.json");
    let text = serde_json::to_vec(spec).map_err(std::io::Error::from)?;
    fs::write(&architecture, text).map_err(|error| Failure::Create { path: architecture.clone(), error })?;
    let program = Program::new(program, run.folder())
        .args(["train", "candidate.json", "--output", "trained", "--json", "--data", "synthetic"])
        .args(["--epochs", &arguments.epochs.to_string(), "--seed", &arguments.seed.to_string()]);
    let limits = Limits {
        deadline: AN_EPOCH * arguments.epochs + AROUND,
        grace: Duration::from_secs(10),
        output_bytes: ANSWER_BYTES,
    };
    let ended = run.start(program, limits).map_err(|error| Failure::NotTrainable(error.to_string()))?;
    if !matches!(ended.status, Status::Exited(0)) {
        return Ok(None);
    }
    let answer: Answer = serde_json::from_str(&ended.output.text)
        .map_err(|error| Failure::NotTrainable(format!("its answer is not understood: {error}")))?;
    Ok(Some(answer.validation.accuracy.share))
}
