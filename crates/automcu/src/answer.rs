//! What is said of a network: its operations, its cost, its memory step by step, and whether it fits.

use std::io::{self, Write};

use automcu_convert::{Network, Quantisation};
use automcu_model::{Bytes, DataType, Graph, GraphDigest, Provenance, Shape, Step};
use automcu_target::{Budget, Fit, Footprint, Margin, Part};
use automcu_toolchain::Cpu;
use serde::Serialize;

use crate::{
    cli::BudgetArgs,
    input,
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};

/// The budget, and what it is called.
#[derive(Default)]
pub(crate) struct Allowance {
    pub(crate) target: Option<String>,
    pub(crate) part: Option<Part>,
    pub(crate) budget: Option<Budget>,
    /// What the target's code is compiled for, where the Arm compiler knows it.
    pub(crate) cpu: Option<Cpu>,
}

impl Allowance {
    pub(crate) fn of(arguments: &BudgetArgs) -> Result<Self, Failure> {
        let BudgetArgs { target, ram, flash, catalogue } = arguments;
        let catalogue = input::catalogue(catalogue.targets_dir.as_deref())?;
        let part = target.as_deref().map(|name| catalogue.find(name)).transpose()?;
        let asked = Budget { ram: *ram, flash: *flash };
        let budget = match part {
            Some(part) => Some(Budget::from(part).and(asked)),
            None => (ram.is_some() || flash.is_some()).then_some(asked),
        };
        let cpu = part.and_then(|part| Cpu::of(part.core(), part.fpu(), part.has_dsp()));
        Ok(Self { target: part.map(|part| part.name().to_owned()), part: part.cloned(), budget, cpu })
    }
}

/// All that is said of a network.
#[derive(Serialize)]
pub(crate) struct Answer {
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
    /// The graph's nodes in the order of the layers.
    #[serde(skip)]
    order: Vec<usize>,
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
    /// What its integers mean, of a network that has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    integers: Option<Integers>,
}

/// What the integers of an operation mean.
#[derive(Serialize)]
struct Integers {
    /// The name of the tensor that it writes.
    tensor: String,
    scale: f32,
    zero_point: i8,
    /// The least and the largest.
    weight_scales: Option<[f32; 2]>,
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
    pub(crate) fn of(trained: &Graph, deployed: &Graph, dtype: DataType, allowance: Allowance) -> Self {
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
            order: peak.order().to_vec(),
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

    /// Adds what the integers mean.
    pub(crate) fn with_integers(mut self, network: &Network) -> Self {
        for (layer, &node) in self.layers.iter_mut().zip(&self.order) {
            layer.integers = Some(integers(network, node));
        }
        self
    }

    /// How the program ends with this answer.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.fit.is_some_and(|fit| !fit.holds()) { Outcome::No } else { Outcome::Yes }
    }

    /// Writes the answer for people; `what` is said of the file first.
    pub(crate) fn write(&self, name: &str, what: &str, sink: &mut dyn Write) -> io::Result<()> {
        writeln!(sink, "{} {what}  {}", styled(name, TITLE), styled(self.digest.short(), FAINT))?;
        writeln!(sink, "all figures are {} from the graph, all sizes are of {}\n", self.provenance, self.dtype)?;
        self.write_layers(sink)?;
        let dtype = self.footprint.dtype;
        writeln!(sink, "\ninput        {} -> output {}, {} operations", self.input, self.output, self.layers.len())?;
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
        table.write(sink)?;
        self.write_integers(sink)
    }

    fn write_integers(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table =
            Table::new([("step", Right), ("writes", Left), ("scale", Right), ("zero", Right), ("weight scales", Left)]);
        for (layer, integers) in self.layers.iter().filter_map(|layer| Some((layer, layer.integers.as_ref()?))) {
            let weights =
                integers.weight_scales.map_or(String::new(), |[least, most]| format!("{least:.3e} to {most:.3e}"));
            let name: String = integers.tensor.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let (scale, zero) = (format!("{:.4e}", integers.scale), integers.zero_point.to_string());
            table.row([layer.step.to_string(), name, scale, zero, weights], anstyle::Style::new());
        }
        if table.is_empty() {
            return Ok(());
        }
        writeln!(sink)?;
        table.write(sink)
    }

    fn write_fit(&self, sink: &mut dyn Write) -> io::Result<()> {
        let (Some(_), Some(budget)) = (self.fit, self.budget) else { return Ok(()) };
        write_fit(sink, self.target.as_deref(), budget, &self.footprint)
    }
}

/// Whether it fits, memory by memory.
pub(crate) fn write_fit(
    sink: &mut dyn Write,
    target: Option<&str>,
    budget: Budget,
    footprint: &Footprint,
) -> io::Result<()> {
    let fit = Fit::of(footprint, budget);
    let verdict = if fit.holds() { styled("fits", GOOD) } else { styled("does not fit", BAD) };
    let name = target.unwrap_or("the budget");
    let how = styled(format!("({})", footprint.provenance), FAINT);
    writeln!(sink, "\n{}: {verdict} {how}", styled(name, TITLE))?;
    let piece = if target.is_some() { " in one piece" } else { "" };
    for (memory, used, allowed, margin) in [
        ("Flash", footprint.known_flash(), budget.flash, fit.flash),
        ("RAM", footprint.known_ram(), budget.ram, fit.ram),
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

fn layer(graph: &Graph, step: &Step, number: usize) -> Layer {
    let node = &graph.nodes()[step.node];
    let cost = graph.cost_of(node);
    Layer {
        step: number,
        op: node.op.word(),
        description: node.description(),
        origin: node.origin.to_string(),
        output: graph.shape(node.output),
        parameters: cost.parameters(),
        macs: cost.macs,
        memory_bytes: step.bytes,
        live: step.live.clone(),
        integers: None,
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

fn integers(network: &Network, node: usize) -> Integers {
    let place = network.graph().nodes()[node].output.index();
    let Quantisation { scale, zero_point } = network.quantisations()[place];
    let weight_scales = network.weights()[node].as_ref().and_then(|weights| {
        let least = weights.scales.iter().copied().min_by(f32::total_cmp)?;
        Some([least, weights.scales.iter().copied().max_by(f32::total_cmp)?])
    });
    Integers { tensor: network.name(place).to_owned(), scale, zero_point, weight_scales }
}
