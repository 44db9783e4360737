//! The jobs of which something is kept, the latest so many.

use std::collections::VecDeque;

use automcu_contract::JobId;

use crate::mind::Mind;

/// Minds by job, the one that was longest not asked first.
pub(crate) struct Minds {
    most: usize,
    kept: VecDeque<(JobId, Mind)>,
}

impl Minds {
    pub(crate) const fn new(most: usize) -> Self {
        Self { most, kept: VecDeque::new() }
    }

    /// Takes out what is kept of a job, to be put back after work.
    pub(crate) fn take(&mut self, job: JobId) -> Option<Mind> {
        let place = self.kept.iter().position(|(other, _)| *other == job)?;
        self.kept.remove(place).map(|(_, mind)| mind)
    }

    /// Keeps what is known of a job, and forgets the one that was longest not asked if that is one too many.
    pub(crate) fn put(&mut self, job: JobId, mind: Mind) {
        self.kept.push_back((job, mind));
        if self.kept.len() > self.most {
            self.kept.pop_front();
        }
    }
}
