use std::{
    io,
    path::Path,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use automcu_history::{AppendError, Appended, Disk, Files, History, HistoryError, Keep, Options};

use crate::support::*;

/// A disk whose flushes are counted, held up, and fail from a given one on.
#[derive(Default)]
struct Watched {
    flushes: AtomicUsize,
    fails: Mutex<Option<Fault>>,
    is_held: Mutex<bool>,
    released: Condvar,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Write,
    Flush,
}

struct WatchedDisk(Arc<Watched>);
struct WatchedFile(Box<dyn Appended>, Arc<Watched>);

impl Disk for WatchedDisk {
    fn append_to(&self, path: &Path) -> io::Result<Box<dyn Appended>> {
        Ok(Box::new(WatchedFile(Files.append_to(path)?, Arc::clone(&self.0))))
    }
}

impl Appended for WatchedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if *self.1.fails.lock().expect("whole") == Some(Fault::Write) {
            self.0.write(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let held = self.1.is_held.lock().expect("whole");
        drop(self.1.released.wait_while(held, |held| *held).expect("whole"));
        self.1.flushes.fetch_add(1, Ordering::SeqCst);
        if *self.1.fails.lock().expect("whole") == Some(Fault::Flush) {
            return Err(io::Error::other("lost writeback"));
        }
        self.0.flush()
    }
}

fn watched(folder: &Path) -> (History, Arc<Watched>) {
    let watched = Arc::new(Watched::default());
    let disk = Arc::new(WatchedDisk(Arc::clone(&watched)));
    let (history, _) = History::open_with(folder, Options { disk, ..Options::default() }).expect("opens");
    (history, watched)
}

#[test]
fn what_waits_is_flushed_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, disk) = watched(folder.path());
    let before = disk.flushes.load(Ordering::SeqCst);
    *disk.is_held.lock().expect("whole") = true;
    // The first may be flushed alone; all others wait for that.
    let tickets: Vec<_> = (1..=100).map(|job| history.append(vec![submitted(job)]).expect("taken")).collect();
    *disk.is_held.lock().expect("whole") = false;
    disk.released.notify_all();
    let last: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait(PATIENCE).expect("flushed").last).collect();
    assert_eq!(last, (1..=100).collect::<Vec<_>>());
    let flushes = disk.flushes.load(Ordering::SeqCst) - before;
    assert!(flushes <= 2, "{flushes} flushes for 100 appends");
}

#[test]
fn nothing_is_acknowledged_before_its_flush_and_a_wait_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, disk) = watched(folder.path());
    *disk.is_held.lock().expect("whole") = true;
    let ticket = history.append(vec![submitted(1)]).expect("taken");
    let error = ticket.wait(std::time::Duration::from_millis(20)).expect_err("held");
    assert_eq!(error, AppendError::TimedOut { waited_ms: 20 });
    assert_eq!(history.jobs(None, 10).expect("readable").items, []);
    // So many may wait, and no more.
    let refused = (2..).find_map(|job| history.append(vec![submitted(job)]).err()).expect("bounded");
    assert_eq!(refused, AppendError::Busy { waiting: automcu_history::WAITING });
    *disk.is_held.lock().expect("whole") = false;
    disk.released.notify_all();
}

#[test]
fn after_a_failed_write_or_flush_nothing_is_acknowledged_until_it_is_opened_again() {
    for fault in [Fault::Write, Fault::Flush] {
        let folder = tempfile::tempdir().expect("a folder");
        let (history, disk) = watched(folder.path());
        put(&history, whole_job(1));
        *disk.fails.lock().expect("whole") = Some(fault);
        let error = history.append(vec![submitted(2)]).expect("taken").wait(PATIENCE).expect_err("failed");
        assert!(matches!(error, AppendError::NotFlushed { .. }), "{error}");
        // The disk is well again, or pretends to be.
        *disk.fails.lock().expect("whole") = None;
        let error = history.append(vec![submitted(2)]).expect("taken").wait(PATIENCE).expect_err("read-only");
        assert!(matches!(error, AppendError::ReadOnly { .. }), "{error}");
        assert!(history.read_only().is_some());
        assert!(matches!(history.gc(Keep::default()), Err(HistoryError::ReadOnly { .. })));
        assert_eq!(history.jobs(None, 10).expect("readable").items.len(), 1);
        let before = seen(&history);
        drop(history);
        let (history, opened) = open(folder.path());
        assert_eq!(opened.torn.is_some(), fault == Fault::Write);
        if fault == Fault::Write {
            assert_eq!(seen(&history), before);
            put(&history, vec![submitted(2)]);
        }
        assert_eq!(history.jobs(None, 10).expect("readable").items.len(), 2);
    }
}

#[test]
fn a_caller_that_panics_leaves_the_writer_alive() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, _) = open(folder.path());
    history.append_then(vec![submitted(1)], |_| panic!("a careless caller")).expect("taken");
    assert_eq!(put(&history, vec![submitted(2)]).last, 2);
}
