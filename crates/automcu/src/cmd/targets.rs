//! `automcu targets`.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use automcu_model::{Bytes, DataType};
use automcu_target::{Budget, Catalogue, Fit, Footprint, Part, Use};
use serde::Serialize;

use super::{check::refuse, write_json};
use crate::{
    Said,
    cli::Targets,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled},
};

pub(crate) fn run(arguments: &Targets, input: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let catalogue = crate::input::catalogue(arguments.catalogue.targets_dir.as_deref())?;
    match (&arguments.target, &arguments.fits) {
        (Some(name), _) => describe(catalogue.find(name)?, arguments.json, said),
        (None, Some(path)) => fitting(path, &catalogue, arguments, input, said),
        (None, None) => list(&catalogue, arguments.json, said),
    }
}

fn list(catalogue: &Catalogue, json: bool, said: &mut Said) -> Result<Outcome, Failure> {
    if json {
        write_json(
            &List { version: 1, targets: catalogue.parts().iter().map(Described::of).collect() },
            &mut said.output,
        )?;
    } else {
        write_parts(catalogue.parts().iter(), &mut said.output)?;
        let count = catalogue.parts().len();
        let hint = "RAM and Flash: in one piece; `automcu targets NAME` shows every region and its source";
        writeln!(said.output, "\n{count} targets. {}", styled(hint, FAINT))?;
    }
    Ok(Outcome::Yes)
}

/// The parts that could hold an architecture, cheapest class first, then the smallest.
fn fitting(
    path: &Path,
    catalogue: &Catalogue,
    arguments: &Targets,
    input: &mut dyn Read,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let read = crate::input::architecture(path, input)?;
    let (_, deployed) = match read.graph {
        Ok(graphs) => graphs,
        Err(refusals) => return refuse(&read.name, &refusals, arguments.json, said),
    };
    let footprint = Footprint::estimated(&deployed.cost(), &deployed.peak(), arguments.dtype.0);
    let holds = |part: &&Part| Fit::of(&footprint, Budget::from(*part)).holds();
    let mut parts: Vec<&Part> = catalogue.parts().iter().filter(holds).collect();
    parts.sort_by_key(|part| (part.class(), part.flash().largest_run(), part.ram().largest_run(), part.name()));
    if arguments.json {
        let targets = parts.iter().map(|part| Described::of(part)).collect();
        write_json(&Fitting { version: 1, footprint, targets }, &mut said.output)?;
    } else {
        write_fitting(&read.name, &parts, catalogue.parts().len(), &footprint, &mut said.output)?;
    }
    Ok(if parts.is_empty() { Outcome::No } else { Outcome::Yes })
}

fn write_fitting(
    name: &str,
    parts: &[&Part],
    of: usize,
    footprint: &Footprint,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let (ram, flash) = (footprint.known_ram(), footprint.known_flash());
    let how = format!("({}, {}; tables, code, stack and runtime not counted)", footprint.dtype, footprint.provenance);
    let needs = format!("needs {ram} of RAM and {flash} of Flash");
    writeln!(sink, "{} {needs} {}\n", styled(name, TITLE), styled(how, FAINT))?;
    if parts.is_empty() {
        return writeln!(sink, "none of {of} targets could hold it{}", try_int8(footprint.dtype));
    }
    write_parts(parts.iter().copied(), sink)?;
    writeln!(sink, "\n{} of {of} targets could hold it, cheapest class first", parts.len())
}

fn try_int8(dtype: DataType) -> &'static str {
    match dtype {
        DataType::Int8 => "",
        DataType::Float32 => "; int8 takes about a quarter",
    }
}

fn write_parts<'p>(parts: impl Iterator<Item = &'p Part>, sink: &mut dyn Write) -> io::Result<()> {
    use Align::{Left, Right};
    let mut table = Table::new([
        ("target", Left),
        ("class", Left),
        ("core", Left),
        ("MHz", Right),
        ("RAM", Right),
        ("Flash", Right),
        ("also called", Left),
    ]);
    for part in parts {
        let external = part.flash().regions().iter().any(|region| region.external);
        let flash = format!("{}{}", part.flash().largest_run(), if external { " ext" } else { "" });
        table.row(
            [
                part.name().to_owned(),
                part.class().to_string(),
                part.core().to_string(),
                part.clock_mhz().to_string(),
                part.ram().largest_run().to_string(),
                flash,
                part.aliases().join(", "),
            ],
            anstyle::Style::new(),
        );
    }
    table.write(sink)
}

fn describe(part: &Part, json: bool, said: &mut Said) -> Result<Outcome, Failure> {
    let sink = &mut said.output;
    if json {
        write_json(&Described::of(part), sink)?;
        return Ok(Outcome::Yes);
    }
    let aliases = if part.aliases().is_empty() { String::new() } else { format!(" ({})", part.aliases().join(", ")) };
    writeln!(sink, "{}{aliases}, {} {}", styled(part.name(), TITLE), part.vendor(), part.family())?;
    let unit = |has: bool, what| if has { format!(", {what}") } else { String::new() };
    let fpu =
        serde_json::to_value(part.fpu()).map(|fpu| fpu.as_str().unwrap_or_default().to_owned()).unwrap_or_default();
    let dsp = unit(part.has_dsp(), "DSP extension");
    writeln!(sink, "{} at {} MHz, FPU {fpu}{dsp}, price class {}", part.core(), part.clock_mhz(), part.class())?;
    if let Some(board) = part.board() {
        writeln!(sink, "on {board}")?;
    }
    writeln!(sink)?;
    write_regions(part, sink)?;
    let sources = part.sources();
    writeln!(sink)?;
    for (figure, title) in
        [("core", &sources.core), ("clock", &sources.clock), ("Flash", &sources.flash), ("RAM", &sources.ram)]
    {
        writeln!(sink, "{figure:<6} {}", styled(title.as_deref().unwrap_or("unknown"), FAINT))?;
    }
    Ok(Outcome::Yes)
}

fn write_regions(part: &Part, sink: &mut dyn Write) -> io::Result<()> {
    use Align::{Left, Right};
    let mut table = Table::new([("memory", Left), ("region", Left), ("address", Left), ("size", Right), ("", Left)]);
    for (kind, memory) in [("Flash", part.flash()), ("RAM", part.ram())] {
        for region in memory.regions() {
            let mut remarks: Vec<&str> = Vec::new();
            remarks.extend(region.external.then_some("external"));
            remarks.extend(match region.use_ {
                Use::Data => None,
                Use::Code => Some("for code"),
                Use::Retention => Some("for retention"),
            });
            remarks.extend(region.note.as_deref());
            let address = format!("{:#010x}", region.address);
            let cells = [kind.to_owned(), region.name.clone(), address, region.size.to_string(), remarks.join(", ")];
            table.row(cells, anstyle::Style::new());
        }
        table.row(
            [
                kind.to_owned(),
                "for data".to_owned(),
                String::new(),
                memory.total().to_string(),
                format!("{} of it in one piece", memory.largest_run()),
            ],
            TITLE,
        );
    }
    table.write(sink)
}

#[derive(Serialize)]
struct List<'p> {
    version: u32,
    targets: Vec<Described<'p>>,
}

#[derive(Serialize)]
struct Fitting<'p> {
    version: u32,
    footprint: Footprint,
    targets: Vec<Described<'p>>,
}

/// A part, with the sums that follow from its regions.
#[derive(Serialize)]
struct Described<'p> {
    #[serde(flatten)]
    part: &'p Part,
    /// In one piece.
    ram_contiguous_bytes: Bytes,
    /// All that may hold data.
    ram_total_bytes: Bytes,
    flash_contiguous_bytes: Bytes,
    flash_total_bytes: Bytes,
}

impl<'p> Described<'p> {
    fn of(part: &'p Part) -> Self {
        Self {
            part,
            ram_contiguous_bytes: part.ram().largest_run(),
            ram_total_bytes: part.ram().total(),
            flash_contiguous_bytes: part.flash().largest_run(),
            flash_total_bytes: part.flash().total(),
        }
    }
}
