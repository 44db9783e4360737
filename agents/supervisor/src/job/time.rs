//! The time that a job has had. Neither a pause nor the time without a daemon counts.

/// The time that counts, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ActiveTime {
    counted_ms: u64,
    /// Since when it has not been counted yet.
    since_ms: Option<u64>,
}

impl ActiveTime {
    /// Something happened now; until now the job was at work or not.
    pub(crate) fn happened(&mut self, now_ms: u64, was_at_work: bool) {
        if was_at_work {
            self.counted_ms = self.so_far(now_ms);
        }
        self.since_ms = Some(now_ms.max(self.since_ms.unwrap_or(0)));
    }

    /// How much counts, as long as the job is at work.
    pub(crate) fn so_far(&self, now_ms: u64) -> u64 {
        self.counted_ms + self.since_ms.map_or(0, |since| now_ms.saturating_sub(since))
    }

    /// How much counts of a job that is not.
    pub(crate) const fn counted(&self) -> u64 {
        self.counted_ms
    }
}
