//! Reading: bounded pages, each of which looks at no more entries than it gives.

use std::{fmt, str::FromStr};

use automcu_model::{CandidateId, JobId};
use serde_json::Value;

use crate::{
    error::HistoryError,
    figures::Budget,
    history::{History, next},
    index::{Entry, Index, Lookup as _, read},
    keys,
    project::highest,
    record::{Candidate, Job},
};

/// The most items of a page.
pub const PAGE: usize = 256;
/// The most past candidates that are looked at for a warm start.
pub const WARM_VISITS: usize = 4096;

/// Where a page begins, as the one before it has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A cursor that no page has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cursor; take the one that the page before has given")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let is_sound =
            text.len() <= 80 && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| CursorError);
        if is_sound {
            (0..text.len()).step_by(2).map(byte).collect::<Result<_, _>>().map(Self)
        } else {
            Err(CursorError)
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
}

/// A past candidate to begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct Warm {
    /// It.
    pub candidate: Candidate,
    /// What its job allowed.
    pub budget: Budget,
}

impl History {
    /// Jobs, the newest first.
    pub fn jobs(&self, after: Option<&Cursor>, limit: usize) -> Result<Page<Job>, HistoryError> {
        self.page(keys::BY_TIME, after, limit, |index, key| job_of(index, !keys::last_number(key).unwrap_or(0)))
    }

    /// Jobs that are not over, by id: those that a restart takes up again.
    pub fn running(&self, after: Option<&Cursor>, limit: usize) -> Result<Page<Job>, HistoryError> {
        self.page(keys::RUNNING, after, limit, |index, key| job_of(index, keys::last_number(key).unwrap_or(0)))
    }

    /// A job.
    pub fn job(&self, id: JobId) -> Result<Job, HistoryError> {
        self.look(|index| read(index, &keys::job(id)))?.ok_or(HistoryError::NoJob { job: id })
    }

    /// The document that a job was submitted with.
    pub fn document(&self, id: JobId) -> Result<Value, HistoryError> {
        self.look(|index| read(index, &keys::document(id)))?.ok_or(HistoryError::NoJob { job: id })
    }

    /// A candidate, if it is there.
    pub fn candidate(&self, job: JobId, id: CandidateId) -> Result<Option<Candidate>, HistoryError> {
        self.look(|index| read(index, &keys::candidate(job, id)))
    }

    /// A job's candidates, by id.
    pub fn candidates(
        &self,
        job: JobId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Candidate>, HistoryError> {
        self.page(&keys::candidates(job), after, limit, |_, _| Ok(None))
    }

    /// A job's candidates whose training is under way.
    pub fn open_attempts(
        &self,
        job: JobId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Candidate>, HistoryError> {
        self.page(&keys::opens(job), after, limit, candidate_of)
    }

    /// A job's candidates that were measured, the best first.
    pub fn best(&self, job: JobId, after: Option<&Cursor>, limit: usize) -> Result<Page<Candidate>, HistoryError> {
        self.page(&keys::bests(job), after, limit, candidate_of)
    }

    /// The best candidates of past jobs with this data set and target and a similar budget, the best first, of those that
    /// [fit](Candidate::fits). The same graph is given once.
    pub fn warm(
        &self,
        dataset: &str,
        target: Option<&str>,
        budget: Budget,
        limit: usize,
    ) -> Result<Vec<Warm>, HistoryError> {
        self.look(|index| warm(index, &keys::warms(dataset, target), budget, limit.min(PAGE)))
    }

    /// The id that the next job takes. No id is given twice, even if its job was dropped.
    pub fn next_job(&self) -> Result<JobId, HistoryError> {
        self.look(|index| highest(index)).map(next)
    }

    /// How many entries of the index were looked at since it was opened, to see what a question costs.
    #[must_use]
    pub fn visited(&self) -> u64 {
        self.shared.index().visited()
    }

    fn page<T: serde::de::DeserializeOwned>(
        &self,
        prefix: &[u8],
        after: Option<&Cursor>,
        limit: usize,
        item: impl Fn(&Index, &[u8]) -> Result<Option<T>, HistoryError>,
    ) -> Result<Page<T>, HistoryError> {
        let limit = limit.clamp(1, PAGE);
        // A cursor of another list is before or behind all of this one.
        let after = after.map(|cursor| cursor.0.as_slice()).filter(|key| key.starts_with(prefix));
        self.look(|index| {
            let entries = index.page(prefix, after, limit)?;
            let next = entries.last().filter(|_| entries.len() == limit).map(|(key, _)| Cursor(key.clone()));
            let items = entries.iter().map(|entry| item_of(index, entry, &item)).collect::<Result<_, _>>()?;
            Ok(Page { items, next })
        })
    }
}

/// The record that an entry holds, or that its key leads to.
fn item_of<T: serde::de::DeserializeOwned>(
    index: &Index,
    (key, value): &Entry,
    item: &impl Fn(&Index, &[u8]) -> Result<Option<T>, HistoryError>,
) -> Result<T, HistoryError> {
    if value.is_empty() {
        return item(index, key)?.ok_or_else(|| HistoryError::index("a key leads nowhere"));
    }
    serde_json::from_slice(value).map_err(HistoryError::index)
}

fn job_of(index: &Index, id: u64) -> Result<Option<Job>, HistoryError> {
    read(index, &keys::job(JobId(id)))
}

fn candidate_of(index: &Index, key: &[u8]) -> Result<Option<Candidate>, HistoryError> {
    let (Some(job), Some(id)) = (keys::number_of_job(key), keys::last_number(key)) else { return Ok(None) };
    read(index, &keys::candidate(JobId(job), CandidateId(id)))
}

fn warm(index: &Index, prefix: &[u8], budget: Budget, limit: usize) -> Result<Vec<Warm>, HistoryError> {
    let (mut found, mut after, mut visits) = (Vec::<Warm>::new(), None::<Vec<u8>>, 0);
    while found.len() < limit && visits < WARM_VISITS {
        let entries = index.page(prefix, after.as_deref(), PAGE)?;
        let Some((last, _)) = entries.last() else { break };
        after = Some(last.clone());
        visits += entries.len();
        for (key, _) in &entries {
            let job = keys::number_before_last(key).and_then(|job| job_of(index, job).transpose()).transpose()?;
            let Some(job) = job.filter(|job| job.budget.is_similar_to(budget)) else { continue };
            let id = CandidateId(keys::last_number(key).unwrap_or(0));
            let record = index.get(&keys::candidate(job.id, id))?;
            let candidate: Candidate =
                serde_json::from_slice(&record.unwrap_or_default()).map_err(HistoryError::index)?;
            let is_new = found.iter().all(|warm| warm.candidate.digest != candidate.digest);
            if candidate.fits() && is_new && found.len() < limit {
                found.push(Warm { candidate, budget: job.budget });
            }
        }
    }
    Ok(found)
}
