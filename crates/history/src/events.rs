//! A job's events as they were written, for whoever folds them himself. The index says where each lies, so that as much is read
//! as is given; what it does not name yet is not flushed, or was refused.

use std::{
    fs::File,
    io::{self, BufReader, Seek as _, SeekFrom},
    path::PathBuf,
};

use automcu_model::JobId;

use crate::{
    error::HistoryError,
    event::Event,
    frame,
    history::History,
    index::Index,
    journal::Place,
    keys,
    line::{self, Line},
    pages::PAGE,
    scan::{Spot, file_of},
};

/// So many bytes of events, about, are read for one part.
pub const EVENTS_BYTES: usize = 1 << 20;

/// A part of a job's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// Events with their numbers in the job, in order. A number that is left out is of an event that is damaged, or that this
    /// version does not understand.
    pub items: Vec<(u64, Event)>,
    /// After which number the next part begins, if there may be one.
    pub next: Option<u64>,
}

impl History {
    /// At most so many of a job's events, those after the number `after`. None where there is no such job.
    pub fn events(&self, job: JobId, after: u64, limit: usize) -> Result<Events, HistoryError> {
        let limit = limit.clamp(1, PAGE);
        self.look_and_read(|index, place| part(index, place, job, after, limit))
    }

    /// Calls `visit` with all events of these jobs: job by job, each in order, a part in memory at a time.
    pub fn events_of(
        &self,
        jobs: impl IntoIterator<Item = JobId>,
        mut visit: impl FnMut(u64, Event),
    ) -> Result<(), HistoryError> {
        for job in jobs {
            let mut after = Some(0);
            while let Some(from) = after {
                let part = self.events(job, from, PAGE)?;
                part.items.into_iter().for_each(|(n, event)| visit(n, event));
                after = part.next;
            }
        }
        Ok(())
    }
}

fn part(index: &Index, place: &Place, job: JobId, after: u64, limit: usize) -> Result<Events, HistoryError> {
    let entries = index.page(&keys::events(job), Some(&keys::event(job, after)), limit)?;
    let mut lines = Lines { place, open: None, line: Vec::new() };
    let (mut items, mut bytes) = (Vec::with_capacity(entries.len()), 0);
    for (at, (key, value)) in entries.iter().enumerate() {
        let (Some(n), Some(spot)) = (keys::last_number(key), keys::read_spot(value)) else {
            return Err(HistoryError::index("a place in the journal that cannot be read"));
        };
        if let Some(text) = lines.at(spot)? {
            bytes += text.len();
            items.push((n, event_of(job, n, &text)?));
        }
        if bytes >= EVENTS_BYTES && at + 1 < entries.len() {
            return Ok(Events { items, next: Some(n) });
        }
    }
    let last = entries.last().filter(|_| entries.len() == limit);
    Ok(Events { items, next: last.and_then(|(key, _)| keys::last_number(key)) })
}

/// The event that a line must hold if the index is of this journal.
fn event_of(job: JobId, n: u64, text: &str) -> Result<Event, HistoryError> {
    match line::read(text) {
        Line::Event { n: number, event } if (event.job, number) == (job, n) => Ok(*event),
        _ => Err(HistoryError::index(format!("where event {n} of {job} should lie, another does"))),
    }
}

/// Single lines of a generation; neighbours are read on without going back to the disk.
struct Lines<'p> {
    place: &'p Place,
    open: Option<Reading>,
    line: Vec<u8>,
}

struct Reading {
    segment: u64,
    path: PathBuf,
    file: BufReader<File>,
    byte: u64,
}

impl Lines<'_> {
    /// The line that lies there; nothing where it is lost or damaged, which an opening has told.
    fn at(&mut self, spot: Spot) -> Result<Option<String>, HistoryError> {
        let open = self.open.take().filter(|reading| reading.segment == spot.segment);
        let reading = open.map_or_else(|| Reading::of(self.place, spot.segment), |reading| Ok(Some(reading)))?;
        let Some(mut reading) = reading else { return Ok(None) };
        let found = reading.line(spot.byte, &mut self.line).map_err(|error| HistoryError::io(&reading.path, error))?;
        self.open = Some(reading);
        let frame = if found { frame::parse(self.place.generation, &self.line) } else { None };
        Ok(frame.map(|frame| frame.text))
    }
}

impl Reading {
    fn of(place: &Place, segment: u64) -> Result<Option<Self>, HistoryError> {
        let path = file_of(&place.folder, segment);
        match File::open(&path) {
            Ok(file) => Ok(Some(Self { segment, path, file: BufReader::new(file), byte: 0 })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HistoryError::io(&path, error)),
        }
    }

    /// Reads the line that begins there, if one does.
    fn line(&mut self, byte: u64, line: &mut Vec<u8>) -> io::Result<bool> {
        match byte.checked_sub(self.byte).and_then(|ahead| i64::try_from(ahead).ok()) {
            Some(ahead) => self.file.seek_relative(ahead)?,
            None => _ = self.file.seek(SeekFrom::Start(byte))?,
        }
        let piece = frame::next_piece(&mut self.file, line)?;
        self.byte = byte + piece.as_ref().map_or(0, |piece| piece.bytes);
        Ok(piece.is_some_and(|piece| piece.is_whole))
    }
}
