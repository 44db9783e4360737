//! `automcu largest`.

use std::{
    io::{self, Write},
    path::Path,
};

use automcu_model::{GraphDigest, Provenance, Spec};
use automcu_search::{Buildable, By, Large, Stages, Task, largest};
use automcu_target::{Budget, Core, Footprint, Part};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    answer::Allowance,
    cli::Largest,
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled, thousands},
};

pub(crate) fn run(arguments: &Largest, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let rules = input::space(&arguments.space)?;
    let (input, classes) = input::shape(&arguments.shape, &rules, home)?;
    let space = Stages::of(rules, input, classes)?;
    let core = allowance.part.as_ref().map_or(Core::CortexM4, Part::core);
    let task = Task { space, budget: allowance.budget.unwrap_or_default(), core, most_macs: None };
    let answer = Answer::of(&task, allowance, arguments.count);
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(if answer.found.is_empty() { Outcome::No } else { Outcome::Yes })
}

#[derive(Serialize)]
struct Answer {
    version: u32,
    /// Of every figure below; sizes are those of int8.
    provenance: Provenance,
    space: String,
    input: [u32; 3],
    classes: u32,
    target: Option<String>,
    budget: Budget,
    /// The largest first, by each measure.
    found: Vec<Found>,
    families: usize,
    planned: usize,
    /// Whether there was more to plan than may be.
    is_cut_short: bool,
    lacks: Option<String>,
}

#[derive(Serialize)]
struct Found {
    by: By,
    digest: GraphDigest,
    family: String,
    width_percent: f64,
    footprint: Footprint,
    macs: u64,
    parameters: u64,
    architecture: Spec,
}

impl Answer {
    fn of(task: &Task<Stages>, allowance: Allowance, count: usize) -> Self {
        let all = largest(task, count);
        let found = all
            .found
            .into_iter()
            .flat_map(|(by, members)| members.into_iter().map(move |large| Found::of(by, large, &task.space)));
        let input = task.space.input();
        Self {
            version: 1,
            provenance: Provenance::Estimated,
            space: task.space.rules().description().name.clone(),
            input: [input.height.get(), input.width.get(), input.channels.get()],
            classes: task.space.classes().get(),
            target: allowance.target,
            budget: task.budget,
            found: found.collect(),
            families: all.families,
            planned: all.planned,
            is_cut_short: all.is_cut_short,
            lacks: all.lacks.map(|nothing| nothing.to_string()),
        }
    }

    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let [height, width, channels] = self.input;
        let title = format!("the space {}", styled(&self.space, TITLE));
        writeln!(sink, "{title} for inputs of {height}x{width}x{channels} in {} classes\n", self.classes)?;
        if self.found.is_empty() {
            let why =
                self.lacks.as_deref().unwrap_or("none of the families that are looked at fits; allow more memory");
            return writeln!(sink, "{why}");
        }
        self.table().write(sink)?;
        let how = format!(
            "int8, {}, code counted where the core is known; {} families, {} planned{}",
            self.provenance,
            self.families,
            self.planned,
            if self.is_cut_short { "; larger ones may have been passed over" } else { "" }
        );
        writeln!(sink, "\n{}", styled(how, FAINT))
    }

    fn table(&self) -> Table<7> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("by", Left),
            ("MACs", Right),
            ("parameters", Right),
            ("RAM", Right),
            ("Flash", Right),
            ("width", Right),
            ("what", Left),
        ]);
        for found in &self.found {
            let by = match found.by {
                By::Macs => "MACs",
                By::Parameters => "parameters",
            };
            let (ram, flash) = (found.footprint.known_ram(), found.footprint.known_flash());
            let cells = [
                by.to_owned(),
                thousands(found.macs),
                thousands(found.parameters),
                ram.to_string(),
                flash.to_string(),
                format!("{} %", found.width_percent),
                found.family.clone(),
            ];
            table.row(cells, anstyle::Style::new());
        }
        table
    }
}

impl Found {
    fn of(by: By, large: Large, space: &Stages) -> Self {
        Self {
            by,
            digest: large.id,
            family: large.family,
            width_percent: f64::from(large.eighths) * 12.5,
            footprint: large.size.footprint,
            macs: large.size.macs,
            parameters: large.size.parameters,
            architecture: space.spec(&large.member),
        }
    }
}
