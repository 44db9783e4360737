//! What every request and outcome carries.

use automcu_model::{AttemptId, CandidateId, JobId};
use serde::Serialize;

/// Which try at which candidate of which job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ticket {
    /// The job.
    pub job: JobId,
    /// The candidate within it.
    pub candidate: CandidateId,
    /// The try. Later tries have higher numbers.
    pub attempt: AttemptId,
}

impl Ticket {
    /// Whether an outcome with this ticket is too late: another try at the same candidate has begun since.
    #[must_use]
    pub fn is_outdated_by(&self, current: &Self) -> bool {
        (self.job, self.candidate) == (current.job, current.candidate) && self.attempt < current.attempt
    }
}
