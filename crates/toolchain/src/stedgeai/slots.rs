//! How many runs of the tool there may be at a time: its licence or the computer's memory may allow few.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Places for runs of the tool, shared by all who run it.
#[derive(Debug)]
pub struct Slots {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A place that is held until this is dropped.
#[derive(Debug)]
pub(super) struct Slot<'s>(&'s Slots);

impl Slots {
    /// So many places, at least one.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { free: Mutex::new(count.max(1)), given_back: Condvar::new() }
    }

    /// A place, as soon as one is free; none if that takes longer than so long.
    pub(super) fn take(&self, patience: Duration) -> Option<Slot<'_>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.given_back.wait_timeout_while(free, patience, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Slot(self))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_place_waits_for_one_and_not_for_ever() {
        let slots = Slots::new(2);
        let [first, _second] = [slots.take(Duration::ZERO), slots.take(Duration::ZERO)];
        assert!(slots.take(Duration::from_millis(1)).is_none());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| slots.take(Duration::from_secs(60)).is_some());
            drop(first);
            assert!(waiting.join().expect("no panic"));
        });
        assert!(slots.take(Duration::ZERO).is_some());
    }
}
