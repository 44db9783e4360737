//! Bringing the index up to the journal: at a start, after damage, after a sweep.

use crate::{
    error::HistoryError,
    frame::Frame,
    index::{Index, Mark, Staged, Writes},
    journal::Place,
    line::{self, Line},
    project::project,
    scan::{self, Spot},
    state::Inconsistency,
};

/// Events that are written to the index at once.
const EVENTS: u64 = 512;

/// The most events that could not apply that are named; all are counted.
pub const INCONSISTENCIES: usize = 16;

/// What was replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events that were read.
    pub events: u64,
    /// Events of newer versions: kept, not understood.
    pub unknown: u64,
    /// Events that could not apply and were skipped.
    pub inconsistent: u64,
    /// The first of them, with their numbers in the journal.
    pub inconsistencies: Vec<(u64, Inconsistency)>,
}

/// Takes events one by one.
pub(crate) struct Replay<'a> {
    index: &'a Index,
    writes: Writes,
    waiting: u64,
    mark: Mark,
    told: Replayed,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(index: &'a Index, mark: Mark) -> Self {
        Self { index, writes: Writes::new(), waiting: 0, mark, told: Replayed::default() }
    }

    pub(crate) fn take(&mut self, frame: &Frame, spot: Spot) -> Result<(), HistoryError> {
        let line = line::read(&frame.text);
        self.told.events += 1;
        self.told.unknown += u64::from(matches!(line, Line::Unknown { .. }));
        let mut staged = Staged::of(self.index, std::mem::take(&mut self.writes));
        let outcome = project(&mut staged, &line, &frame.text, spot)?;
        self.writes = staged.into_writes();
        if let Err(inconsistency) = outcome {
            self.told.inconsistent += 1;
            if self.told.inconsistencies.len() < INCONSISTENCIES {
                self.told.inconsistencies.push((frame.seq, inconsistency));
            }
        }
        (self.mark.seq, self.mark.check) = (frame.seq, frame.check);
        self.waiting += 1;
        if self.waiting == EVENTS { self.write() } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> Result<Replayed, HistoryError> {
        self.write()?;
        Ok(self.told)
    }

    fn write(&mut self) -> Result<(), HistoryError> {
        self.waiting = 0;
        self.index.apply(std::mem::take(&mut self.writes), self.mark)
    }
}

/// Makes an index anew from all that the journal holds up to the number `until`.
pub(crate) fn rebuild(index: &mut Index, place: &Place, until: u64) -> Result<Replayed, HistoryError> {
    index.clear()?;
    let mut replay = Replay::new(index, Mark::new(place.generation, 0, 0));
    scan::scan(&place.folder, place.generation, until, |frame, spot| replay.take(frame, spot))?;
    let told = replay.finish()?;
    index.flush()?;
    Ok(told)
}
