//! `automcu history export`, `import` and `rebuild`.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
};

use automcu_daemon::{Archive, Imported, Replayed};
use serde::Serialize;

use super::{folder, open};
use crate::{
    Said,
    cli::{HistoryExport, HistoryImport, HistoryRebuild},
    cmd::write_json,
    outcome::{Failure, Outcome},
};

/// How many events were carried.
#[derive(Serialize)]
struct Events {
    version: u32,
    events: u64,
}

pub(super) fn export(
    arguments: &HistoryExport,
    output: &mut dyn Write,
    state: &Path,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let archive = open(&arguments.kept, state)?;
    let path = arguments.file.as_path();
    if path == Path::new("-") {
        archive.export(output)?;
        return Ok(Outcome::Yes);
    }
    let events = to_file(&archive, path)?;
    if arguments.kept.json {
        write_json(&Events { version: 1, events }, &mut said.output)?;
    } else {
        writeln!(said.output, "{}: {events} events", path.display())?;
    }
    Ok(Outcome::Yes)
}

/// A file that is there stays; one that cannot be written to its end goes.
fn to_file(archive: &Archive, path: &Path) -> Result<u64, Failure> {
    let failed = |error| Failure::Create { path: path.to_owned(), error };
    let file = File::create_new(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Exists(path.to_owned()),
        _ => failed(error),
    })?;
    let mut sink = BufWriter::new(file);
    let written = archive.export(&mut sink).map_err(Failure::from);
    let written = written.and_then(|events| sink.get_ref().sync_all().map(|()| events).map_err(failed));
    written.inspect_err(|_| _ = fs::remove_file(path))
}

#[derive(Serialize)]
struct TakenOver {
    version: u32,
    taken: u64,
    known: u64,
    left_out: u64,
    refused: u64,
    /// The first that were refused: their lines, and why.
    refusals: Vec<(u64, String)>,
}

/// The answer is no where an event cannot have happened.
pub(super) fn import(
    arguments: &HistoryImport,
    input: &mut dyn Read,
    state: &Path,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let path = arguments.file.as_path();
    let from: Box<dyn Read + '_> = if path == Path::new("-") {
        Box::new(input)
    } else {
        let opened = File::open(path).map_err(|error| Failure::Read { path: path.to_owned(), error });
        Box::new(opened?)
    };
    let archive = Archive::make(&folder(&arguments.kept, state))?;
    let Imported { taken, known, left_out, refused, refusals } = archive.import(BufReader::new(from))?;
    let refusals = refusals.into_iter().map(|(line, why)| (line, why.to_string())).collect();
    let answer = TakenOver { version: 1, taken, known, left_out, refused, refusals };
    if arguments.kept.json {
        write_json(&answer, &mut said.output)?;
    } else {
        writeln!(said.output, "{taken} events taken over, {known} were here, {left_out} left out, {refused} refused")?;
        for (line, why) in &answer.refusals {
            writeln!(said.output, "  line {line}: {why}")?;
        }
    }
    Ok(if refused == 0 { Outcome::Yes } else { Outcome::No })
}

#[derive(Serialize)]
struct Rebuilt {
    version: u32,
    events: u64,
    unknown: u64,
    inconsistent: u64,
    /// The first that could not apply: their numbers, and why.
    inconsistencies: Vec<(u64, String)>,
}

/// The answer is no where an event could not apply.
pub(super) fn rebuild(arguments: &HistoryRebuild, state: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let Replayed { events, unknown, inconsistent, inconsistencies } = open(&arguments.kept, state)?.rebuild()?;
    let inconsistencies = inconsistencies.into_iter().map(|(number, why)| (number, why.to_string())).collect();
    let answer = Rebuilt { version: 1, events, unknown, inconsistent, inconsistencies };
    if arguments.kept.json {
        write_json(&answer, &mut said.output)?;
    } else {
        writeln!(said.output, "the index is made anew of {events} events, {unknown} of them of newer versions")?;
        for (number, why) in &answer.inconsistencies {
            writeln!(said.output, "  event {number} could not apply: {why}")?;
        }
    }
    Ok(if inconsistent == 0 { Outcome::Yes } else { Outcome::No })
}
