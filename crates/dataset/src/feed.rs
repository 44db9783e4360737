//! Batches handed out one after the other, in their order, made on the spot or ahead by threads.
//!
//! ```text
//!            empty batches ◄──────────────┐
//! worker i ──────────────────► full ──► Feed ──► one batch in hand
//!            (three for each worker, for ever)
//! ```
//!
//! Worker `i` of `n` makes the batches `i`, `i + n`, `i + 2n`, ..., so the feed knows whom to ask, and nothing has to be
//! put in order. There are never more batches than those of the beginning. A worker ends when its work is done or the feed
//! is gone; it is joined before the feed is.

use std::{
    ops::Range,
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread::{Builder, Scope, ScopedJoinHandle},
};

use crate::{Batch, BatchError, augment::Workspace};

/// The most threads.
pub(crate) const MOST_THREADS: usize = 64;
/// How many batches each worker has: one in hand, one ready, one in the making.
const BATCHES_EACH: usize = 3;

/// Which batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) epoch: u32,
    /// Within the epoch.
    pub(crate) number: usize,
}

/// Who knows how a batch is made: the same at the same place, whoever asks.
pub(crate) trait Maker: Sync {
    fn per_epoch(&self) -> usize;
    fn workspace(&self) -> Workspace;
    /// A batch with all the room it will ever need.
    fn blank(&self) -> Batch;
    /// Writes the samples of an epoch in their order.
    fn order(&self, epoch: u32, order: &mut Vec<u32>);
    fn fill(&self, place: Place, order: &[u32], workspace: &mut Workspace, batch: &mut Batch);
}

/// Batches one after the other.
#[derive(Debug)]
pub struct Feed<'scope> {
    epochs: Range<u32>,
    per_epoch: usize,
    /// How many were handed out.
    handed_out: u64,
    /// How many there will have been.
    all: u64,
    waits: u64,
    in_hand: Batch,
    hands: Hands<'scope>,
}

/// Who makes the batches.
enum Hands<'scope> {
    Own(Box<Bench<'scope>>),
    Others(Workers<'scope>),
}

/// What is needed for making batches.
struct Bench<'scope> {
    maker: &'scope dyn Maker,
    workspace: Workspace,
    order: Vec<u32>,
    ordered: Option<u32>,
}

struct Workers<'scope>(Vec<Worker<'scope>>);

struct Worker<'scope> {
    full: Receiver<Batch>,
    empty: SyncSender<Batch>,
    thread: ScopedJoinHandle<'scope, ()>,
}

impl<'scope> Feed<'scope> {
    pub(crate) fn here(maker: &'scope dyn Maker, epochs: Range<u32>) -> Self {
        Self { in_hand: maker.blank(), ..Self::new(maker, epochs, Hands::Own(Box::new(Bench::new(maker)))) }
    }

    pub(crate) fn ahead(
        maker: &'scope dyn Maker,
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
        epochs: Range<u32>,
    ) -> Result<Self, BatchError> {
        if threads == 0 {
            return Ok(Self::here(maker, epochs));
        }
        if threads > MOST_THREADS {
            return Err(BatchError::Threads { threads, error: std::io::ErrorKind::InvalidInput.into() });
        }
        let mut workers = Workers(Vec::with_capacity(threads));
        for first in 0..threads {
            let worker = Worker::start(maker, scope, epochs.clone(), (first, threads));
            workers.0.push(worker.map_err(|error| BatchError::Threads { threads, error })?);
        }
        Ok(Self::new(maker, epochs, Hands::Others(workers)))
    }

    fn new(maker: &dyn Maker, epochs: Range<u32>, hands: Hands<'scope>) -> Self {
        let per_epoch = maker.per_epoch();
        let all = epochs.len() as u64 * per_epoch as u64;
        Self { epochs, per_epoch, handed_out: 0, all, waits: 0, in_hand: Batch::default(), hands }
    }

    /// The next batch; none when all epochs are through. The one before is given back.
    pub fn next_batch(&mut self) -> Option<&Batch> {
        if let (Hands::Others(workers), Some(last)) = (&mut self.hands, self.handed_out.checked_sub(1)) {
            workers.give_back(last, std::mem::take(&mut self.in_hand));
        }
        if self.handed_out == self.all {
            return None;
        }
        match &mut self.hands {
            Hands::Own(bench) => {
                bench.make(place(&self.epochs, self.per_epoch, self.handed_out), &mut self.in_hand);
            }
            Hands::Others(workers) => {
                let (batch, has_waited) = workers.take(self.handed_out);
                self.in_hand = batch;
                self.waits += u64::from(has_waited);
            }
        }
        self.handed_out += 1;
        Some(&self.in_hand)
    }

    /// How often a batch was asked for before its thread had it ready. The first few are always waited for.
    #[must_use]
    pub const fn waits(&self) -> u64 {
        self.waits
    }
}

/// Where the batch of this number stands.
fn place(epochs: &Range<u32>, per_epoch: usize, number: u64) -> Place {
    let per_epoch = per_epoch as u64;
    let epoch = epochs.start + u32::try_from(number / per_epoch).unwrap_or_default();
    Place { epoch, number: usize::try_from(number % per_epoch).unwrap_or_default() }
}

impl<'scope> Bench<'scope> {
    fn new(maker: &'scope dyn Maker) -> Self {
        Self { maker, workspace: maker.workspace(), order: Vec::new(), ordered: None }
    }

    fn make(&mut self, place: Place, batch: &mut Batch) {
        if self.ordered != Some(place.epoch) {
            self.maker.order(place.epoch, &mut self.order);
            self.ordered = Some(place.epoch);
        }
        self.maker.fill(place, &self.order, &mut self.workspace, batch);
    }
}

impl<'scope> Worker<'scope> {
    fn start(
        maker: &'scope dyn Maker,
        scope: &'scope Scope<'scope, '_>,
        epochs: Range<u32>,
        (first, step): (usize, usize),
    ) -> std::io::Result<Self> {
        let (give_full, full) = sync_channel(BATCHES_EACH);
        let (empty, take_empty) = sync_channel(BATCHES_EACH);
        for _ in 0..BATCHES_EACH {
            // There is room for as many, and the other end is in this function.
            let _ = empty.send(maker.blank());
        }
        let per_epoch = maker.per_epoch();
        let all = epochs.len() as u64 * per_epoch as u64;
        let work = move || {
            let mut bench = Bench::new(maker);
            for number in (first as u64..all).step_by(step) {
                // Either end is gone when the feed is.
                let Ok(mut batch) = take_empty.recv() else { return };
                bench.make(place(&epochs, per_epoch, number), &mut batch);
                if give_full.send(batch).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name(format!("batches-{first}")).spawn_scoped(scope, work)?;
        Ok(Self { full, empty, thread })
    }
}

impl Workers<'_> {
    fn of(&mut self, number: u64) -> usize {
        usize::try_from(number % self.0.len() as u64).unwrap_or_default()
    }

    fn give_back(&mut self, number: u64, batch: Batch) {
        let worker = self.of(number);
        // A worker that has made its last batch takes none back. At the end there is nothing in hand.
        if batch.targets.capacity() > 0 {
            let _ = self.0[worker].empty.send(batch);
        }
    }

    /// The batch of this number, and whether it had to be waited for.
    fn take(&mut self, number: u64) -> (Batch, bool) {
        let worker = self.of(number);
        match self.0[worker].full.try_recv() {
            Ok(batch) => return (batch, false),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => self.panic_as(worker),
        }
        match self.0[worker].full.recv() {
            Ok(batch) => (batch, true),
            Err(_) => self.panic_as(worker),
        }
    }

    /// A worker that is gone before its time has panicked: an epoch that ended early in silence would be worse.
    fn panic_as(&mut self, worker: usize) -> ! {
        match self.0.swap_remove(worker).thread.join() {
            Err(cause) => std::panic::resume_unwind(cause),
            Ok(()) => unreachable!("a worker ends when its last batch is taken, or the feed is gone"),
        }
    }
}

impl Drop for Workers<'_> {
    fn drop(&mut self) {
        // All channels first: no worker waits for one that is still full or empty.
        let threads: Vec<_> = self.0.drain(..).map(|worker| worker.thread).collect();
        for thread in threads {
            // What a worker has panicked over was not asked for.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Hands<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Own(_) => f.write_str("Own"),
            Self::Others(workers) => write!(f, "Others({})", workers.0.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{panic, thread};

    use automcu_model::Shape;

    use super::*;
    use crate::{Augmentation, Target, augment::Chain};

    /// Numbers its batches, and panics over the last of them.
    struct Failing;

    impl Maker for Failing {
        fn per_epoch(&self) -> usize {
            10
        }

        fn workspace(&self) -> Workspace {
            Chain::new(Shape { height: 1, width: 1, channels: 1 }, Augmentation::none(), None).workspace()
        }

        fn blank(&self) -> Batch {
            Batch { values: Vec::new(), targets: Vec::with_capacity(1) }
        }

        fn order(&self, _: u32, _: &mut Vec<u32>) {}

        fn fill(&self, place: Place, _: &[u32], _: &mut Workspace, batch: &mut Batch) {
            assert!(place.number < 9, "the last");
            batch.targets.clear();
            batch.targets.push(Target::of(u16::try_from(place.number).expect("few")));
        }
    }

    #[test]
    fn a_thread_that_panics_is_no_end_of_an_epoch() {
        for threads in 1..4 {
            let mut seen = Vec::new();
            let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| {
                thread::scope(|scope| {
                    let mut feed = Feed::ahead(&Failing, scope, threads, 0..2).expect("threads");
                    while let Some(batch) = feed.next_batch() {
                        seen.push(batch.targets[0].first);
                    }
                });
            }));
            assert_eq!(outcome.expect_err("a panic").downcast_ref(), Some(&"the last"));
            assert_eq!(seen, (0..9).collect::<Vec<_>>());
        }
    }

    #[test]
    fn more_threads_than_the_bound_are_refused() {
        thread::scope(|scope| {
            let refused = Feed::ahead(&Failing, scope, MOST_THREADS + 1, 0..1).expect_err("refused").to_string();
            assert!(refused.starts_with("threads: 65 cannot be started") && refused.contains("give 0 to 64"));
        });
    }
}
