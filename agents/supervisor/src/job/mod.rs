//! One job: its events folded into its state, and what follows from that. Pure: time comes in, decisions go out, and a job that
//! is folded anew from its events goes on as if it had never stopped.
//!
//! ```text
//! Queued ─► Proposing ─► Screening ─► Training ─► Refining ─► Verifying ─► Finished
//!               any of them ─► Paused ─► back        any of them ─► Failed | Cancelled
//! ```
//!
//! Rounds of proposals overlap with training: what a round is told follows from the rounds that were settled two rounds before,
//! whoever finished first.

mod candidate;
mod heard;
mod ranks;
mod time;
mod transcript;
mod turn;

use std::collections::{BTreeMap, BTreeSet};

use automcu_contract::{
    Brief, JobPlan, Proof, ProposeCandidates, ScreenCandidate, Spent, StopAttempt, Ticket, TrainCandidate,
    VerifyCandidate,
};
use automcu_history::{Change, Event, JobState, What};
use automcu_model::{ArtifactId, AttemptId, CandidateId, JobId};

pub(crate) use candidate::{Candidate, Screening, Verified};
use time::ActiveTime;
use transcript::Transcript;

/// So many notes are known, so that they are not made twice.
const MOST_NOTED: usize = 256;

/// Something that an agent was asked and has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ask {
    Propose(u32),
    Screen(CandidateId),
    Train(CandidateId, AttemptId),
    Verify(CandidateId, AttemptId, Proof),
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agent {
    Proposal,
    Training,
    Evaluation,
}

impl Agent {
    pub(crate) const ALL: [Self; 3] = [Self::Proposal, Self::Training, Self::Evaluation];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Proposal => "proposal",
            Self::Training => "training",
            Self::Evaluation => "evaluation",
        }
    }
}

impl Ask {
    pub(crate) const fn agent(self) -> Agent {
        match self {
            Self::Propose(_) => Agent::Proposal,
            Self::Train(..) => Agent::Training,
            Self::Screen(_) | Self::Verify(..) => Agent::Evaluation,
        }
    }
}

/// How far what was asked is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Underway {
    /// Whether the training has told of progress.
    pub(crate) has_begun: bool,
    /// Whether it was asked to stop.
    pub(crate) is_stopping: bool,
}

/// What is to be said to an agent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Keep this document; what follows names it.
    Keep(Vec<u8>),
    Propose(ProposeCandidates),
    Screen(ScreenCandidate),
    Train(TrainCandidate),
    Verify(VerifyCandidate),
    StopTraining(StopAttempt),
    StopEvaluation(StopAttempt),
}

/// What follows: first the events are written, then the orders are carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turn {
    pub(crate) events: Vec<(u64, Event)>,
    pub(crate) orders: Vec<Order>,
}

/// A round of proposals.
#[derive(Clone, Debug, Default)]
struct Round {
    candidates: Vec<CandidateId>,
    is_complete: bool,
}

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) plan: JobPlan,
    pub(crate) state: JobState,
    pub(crate) cause: String,
    /// The number of its last event.
    events: u64,
    time: ActiveTime,
    /// The state to come back to after a pause.
    before_pause: JobState,
    rounds: Vec<Round>,
    /// Why no more candidates come.
    proposals_end: Option<String>,
    candidates: BTreeMap<CandidateId, Candidate>,
    winner: Option<CandidateId>,
    /// The pages of the rounds that are settled.
    pages: Vec<ArtifactId>,
    underway: BTreeMap<Ask, Underway>,
    /// How often what is asked came to nothing for no fault of the candidate.
    mishaps: BTreeMap<Ask, u32>,
    /// How many candidates in a row no judge could be asked about.
    judges_failed: u32,
    /// What language models have cost.
    spent: Spent,
    /// What was noted of the job.
    noted: BTreeSet<String>,
    /// All that was said, where whoever proposes is to see it.
    transcript: Option<Transcript>,
    is_draining: bool,
}

impl Job {
    /// A job that was just submitted, before any of its events.
    pub(crate) fn new(id: JobId, plan: JobPlan) -> Self {
        let transcript = plan.shows_transcript.then(Transcript::default);
        Self {
            id,
            plan,
            state: JobState::Queued,
            cause: "submitted".to_owned(),
            events: 0,
            time: ActiveTime::default(),
            before_pause: JobState::Queued,
            rounds: Vec::new(),
            proposals_end: None,
            candidates: BTreeMap::new(),
            winner: None,
            pages: Vec::new(),
            underway: BTreeMap::new(),
            mishaps: BTreeMap::new(),
            judges_failed: 0,
            spent: Spent { money_micros: Some(0), ..Spent::default() },
            noted: BTreeSet::new(),
            transcript,
            is_draining: false,
        }
    }

    /// Whether it takes part in the work.
    pub(crate) const fn is_at_work(&self) -> bool {
        !self.state.is_final() && !matches!(self.state, JobState::Queued | JobState::Paused)
    }

    /// Whether nothing is to be heard of it any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.state.is_final() && self.underway.is_empty()
    }

    /// Whether trainings are still to end before the daemon does.
    pub(crate) fn has_trainings(&self) -> bool {
        self.underway.keys().any(|ask| ask.agent() == Agent::Training)
    }

    /// Milliseconds that count so far.
    pub(crate) fn spent_ms(&self, now_ms: u64) -> u64 {
        if self.is_at_work() { self.time.so_far(now_ms) } else { self.time.counted() }
    }

    /// Takes in what was recorded before.
    pub(crate) fn replay(&mut self, n: u64, event: &Event) {
        self.fold(&event.what, event.at_ms);
        self.events = n;
    }

    /// Ends here, and stops what was asked for by what this was taken for. Some of that was never ordered, so nobody waits for it.
    pub(crate) fn end_astray(&mut self, before: Option<Self>, why: &str, now_ms: u64) -> Turn {
        self.underway = before.map(|before| before.underway).unwrap_or_default();
        let turn = self.fail(why, now_ms);
        self.underway.clear();
        turn
    }

    /// The first event of a job.
    pub(crate) fn submission(&mut self, document: serde_json::Value, digest: String, now_ms: u64) -> Turn {
        let what = What::JobSubmitted {
            spec: document,
            digest,
            tags: self.plan.tags.clone(),
            dataset: self.plan.dataset.clone(),
            target: self.plan.target.clone(),
            budget: self.plan.budget.into(),
        };
        let mut turn = Turn::default();
        self.record(what, now_ms, &mut turn);
        turn
    }

    fn record(&mut self, what: What, now_ms: u64, turn: &mut Turn) {
        self.fold(&what, now_ms);
        self.events += 1;
        turn.events.push((self.events, Event { job: self.id, at_ms: now_ms, what }));
    }

    fn go(&mut self, to: JobState, cause: &str, now_ms: u64, turn: &mut Turn) {
        if self.state != to {
            let (from, cause) = (self.state, cause.to_owned());
            self.record(What::JobStateChanged { from, to, cause }, now_ms, turn);
        }
    }

    fn fold(&mut self, what: &What, at_ms: u64) {
        self.take_in(what, at_ms);
        let Some(mut transcript) = self.transcript.take() else { return };
        transcript.write_down(what);
        while self.is_round_settled(transcript.rounds()) {
            transcript.round_settled();
        }
        self.transcript = Some(transcript);
    }

    fn take_in(&mut self, what: &What, at_ms: u64) {
        let was_at_work = self.is_at_work() && !matches!(what, What::JobTakenUp {});
        self.time.happened(at_ms, was_at_work);
        match what {
            What::JobStateChanged { from, to, cause } => {
                if *to == JobState::Paused {
                    self.before_pause = *from;
                }
                (self.state, self.cause) = (*to, cause.clone());
            }
            What::JobAdjusted { change } => self.adjusted(*change),
            What::RoundProposed { round, ends, .. } => {
                self.round(*round).is_complete = true;
                self.proposals_end = self.proposals_end.take().or_else(|| ends.clone());
            }
            What::CandidateProposed { candidate, spec, digest, round, source, .. } => {
                // A digest that cannot be read was written by no version that there is.
                let Ok(digest) = digest.parse() else { return };
                self.round(*round).candidates.push(*candidate);
                self.candidates.insert(*candidate, Candidate::new(*spec, digest, (*source).into()));
            }
            What::WinnerChosen { candidate, .. } => self.winner = Some(*candidate),
            What::Note { text, candidate: None } if self.noted.len() < MOST_NOTED => {
                _ = self.noted.insert(text.clone())
            }
            What::Cost { tokens, money_micros, requests, failures } => {
                let spent =
                    Spent { requests: *requests, failures: *failures, tokens: *tokens, money_micros: *money_micros };
                self.spent = self.spent.and(spent);
            }
            _ => self.fold_candidate(what),
        }
    }

    fn fold_candidate(&mut self, what: &What) {
        if let What::CandidateScreened { verdict, .. } = what {
            let has_failed = matches!(verdict, automcu_history::Verdict::ToolFailed { .. });
            self.judges_failed = if has_failed { self.judges_failed + 1 } else { 0 };
        }
        let Some(of) = what.candidate().and_then(|id| self.candidates.get_mut(&id)) else { return };
        match what {
            What::CandidateScreened { verdict, .. } => of.screened(verdict),
            What::TrainingStarted { attempt, seed, from, rung, .. } => of.begun(*rung, *seed, *attempt, *from),
            What::TrainingEnded { attempt, end, metric, checkpoint, .. } => {
                of.ended(*attempt, end, metric.map(|metric| metric.value), *checkpoint);
            }
            What::CandidateVerified { verdict, metric, attempt: Some(attempt), as_winner, .. } => {
                let fits = *verdict == automcu_history::Verdict::Fits;
                let verified = Verified { fits, metric: metric.map(|metric| metric.value) };
                if *as_winner {
                    of.proven.insert(*attempt, verified);
                } else {
                    of.verified.insert(*attempt, verified);
                }
            }
            _ => {}
        }
    }

    fn adjusted(&mut self, change: Change) {
        match change {
            Change::Priority(priority) => self.plan.priority = priority,
            Change::TimeS(time_s) => self.plan.time_s = time_s,
            Change::Candidates(candidates) => {
                if let Some(first) = self.plan.rungs.first_mut() {
                    first.entrants = candidates;
                }
            }
            Change::Goal(goal) => self.plan.goal = goal,
        }
    }

    fn round(&mut self, number: u32) -> &mut Round {
        let index = number.saturating_sub(1) as usize;
        if self.rounds.len() <= index {
            self.rounds.resize_with(index + 1, Round::default);
        }
        &mut self.rounds[index]
    }

    fn ticket(&self, candidate: CandidateId, attempt: AttemptId) -> Ticket {
        Ticket { job: self.id, candidate, attempt }
    }

    fn judge(&self) -> Option<Brief> {
        self.plan.judge.as_deref().map(Brief::new)
    }

    fn target(&self) -> Option<Brief> {
        self.plan.target.as_deref().map(Brief::new)
    }
}
