//! The history as others see it.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, Write},
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use automcu_model::{ArtifactId, JobId};

use crate::{
    disk::{Disk, Files},
    error::{AppendError, HistoryError},
    event::Event,
    index::Index,
    journal::Place,
    opening::{self, Opened},
    replay::Replayed,
    sweep::{self, Keep, Swept},
    transfer::{self, Imported},
    writer::{Appended, Command, Done, Receipt, Shared, WAITING, Writer},
};

/// How large a file of the journal grows before the next is begun.
const SEGMENT_BYTES: u64 = 16 << 20;
/// The longest that a rebuild, a sweep or a part of an import is waited for.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How a history is kept, where that is not as usual.
pub struct Options {
    /// Where appended bytes go.
    pub disk: Arc<dyn Disk>,
    /// How large a file of the journal grows before the next is begun.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { disk: Arc::new(Files), segment_bytes: SEGMENT_BYTES }
    }
}

/// The open history. Dropping it writes what waits, and lets the next one in.
pub struct History {
    pub(crate) shared: Arc<Shared>,
    commands: Option<SyncSender<Command>>,
    writer: Option<JoinHandle<()>>,
    _lock: File,
}

/// An append that is under way.
#[derive(Debug)]
pub struct Ticket {
    answer: Receiver<Appended>,
}

impl Ticket {
    /// Waits until the events would survive a power cut.
    pub fn wait(self, at_most: Duration) -> Result<Receipt, AppendError> {
        match self.answer.recv_timeout(at_most) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(AppendError::TimedOut { waited_ms: at_most.as_millis() }),
            Err(RecvTimeoutError::Disconnected) => Err(AppendError::Gone),
        }
    }
}

impl History {
    /// Opens the history in a folder, makes it where there is none, and says what was found.
    pub fn open(folder: &Path) -> Result<(Self, Opened), HistoryError> {
        Self::open_with(folder, Options::default())
    }

    /// Opens it in another way than usual.
    pub fn open_with(folder: &Path, options: Options) -> Result<(Self, Opened), HistoryError> {
        let lock = opening::lock(folder)?;
        let (journal, index, opened) = opening::open(folder, options.disk, options.segment_bytes)?;
        let shared = Arc::new(Shared::new(index, &journal));
        let (sender, commands) = sync_channel(WAITING);
        let writer = Writer { shared: Arc::clone(&shared), journal, commands };
        let thread = thread::Builder::new().name("history".to_owned()).spawn(|| writer.run());
        let thread = thread.map_err(|error| HistoryError::io(folder, error))?;
        Ok((Self { shared, commands: Some(sender), writer: Some(thread), _lock: lock }, opened))
    }

    /// Appends events, all or none. What is not acknowledged through the ticket may be lost.
    pub fn append(&self, events: Vec<Event>) -> Result<Ticket, AppendError> {
        let (sender, answer) = sync_channel(1);
        self.append_then(events, move |appended| _ = sender.send(appended))?;
        Ok(Ticket { answer })
    }

    /// Appends events, all or none, and calls `done` on the writer's thread, so that nobody waits. It must be quick.
    pub fn append_then(
        &self,
        events: Vec<Event>,
        done: impl FnOnce(Result<Receipt, AppendError>) + Send + 'static,
    ) -> Result<(), AppendError> {
        let commands = self.commands.as_ref().ok_or(AppendError::Gone)?;
        commands.try_send(Command::Append(events, Box::new(done))).map_err(|error| match error {
            TrySendError::Full(_) => AppendError::Busy { waiting: WAITING },
            TrySendError::Disconnected(_) => AppendError::Gone,
        })
    }

    /// Why nothing more is written, if so.
    #[must_use]
    pub fn read_only(&self) -> Option<String> {
        self.shared.closed()
    }

    /// Writes all events as lines of JSON, in the order in which they came; gives how many.
    pub fn export(&self, into: impl Write) -> Result<u64, HistoryError> {
        let place = self.shared.place();
        transfer::export(&place, self.shared.durable(), into)
    }

    /// Takes over what is not here yet of what [`History::export`] wrote.
    pub fn import(&self, from: impl BufRead) -> Result<Imported, HistoryError> {
        transfer::import(from, |lines| self.ask(|done| Command::Import(lines, done)))
    }

    /// Makes the index anew from the journal.
    pub fn rebuild(&self) -> Result<Replayed, HistoryError> {
        self.ask(Command::Rebuild)
    }

    /// Drops the jobs that are not kept, and gives the artifacts that nobody names any more.
    pub fn gc(&self, keep: Keep) -> Result<Swept, HistoryError> {
        self.ask(|done| Command::Sweep(keep, done))
    }

    /// The jobs that [`History::gc`] would drop.
    pub fn sweepable(&self, keep: &Keep) -> Result<BTreeSet<JobId>, HistoryError> {
        self.look(|index| sweep::choose(index, keep))
    }

    /// Every artifact that an event or a document names, also one that is not understood, but for those of these jobs.
    pub fn named(&self, but: &BTreeSet<JobId>) -> Result<BTreeSet<ArtifactId>, HistoryError> {
        let place = self.shared.place();
        sweep::named_by_others(&place, self.shared.durable(), but)
    }

    /// Looks something up; a damaged index is made anew once.
    pub(crate) fn look<T>(&self, up: impl Fn(&Index) -> Result<T, HistoryError>) -> Result<T, HistoryError> {
        self.twice(|| up(&self.shared.index()))
    }

    /// Looks something up and reads it from the journal.
    pub(crate) fn look_and_read<T>(
        &self,
        up: impl Fn(&Index, &Place) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        self.twice(|| {
            // A sweep takes both in this order.
            let place = self.shared.place();
            up(&self.shared.index(), &place)
        })
    }

    fn twice<T>(&self, attempt: impl Fn() -> Result<T, HistoryError>) -> Result<T, HistoryError> {
        match attempt() {
            Err(HistoryError::Index { .. }) => {
                self.rebuild()?;
                attempt()
            }
            done => done,
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(Done<Result<T, HistoryError>>) -> Command,
    ) -> Result<T, HistoryError> {
        let (sender, answer) = sync_channel(1);
        let commands = self.commands.as_ref().ok_or(HistoryError::Gone)?;
        let done = Box::new(move |outcome| _ = sender.send(outcome));
        commands.send(command(done)).map_err(|_| HistoryError::Gone)?;
        answer.recv_timeout(PATIENCE).map_err(|_| HistoryError::Gone)?
    }
}

impl Drop for History {
    fn drop(&mut self) {
        drop(self.commands.take());
        // A writer that has panicked has nothing left to write.
        _ = self.writer.take().map(JoinHandle::join);
    }
}

/// The id above the highest that was given.
pub(crate) fn next(highest: u64) -> JobId {
    JobId(highest.saturating_add(1))
}
