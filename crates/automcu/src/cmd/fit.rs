//! `automcu fit`.

use std::io::{self, Read, Write};

use automcu_convert::{Edit, Holder, Moment, Need, Network, Patches, Room, edits};
use automcu_model::Bytes;
use automcu_target::{Budget, Fit as Fits, Footprint, Margin, Part};
use automcu_toolchain::folder::footprint_of_code;
use serde::Serialize;

use super::{said_of_patches, write_json};
use crate::{
    Said,
    answer::{Allowance, write_fit},
    cli::Fit,
    input,
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};

/// As many changes are proposed, and as many layers named that take the most Flash.
const PROPOSED: usize = 6;
const OF_ONE_KIND: usize = 3;
const NAMED: usize = 5;

pub(crate) fn run(arguments: &Fit, stdin: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let (name, network) = input::network(&arguments.model, stdin)?;
    let need = match allowance.budget.and_then(|budget| budget.ram) {
        Some(ram) if !arguments.all => Need::within(network.graph(), ram.0),
        _ => Need::of(network.graph()),
    };
    let footprint = footprint_of_code(network.graph(), need.ram(), need.flash());
    if arguments.all || allowance.budget.is_none() {
        return everywhere(arguments, &name, &footprint, said);
    }
    let answer = Answer::of(&network, &need, footprint, allowance);
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&name, &mut said.output)?;
    }
    Ok(if answer.fits { Outcome::Yes } else { Outcome::No })
}

/// One microcontroller, and what is left or lacking there.
#[derive(Serialize)]
struct Place<'p> {
    target: &'p str,
    class: String,
    fits: bool,
    fit: Fits,
}

#[derive(Serialize)]
struct Everywhere<'p> {
    version: u32,
    footprint: Footprint,
    targets: Vec<Place<'p>>,
}

fn everywhere(arguments: &Fit, name: &str, footprint: &Footprint, said: &mut Said) -> Result<Outcome, Failure> {
    let catalogue = input::catalogue(arguments.budget.catalogue.targets_dir.as_deref())?;
    let mut parts: Vec<&Part> = catalogue.parts().iter().collect();
    parts.sort_by_key(|part| (part.class(), part.flash().largest_run(), part.ram().largest_run(), part.name()));
    let place = |part: &&'_ Part| Fits::of(footprint, Budget::from(*part));
    let outcome = if parts.iter().any(|part| place(part).holds()) { Outcome::Yes } else { Outcome::No };
    if arguments.json {
        let targets = parts.iter().map(|part| {
            let fit = place(part);
            Place { target: part.name(), class: part.class().to_string(), fits: fit.holds(), fit }
        });
        write_json(&Everywhere { version: 1, footprint: *footprint, targets: targets.collect() }, &mut said.output)?;
        return Ok(outcome);
    }
    write_need(name, footprint, &mut said.output)?;
    writeln!(said.output)?;
    let mut table = Table::new([
        ("target", Align::Left),
        ("class", Align::Left),
        ("", Align::Left),
        ("RAM", Align::Right),
        ("Flash", Align::Right),
    ]);
    for part in parts {
        let fit = place(&part);
        let margin = |margin: Margin| match margin {
            Margin::Spare(bytes) => format!("{bytes} to spare"),
            Margin::Over(bytes) => format!("{bytes} too much"),
            Margin::Unbounded => String::new(),
        };
        let (verdict, style) = if fit.holds() { ("fits", anstyle::Style::new()) } else { ("does not fit", FAINT) };
        let cells =
            [part.name().to_owned(), part.class().to_string(), verdict.to_owned(), margin(fit.ram), margin(fit.flash)];
        table.row(cells, style);
    }
    table.write(&mut said.output)?;
    Ok(outcome)
}

fn write_need(name: &str, footprint: &Footprint, sink: &mut dyn Write) -> io::Result<()> {
    let (ram, flash) = (footprint.known_ram(), footprint.known_flash());
    let how = format!("({}, {}; instructions and stack not counted)", footprint.dtype, footprint.provenance);
    writeln!(sink, "{} needs {ram} of RAM and {flash} of Flash {}", styled(name, TITLE), styled(how, FAINT))
}

/// Whether it fits, why not, and what would help.
#[derive(Serialize)]
struct Answer {
    version: u32,
    footprint: Footprint,
    target: Option<String>,
    budget: Budget,
    fits: bool,
    fit: Fits,
    /// The first layers that have to be computed in strips of columns, if any have.
    patches: Option<Patches>,
    /// The network's multiply-accumulates.
    macs: u64,
    /// What is in use at the step where the most is, where RAM does not suffice.
    peak: Option<Peak>,
    /// The layers whose weights and tables are largest, where Flash does not suffice.
    largest: Vec<Largest>,
    /// Single changes that make it fit, the smallest first.
    edits: Vec<Edit>,
}

#[derive(Serialize)]
struct Peak {
    step: usize,
    /// The layer that runs then.
    layer: usize,
    description: String,
    in_use_bytes: u32,
    pieces: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    what: String,
    bytes: u32,
}

#[derive(Serialize)]
struct Largest {
    layer: usize,
    description: String,
    bytes: u64,
}

impl Answer {
    fn of(network: &Network, need: &Need, footprint: Footprint, allowance: Allowance) -> Self {
        let budget = allowance.budget.unwrap_or(Budget { ram: None, flash: None });
        let fit = Fits::of(&footprint, budget);
        let bytes = |bytes: Bytes| bytes.0;
        let room = Room { ram: budget.ram.map(bytes), flash: budget.flash.map(bytes) };
        let mut edits = if fit.holds() { Vec::new() } else { edits(network.graph(), room) };
        // Different ways are worth more than the same one again and again.
        let mut kinds: Vec<String> = Vec::new();
        edits.retain(|edit| {
            let kind = edit.what.split(' ').next().unwrap_or_default().to_owned();
            kinds.push(kind.clone());
            kinds.iter().filter(|other| **other == kind).count() <= OF_ONE_KIND
        });
        edits.truncate(PROPOSED);
        let has = |memory: Margin| memory.is_within();
        Self {
            version: 1,
            footprint,
            target: allowance.target,
            budget,
            fits: fit.holds(),
            fit,
            patches: need.patches,
            macs: network.graph().cost().macs,
            peak: (!has(fit.ram)).then(|| peak(need)),
            largest: if has(fit.flash) { Vec::new() } else { largest(need) },
            edits,
        }
    }

    fn write(&self, name: &str, sink: &mut dyn Write) -> io::Result<()> {
        write_need(name, &self.footprint, sink)?;
        write_fit(sink, self.target.as_deref(), self.budget, &self.footprint)?;
        if let Some(patches) = self.patches {
            writeln!(sink, "\n{}", said_of_patches(patches, self.macs))?;
        }
        if let Some(Peak { step, layer, description, in_use_bytes, pieces }) = &self.peak {
            let bytes = Bytes((*in_use_bytes).into());
            writeln!(sink, "\nthe most bytes live at step {step}, layer {layer} ({description}): {bytes}")?;
            for Piece { what, bytes } in pieces {
                writeln!(sink, "  {:>9}  {what}", Bytes(u64::from(*bytes)).to_string())?;
            }
            let rest = Bytes(self.footprint.known_ram().0.saturating_sub(u64::from(*in_use_bytes)));
            writeln!(sink, "  {:>9}  between them, taken by other rows in turn", rest.to_string())?;
        }
        if !self.largest.is_empty() {
            writeln!(sink, "\nthe most Flash is taken by")?;
            for Largest { layer, description, bytes } in &self.largest {
                writeln!(sink, "  {:>9}  layer {layer} ({description})", Bytes(*bytes).to_string())?;
            }
        }
        if self.fits {
            return Ok(());
        }
        if self.edits.is_empty() {
            return writeln!(sink, "\n{}", styled("no single change makes it fit", BAD));
        }
        writeln!(sink, "\n{}, each by itself:", styled("changes that make it fit", GOOD))?;
        for Edit { what, ram_bytes, flash_bytes, macs_left, weights_left } in &self.edits {
            let (ram, flash) = (Bytes(*ram_bytes), Bytes(*flash_bytes));
            let left =
                format!("{:.0} % of the MACs, {:.0} % of the weights left", 100.0 * macs_left, 100.0 * weights_left);
            writeln!(sink, "  {what}\n    {}", styled(format!("{ram} of RAM, {flash} of Flash, {left}"), FAINT))?;
        }
        Ok(())
    }
}

fn peak(need: &Need) -> Peak {
    let graph = &need.graph;
    let Moment { step, bytes, pieces } = need.plan.fullest(graph);
    let written_by = |tensor: usize| graph.nodes().iter().position(|node| node.output.index() == tensor);
    let what = |holder: Holder| match holder {
        Holder::Rows { tensor, rows } => {
            let whose =
                written_by(tensor).map_or_else(|| "the input".to_owned(), |layer| format!("what layer {layer} writes"));
            let height = graph.tensors()[tensor].height;
            if height > 1 { format!("{rows} of {height} rows of {whose}") } else { whose }
        }
        Holder::Own(layer) => format!("layer {layer}'s own"),
    };
    let pieces = pieces.into_iter().map(|(holder, bytes)| Piece { what: what(holder), bytes }).collect();
    let steps = &need.plan.steps;
    let layer = steps[step.saturating_sub(1).min(steps.len() - 1)];
    let description = graph.nodes()[layer].description();
    Peak { step, layer, description, in_use_bytes: bytes, pieces }
}

fn largest(need: &Need) -> Vec<Largest> {
    let nodes = need.graph.nodes();
    let mut layers: Vec<Largest> = need
        .tables
        .iter()
        .enumerate()
        .map(|(layer, &bytes)| {
            let weights = need.graph.cost_of(&nodes[layer]).weights;
            Largest {
                layer,
                description: format!("{}, {} weights", nodes[layer].description(), thousands(weights)),
                bytes,
            }
        })
        .collect();
    layers.sort_by_key(|layer| std::cmp::Reverse(layer.bytes));
    layers.truncate(NAMED);
    layers
}
