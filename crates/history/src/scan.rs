//! Reading the journal from one end to the other, in bounded memory, around whatever is damaged.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use crate::{
    error::HistoryError,
    frame::{self, Frame},
};

/// The most damaged places that are named; all are counted.
pub const DAMAGES: usize = 16;

/// A stretch of a file that does not check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where it begins.
    pub byte: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Where a line lies in its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The number of the file.
    pub(crate) segment: u64,
    /// Where the line begins.
    pub(crate) byte: u64,
}

/// What a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// An unfinished end of the last file.
    pub(crate) torn: Option<Damage>,
    /// Where the cut end was put.
    pub(crate) kept: Option<PathBuf>,
    /// The first damaged stretches.
    pub(crate) damages: Vec<Damage>,
    /// How many there are.
    pub(crate) damaged: u64,
    /// Events that check behind the first of them.
    pub(crate) salvaged: u64,
    /// Events whose numbers are missing.
    pub(crate) lost: u64,
    /// The last event's number.
    pub(crate) last: u64,
}

impl Scan {
    fn damage(&mut self, damage: Damage) {
        self.damaged += 1;
        if self.damages.len() < DAMAGES {
            self.damages.push(damage);
        }
    }

    fn frame(&mut self, frame: &Frame) {
        self.lost += frame.seq - self.last - 1;
        self.salvaged += u64::from(self.damaged > 0);
        self.last = frame.seq;
    }
}

/// The file of a segment.
pub(crate) fn file_of(folder: &Path, segment: u64) -> PathBuf {
    folder.join(format!("{segment:08}.jsonl"))
}

/// The segments of a generation, in order.
pub(crate) fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, HistoryError> {
    let at = |error| HistoryError::io(folder, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(at)? {
        let path = entry.map_err(at)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(".jsonl")).and_then(|digits| digits.parse().ok());
        found.extend(number.map(|number: u64| (number, path)));
    }
    found.sort();
    Ok(found)
}

/// Calls `visit` with every event that checks, up to the number `until`, and where it lies.
pub(crate) fn scan(
    folder: &Path,
    generation: u64,
    until: u64,
    mut visit: impl FnMut(&Frame, Spot) -> Result<(), HistoryError>,
) -> Result<Scan, HistoryError> {
    let mut scan = Scan::default();
    let segments = segments(folder)?;
    let mut line = Vec::new();
    for (at, (segment, path)) in segments.iter().enumerate() {
        let failed = |error: io::Error| HistoryError::io(path, error);
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
        let (mut byte, mut bad) = (0, None::<u64>);
        while let Some(piece) = frame::next_piece(&mut file, &mut line).map_err(failed)? {
            let read = if piece.is_whole { frame::parse(generation, &line) } else { None };
            match read.filter(|frame| frame.seq > scan.last) {
                Some(frame) if frame.seq > until => return Ok(scan),
                Some(frame) => {
                    if let Some(begin) = bad.take() {
                        scan.damage(Damage { file: path.clone(), byte: begin, bytes: byte - begin });
                    }
                    scan.frame(&frame);
                    visit(&frame, Spot { segment: *segment, byte })?;
                }
                None => _ = bad.get_or_insert(byte),
            }
            byte += piece.bytes;
        }
        let rest = bad.map(|begin| Damage { file: path.clone(), byte: begin, bytes: byte - begin });
        match rest {
            Some(rest) if at + 1 == segments.len() => scan.torn = Some(rest),
            Some(rest) => scan.damage(rest),
            None => {}
        }
    }
    Ok(scan)
}
