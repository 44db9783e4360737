//! Export and import: the journal's lines without their frames, after a line that says the version.

use std::io::{BufRead, Write};

use crate::{
    error::HistoryError,
    frame::next_piece,
    index::{Lookup, Staged, read},
    journal::{Next, Place},
    keys,
    line::{self, Line},
    project::project,
    record::Job,
    scan,
    state::Inconsistency,
};
use automcu_model::ArtifactId;

/// The first line.
const HEADER: &str = r#"{"history":1}"#;
/// Lines that are imported at once.
const STEP: usize = 256;
/// The most refused lines that are named; all are counted.
const REFUSED: usize = 16;

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Events that are new here.
    pub taken: u64,
    /// Events that were here before.
    pub known: u64,
    /// Events of newer versions that name no job, and so cannot be told from ones that are here: left out.
    pub left_out: u64,
    /// Events that cannot have happened: left out.
    pub refused: u64,
    /// The first of them, with their lines.
    pub refusals: Vec<(u64, Inconsistency)>,
}

impl Imported {
    fn add(&mut self, other: Self) {
        self.taken += other.taken;
        self.known += other.known;
        self.left_out += other.left_out;
        self.refused += other.refused;
        self.refusals.extend(other.refusals);
        self.refusals.truncate(REFUSED);
    }
}

/// Writes every event up to the number `until`, as it was written here. Gives how many there were.
pub(crate) fn export(place: &Place, until: u64, mut into: impl Write) -> Result<u64, HistoryError> {
    let mut count = 0;
    let mut put = |text: &str, line: u64| {
        writeln!(into, "{text}").map_err(|error| HistoryError::Transfer { line, cause: error.to_string() })
    };
    put(HEADER, 1)?;
    scan::scan(&place.folder, place.generation, until, |frame, _| {
        if matches!(line::read(&frame.text), Line::Swept { .. }) {
            return Ok(());
        }
        count += 1;
        put(&frame.text, count + 1)
    })?;
    into.flush().map_err(|error| HistoryError::Transfer { line: count + 1, cause: error.to_string() })?;
    Ok(count)
}

/// Reads lines and hands them on, some at a time.
pub(crate) fn import(
    mut from: impl BufRead,
    mut hand_on: impl FnMut(Vec<(u64, String)>) -> Result<Imported, HistoryError>,
) -> Result<Imported, HistoryError> {
    let (mut told, mut waiting, mut line, mut bytes) = (Imported::default(), Vec::new(), 0, Vec::new());
    let wrong = |line, cause: &str| HistoryError::Transfer { line, cause: cause.to_owned() };
    loop {
        line += 1;
        let piece = next_piece(&mut from, &mut bytes).map_err(|error| wrong(line, &error.to_string()))?;
        let Some(piece) = piece else { break };
        if !piece.is_whole {
            return Err(wrong(line, "cut off or too long; export it again"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong(line, "no UTF-8; export it again"))?;
        if line == 1 {
            if text != HEADER {
                return Err(wrong(line, &format!("an export of this version begins with {HEADER}")));
            }
            continue;
        }
        if !text.starts_with('{') || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return Err(wrong(line, "no JSON object; export it again"));
        }
        waiting.push((line, text.to_owned()));
        if waiting.len() == STEP {
            told.add(hand_on(std::mem::take(&mut waiting))?);
        }
    }
    if line == 1 {
        return Err(wrong(line, &format!("empty; an export begins with {HEADER}")));
    }
    told.add(hand_on(waiting)?);
    Ok(told)
}

/// Stages the lines that are new here.
pub(crate) fn admit<'a>(
    staged: &mut Staged<'_>,
    lines: &'a [(u64, String)],
    mut next: Next,
    taken: &mut Vec<&'a str>,
    told: &mut Imported,
) -> Result<(), HistoryError> {
    for (at, text) in lines {
        let line = line::read(text);
        match known(staged, &line, *at, text)? {
            Known::Yes => told.known += 1,
            Known::CannotTell => told.left_out += 1,
            Known::No => match project(staged, &line, text, next.spot())? {
                Ok(()) => {
                    next.pass(text);
                    told.taken += 1;
                    taken.push(text);
                }
                Err(inconsistency) => {
                    told.refused += 1;
                    told.refusals.push((*at, inconsistency));
                }
            },
        }
    }
    Ok(())
}

enum Known {
    Yes,
    No,
    CannotTell,
}

fn known(here: &dyn Lookup, line: &Line, at: u64, text: &str) -> Result<Known, HistoryError> {
    let (id, n) = match line {
        Line::Event { n, event } => (event.job, *n),
        Line::Unknown { job: Some(job), n: Some(n) } => (*job, *n),
        Line::Unknown { .. } | Line::Swept { .. } => return Ok(Known::CannotTell),
    };
    let Some(job) = read::<Job>(here, &keys::job(id))? else { return Ok(Known::No) };
    if n == 1 && job.origin != ArtifactId::of(text.as_bytes()) {
        return Err(HistoryError::Clash { line: at, job: id });
    }
    Ok(if n <= job.events { Known::Yes } else { Known::No })
}
