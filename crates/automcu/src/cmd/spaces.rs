//! `automcu spaces`.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use automcu_model::{Bytes, DataType, Provenance};
use automcu_search::{
    Chosen, Count, Description, Inputs, Rules, Space, Spread, Staged, Stages, Task, built_in_spaces, choose,
};
use automcu_target::{Core, Part};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    answer::Allowance,
    cli::Spaces,
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, GOOD, TITLE, Table, styled, thousands},
};

/// The space among whose sides and widths is chosen where none is named.
const OFFERED: &str = "mobile";

pub(crate) fn run(arguments: &Spaces, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    match arguments.spaces.as_slice() {
        _ if arguments.choose => choosing(arguments, home, said),
        [] => list(arguments.json, said),
        [one] => describe(one, arguments, home, said),
        _ => Err(Failure::SeveralSpaces),
    }
}

#[derive(Serialize)]
struct Listed {
    name: String,
    about: String,
    inputs: Inputs,
    modules: Vec<&'static str>,
    /// Of pictures, or of signals where it is for these only.
    configurations: Count,
}

impl Listed {
    fn of(rules: &Rules) -> Self {
        let Description { name, about, inputs, .. } = rules.description().clone();
        let modules = rules.modules().into_iter().map(|kind| kind.word()).collect();
        Self { name, about, inputs, modules, configurations: rules.configurations(inputs == Inputs::Signals) }
    }
}

#[derive(Serialize)]
struct List {
    version: u32,
    spaces: Vec<Listed>,
}

fn list(json: bool, said: &mut Said) -> Result<Outcome, Failure> {
    let spaces: Vec<Listed> = built_in_spaces().filter_map(Rules::built_in).map(|rules| Listed::of(&rules)).collect();
    if json {
        write_json(&List { version: 1, spaces }, &mut said.output)?;
        return Ok(Outcome::Yes);
    }
    let mut table = Table::new([("space", Align::Left), ("configurations", Align::Right), ("", Align::Left)]);
    for space in spaces {
        table.row([space.name, short(&space.configurations), space.about], anstyle::Style::new());
    }
    table.write(&mut said.output)?;
    let hint = "`automcu spaces NAME` describes one, `automcu spaces --choose` chooses a side and a width";
    writeln!(said.output, "\n{}", styled(hint, FAINT))?;
    Ok(Outcome::Yes)
}

/// A large number by its power of ten.
fn short(count: &Count) -> String {
    let digits = count.to_string();
    if digits.len() <= 9 { digits } else { format!("about 10^{:.1}", count.log10()) }
}

/// What a member takes, at int8.
#[derive(Serialize)]
struct Cost {
    ram_bytes: Bytes,
    flash_bytes: Bytes,
    macs: u64,
    parameters: u64,
}

#[derive(Serialize)]
struct Described {
    version: u32,
    #[serde(flatten)]
    listed: Listed,
    /// The ways to write each stage down, the first stage first.
    stage_configurations: Vec<Count>,
    input: [u32; 3],
    classes: u32,
    /// Of the figures of both members.
    dtype: DataType,
    provenance: Provenance,
    smallest: Cost,
    /// Nothing where a spec cannot hold it.
    largest: Option<Cost>,
    description: Description,
}

impl Described {
    fn of(rules: &Arc<Rules>, space: &Stages) -> Result<Self, Failure> {
        let input = space.input();
        let is_signal = input.height.get() == 1 || input.width.get() == 1;
        let cost = |member: &Staged, size: &dyn Fn(&Staged) -> Option<automcu_search::Size>| {
            let size = size(member)?;
            Some(Cost {
                ram_bytes: size.ram(),
                flash_bytes: size.flash(),
                macs: size.macs,
                parameters: size.parameters,
            })
        };
        let planned = |member: &Staged| space.size(member, Core::CortexM4).ok();
        let glanced = |member: &Staged| space.glance(member, Core::CortexM4).ok();
        let depth = rules.description().stages.len().max(1);
        Ok(Self {
            version: 1,
            listed: Listed::of(rules),
            stage_configurations: (0..depth).map(|at| rules.stage_configurations(at, is_signal)).collect(),
            input: [input.height.get(), input.width.get(), input.channels.get()],
            classes: space.classes().get(),
            dtype: DataType::Int8,
            provenance: Provenance::Estimated,
            smallest: cost(&space.smallest(), &planned)
                .ok_or_else(|| Failure::NoInput(format!("{}x{}", input.height.get(), input.width.get())))?,
            largest: cost(&space.widest(), &glanced),
            description: rules.description().clone(),
        })
    }

    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let Listed { name, about, modules, configurations, .. } = &self.listed;
        writeln!(sink, "{}: {about}\n", styled(name, TITLE))?;
        writeln!(sink, "modules         {}", modules.join(", "))?;
        let stages: Vec<String> = self.stage_configurations.iter().map(short).collect();
        writeln!(sink, "of a stage      {} ways to write it down", stages.join(", "))?;
        writeln!(sink, "of a network    {configurations} ways, {}", short(configurations))?;
        let [height, width, channels] = self.input;
        writeln!(sink, "\nfor inputs of {height}x{width}x{channels} in {} classes", self.classes)?;
        let said = |cost: &Cost| {
            let (macs, parameters) = (thousands(cost.macs), thousands(cost.parameters));
            format!("{} of RAM, {} of Flash, {macs} MACs, {parameters} parameters", cost.ram_bytes, cost.flash_bytes)
        };
        writeln!(sink, "the smallest    {}", said(&self.smallest))?;
        let beyond = || "more than a spec can hold, or an integer network".to_owned();
        writeln!(sink, "the largest     {}", self.largest.as_ref().map_or_else(beyond, said))?;
        let how = format!("{}, {}, with code for a Cortex-M4", self.dtype, self.provenance);
        writeln!(sink, "{}", styled(how, FAINT))
    }
}

fn describe(named: &str, arguments: &Spaces, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let rules = input::space(named)?;
    let (input, classes) = input::shape(&arguments.shape, &rules, home)?;
    let described = Described::of(&rules, &Stages::of(Arc::clone(&rules), input, classes)?)?;
    if arguments.json {
        write_json(&described, &mut said.output)?;
    } else {
        described.write(&mut said.output)?;
    }
    Ok(Outcome::Yes)
}

#[derive(Serialize)]
struct Choice {
    version: u32,
    dtype: DataType,
    provenance: Provenance,
    #[serde(flatten)]
    chosen: Chosen,
    space: Option<Description>,
}

fn choosing(arguments: &Spaces, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let core = allowance.part.as_ref().map_or(Core::CortexM4, Part::core);
    let offered = [OFFERED.to_owned()];
    let named = if arguments.spaces.is_empty() { &offered[..] } else { &arguments.spaces };
    let mut tasks = Vec::new();
    for name in named {
        let rules = input::space(name)?;
        let (input, classes) = input::shape(&arguments.shape, &rules, home)?;
        for variant in rules.description().variants(input.height.get().max(input.width.get())) {
            let space = Stages::of(Arc::new(Rules::of(name, variant)?), input, classes)?;
            tasks.push(Task { space, budget: allowance.budget.unwrap_or_default(), core, most_macs: None });
        }
    }
    let chosen = choose(&tasks, arguments.draws, arguments.seed);
    let space = chosen.chosen.map(|at| tasks[at].space.rules().description().clone());
    let (dtype, provenance) = (DataType::Int8, Provenance::Estimated);
    if let (Some(path), Some(space)) = (&arguments.output, &space) {
        let text = serde_json::to_string_pretty(space).map_err(io::Error::from)? + "\n";
        fs::write(path, text).map_err(|error| Failure::Create { path: path.clone(), error })?;
    }
    let outcome = if space.is_some() { Outcome::Yes } else { Outcome::No };
    let choice = Choice { version: 1, dtype, provenance, chosen, space };
    if arguments.json {
        write_json(&choice, &mut said.output)?;
    } else {
        choice.write(&mut said.output)?;
    }
    Ok(outcome)
}

impl Choice {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("space", Left),
            ("input", Left),
            ("fitting", Right),
            ("mean MACs", Right),
            ("four in five up to", Right),
        ]);
        for (at, spread) in self.chosen.spreads.iter().enumerate() {
            let Spread { space, input: [height, width], drawn, fitting, mean_macs, p80_macs } = spread;
            let macs = |macs: &Option<u64>| macs.map_or_else(String::new, thousands);
            let cells = [
                space.clone(),
                format!("{height}x{width}"),
                format!("{fitting} of {drawn}"),
                macs(mean_macs),
                macs(p80_macs),
            ];
            table.row(cells, if self.chosen.chosen == Some(at) { GOOD } else { anstyle::Style::new() });
        }
        table.write(sink)?;
        let how = format!("{}, {}: by glances, with code counted", self.dtype, self.provenance);
        writeln!(sink, "\n{}\n{}", self.chosen.reason, styled(how, FAINT))
    }
}
