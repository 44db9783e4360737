//! What an event writes to the index: the folded records, and the keys by which they are found.

use automcu_model::JobId;

use crate::{
    error::HistoryError,
    event::{Event, What},
    index::{Lookup, Staged, read},
    keys,
    line::Line,
    record::{Candidate, Job},
    scan::Spot,
    state::{self, Inconsistency},
};

/// Stages what a line writes that lies there. The inner error is the line's, the outer one the index's.
pub(crate) fn project(
    staged: &mut Staged<'_>,
    line: &Line,
    text: &str,
    spot: Spot,
) -> Result<Result<(), Inconsistency>, HistoryError> {
    match line {
        Line::Event { n, event } => {
            let outcome = project_event(staged, *n, event, text)?;
            if outcome.is_ok() {
                staged.put(keys::event(event.job, *n), keys::spot(spot));
            }
            Ok(outcome)
        }
        Line::Swept { highest_job } => raise_highest(staged, *highest_job).map(Ok),
        Line::Unknown { job: Some(id), n: Some(n) } => {
            match state::apply_unknown(read(staged, &keys::job(*id))?, *id, *n) {
                Ok(job) => staged.put_record(keys::job(*id), &job),
                Err(inconsistency) => return Ok(Err(inconsistency)),
            }
            Ok(Ok(()))
        }
        Line::Unknown { .. } => Ok(Ok(())),
    }
}

fn project_event(
    staged: &mut Staged<'_>,
    n: u64,
    event: &Event,
    text: &str,
) -> Result<Result<(), Inconsistency>, HistoryError> {
    let id = event.job;
    let job: Option<Job> = read(staged, &keys::job(id))?;
    let before: Option<Candidate> = match event.what.candidate() {
        Some(candidate) => read(staged, &keys::candidate(id, candidate))?,
        None => None,
    };
    let was_running = job.as_ref().map(|job| !job.state.is_final());
    let (job, after) = match state::apply(job, before.clone(), n, event, text) {
        Ok(records) => records,
        Err(inconsistency) => return Ok(Err(inconsistency)),
    };
    if let What::JobSubmitted { spec, .. } = &event.what {
        staged.put_record(keys::document(id), spec);
        staged.put(keys::by_time(job.submitted_ms, id), Vec::new());
        raise_highest(staged, id.0)?;
    }
    let is_running = !job.state.is_final();
    if was_running != Some(is_running) {
        if is_running { staged.put(keys::running(id), Vec::new()) } else { staged.remove(keys::running(id)) }
    }
    if let Some(after) = after {
        rank(staged, &job, before.as_ref(), &after);
        staged.put_record(keys::candidate(id, after.id), &after);
    }
    staged.put_record(keys::job(id), &job);
    Ok(Ok(()))
}

/// Moves a candidate to where its metric belongs, and among those under way or out of them.
fn rank(staged: &mut Staged<'_>, job: &Job, before: Option<&Candidate>, after: &Candidate) {
    let keys_of = |candidate: &Candidate| {
        let metric = candidate.metric()?.value;
        let warm = keys::warm(&job.dataset, job.target.as_deref(), metric, job.id, candidate.id);
        Some([keys::best(job.id, metric, candidate.id), warm])
    };
    let (old, new) = (before.and_then(keys_of), keys_of(after));
    if old != new {
        old.into_iter().flatten().for_each(|key| staged.remove(key));
        new.into_iter().flatten().for_each(|key| staged.put(key, Vec::new()));
    }
    let was_open = before.is_some_and(|before| before.open_attempt().is_some());
    match (was_open, after.open_attempt().is_some()) {
        (false, true) => staged.put(keys::open(job.id, after.id), Vec::new()),
        (true, false) => staged.remove(keys::open(job.id, after.id)),
        _ => {}
    }
}

fn raise_highest(staged: &mut Staged<'_>, to: u64) -> Result<(), HistoryError> {
    if to > highest(staged)? {
        staged.put(keys::HIGHEST.to_vec(), to.to_be_bytes().to_vec());
    }
    Ok(())
}

/// The highest job id that was ever given.
pub(crate) fn highest(from: &dyn Lookup) -> Result<u64, HistoryError> {
    Ok(from.get(keys::HIGHEST)?.and_then(|bytes| keys::last_number(&bytes)).unwrap_or(0))
}

/// The number of a job's last event.
pub(crate) fn events_of(from: &dyn Lookup, id: JobId) -> Result<u64, HistoryError> {
    Ok(read::<Job>(from, &keys::job(id))?.map_or(0, |job| job.events))
}
