//! The one thread that writes. Appends that wait are written together, flushed once, and acknowledged after that.
//!
//! ```text
//! wait ─► take what is there (bounded) ─► fold, refuse what cannot be ─► write ─► fdatasync ─► index ─► acknowledge
//!                                                                          └── failed ──► read-only until reopened
//! ```

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
};

use automcu_model::JobId;

use crate::{
    error::{AppendError, HistoryError},
    event::Event,
    index::{Index, Mark, Staged, Writes},
    journal::{Journal, Next, Place},
    line::{self, EVENT_BYTES, Line},
    project::{events_of, project},
    replay::{self, Replayed},
    sweep::{self, Keep, Swept},
    transfer::{self, Imported},
};

/// The most appends that wait.
pub const WAITING: usize = 1024;
/// The most appends that are flushed together.
const GROUP: usize = 256;
/// The most bytes, about, that are flushed together.
const GROUP_BYTES: usize = 4 << 20;

/// What is called when something is through.
pub(crate) type Done<T> = Box<dyn FnOnce(T) + Send>;

/// What came of an append.
pub(crate) type Appended = Result<Receipt, AppendError>;

/// Events that would survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the last of them in the journal.
    pub last: u64,
}

/// What the writer is asked.
pub(crate) enum Command {
    Append(Vec<Event>, Done<Appended>),
    Import(Vec<(u64, String)>, Done<Result<Imported, HistoryError>>),
    Rebuild(Done<Result<Replayed, HistoryError>>),
    Sweep(Keep, Done<Result<Swept, HistoryError>>),
}

/// What the writer shares with readers.
pub(crate) struct Shared {
    index: RwLock<Index>,
    place: RwLock<Place>,
    /// The last event that is flushed and in the index.
    durable: AtomicU64,
    closed: Mutex<Option<String>>,
}

impl Shared {
    pub(crate) fn new(index: Index, journal: &Journal) -> Self {
        Self {
            index: RwLock::new(index),
            place: RwLock::new(journal.place().clone()),
            durable: AtomicU64::new(journal.last()),
            closed: Mutex::new(None),
        }
    }

    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the journal lies; it stays there as long as this is held.
    pub(crate) fn place(&self) -> RwLockReadGuard<'_, Place> {
        self.place.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Why nothing more is written, if so.
    pub(crate) fn closed(&self) -> Option<String> {
        self.closing().clone()
    }

    fn closing(&self) -> MutexGuard<'_, Option<String>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, cause: &HistoryError) {
        self.closing().get_or_insert_with(|| cause.to_string());
    }
}

/// An append that has not been looked at.
type Waiting = (Vec<Event>, Done<Appended>);

/// An append that may be written.
struct Admitted {
    texts: Vec<String>,
    done: Done<Appended>,
}

pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) journal: Journal,
    pub(crate) commands: Receiver<Command>,
}

impl Writer {
    /// Serves until nobody can ask any more.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.commands.recv() {
            let mut next = Some(first);
            let mut group = Vec::new();
            while let Some(Command::Append(events, done)) = next {
                group.push((events, done));
                next = if group.len() < GROUP { self.commands.try_recv().ok() } else { None };
            }
            self.append(group);
            next.into_iter().for_each(|command| self.serve(command));
        }
        // Spares the next start a replay.
        _ = self.shared.index().flush();
    }

    fn serve(&mut self, command: Command) {
        match command {
            Command::Append(events, done) => self.append(vec![(events, done)]),
            Command::Import(lines, done) => call(done, self.import(&lines)),
            Command::Rebuild(done) => call(done, self.rebuild()),
            Command::Sweep(keep, done) => call(done, self.sweep(&keep)),
        }
    }

    fn append(&mut self, group: Vec<Waiting>) {
        let unread = self.append_in_parts(group);
        if !unread.is_empty() {
            // The index could not be read. What it holds is in the journal too.
            _ = self.rebuild();
            for (events, done) in self.append_in_parts(unread) {
                let cause = "the index is damaged and cannot be made anew".to_owned();
                drop(events);
                call(done, Err(AppendError::Index { cause }));
            }
        }
    }

    /// Appends; gives back those for which the index could not be read.
    fn append_in_parts(&mut self, group: Vec<Waiting>) -> Vec<Waiting> {
        let (mut left, mut unread) = (group.into_iter().peekable(), Vec::new());
        while left.peek().is_some() {
            let mut part = Vec::new();
            let shared = Arc::clone(&self.shared);
            let index = shared.index();
            let mut staged = Staged::over(&*index);
            let (mut bytes, mut next) = (0, self.journal.next());
            while bytes < GROUP_BYTES
                && let Some((events, done)) = left.next()
            {
                match self.admit(&mut staged, &mut next, &events) {
                    Ok(texts) => {
                        bytes += texts.iter().map(String::len).sum::<usize>();
                        part.push(Admitted { texts, done });
                    }
                    Err(AppendError::Index { .. }) => unread.push((events, done)),
                    Err(error) => call(done, Err(error)),
                }
            }
            let writes = staged.into_writes();
            drop(index);
            self.commit_part(part, writes);
        }
        unread
    }

    fn commit_part(&mut self, part: Vec<Admitted>, writes: Writes) {
        let mut last = self.journal.last();
        let texts = part.iter().flat_map(|admitted| &admitted.texts).map(String::as_str);
        let written = self.commit(texts, writes);
        for Admitted { texts, done } in part {
            last += texts.len() as u64;
            let answer = written.as_ref().map(|()| Receipt { last });
            call(done, answer.map_err(|error| AppendError::NotFlushed { cause: error.to_string() }));
        }
    }

    /// The lines of an append, staged; or why it cannot be, with nothing staged.
    fn admit(&self, staged: &mut Staged<'_>, next: &mut Next, events: &[Event]) -> Result<Vec<String>, AppendError> {
        if let Some(cause) = self.shared.closed() {
            return Err(AppendError::ReadOnly { cause });
        }
        let broken = |error: HistoryError| AppendError::Index { cause: error.to_string() };
        let (mut own, mut behind) = (Staged::over(staged), *next);
        let mut texts = Vec::with_capacity(events.len());
        let mut last = BTreeMap::new();
        for (at, event) in events.iter().enumerate() {
            let before = last.get(&event.job).copied().map_or_else(|| events_of(&own, event.job), Ok);
            let n = before.map_err(broken)? + 1;
            last.insert(event.job, n);
            let text = line::write(event, n);
            if let Some(cause) = unsound(event, &text) {
                return Err(AppendError::Unsound { at, cause });
            }
            let line = Line::Event { n, event: Box::new(event.clone()) };
            let outcome = project(&mut own, &line, &text, behind.spot()).map_err(broken)?;
            behind.pass(&text);
            outcome.map_err(|inconsistency| AppendError::Inconsistent { at, inconsistency })?;
            texts.push(text);
        }
        let writes = own.into_writes();
        staged.absorb(writes);
        *next = behind;
        Ok(texts)
    }

    /// Writes, flushes, and brings the index up to it.
    fn commit<'a>(&mut self, texts: impl Iterator<Item = &'a str>, writes: Writes) -> Result<(), HistoryError> {
        let check = self.journal.append(texts).inspect_err(|error| self.shared.close(error))?;
        let Some(check) = check else { return Ok(()) };
        let mark = Mark::new(self.journal.place().generation, self.journal.last(), check);
        let applied = self.shared.index().apply(writes, mark);
        self.shared.durable.store(self.journal.last(), Ordering::Release);
        // The events are safe whatever becomes of the index. If it cannot be made anew, whoever reads it is told.
        if applied.is_err() {
            _ = self.rebuild();
        }
        Ok(())
    }

    fn rebuild(&mut self) -> Result<Replayed, HistoryError> {
        let done = replay::rebuild(&mut self.shared.index_mut(), self.journal.place(), self.journal.last());
        // What is read from a part of an index must not be written on.
        done.inspect_err(|error| self.shared.close(error))
    }

    fn open_for_writing(&self) -> Result<(), HistoryError> {
        self.shared.closed().map_or(Ok(()), |cause| Err(HistoryError::ReadOnly { cause }))
    }

    fn import(&mut self, lines: &[(u64, String)]) -> Result<Imported, HistoryError> {
        self.open_for_writing()?;
        let shared = Arc::clone(&self.shared);
        let index = shared.index();
        let mut staged = Staged::over(&*index);
        let mut taken = Vec::new();
        let mut told = Imported::default();
        let outcome = transfer::admit(&mut staged, lines, self.journal.next(), &mut taken, &mut told);
        let writes = staged.into_writes();
        drop(index);
        if let Err(error @ HistoryError::Index { .. }) = outcome {
            return Err(error);
        }
        self.commit(taken.iter().copied(), writes)?;
        outcome.map(|()| told)
    }

    fn sweep(&mut self, keep: &Keep) -> Result<Swept, HistoryError> {
        self.open_for_writing()?;
        let dropped = sweep::choose(&self.shared.index(), keep)?;
        if dropped.is_empty() {
            return Ok(Swept::default());
        }
        let old = self.journal.place().clone();
        let mut next = self.journal.next_generation()?;
        let swept = sweep::copy(&self.shared.index(), &old, &mut next, &dropped)?;
        let shared = Arc::clone(&self.shared);
        // Whoever reads the old files is through before they go.
        let mut place = shared.place.write().unwrap_or_else(PoisonError::into_inner);
        self.journal = Journal::take_over(next, &old).inspect_err(|error| self.shared.close(error))?;
        *place = self.journal.place().clone();
        shared.durable.store(self.journal.last(), Ordering::Release);
        self.rebuild()?;
        Ok(swept)
    }
}

fn unsound(event: &Event, text: &str) -> Option<String> {
    if text.len() > EVENT_BYTES {
        return Some(format!("{} bytes, and an event takes {EVENT_BYTES}; put the bulk into an artifact", text.len()));
    }
    if !event.what.is_sound() {
        return Some("a number is not from 0 to 1".to_owned());
    }
    (event.job == JobId(0)).then(|| "j0 is no job; the first is j1".to_owned())
}

/// A caller that panics must not take the writer along.
fn call<T>(done: Done<T>, with: T) {
    _ = catch_unwind(AssertUnwindSafe(|| done(with)));
}
