//! Dropping old jobs: what is kept is written to a new generation of the journal, which takes the old one's place at once.

use std::collections::{BTreeSet, HashSet};

use automcu_model::{ArtifactId, JobId};

use crate::{
    error::HistoryError,
    index::{Index, read},
    journal::{Journal, Place},
    keys,
    line::{self, Line},
    project::highest,
    record::Job,
    scan,
};

/// Entries of the index, or lines of the journal, that are taken at once.
const STEP: usize = 256;

/// Which jobs stay. A job stays if any of these holds; one that is not over always stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many of those that are over.
    pub newest: usize,
    /// Those in which something happened then or later, in milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Those with one of these tags.
    pub tags: Vec<String>,
}

/// What went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs.
    pub jobs: u64,
    /// Their events.
    pub events: u64,
    /// Artifacts that only these jobs named. Whoever removes them makes sure that no new job has put the same content
    /// meanwhile.
    pub artifacts: BTreeSet<ArtifactId>,
}

/// The jobs that go.
pub(crate) fn choose(index: &Index, keep: &Keep) -> Result<BTreeSet<JobId>, HistoryError> {
    let (mut dropped, mut over, mut after) = (BTreeSet::new(), 0, None::<Vec<u8>>);
    loop {
        let entries = index.page(keys::BY_TIME, after.as_deref(), STEP)?;
        let Some((last, _)) = entries.last() else { return Ok(dropped) };
        after = Some(last.clone());
        for (key, _) in &entries {
            let id = JobId(!keys::last_number(key).unwrap_or(0));
            let Some(job) = read::<Job>(index, &keys::job(id))? else { continue };
            if !job.state.is_final() {
                continue;
            }
            over += 1;
            let stays = over <= keep.newest
                || keep.since_ms.is_some_and(|since| job.changed_ms >= since)
                || job.tags.iter().any(|tag| keep.tags.contains(tag));
            if !stays {
                dropped.insert(id);
            }
        }
    }
}

/// Copies what stays.
pub(crate) fn copy(
    index: &Index,
    old: &Place,
    next: &mut Journal,
    dropped: &BTreeSet<JobId>,
) -> Result<Swept, HistoryError> {
    let mut swept = Swept { jobs: dropped.len() as u64, ..Swept::default() };
    let mut kept = HashSet::new();
    let mut waiting = vec![line::swept(highest(index)?)];
    scan::scan(&old.folder, old.generation, u64::MAX, |frame, _| {
        match line::read(&frame.text) {
            Line::Swept { .. } => return Ok(()),
            Line::Event { event, .. } if dropped.contains(&event.job) => {
                swept.events += 1;
                swept.artifacts.extend(event.what.artifacts());
                return Ok(());
            }
            // What a newer version's event means by an artifact is not known: none is given away for it.
            Line::Unknown { job: Some(job), .. } if dropped.contains(&job) => {
                swept.events += 1;
                return Ok(());
            }
            _ => kept.extend(named(&frame.text)),
        }
        waiting.push(frame.text.clone());
        if waiting.len() >= STEP {
            next.append(std::mem::take(&mut waiting).iter().map(String::as_str))?;
        }
        Ok(())
    })?;
    next.append(waiting.iter().map(String::as_str))?;
    swept.artifacts.retain(|artifact| !kept.contains(artifact));
    Ok(swept)
}

/// Every artifact that a line of the journal may name, but for the lines of these jobs.
pub(crate) fn named_by_others(
    place: &Place,
    until: u64,
    but: &BTreeSet<JobId>,
) -> Result<BTreeSet<ArtifactId>, HistoryError> {
    let mut found = BTreeSet::new();
    scan::scan(&place.folder, place.generation, until, |frame, _| {
        let job = match line::read(&frame.text) {
            Line::Event { event, .. } => Some(event.job),
            Line::Unknown { job, .. } => job,
            Line::Swept { .. } => None,
        };
        if job.is_none_or(|job| !but.contains(&job)) {
            found.extend(named(&frame.text));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Every text in a line that could be an artifact's id, wherever it stands: in a job's document too, or in an event of a newer
/// version.
fn named(text: &str) -> impl Iterator<Item = ArtifactId> {
    text.split('"').filter(|piece| piece.len() == 64).filter_map(|piece| piece.parse().ok())
}
