//! What a job was submitted with, as far as this version reads it.

use automcu_api::{JobDetail, JobFile};
use serde_json::Value;

use crate::outcome::Failure;

/// The job file with all that was decided.
pub(super) fn asked(detail: &JobDetail) -> Result<JobFile, Failure> {
    let asked = detail.document.get("asked").cloned().unwrap_or(Value::Null);
    let refused = |problem: String| Failure::NotReplayable { job: detail.job.id.to_string(), problem };
    let job: JobFile = serde_json::from_value(asked).map_err(|error| refused(error.to_string()))?;
    job.check().map_err(|(field, problem)| refused(format!("{field}: {problem}")))?;
    Ok(job)
}

/// The accuracy at which it ends: as a user has changed it, otherwise as submitted.
pub(super) fn goal(detail: &JobDetail) -> Option<f64> {
    detail.job.goal.unwrap_or_else(|| detail.document.get("goal").and_then(Value::as_f64))
}

/// Seconds that it may take, as submitted.
pub(super) fn time_s(detail: &JobDetail) -> Option<u64> {
    detail.document.get("time_s").and_then(Value::as_u64)
}
