//! `automcu vendor-report`.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use anstyle::Style;
use automcu_model::{Bytes, Provenance};
use automcu_toolchain::vendor::{Layer, MemoryPool, Place, Reading, Steps};
use serde::Serialize;

use super::write_json;
use crate::{
    Said,
    cli::VendorReport,
    input,
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, TITLE, Table, styled, thousands},
};

pub(crate) fn run(arguments: &VendorReport, stdin: &mut dyn Read, said: &mut Said) -> Result<Outcome, Failure> {
    let mut answers = Vec::with_capacity(arguments.files.len());
    let mut outcomes = Vec::new();
    for path in &arguments.files {
        let answer = input::report(path, stdin);
        if let Err(failure) = &answer {
            writeln!(said.errors, "automcu: {failure}")?;
            outcomes.push(failure.outcome());
        }
        answers.push(answer);
    }
    if arguments.json {
        let answers: Vec<Answer> =
            arguments.files.iter().zip(&answers).map(|(path, answer)| Answer::of(path, answer)).collect();
        write_json(&answers, &mut said.output)?;
    } else {
        let read = answers.iter().filter_map(|answer| answer.as_ref().ok());
        for (i, (name, reading)) in read.enumerate() {
            said.output.extend_from_slice(if i == 0 { b"" } else { b"\n" });
            write(name, reading, &mut said.output)?;
        }
    }
    Ok(match (arguments.files.as_slice(), outcomes.as_slice()) {
        (_, []) => Outcome::Yes,
        ([_], [outcome]) => *outcome,
        _ => Outcome::Refused,
    })
}

/// What a file says, or why it says nothing.
#[derive(Serialize)]
struct Answer<'a> {
    version: u32,
    file: String,
    provenance: Provenance,
    reading: Option<&'a Reading>,
    problem: Option<String>,
}

impl<'a> Answer<'a> {
    fn of(path: &Path, read: &'a Result<(String, Reading), Failure>) -> Self {
        let file = read.as_ref().map_or_else(|_| path.display().to_string(), |(name, _)| name.clone());
        let reading = read.as_ref().ok().map(|(_, reading)| reading);
        let problem = read.as_ref().err().map(ToString::to_string);
        Self { version: 1, file, provenance: Provenance::Tool, reading, problem }
    }
}

fn write(name: &str, reading: &Reading, sink: &mut dyn Write) -> io::Result<()> {
    let tool = reading.tool.as_ref().map_or_else(|| "an unknown version".to_owned(), ToString::to_string);
    let source = styled(format!("({})", reading.source.name()), FAINT);
    writeln!(sink, "{} by {tool} {source}", styled(name, TITLE))?;
    if let Some(failure) = &reading.failure {
        writeln!(sink, "{}: {}: {}", styled("failed", BAD), failure.kind, failure.message)?;
    }
    writeln!(sink)?;
    write_words(reading, sink)?;
    let how = |macs| format!("{} {}", thousands(macs), styled(format!("({})", Provenance::Tool), FAINT));
    writeln!(sink, "MACs         {}\n", reading.macs.map_or_else(|| "unknown".to_owned(), how))?;
    write_figures(reading, sink)?;
    write_pools(&reading.pools, sink)?;
    if let Some(Steps { all, software, .. }) = reading.steps {
        let computed = all.saturating_sub(software);
        writeln!(sink, "\nsteps        {all}: {computed} by the accelerator, {software} by the processor")?;
    }
    write_layers(&reading.layers, sink)
}

fn write_words(reading: &Reading, sink: &mut dyn Write) -> io::Result<()> {
    let list = |words: &[String]| Some(words.join(", ")).filter(|words| !words.is_empty());
    for (what, words) in [
        ("network", reading.model.clone()),
        ("signature", reading.signature.clone()),
        ("target", reading.target.clone()),
        ("quantised", reading.types.format.clone()),
        ("inputs", list(&reading.types.inputs)),
        ("outputs", list(&reading.types.outputs)),
        ("operators", list(&reading.operators)),
    ] {
        let Some(words) = words else { continue };
        writeln!(sink, "{what:<12} {words}")?;
    }
    Ok(())
}

fn write_figures(reading: &Reading, sink: &mut dyn Write) -> io::Result<()> {
    use Align::{Left, Right};
    let mut table = Table::new([("figure", Left), ("bytes", Right), ("size", Right), ("provenance", Left), ("", Left)]);
    for (what, bytes, how) in [
        ("weights", reading.weights_bytes, ""),
        ("activations", reading.activations_bytes, "with scratch"),
        ("inputs, outputs", reading.io_bytes, "beside the activations"),
        ("buffers", reading.buffers_bytes, "all three in RAM; runtime not counted"),
        ("runtime RAM", reading.runtime_ram_bytes, "stack not counted"),
        ("runtime Flash", reading.runtime_flash_bytes, ""),
        ("RAM", reading.total_ram_bytes, "in all; stack and application not counted"),
        ("Flash", reading.total_flash_bytes, "in all; application not counted"),
    ] {
        let cells = |Bytes(bytes): Bytes| (thousands(bytes), Bytes(bytes).to_string(), Provenance::Tool.to_string());
        let unknown = || ("unknown".to_owned(), String::new(), String::new());
        let (number, size, provenance) = bytes.map_or_else(unknown, cells);
        let how = if bytes.is_some() { how } else { "" };
        table.row([what.to_owned(), number, size, provenance, how.to_owned()], Style::new());
    }
    table.write(sink)
}

/// Where the network lies; of one pool without a place that is no news.
fn write_pools(pools: &[MemoryPool], sink: &mut dyn Write) -> io::Result<()> {
    use Align::{Left, Right};
    if pools.iter().all(|pool| pool.place.is_none()) {
        return Ok(());
    }
    let mut table = Table::new([("pool", Left), ("used", Right), ("of", Right), ("place", Left), ("holds", Left)]);
    for MemoryPool { name, used_bytes, size_bytes, holds, place, .. } in pools {
        let known = |bytes: &Option<Bytes>| bytes.map_or_else(|| "unknown".to_owned(), |bytes| thousands(bytes.0));
        let held: Vec<&str> = holds.iter().map(|held| held.name()).collect();
        let place = place.map_or("unknown", Place::name).to_owned();
        table.row([name.clone(), known(used_bytes), known(size_bytes), place, held.join(", ")], Style::new());
    }
    writeln!(sink)?;
    table.write(sink)
}

fn write_layers(layers: &[Layer], sink: &mut dyn Write) -> io::Result<()> {
    use Align::{Left, Right};
    if layers.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([("layer", Left), ("operator", Left), ("MACs", Right), ("weights", Right)]);
    for Layer { name, operator, macs, weights_bytes } in layers {
        let known = |figure: Option<u64>| figure.map_or_else(|| "unknown".to_owned(), thousands);
        let cells = [
            name.clone(),
            operator.clone().unwrap_or_default(),
            known(*macs),
            known(weights_bytes.map(|Bytes(bytes)| bytes)),
        ];
        table.row(cells, Style::new());
    }
    writeln!(sink)?;
    table.write(sink)
}
