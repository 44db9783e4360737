//! The jobs of the daemon: which are at work, which wait, and whom an answer is for. Pure, as its jobs are.

use std::collections::{BTreeMap, VecDeque};

use automcu_contract::Brief;
use automcu_contract::{
    Command, ControlError, DOCUMENTS, JobPlan, ProposalSummary, ScreeningSummary, Ticket, TrainingSummary,
    VerificationSummary,
};
use automcu_history::{JobState, What};
use automcu_model::{ArtifactId, JobId};

use crate::job::{Agent, Ask, Job, Turn};

/// So many submissions are remembered, to recognise those that come again.
const KEYS: usize = 1024;

/// The bounds of the office.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Jobs that are at work at a time.
    pub(crate) at_work: usize,
    /// Jobs that are not over.
    pub(crate) jobs: usize,
}

/// The jobs that are not over.
#[derive(Debug)]
pub(crate) struct Office {
    rules: Rules,
    jobs: BTreeMap<JobId, Job>,
    /// By which keys which jobs were submitted, the oldest first.
    keys: VecDeque<(String, JobId)>,
    /// The number of the next job.
    next: JobId,
    is_draining: bool,
}

/// What follows for a job.
pub(crate) type Following = (JobId, Turn);

impl Office {
    pub(crate) const fn new(rules: Rules, next: JobId) -> Self {
        Self { rules, jobs: BTreeMap::new(), keys: VecDeque::new(), next, is_draining: false }
    }

    /// Takes a job in that was there when the last daemon ended.
    pub(crate) fn restore(&mut self, job: Job) {
        self.remember(&job);
        self.jobs.insert(job.id, job);
    }

    /// Ends a job whose events were refused, from where they leave it.
    pub(crate) fn end_astray(&mut self, mut job: Job, why: &str, now_ms: u64) -> Turn {
        if let Some(before) = self.jobs.remove(&job.id) {
            job.adopt_trainings(before);
        }
        let turn = if job.state.is_final() { Turn::default() } else { job.fail(why, now_ms) };
        self.jobs.insert(job.id, job);
        turn
    }

    /// A job that was never written.
    pub(crate) fn forget(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }

    fn remember(&mut self, job: &Job) {
        if let Some(key) = &job.plan.key {
            if self.keys.len() == KEYS {
                self.keys.pop_front();
            }
            self.keys.push_back((key.clone(), job.id));
        }
    }

    /// Takes a job, or gives the one that was submitted by the same key before.
    pub(crate) fn submit(&mut self, document: &[u8], now_ms: u64) -> Result<(JobId, Option<Turn>), ControlError> {
        if self.is_draining {
            return Err(ControlError::Ending);
        }
        let plan = read(document)?;
        let known = self.keys.iter().find(|(key, _)| plan.key.as_ref() == Some(key));
        if let Some((_, job)) = known {
            return Ok((*job, None));
        }
        let open = self.jobs.values().filter(|job| !job.state.is_final()).count();
        if open >= self.rules.jobs {
            return Err(ControlError::Full { jobs: u32::try_from(open).unwrap_or(u32::MAX) });
        }
        let id = self.next;
        self.next = JobId(id.0 + 1);
        let mut job = Job::new(id, plan);
        self.remember(&job);
        let value = serde_json::from_slice(document).expect("it was read as a plan");
        let turn = job.submission(value, ArtifactId::of(document).to_string(), now_ms);
        self.jobs.insert(id, job);
        Ok((id, Some(turn)))
    }

    /// What a user wants of a job.
    pub(crate) fn command(&mut self, job: JobId, command: Command, now_ms: u64) -> Result<Turn, ControlError> {
        if self.is_draining {
            return Err(ControlError::Ending);
        }
        self.jobs.get_mut(&job).ok_or(ControlError::NotUnderWay { job })?.command(command, now_ms)
    }

    pub(crate) fn proposed(&mut self, answer: ProposalSummary, now_ms: u64) -> Option<Following> {
        let job = answer.job;
        self.jobs.get_mut(&job)?.proposed(answer, now_ms).map(|turn| (job, turn))
    }

    pub(crate) fn screened(&mut self, answer: &ScreeningSummary, now_ms: u64) -> Option<Following> {
        self.of(answer.ticket, |job| job.screened(answer, now_ms))
    }

    pub(crate) fn trained(&mut self, answer: &TrainingSummary, now_ms: u64) -> Option<Following> {
        self.of(answer.ticket, |job| job.trained(answer, now_ms))
    }

    pub(crate) fn verified(&mut self, answer: &VerificationSummary, now_ms: u64) -> Option<Following> {
        self.of(answer.ticket, |job| job.verified_by(answer, now_ms))
    }

    /// Whether somebody waits for the training.
    pub(crate) fn progressed(&mut self, ticket: Ticket) -> bool {
        self.jobs.get_mut(&ticket.job).is_some_and(|job| job.progressed(ticket))
    }

    fn of(&mut self, ticket: Ticket, hear: impl FnOnce(&mut Job) -> Option<Turn>) -> Option<Following> {
        hear(self.jobs.get_mut(&ticket.job)?).map(|turn| (ticket.job, turn))
    }

    /// An agent has no room for this now.
    pub(crate) fn put_off(&mut self, job: JobId, ask: Ask) {
        if let Some(job) = self.jobs.get_mut(&job) {
            job.put_off(ask);
        }
    }

    pub(crate) fn agent_died(&mut self, agent: Agent, now_ms: u64) -> Vec<Following> {
        self.jobs.values_mut().map(|job| (job.id, job.agent_died(agent, now_ms))).collect()
    }

    /// All jobs that are at work end, as nothing can be done for them.
    pub(crate) fn fail_all(&mut self, cause: &str, now_ms: u64) -> Vec<Following> {
        let at_work = self.jobs.values_mut().filter(|job| job.is_at_work());
        at_work.map(|job| (job.id, job.fail(cause, now_ms))).collect()
    }

    /// Time has passed: jobs whose turn it is begin, and each looks at what is due.
    pub(crate) fn tick(&mut self, now_ms: u64) -> Vec<Following> {
        self.jobs.retain(|_, job| !job.is_gone());
        let mut following = self.begin(now_ms);
        for job in self.jobs.values_mut().filter(|job| job.is_at_work()) {
            let mut turn = Turn::default();
            job.turn(now_ms, &mut turn);
            following.push((job.id, turn));
        }
        following
    }

    /// Jobs of the highest priority first, of these the oldest.
    fn begin(&mut self, now_ms: u64) -> Vec<Following> {
        if self.is_draining {
            return Vec::new();
        }
        let at_work = self.jobs.values().filter(|job| job.is_at_work()).count();
        let mut queued: Vec<&mut Job> = self.jobs.values_mut().filter(|job| job.state == JobState::Queued).collect();
        queued.sort_by_key(|job| (std::cmp::Reverse(job.plan.priority), job.id));
        let free = self.rules.at_work.saturating_sub(at_work);
        queued.into_iter().take(free).map(|job| (job.id, job.begin(now_ms))).collect()
    }

    /// Goes on with all jobs that were at work when the last daemon ended.
    pub(crate) fn take_up(&mut self, now_ms: u64) -> Vec<Following> {
        let open = self.jobs.values_mut().filter(|job| !job.state.is_final());
        open.map(|job| (job.id, job.take_up(now_ms))).collect()
    }

    /// Nothing more is begun.
    pub(crate) fn drain(&mut self) -> Vec<Following> {
        self.is_draining = true;
        let drained = self.jobs.values_mut().map(|job| {
            let mut turn = Turn::default();
            job.drain(&mut turn);
            (job.id, turn)
        });
        drained.collect()
    }

    /// Whether no training is to end any more before the daemon may.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_draining && !self.jobs.values().any(Job::has_trainings)
    }
}

/// The plan, if it can be carried out.
pub(crate) fn read(document: &[u8]) -> Result<JobPlan, ControlError> {
    let unusable = |reason: &str| ControlError::Unusable { reason: Brief::new(reason) };
    let plan: JobPlan = serde_json::from_slice(document).map_err(|error| unusable(&error.to_string()))?;
    if plan.version != DOCUMENTS {
        return Err(unusable(&format!("its plan has version {}, not {DOCUMENTS}", plan.version)));
    }
    let is_whole = (1..=JobPlan::RUNGS).contains(&plan.rungs.len())
        && plan.rungs.iter().all(|rung| rung.entrants > 0 && rung.seeds > 0)
        && plan.a_round > 0
        && (0.0..=1.0).contains(&plan.exploring)
        && usize::from(plan.a_round) <= automcu_contract::OutcomePage::MOST;
    if is_whole { Ok(plan) } else { Err(unusable("its plan has no rungs, or one that nobody reaches")) }
}

/// The job that these events are of, if the first is a submission with a plan that can be carried out.
pub(crate) fn submitted(id: JobId, what: &What) -> Option<Job> {
    let What::JobSubmitted { spec, .. } = what else { return None };
    let plan = read(&serde_json::to_vec(spec).ok()?).ok()?;
    Some(Job::new(id, plan))
}
