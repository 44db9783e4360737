//! `automcu targets`.

use std::{
    io::{self, Write},
    path::Path,
};

use automcu_model::{Bytes, DataType};
use automcu_target::{Budget, Catalogue, Fit, Footprint, Memory, Part, Use};
use serde::Serialize;

use super::{check::refuse, write_json};
use crate::{
    Streams,
    cli::Targets,
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled},
};

pub(crate) fn run(arguments: &Targets, streams: &mut Streams) -> Result<Outcome, Failure> {
    let catalogue = input::catalogue(arguments.catalogue.targets_dir.as_deref())?;
    match (&arguments.target, &arguments.fits) {
        (Some(name), _) => describe(catalogue.find(name)?, arguments.json, streams),
        (None, Some(path)) => fitting(path, &catalogue, arguments, streams),
        (None, None) => list(&catalogue, arguments.json, streams),
    }
}

fn list(catalogue: &Catalogue, json: bool, streams: &mut Streams) -> Result<Outcome, Failure> {
    if json {
        write_json(
            &List { version: 1, targets: catalogue.parts().iter().map(Described::of).collect() },
            &mut streams.output,
        )?;
    } else {
        write_parts(catalogue.parts().iter(), &mut streams.output)?;
        let count = catalogue.parts().len();
        let hint = "RAM and Flash: in one piece; `automcu targets NAME` shows every region and its source";
        writeln!(streams.output, "\n{count} targets. {}", styled(hint, FAINT))?;
    }
    Ok(Outcome::Yes)
}

/// The parts that could hold an architecture, cheapest class first, then the smallest.
fn fitting(path: &Path, catalogue: &Catalogue, arguments: &Targets, streams: &mut Streams) -> Result<Outcome, Failure> {
    let read = input::architecture(path, streams)?;
    let (_, deployed) = match read.graph {
        Ok(graphs) => graphs,
        Err(refusals) => return refuse(&read.name, &refusals, arguments.json, streams),
    };
    let footprint = Footprint::estimated(&deployed, arguments.dtype.value.0);
    let holds = |part: &&Part| Fit::of(&footprint, Budget::from(*part)).holds();
    let mut parts: Vec<&Part> = catalogue.parts().iter().filter(holds).collect();
    parts.sort_by_key(|part| (part.class(), part.flash().largest_run(), part.ram().largest_run(), part.name()));
    if arguments.json {
        let targets = parts.iter().map(|part| Described::of(part)).collect();
        write_json(&Fitting { version: 1, footprint, targets }, &mut streams.output)?;
    } else {
        write_fitting(&read.name, &parts, catalogue.parts().len(), &footprint, &mut streams.output)?;
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
    let how = format!("({}, {}; code, stack and runtime not counted)", footprint.dtype, footprint.provenance);
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

fn describe(part: &Part, json: bool, streams: &mut Streams) -> Result<Outcome, Failure> {
    let sink = &mut streams.output;
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
    ram_bytes: Sums,
    flash_bytes: Sums,
}

#[derive(Serialize)]
struct Sums {
    /// In one piece.
    contiguous: Bytes,
    /// All that may hold data.
    total: Bytes,
}

impl<'p> Described<'p> {
    fn of(part: &'p Part) -> Self {
        let sums = |memory: &Memory| Sums { contiguous: memory.largest_run(), total: memory.total() };
        Self { part, ram_bytes: sums(part.ram()), flash_bytes: sums(part.flash()) }
    }
}
