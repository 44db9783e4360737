//! `automcu check`.

use std::io::{self, Read, Write};

use automcu_model::{Bytes, DataType, Graph, GraphDigest, Node, Provenance, Refusal, Refusals, Shape, Step};
use automcu_target::{Budget, Fit, Footprint, Margin};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    cli::{BudgetArgs, Check},
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};

pub(crate) fn run(arguments: &Check, input: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget, arguments.catalogue.targets_dir.as_deref())?;
    let read = crate::input::architecture(&arguments.architecture, input)?;
    match read.graph {
        Err(refusals) => refuse(&read.name, &refusals, arguments.json, said),
        Ok((trained, deployed)) => {
            let answer = Answer::of(&trained, &deployed, arguments.dtype.0, allowance);
            if arguments.json {
                write_json(&answer, &mut said.output)?;
            } else {
                answer.write(&read.name, &deployed, &mut said.output)?;
            }
            Ok(if answer.fit.is_some_and(|fit| !fit.holds()) { Outcome::No } else { Outcome::Yes })
        }
    }
}

pub(crate) fn refuse(name: &str, refusals: &Refusals, json: bool, said: &mut Said) -> Result<Outcome, Failure> {
    if json {
        write_json(&Refused { version: 1, constructible: false, refusals: refusals.as_slice() }, &mut said.output)?;
        return Ok(Outcome::Refused);
    }
    for refusal in refusals.as_slice() {
        let kind = styled(format!("{} error", refusal.kind), BAD);
        writeln!(said.errors, "{kind}: {refusal}")?;
    }
    Err(Failure::NotConstructible { file: name.to_owned() })
}

#[derive(Serialize)]
struct Refused<'r> {
    version: u32,
    constructible: bool,
    refusals: &'r [Refusal],
}

/// The budget, and what it is called.
#[derive(Default)]
struct Allowance {
    target: Option<String>,
    budget: Option<Budget>,
}

impl Allowance {
    fn of(arguments: &BudgetArgs, folder: Option<&std::path::Path>) -> Result<Self, Failure> {
        let BudgetArgs { target, ram, flash } = arguments;
        let catalogue = crate::input::catalogue(folder)?;
        let part = target.as_deref().map(|name| catalogue.find(name)).transpose()?;
        let asked = Budget { ram: *ram, flash: *flash };
        let budget = match part {
            Some(part) => Some(Budget::from(part).and(asked)),
            None => (ram.is_some() || flash.is_some()).then_some(asked),
        };
        Ok(Self { target: part.map(|part| part.name().to_owned()), budget })
    }
}

/// All that is said of a constructible architecture.
#[derive(Serialize)]
struct Answer {
    version: u32,
    constructible: bool,
    /// Of every size below.
    dtype: DataType,
    /// Of every figure below.
    provenance: Provenance,
    digest: GraphDigest,
    input: Shape,
    output: Shape,
    layers: Vec<Layer>,
    tensors: Vec<Tensor>,
    parameters: Parameters,
    macs: u64,
    footprint: Footprint,
    peak: PeakAnswer,
    target: Option<String>,
    budget: Option<Budget>,
    fits: Option<bool>,
    fit: Option<Fit>,
}

/// One operation of the deployed graph, in the order in which it runs.
#[derive(Serialize)]
struct Layer {
    step: usize,
    op: &'static str,
    description: String,
    origin: String,
    output: Shape,
    parameters: u64,
    macs: u64,
    /// What is in memory while it runs.
    memory_bytes: Bytes,
    /// The tensors there, as places in `tensors`.
    live: Vec<usize>,
}

#[derive(Serialize)]
struct Parameters {
    /// With batch normalisation of its own.
    trained: u64,
    /// With batch normalisation folded.
    deployed: u64,
}

#[derive(Serialize)]
struct PeakAnswer {
    activations_bytes: Bytes,
    step: usize,
    /// Whether no order of the operations has a lower peak.
    optimal: bool,
}

/// A tensor of the deployed graph.
#[derive(Serialize)]
struct Tensor {
    shape: Shape,
    bytes: Bytes,
    /// The step that wrote it; none for the input.
    written_at: Option<usize>,
}

impl Answer {
    fn of(trained: &Graph, deployed: &Graph, dtype: DataType, allowance: Allowance) -> Self {
        let (cost, peak) = (deployed.cost(), deployed.peak());
        let timeline = deployed.timeline(peak.order(), dtype);
        let layers = timeline.steps().iter().zip(1..).map(|(step, number)| layer(deployed, step, number)).collect();
        let footprint = Footprint::estimated(&cost, &peak, dtype);
        let fit = allowance.budget.map(|budget| Fit::of(&footprint, budget));
        Self {
            version: 1,
            constructible: true,
            dtype,
            provenance: footprint.provenance,
            digest: trained.digest(),
            input: deployed.shape(Graph::INPUT),
            output: deployed.shape(deployed.output()),
            layers,
            tensors: tensors(deployed, peak.order(), dtype),
            parameters: Parameters { trained: trained.cost().parameters(), deployed: cost.parameters() },
            macs: cost.macs,
            footprint,
            peak: PeakAnswer {
                activations_bytes: peak.bytes(dtype),
                step: peak.step() + 1,
                optimal: peak.is_optimal(),
            },
            target: allowance.target,
            budget: allowance.budget,
            fits: fit.map(|fit| fit.holds()),
            fit,
        }
    }

    fn write(&self, name: &str, deployed: &Graph, sink: &mut dyn Write) -> io::Result<()> {
        writeln!(sink, "{} is constructible  {}", styled(name, TITLE), styled(self.digest.short(), FAINT))?;
        writeln!(sink, "all figures are {} from the graph, all sizes are of {}\n", self.provenance, self.dtype)?;
        self.write_layers(sink)?;
        let dtype = self.footprint.dtype;
        writeln!(
            sink,
            "\ninput        {} -> output {}, {} operations",
            self.input,
            self.output,
            deployed.nodes().len()
        )?;
        let Parameters { trained, deployed } = self.parameters;
        let norms = if trained == deployed {
            "no batch norm to fold".to_owned()
        } else {
            format!("{} trained, before batch norm is folded", thousands(trained))
        };
        writeln!(sink, "parameters   {} ({norms})", thousands(deployed))?;
        writeln!(sink, "MACs         {}", thousands(self.macs))?;
        let known = |bytes: Bytes, what: &str, left_out: &str| {
            let how = styled(format!("({dtype}, {}; {left_out} not counted)", self.footprint.provenance), FAINT);
            format!("{:<9}  {what} {how}", bytes.to_string())
        };
        writeln!(
            sink,
            "Flash        {}",
            known(self.footprint.known_flash(), "weights and biases", "tables and code")
        )?;
        let order = if self.peak.optimal { "best order" } else { "best order found" };
        let what = format!("activations, peak at step {} in the {order}", self.peak.step);
        writeln!(sink, "RAM          {}", known(self.footprint.known_ram(), &what, "stack and runtime"))?;
        for tensor in self.layers[self.peak.step - 1].live.iter().map(|&tensor| &self.tensors[tensor]) {
            let from = tensor.written_at.map_or("the input".to_owned(), |step| format!("written at step {step}"));
            writeln!(sink, "               {:<9}  {} {from}", tensor.bytes.to_string(), tensor.shape)?;
        }
        self.write_fit(sink)
    }

    fn write_layers(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("step", Right),
            ("layer", Left),
            ("from", Left),
            ("output", Left),
            ("parameters", Right),
            ("MACs", Right),
            ("in memory", Right),
        ]);
        for layer in &self.layers {
            let style = if layer.step == self.peak.step { TITLE } else { anstyle::Style::new() };
            let cells = [
                layer.step.to_string(),
                layer.description.clone(),
                layer.origin.clone(),
                layer.output.to_string(),
                thousands(layer.parameters),
                thousands(layer.macs),
                layer.memory_bytes.to_string(),
            ];
            table.row(cells, style);
        }
        table.write(sink)
    }

    fn write_fit(&self, sink: &mut dyn Write) -> io::Result<()> {
        let (Some(fit), Some(budget)) = (self.fit, self.budget) else { return Ok(()) };
        let verdict = if fit.holds() { styled("fits", GOOD) } else { styled("does not fit", BAD) };
        let name = self.target.as_deref().unwrap_or("the budget");
        writeln!(sink, "\n{}: {verdict} {}", styled(name, TITLE), styled("(estimated)", FAINT))?;
        let piece = if self.target.is_some() { " in one piece" } else { "" };
        for (memory, used, allowed, margin) in [
            ("Flash", self.footprint.known_flash(), budget.flash, fit.flash),
            ("RAM", self.footprint.known_ram(), budget.ram, fit.ram),
        ] {
            let Some(allowed) = allowed else { continue };
            let margin = match margin {
                Margin::Over(bytes) => styled(format!("{bytes} too much"), BAD),
                Margin::Spare(bytes) => format!("{bytes} to spare"),
                Margin::Unbounded => String::new(),
            };
            writeln!(sink, "  {memory:<6} {used} of {allowed}{piece}, {margin}")?;
        }
        Ok(())
    }
}

fn layer(graph: &Graph, step: &Step, number: usize) -> Layer {
    let node = &graph.nodes()[step.node];
    let cost = graph.cost_of(node);
    Layer {
        step: number,
        op: node.op.word(),
        description: description(node),
        origin: node.origin.to_string(),
        output: graph.shape(node.output),
        parameters: cost.parameters(),
        macs: cost.macs,
        memory_bytes: step.bytes,
        live: step.live.clone(),
    }
}

/// `conv 3x3/2x2, relu`: what a person needs to know of an operation beside its shapes.
fn description(node: &Node) -> String {
    let mut text = node.op.word().to_owned();
    if let Some((window, stride)) = node.op.window() {
        text += &format!(" {window}");
        if stride != automcu_model::Extent::ONE {
            text += &format!("/{stride}");
        }
    }
    match node.op.activation() {
        None | Some(automcu_model::spec::Activation::None) => text,
        Some(activation) => format!("{text}, {activation}"),
    }
}

fn tensors(graph: &Graph, order: &[usize], dtype: DataType) -> Vec<Tensor> {
    let mut written_at = vec![None; graph.tensors().len()];
    for (&node, step) in order.iter().zip(1..) {
        written_at[graph.nodes()[node].output.index()] = Some(step);
    }
    let tensors = graph.tensors().iter().zip(written_at).map(|(&shape, written_at)| Tensor {
        shape,
        bytes: Bytes(shape.elements() * dtype.activation_bytes()),
        written_at,
    });
    tensors.collect()
}
