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
    /// What is logged within it is on behalf of this try: spans do not cross from agent to agent, but tickets do, and make them anew.
    #[must_use]
    pub fn span(&self) -> tracing::Span {
        let Self { job, candidate, attempt } = self;
        tracing::info_span!("candidate", %job, %candidate, %attempt)
    }

    /// Whether an outcome with this ticket is too late: another try at the same candidate has begun since.
    #[must_use]
    pub fn is_outdated_by(&self, current: &Self) -> bool {
        (self.job, self.candidate) == (current.job, current.candidate) && self.attempt < current.attempt
    }
}
