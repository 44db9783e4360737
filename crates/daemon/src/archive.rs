//! A daemon's folder while no daemon works in it: its history carried elsewhere and back, and what nobody names any more removed.
//!
//! Events and documents of jobs name artifacts, and artifacts name others: a bundle its files, an assignment the specs that it
//! begins with. Pages of outcomes are named by messages alone, so those of a job that is kept stay with all before them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
};

use automcu_artifacts::{ArtifactId, Store, StoreError};
use automcu_contract::{JobId, OutcomePage};
use automcu_history::{Cursor, History, HistoryError, Imported, Keep, PAGE, Replayed};

/// The longest document that is looked into, in bytes.
const DOCUMENT: u64 = 64 << 20;

/// What keeps a folder from being worked at.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no history.
    #[error("{}: there is no history in this folder; name the one that a daemon keeps with --state", .0.display())]
    NotThere(PathBuf),
    /// A folder cannot be made.
    #[error("{}: {error}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The history cannot be opened, read or written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Artifacts cannot be looked at or removed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What lost events named is not known.
    #[error(
        "{0} events are missing from the journal, and what they named is not known, so nothing is removed; carry the history into a new folder with export and import"
    )]
    Lost(u64),
}

/// What a sweep removes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Jobs, in order.
    pub jobs: Vec<JobId>,
    /// Their events.
    pub events: u64,
    /// Artifacts.
    pub artifacts: u64,
    /// How long they were together.
    pub bytes: u64,
}

/// A daemon's folder, locked.
pub struct Archive {
    history: History,
    store: Store,
    /// Events that are missing from the journal.
    lost: u64,
}

impl Archive {
    /// Opens a folder that a daemon has kept.
    pub fn open(state: &Path) -> Result<Self, ArchiveError> {
        if !state.join("history").is_dir() {
            return Err(ArchiveError::NotThere(state.to_owned()));
        }
        Self::make(state)
    }

    /// Opens a folder, or begins one.
    pub fn make(state: &Path) -> Result<Self, ArchiveError> {
        let folder = state.join("history");
        fs::create_dir_all(&folder).map_err(|error| ArchiveError::Folder { path: folder.clone(), error })?;
        let (history, opened) = History::open(&folder)?;
        Ok(Self { history, store: Store::open(state.join("artifacts"))?, lost: opened.lost })
    }

    /// Writes all events as lines of JSON; gives how many.
    pub fn export(&self, into: impl Write) -> Result<u64, ArchiveError> {
        Ok(self.history.export(into)?)
    }

    /// Takes over what is not here yet of what was exported.
    pub fn import(&self, from: impl BufRead) -> Result<Imported, ArchiveError> {
        Ok(self.history.import(from)?)
    }

    /// Makes the index anew from the journal.
    pub fn rebuild(&self) -> Result<Replayed, ArchiveError> {
        Ok(self.history.rebuild()?)
    }

    /// Drops the jobs that are not kept, and removes the artifacts that nobody names any more; or only says what would go.
    pub fn sweep(&self, keep: &Keep, is_rehearsal: bool) -> Result<Removed, ArchiveError> {
        if self.lost > 0 {
            return Err(ArchiveError::Lost(self.lost));
        }
        let dropped = self.history.sweepable(keep)?;
        let mut removed = Removed { jobs: dropped.iter().copied().collect(), ..Removed::default() };
        for job in &dropped {
            removed.events += self.history.job(*job)?.events;
        }
        let there = self.store.all()?;
        let named = self.named(&there, &dropped)?;
        if !is_rehearsal {
            // Jobs first: what is left of a sweep that was broken off is found by the next one.
            self.history.gc(keep.clone())?;
        }
        for (id, bytes) in there.into_iter().filter(|(id, _)| !named.contains(id)) {
            if !is_rehearsal {
                self.store.remove(id)?;
            }
            removed.artifacts += 1;
            removed.bytes += bytes;
        }
        Ok(removed)
    }

    /// What is named, from the jobs that stay to the last artifact.
    fn named(
        &self,
        there: &[(ArtifactId, u64)],
        dropped: &BTreeSet<JobId>,
    ) -> Result<BTreeSet<ArtifactId>, ArchiveError> {
        let kept = self.kept(dropped)?;
        let mut named = self.history.named(dropped)?;
        for (id, bytes) in there {
            if self.document(*id, *bytes)?.is_some_and(|text| is_page_of(&text, &kept)) {
                named.insert(*id);
            }
        }
        let lengths: HashMap<_, _> = there.iter().copied().collect();
        let mut waiting: Vec<ArtifactId> = named.iter().copied().collect();
        while let Some(id) = waiting.pop() {
            // Digests of other things look the same.
            let Some(bytes) = lengths.get(&id) else { continue };
            let Some(text) = self.document(id, *bytes)? else { continue };
            waiting.extend(digests(&text).filter(|id| named.insert(*id)));
        }
        Ok(named)
    }

    fn kept(&self, dropped: &BTreeSet<JobId>) -> Result<HashSet<JobId>, ArchiveError> {
        let (mut kept, mut after) = (HashSet::new(), None::<Cursor>);
        loop {
            let page = self.history.jobs(after.as_ref(), PAGE)?;
            kept.extend(page.items.iter().map(|job| job.id).filter(|id| !dropped.contains(id)));
            after = page.next;
            if after.is_none() {
                return Ok(kept);
            }
        }
    }

    /// The text of an artifact that could be a document. What is damaged names nothing.
    fn document(&self, id: ArtifactId, bytes: u64) -> Result<Option<String>, ArchiveError> {
        let begins = self.store.beginning(id, 1)?;
        if bytes > DOCUMENT || !matches!(begins.first(), Some(b'{' | b'[')) {
            return Ok(None);
        }
        match self.store.get(id) {
            Ok(content) => Ok(String::from_utf8(content).ok()),
            Err(StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_page_of(text: &str, kept: &HashSet<JobId>) -> bool {
    serde_json::from_str(text).is_ok_and(|page: OutcomePage| kept.contains(&page.job))
}

/// Every text in a document that could be an artifact's id.
fn digests(text: &str) -> impl Iterator<Item = ArtifactId> {
    text.split('"').filter(|piece| piece.len() == 64).filter_map(|piece| piece.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_artifacts::Bundle;
    use automcu_contract::{CandidateId, DOCUMENTS, Fate, PastOutcome};
    use automcu_history::{Budget, Event, JobState, Source, What};
    use automcu_model::AttemptId;
    use serde_json::json;
    use std::time::Duration;

    /// A folder in which jobs have been.
    struct Folder {
        folder: tempfile::TempDir,
        store: Store,
    }

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::open(folder.path().join("artifacts")).expect("made");
            Self { folder, store }
        }

        fn archive(&self) -> Archive {
            Archive::make(self.folder.path()).expect("opened")
        }

        fn put(&self, document: &impl serde::Serialize) -> ArtifactId {
            self.store.put(&serde_json::to_vec(document).expect("JSON")).expect("put")
        }

        /// A page of a job about one candidate with this spec.
        fn page(&self, job: u64, round: u32, earlier: Option<ArtifactId>, spec: ArtifactId) -> ArtifactId {
            let digest = "7".repeat(64).parse().expect("a digest");
            let fate = Fate::Trained { score: 0.5 };
            let outcomes = vec![PastOutcome { candidate: CandidateId(1), spec, digest, source: None, fate }];
            self.put(&OutcomePage { version: DOCUMENTS, job: JobId(job), earlier, round, outcomes, transcript: None })
        }

        fn text(&self, text: &str) -> ArtifactId {
            self.store.put(text.as_bytes()).expect("put")
        }

        fn has(&self, id: ArtifactId) -> bool {
            self.store.get(id).is_ok()
        }
    }

    /// What a job leaves behind: all that it names, itself or by documents.
    struct Trace {
        spec: ArtifactId,
        pages: [ArtifactId; 2],
        all: Vec<ArtifactId>,
    }

    /// A job with one candidate, trained and bundled, and two pages of outcomes.
    fn leave(folder: &Folder, archive: &Archive, job: u64, is_over: bool) -> Trace {
        let of = |what: &str| folder.text(&format!("{what} of {job}"));
        let spec = folder.put(&json!({ "spec": job }));
        let (warm, conditions, checkpoint) = (of("a warm spec"), folder.put(&json!({ "at": job })), of("weights"));
        let assignment = folder.put(&json!({ "version": DOCUMENTS, "warm": [warm] }));
        let files = vec![("a.c".to_owned(), format!("code of {job}").into_bytes())];
        let (bundle, list) = Bundle::keep(&folder.store, files).expect("kept");
        let first = folder.page(job, 1, None, spec);
        let pages = [first, folder.page(job, 2, Some(first), spec)];
        let (candidate, attempt) = (CandidateId(1), AttemptId(1));
        let submitted = What::JobSubmitted {
            spec: json!({ "assignment": assignment, "rungs": [{ "conditions": conditions }] }),
            digest: "0".repeat(64),
            tags: vec![format!("t{job}")],
            dataset: "synthetic".to_owned(),
            target: None,
            budget: Budget { ram_bytes: None, flash_bytes: None },
        };
        let rationale = "a seed".to_owned();
        let proposed = What::CandidateProposed {
            candidate,
            spec,
            digest: "1".repeat(64),
            source: Source::Seed,
            rationale,
            round: 1,
            evidence: Vec::new(),
        };
        let started = What::TrainingStarted { candidate, attempt, conditions, seed: 1, from: None, rung: 0 };
        let ended = What::TrainingEnded {
            candidate,
            attempt,
            end: automcu_history::TrainingEnd::Finished,
            metric: None,
            epochs: 1,
            duration_ms: 1,
            energy_mj: None,
            checkpoint: Some(checkpoint),
        };
        let verified = What::CandidateVerified {
            candidate,
            judge: "own".to_owned(),
            verdict: automcu_history::Verdict::Fits,
            footprint: None,
            metric: None,
            bundle: Some(list),
            test: None,
            as_winner: true,
            attempt: Some(attempt),
            duration_ms: None,
        };
        let over = What::JobStateChanged { from: JobState::Queued, to: JobState::Finished, cause: "done".to_owned() };
        let mut whats = vec![submitted, proposed, started, ended, verified];
        whats.extend(is_over.then_some(over));
        let events = whats.into_iter().map(|what| Event { job: JobId(job), at_ms: job, what }).collect();
        let ticket = archive.history.append(events).expect("taken");
        ticket.wait(Duration::from_secs(60)).expect("written");
        let all = vec![spec, warm, conditions, checkpoint, assignment, list, bundle.files[0].artifact];
        Trace { spec, pages, all: all.into_iter().chain(pages).collect() }
    }

    #[test]
    fn what_kept_jobs_name_within_their_documents_stays_and_all_else_goes() {
        let folder = Folder::new();
        let archive = folder.archive();
        let old = leave(&folder, &archive, 1, true);
        let open = leave(&folder, &archive, 2, false);
        let stray = folder.text("named by nobody");
        let shared = folder.page(2, 3, Some(open.pages[1]), old.spec);
        let rehearsed = archive.sweep(&Keep::default(), true).expect("rehearsed");
        assert!(old.all.iter().chain([&stray]).all(|id| folder.has(*id)), "a rehearsal removes nothing");
        let removed = archive.sweep(&Keep::default(), false).expect("swept");
        assert_eq!(removed, rehearsed);
        assert_eq!((removed.jobs.as_slice(), removed.events), (&[JobId(1)][..], 6));
        // All of the old job but the spec that a page of the open one names, and what nobody named.
        assert_eq!(removed.artifacts, old.all.len() as u64);
        assert!(open.all.iter().chain([&shared, &old.spec]).all(|id| folder.has(*id)));
        assert!(old.all.iter().filter(|id| **id != old.spec).chain([&stray]).all(|id| !folder.has(*id)));
        assert_eq!(archive.sweep(&Keep::default(), false).expect("again"), Removed::default());
    }

    #[test]
    fn a_resumed_job_finds_its_pages_after_a_sweep() {
        let folder = Folder::new();
        let archive = folder.archive();
        leave(&folder, &archive, 1, true);
        let open = leave(&folder, &archive, 2, false);
        archive.sweep(&Keep::default(), false).expect("swept");
        drop(archive);
        let archive = Archive::open(folder.folder.path()).expect("opened by the next daemon");
        assert_eq!(archive.history.running(None, PAGE).expect("readable").items[0].id, JobId(2));
        let (mut next, mut seen) = (Some(open.pages[1]), 0);
        while let Some(id) = next {
            let page: OutcomePage = serde_json::from_slice(&folder.store.get(id).expect("a page")).expect("JSON");
            assert!(page.outcomes.iter().all(|outcome| folder.has(outcome.spec)));
            (next, seen) = (page.earlier, seen + 1);
        }
        assert_eq!(seen, 2);
    }

    #[test]
    fn jobs_are_kept_by_number_time_and_tag() {
        let folder = Folder::new();
        let archive = folder.archive();
        let traces = [1, 2, 3].map(|job| leave(&folder, &archive, job, true));
        let keep = |newest, since_ms, tags: &[&str]| {
            let tags = tags.iter().map(ToString::to_string).collect();
            archive.sweep(&Keep { newest, since_ms, tags }, true).expect("rehearsed").jobs
        };
        assert_eq!(keep(usize::MAX, None, &[]), []);
        assert_eq!(keep(2, None, &[]), [JobId(1)]);
        assert_eq!(keep(0, Some(2), &[]), [JobId(1)]);
        assert_eq!(keep(0, None, &["t2"]), [JobId(1), JobId(3)]);
        let removed = archive.sweep(&Keep { newest: 1, ..Keep::default() }, false).expect("swept");
        assert_eq!(removed.jobs, [JobId(1), JobId(2)]);
        assert_eq!(traces.map(|trace| folder.has(trace.pages[0])), [false, false, true]);
    }

    #[test]
    fn what_is_carried_to_another_folder_is_there() {
        let (here, there) = (Folder::new(), Folder::new());
        let archive = here.archive();
        leave(&here, &archive, 1, true);
        let mut text = Vec::new();
        assert_eq!(archive.export(&mut text).expect("exported"), 6);
        let other = there.archive();
        assert_eq!(other.import(&text[..]).expect("imported").taken, 6);
        assert_eq!(other.import(&text[..]).expect("imported").known, 6);
        assert_eq!(other.rebuild().expect("rebuilt").events, 6);
        assert_eq!(other.history.job(JobId(1)).expect("there").tags, ["t1"]);
    }

    #[test]
    fn a_folder_without_history_and_one_that_is_in_use_are_told() {
        let folder = Folder::new();
        let error = Archive::open(folder.folder.path()).err().expect("no history").to_string();
        assert!(error.contains("there is no history in this folder"), "{error}");
        let _open = folder.archive();
        let error = Archive::open(folder.folder.path()).err().expect("in use").to_string();
        assert!(error.contains(&format!("process {} writes this history", std::process::id())), "{error}");
    }
}
