//! `automcu validate`.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use anstyle::Style;
use automcu_model::{Bytes, GraphDigest, Provenance};
use automcu_target::{Budget, Part};
use automcu_toolchain::{
    judge::{Identity, Judge as _, Measurement, NoAnswer, Question},
    stedgeai::{Format, StEdgeAi, Validation},
    vendor::{Metric, Validated},
};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    cli::{Place, Validate},
    input,
    judges::{NoVendor, Vendor, Workshop},
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, TITLE, Table, styled, thousands},
};

pub(crate) fn run(
    arguments: &Validate,
    stdin: &mut dyn Read,
    workshop: &Workshop<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let board = board(arguments)?;
    let catalogue = input::catalogue(arguments.catalogue.targets_dir.as_deref())?;
    let part = arguments.target.as_deref().map(|name| catalogue.find(name)).transpose()?;
    let (name, network) = input::network(&arguments.model, stdin)?;
    let vendor = arguments.vendor.over(&workshop.configured().vendor);
    let tool = tool(arguments, &vendor, workshop)?;
    let float = (vendor.format == Format::FloatOnnx).then(|| network.dequantised());
    let question = Question { network: &network, float: float.as_ref(), part, budget: Budget::default() };
    let place = board.as_deref().map_or(Validation::Host, Validation::Board);
    let result = tool.validate(&question, place, arguments.samples);
    let answer = Answer::of(&question, &tool, board.clone(), arguments.samples, result);
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&name, part, &mut said.output)?;
    }
    Ok(answer.outcome())
}

/// The board as the tool is told of it; none where the network is computed here.
fn board(arguments: &Validate) -> Result<Option<String>, Failure> {
    match (arguments.on, &arguments.port) {
        (Some(Place::Host), Some(port)) => Err(Failure::PortOfNoBoard(port.clone())),
        (Some(Place::Host) | None, None) => Ok(None),
        (Some(Place::Board), None) => Ok(Some("serial".to_owned())),
        (_, Some(port)) => {
            let baud = arguments.baud.map(|baud| format!(":{baud}")).unwrap_or_default();
            Ok(Some(format!("serial:{port}{baud}")))
        }
    }
}

fn tool(arguments: &Validate, vendor: &Vendor, workshop: &Workshop<'_>) -> Result<StEdgeAi, Failure> {
    let deadline = Duration::from_secs_f64(arguments.deadline);
    match workshop.vendor(deadline, vendor).map_err(|error| Failure::Runs(error.to_string()))? {
        Ok(tool) => Ok(tool),
        Err(NoVendor::Missing(none)) => Err(Failure::NothingRun(none.to_string())),
        Err(NoVendor::Broken { path, why }) => Err(Failure::NothingRun(format!("{}: {why}", path.display()))),
    }
}

/// What came of it.
#[derive(Serialize)]
struct Answer {
    version: u32,
    digest: GraphDigest,
    target: Option<String>,
    judge: Identity,
    /// `host`, or `device` on a board: of the comparison and its time. What the network takes is the tool's own figure.
    provenance: Provenance,
    /// As the tool is told of it.
    board: Option<String>,
    samples: u32,
    validated: Option<Validated>,
    measurement: Option<Measurement>,
    /// Why there is nothing.
    problem: Option<NoAnswer>,
}

impl Answer {
    fn of(
        question: &Question<'_>,
        tool: &StEdgeAi,
        board: Option<String>,
        samples: u32,
        result: Result<(Validated, Measurement), NoAnswer>,
    ) -> Self {
        let (found, problem) = match result {
            Ok(found) => (Some(found), None),
            Err(none) => (None, Some(none)),
        };
        let (validated, measurement) = found.unzip();
        Self {
            version: 1,
            digest: question.network.graph().digest(),
            target: question.part.map(|part| part.name().to_owned()),
            judge: tool.identity().clone(),
            provenance: if board.is_some() { Provenance::Device } else { Provenance::Host },
            board,
            samples,
            validated,
            measurement,
            problem,
        }
    }

    /// What keeps the tool from answering is not charged to the network.
    const fn outcome(&self) -> Outcome {
        match &self.problem {
            None => Outcome::Yes,
            Some(NoAnswer::Unsupported { .. }) => Outcome::No,
            Some(NoAnswer::Bench { .. } | NoAnswer::Missing { .. } | NoAnswer::NotForTarget { .. }) => {
                Outcome::Unavailable
            }
            Some(_) => Outcome::Broken,
        }
    }

    fn write(&self, name: &str, part: Option<&Part>, sink: &mut dyn Write) -> io::Result<()> {
        let place = match &self.board {
            Some(board) => format!("on the board at {board}"),
            None => "on this computer".to_owned(),
        };
        let done = if self.problem.is_none() { "validated" } else { "was not validated" };
        writeln!(sink, "{} {done} {place} by {}", styled(name, TITLE), self.judge.tool)?;
        let target = part.map_or_else(|| "no target named".to_owned(), |part| part.name().to_owned());
        let about =
            format!("{target}; {} samples that the tool draws; {}", self.samples, self.judge.settings.join(", "));
        writeln!(sink, "{}\n", styled(about, FAINT))?;
        if let Some(problem) = &self.problem {
            return writeln!(sink, "{}", styled(problem, BAD));
        }
        if let Some(validated) = &self.validated {
            self.write_metrics(&validated.metrics, sink)?;
            self.write_time(validated, sink)?;
        }
        self.measurement.as_ref().map_or(Ok(()), |measurement| write_measured(measurement, sink))
    }

    fn write_metrics(&self, metrics: &[Metric], sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("compared", Left),
            ("accuracy", Right),
            ("cosine", Right),
            ("rmse", Right),
            ("mae", Right),
            ("l2r", Right),
            ("provenance", Left),
        ]);
        let known = |figure: Option<f64>| figure.map_or_else(|| "unknown".to_owned(), |figure| format!("{figure:.6}"));
        for Metric { what, accuracy, rmse, mae, l2r, cosine } in metrics {
            let accuracy = accuracy.map(|share| format!("{:.2} %", 100.0 * share));
            let cells = [
                what.clone(),
                accuracy.unwrap_or_else(|| "unknown".to_owned()),
                known(*cosine),
                known(*rmse),
                known(*mae),
                known(*l2r),
                self.provenance.to_string(),
            ];
            table.row(cells, Style::new());
        }
        table.write(sink)
    }

    fn write_time(&self, validated: &Validated, sink: &mut dyn Write) -> io::Result<()> {
        let cycles = validated.cycles.map(|cycles| format!("{} cycles", thousands(cycles)));
        let duration = validated.duration_ms.map(|duration| format!("{duration:.3} ms"));
        let times: Vec<String> = [cycles, duration].into_iter().flatten().collect();
        if times.is_empty() {
            return Ok(());
        }
        let how = styled(format!("({})", self.provenance), FAINT);
        writeln!(sink, "\nan inference takes {} {how}", times.join(", "))
    }
}

/// What the network takes, as the same run says.
fn write_measured(measurement: &Measurement, sink: &mut dyn Write) -> io::Result<()> {
    let footprint = &measurement.footprint;
    let known = |bytes: Option<Bytes>| bytes.map_or_else(|| "unknown".to_owned(), |bytes| thousands(bytes.0));
    let how = styled(format!("({}, {})", footprint.dtype, footprint.provenance), FAINT);
    let (activations, runtime) = (thousands(footprint.ram.activations.0), known(footprint.ram.runtime));
    writeln!(sink, "\nRAM    activations {activations} B, runtime {runtime} B; stack not counted {how}")?;
    let (weights, code) = (thousands(footprint.flash.weights.0), known(footprint.flash.code));
    writeln!(sink, "Flash  weights {weights} B, runtime {code} B {how}")?;
    measurement.remarks.iter().try_for_each(|remark| writeln!(sink, "{}", styled(remark, FAINT)))
}
