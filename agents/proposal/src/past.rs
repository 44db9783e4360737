//! What became of a job's candidates, read from its pages: those that are new since the last round, or all where nothing is kept.

use std::sync::OnceLock;

use automcu_artifacts::Store;
use automcu_contract::{ArtifactId, CandidateId, DOCUMENTS, Fate, JobId, OutcomePage, PastOutcome, Source};
use automcu_model::{GraphDigest, Spec};
use automcu_search::{Outcome, Size, Staged, Stages, Task};

use crate::trouble::Trouble;

/// The most pages of a job.
const PAGES: usize = 1 << 14;

/// All that was read of a job's pages, in order.
#[derive(Debug)]
pub(crate) struct Past {
    job: JobId,
    space: Stages,
    outcomes: Vec<Outcome<Staged>>,
    /// Of each outcome.
    ids: Vec<GraphDigest>,
    /// Of each outcome.
    candidates: Vec<CandidateId>,
    /// Candidates that are no members of the space, whoever had the idea.
    strangers: Vec<GraphDigest>,
    /// All of both.
    records: Vec<Record>,
    pages: Vec<Page>,
}

/// A candidate and what became of it, as a language model may be shown it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) candidate: CandidateId,
    pub(crate) spec: Spec,
    pub(crate) source: Option<Source>,
    pub(crate) fate: Fate,
    /// What it takes, at a glance, once somebody has asked.
    takes: OnceLock<Option<Size>>,
}

impl Record {
    pub(crate) const fn new(candidate: CandidateId, spec: Spec, source: Option<Source>, fate: Fate) -> Self {
        Self { candidate, spec, source, fate, takes: OnceLock::new() }
    }

    /// What it takes, at a glance; nothing where it cannot be built.
    pub(crate) fn takes(&self, task: &Task<Stages>) -> Option<Size> {
        *self.takes.get_or_init(|| task.glance_spec(&self.spec).ok())
    }

    /// What it came to, if it was trained.
    pub(crate) const fn score(&self) -> Option<f64> {
        match self.fate {
            Fate::Trained { score } => Some(score),
            Fate::Refused { .. } | Fate::Failed { .. } => None,
        }
    }
}

/// How far a page reaches.
#[derive(Clone, Copy, Debug)]
struct Page {
    id: ArtifactId,
    round: u32,
    outcomes: usize,
    strangers: usize,
    records: usize,
    transcript: Option<ArtifactId>,
}

/// What counts for a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'p> {
    pub(crate) outcomes: &'p [Outcome<Staged>],
    /// Of each outcome.
    pub(crate) ids: &'p [GraphDigest],
    /// Of each outcome.
    pub(crate) candidates: &'p [CandidateId],
    pub(crate) strangers: &'p [GraphDigest],
    pub(crate) records: &'p [Record],
    /// All that was said up to the latest page, where it is shown.
    pub(crate) transcript: Option<ArtifactId>,
}

impl Seen<'_> {
    /// The candidates of these numbers, as far as there are such.
    pub(crate) fn named(&self, numbers: &[u64]) -> Vec<CandidateId> {
        let known = |number: &u64| self.records.iter().map(|record| record.candidate).find(|id| id.0 == *number);
        numbers.iter().filter_map(known).collect()
    }
}

impl Past {
    pub(crate) const fn new(job: JobId, space: Stages) -> Self {
        Self {
            job,
            space,
            outcomes: Vec::new(),
            ids: Vec::new(),
            candidates: Vec::new(),
            strangers: Vec::new(),
            records: Vec::new(),
            pages: Vec::new(),
        }
    }

    /// What counts for a round whose latest page is this one.
    pub(crate) fn up_to(&mut self, round: u32, latest: Option<ArtifactId>, store: &Store) -> Result<Seen<'_>, Trouble> {
        let (known, new) = self.follow(round, latest, store)?;
        if !new.is_empty() {
            self.keep(known);
        }
        let count = known + new.len();
        // The first is read first.
        for (id, page) in new.into_iter().rev() {
            self.take_in(id, &page, store)?;
        }
        let end = count.checked_sub(1).and_then(|last| self.pages.get(last));
        let (outcomes, strangers) = end.map_or((0, 0), |page| (page.outcomes, page.strangers));
        Ok(Seen {
            outcomes: &self.outcomes[..outcomes],
            ids: &self.ids[..outcomes],
            candidates: &self.candidates[..outcomes],
            strangers: &self.strangers[..strangers],
            records: &self.records[..end.map_or(0, |page| page.records)],
            transcript: end.and_then(|page| page.transcript),
        })
    }

    /// Goes back from page to page to one that is known: how many are known with it, and those that are not, the latest first.
    fn follow(
        &self,
        round: u32,
        latest: Option<ArtifactId>,
        store: &Store,
    ) -> Result<(usize, Vec<(ArtifactId, OutcomePage)>), Trouble> {
        // A round is not about itself.
        let (mut new, mut next, mut most) = (Vec::new(), latest, round.saturating_sub(1));
        while let Some(id) = next {
            if let Some(place) = self.pages.iter().rposition(|page| page.id == id) {
                in_order(id, self.pages[place].round, most)?;
                return Ok((place + 1, new));
            }
            if new.len() == PAGES {
                return Err(Trouble::TooMany { what: "pages of outcomes" });
            }
            let page = self.page(id, store)?;
            in_order(id, page.round, most)?;
            (next, most) = (page.earlier, page.round);
            new.push((id, page));
        }
        Ok((0, new))
    }

    fn page(&self, id: ArtifactId, store: &Store) -> Result<OutcomePage, Trouble> {
        let wrong = |problem: String| Trouble::content("page of outcomes", id, problem);
        let page: OutcomePage = serde_json::from_slice(&store.get(id)?).map_err(|error| wrong(error.to_string()))?;
        if page.version != DOCUMENTS {
            return Err(wrong(format!("version {} where {DOCUMENTS} is known", page.version)));
        }
        if page.job != self.job {
            return Err(wrong(format!("it is of {}", page.job)));
        }
        if page.outcomes.len() > OutcomePage::MOST {
            return Err(wrong(format!("{} outcomes where {} fit", page.outcomes.len(), OutcomePage::MOST)));
        }
        Ok(page)
    }

    /// Forgets all but the first so many pages.
    fn keep(&mut self, pages: usize) {
        self.pages.truncate(pages);
        let (outcomes, strangers) = self.pages.last().map_or((0, 0), |page| (page.outcomes, page.strangers));
        self.outcomes.truncate(outcomes);
        self.ids.truncate(outcomes);
        self.candidates.truncate(outcomes);
        self.strangers.truncate(strangers);
        self.records.truncate(self.pages.last().map_or(0, |page| page.records));
    }

    /// Takes a page in as a whole or not at all.
    fn take_in(&mut self, id: ArtifactId, page: &OutcomePage, store: &Store) -> Result<(), Trouble> {
        let known = self.pages.len();
        let taken = page.outcomes.iter().try_for_each(|outcome| self.take(id, outcome, store));
        if taken.is_err() {
            self.keep(known);
            return taken;
        }
        let (outcomes, strangers, records) = (self.outcomes.len(), self.strangers.len(), self.records.len());
        let (round, transcript) = (page.round, page.transcript);
        self.pages.push(Page { id, round, outcomes, strangers, records, transcript });
        Ok(())
    }

    fn take(&mut self, page: ArtifactId, past: &PastOutcome, store: &Store) -> Result<(), Trouble> {
        let score = match past.fate {
            Fate::Trained { score } if (0.0..=1.0).contains(&score) => Some(score),
            Fate::Trained { score } => {
                let problem = format!("a score of {score} of {}", past.candidate);
                return Err(Trouble::content("page of outcomes", page, problem));
            }
            Fate::Refused { .. } | Fate::Failed { .. } => None,
        };
        let spec = spec(past.spec, store)?;
        let digest = spec.lower().map_err(|refusals| Trouble::content("spec", past.spec, refusals))?.digest();
        if digest != past.digest {
            return Err(Trouble::content("spec", past.spec, format!("its graph is not {}", past.digest.short())));
        }
        match self.space.member(&spec) {
            Some(member) => {
                self.outcomes.push(Outcome { member, score });
                self.ids.push(digest);
                self.candidates.push(past.candidate);
            }
            None => self.strangers.push(digest),
        }
        let (candidate, source, fate) = (past.candidate, past.source, past.fate.clone());
        self.records.push(Record::new(candidate, spec, source, fate));
        Ok(())
    }
}

fn in_order(id: ArtifactId, round: u32, most: u32) -> Result<(), Trouble> {
    if round > most {
        let problem = format!("it is of round {round}, and those up to {most} count");
        return Err(Trouble::content("page of outcomes", id, problem));
    }
    Ok(())
}

/// The spec that an artifact holds.
pub(crate) fn spec(id: ArtifactId, store: &Store) -> Result<Spec, Trouble> {
    Spec::from_json(&store.get(id)?).map_err(|refusals| Trouble::content("spec", id, refusals))
}
