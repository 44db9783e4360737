//! What is heard of agents and users, made into events. What nobody waits for any more is dropped.

use automcu_contract::{
    Adjustment, Brief, Command, ControlError, Proof, ProposalSummary, ScreeningSummary, Share, Shortfall, Spent,
    StopCause, Ticket, TrainingEnd, TrainingSummary, Verdict, VerificationSummary,
};
use automcu_history::{Change, JobState, What};
use automcu_model::CandidateId;

use super::{Agent, Ask, Job, Turn};

/// So often something comes to nothing before it counts as failed.
const MISHAPS: u32 = 3;
/// So many candidates in a row that no judge could be asked about end a job.
pub(super) const JUDGES_FAILED: u32 = 5;
/// Who says what no agent could.
const SUPERVISOR: &str = "supervisor";

impl Job {
    /// Candidates, or why there are none.
    pub(crate) fn proposed(&mut self, answer: ProposalSummary, now_ms: u64) -> Option<Turn> {
        let round = answer.round;
        let ask = Ask::Propose(round);
        self.underway.remove(&ask)?;
        let mut turn = Turn::default();
        let ends = match answer.shortfall {
            Some(Shortfall::Failed { reason, is_transient }) => {
                if is_transient && !self.is_too_much(ask) {
                    self.turn(now_ms, &mut turn);
                    return Some(turn);
                }
                Some(format!("no candidates could be found: {reason}"))
            }
            Some(Shortfall::NothingFits { reason } | Shortfall::Exhausted { reason }) => Some(reason.to_string()),
            None => None,
        };
        self.told_of_models(answer.spent, answer.remarks.into_vec(), now_ms, &mut turn);
        let proposed = self.put_forward(round, answer.candidates.into_vec(), now_ms, &mut turn);
        let what = What::RoundProposed { round, candidates: proposed, refused: answer.refused, ends };
        self.record(what, now_ms, &mut turn);
        self.turn(now_ms, &mut turn);
        Some(turn)
    }

    /// What asking language models cost, and what the user should know of it.
    fn told_of_models(&mut self, spent: Option<Spent>, remarks: Vec<Brief>, now_ms: u64, turn: &mut Turn) {
        if let Some(Spent { requests, failures, tokens, money_micros }) = spent {
            self.record(What::Cost { tokens, money_micros, requests, failures }, now_ms, turn);
        }
        // The same in each round is told once.
        for remark in remarks.iter().map(ToString::to_string) {
            if !self.noted.contains(&remark) {
                self.record(What::Note { text: remark, candidate: None }, now_ms, turn);
            }
        }
    }

    fn put_forward(
        &mut self,
        round: u32,
        proposed: Vec<automcu_contract::Proposed>,
        now_ms: u64,
        turn: &mut Turn,
    ) -> u32 {
        let mut count = 0;
        for one in proposed {
            if self.candidates.values().any(|of| of.digest == one.digest) {
                continue;
            }
            let candidate = CandidateId(self.candidates.last_key_value().map_or(0, |(id, _)| id.0) + 1);
            let what = What::CandidateProposed {
                candidate,
                spec: one.spec,
                digest: one.digest.to_string(),
                source: one.source.into(),
                rationale: one.rationale.to_string(),
                round,
                evidence: one.evidence.into_vec(),
            };
            self.record(what, now_ms, turn);
            count += 1;
        }
        count
    }

    /// What a judge says before training.
    pub(crate) fn screened(&mut self, answer: &ScreeningSummary, now_ms: u64) -> Option<Turn> {
        let candidate = answer.ticket.candidate;
        let ask = Ask::Screen(candidate);
        self.underway.remove(&ask)?;
        let mut turn = Turn::default();
        let has_passed = self.passes(ask, &answer.verdict);
        if !has_passed {
            let what = What::CandidateScreened {
                candidate,
                judge: answer.judge.to_string(),
                verdict: answer.verdict.clone().into(),
                footprint: answer.footprint.map(Into::into),
                report: answer.report,
            };
            self.record(what, now_ms, &mut turn);
        }
        self.turn(now_ms, &mut turn);
        Some(turn)
    }

    /// A training is going on.
    pub(crate) fn progressed(&mut self, ticket: Ticket) -> bool {
        let underway = self.underway.get_mut(&Ask::Train(ticket.candidate, ticket.attempt));
        underway.map(|underway| underway.has_begun = true).is_some()
    }

    /// A training has ended.
    pub(crate) fn trained(&mut self, answer: &TrainingSummary, now_ms: u64) -> Option<Turn> {
        let Ticket { candidate, attempt, .. } = answer.ticket;
        let underway = self.underway.remove(&Ask::Train(candidate, attempt))?;
        let mut turn = Turn::default();
        // What was asked to stop, and failed on the way out, can be gone on with.
        let end = match &answer.end {
            TrainingEnd::Failed { is_transient: true, .. } if underway.is_stopping => &TrainingEnd::Stopped,
            end => end,
        };
        let what = What::TrainingEnded {
            candidate,
            attempt,
            end: end.clone().into(),
            metric: answer.metric.map(Into::into),
            epochs: answer.epochs,
            duration_ms: answer.duration_ms,
            energy_mj: answer.energy_mj,
            checkpoint: answer.checkpoint,
        };
        self.record(what, now_ms, &mut turn);
        self.turn(now_ms, &mut turn);
        Some(turn)
    }

    /// What was found of a trained candidate.
    pub(crate) fn verified_by(&mut self, answer: &VerificationSummary, now_ms: u64) -> Option<Turn> {
        let Ticket { candidate, attempt, .. } = answer.ticket;
        let asks = [Proof::Choice, Proof::Winner].map(|proof| (Ask::Verify(candidate, attempt, proof), proof));
        let (ask, proof) = asks.into_iter().find(|(ask, _)| self.underway.contains_key(ask))?;
        self.underway.remove(&ask);
        let mut turn = Turn::default();
        if !self.passes(ask, &answer.verdict) {
            let what = What::CandidateVerified {
                candidate,
                judge: answer.judge.to_string(),
                verdict: answer.verdict.clone().into(),
                footprint: answer.footprint.map(Into::into),
                metric: answer.metric.map(Into::into),
                test: answer.test.map(Into::into),
                as_winner: proof == Proof::Winner,
                attempt: Some(attempt),
                bundle: answer.bundle,
                duration_ms: Some(answer.duration_ms),
            };
            self.record(what, now_ms, &mut turn);
        }
        self.turn(now_ms, &mut turn);
        Some(turn)
    }

    /// Whether a failure may pass, so that the same is asked once more.
    fn passes(&mut self, ask: Ask, verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::ToolFailed { is_transient: true, .. }) && !self.is_too_much(ask)
    }

    /// Counts a mishap; whether there were too many.
    fn is_too_much(&mut self, ask: Ask) -> bool {
        let mishaps = self.mishaps.entry(ask).or_default();
        *mishaps += 1;
        *mishaps >= MISHAPS
    }

    /// An agent has no room; it is asked again later.
    pub(crate) fn put_off(&mut self, ask: Ask) {
        self.underway.remove(&ask);
    }

    /// An agent has died, and all that it was asked with it. It is asked again when it is back.
    pub(crate) fn agent_died(&mut self, agent: Agent, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        let lost: Vec<Ask> = self.underway.keys().copied().filter(|ask| ask.agent() == agent).collect();
        for ask in lost {
            self.underway.remove(&ask);
            if self.is_too_much(ask) {
                self.give_up(ask, &format!("the {} agent died of it {MISHAPS} times", agent.name()), now_ms, &mut turn);
            }
        }
        turn
    }

    /// An agent was made anew; what it was asked while it was dead was heard by nobody.
    pub(crate) fn agent_is_back(&mut self, agent: Agent, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        self.underway.retain(|ask, _| ask.agent() != agent);
        self.turn(now_ms, &mut turn);
        turn
    }

    fn give_up(&mut self, ask: Ask, reason: &str, now_ms: u64, turn: &mut Turn) {
        let verdict = automcu_history::Verdict::ToolFailed { reason: reason.to_owned(), is_transient: false };
        let judge = SUPERVISOR.to_owned();
        let what = match ask {
            Ask::Propose(round) => {
                What::RoundProposed { round, candidates: 0, refused: 0, ends: Some(reason.to_owned()) }
            }
            Ask::Screen(candidate) => {
                What::CandidateScreened { candidate, judge, verdict, footprint: None, report: None }
            }
            Ask::Train(candidate, attempt) => What::TrainingEnded {
                candidate,
                attempt,
                end: TrainingEnd::Failed { reason: Brief::new(reason), is_transient: false }.into(),
                metric: None,
                epochs: 0,
                duration_ms: 0,
                energy_mj: None,
                checkpoint: None,
            },
            Ask::Verify(candidate, attempt, proof) => What::CandidateVerified {
                candidate,
                judge,
                verdict,
                footprint: None,
                metric: None,
                test: None,
                as_winner: proof == Proof::Winner,
                attempt: Some(attempt),
                bundle: None,
                duration_ms: None,
            },
        };
        self.record(what, now_ms, turn);
    }

    /// A slot for jobs is free.
    pub(crate) fn begin(&mut self, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        self.go(JobState::Proposing, "its turn", now_ms, &mut turn);
        self.turn(now_ms, &mut turn);
        turn
    }

    /// A daemon begins to work at it after another has ended.
    pub(crate) fn take_up(&mut self, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        self.record(What::JobTakenUp {}, now_ms, &mut turn);
        self.turn(now_ms, &mut turn);
        turn
    }

    /// Nothing more is begun, and trainings stop where they can be gone on with.
    pub(crate) fn drain(&mut self, turn: &mut Turn) {
        self.is_draining = true;
        self.stop(|ask| matches!(ask, Ask::Train(..)), StopCause::Shutdown, turn);
    }

    /// The job can go no further.
    pub(crate) fn fail(&mut self, cause: &str, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        self.go(JobState::Failed, cause, now_ms, &mut turn);
        self.stop(|_| true, StopCause::Cancellation, &mut turn);
        turn
    }

    /// What a user wants.
    pub(crate) fn command(&mut self, command: Command, has_place: bool, now_ms: u64) -> Result<Turn, ControlError> {
        let is_over = self.state.is_final();
        let meaningless = |wanted: &str| {
            let state = Brief::new(&format!("{:?}", self.state).to_lowercase());
            Err(ControlError::Meaningless { job: self.id, state, wanted: Brief::new(wanted) })
        };
        let change = match command {
            Command::Cancel if is_over => return meaningless("cancelled"),
            Command::Cancel => return Ok(self.cancelled(now_ms)),
            Command::Pause if is_over || self.state == JobState::Paused => return meaningless("paused"),
            Command::Pause => return Ok(self.paused(now_ms)),
            Command::Resume if self.state != JobState::Paused => return meaningless("resumed"),
            Command::Resume => return Ok(self.resumed(has_place, now_ms)),
            _ if is_over => return meaningless("changed"),
            Command::Adjust(Adjustment { candidates: Some(0), .. }) => {
                let reason = Brief::new("candidates: 0 are none; allow at least 1, or cancel the job");
                return Err(ControlError::Unusable { reason });
            }
            Command::Adjust(change) => change,
        };
        let Adjustment { priority, time_s, candidates, goal } = change;
        let changes = [
            priority.map(Change::Priority),
            time_s.map(Change::TimeS),
            candidates.map(Change::Candidates),
            goal.map(|goal| Change::Goal(goal.map(Share::get))),
        ];
        let mut turn = Turn::default();
        for change in changes.into_iter().flatten() {
            self.record(What::JobAdjusted { change }, now_ms, &mut turn);
        }
        self.turn(now_ms, &mut turn);
        Ok(turn)
    }

    fn cancelled(&mut self, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        self.go(JobState::Cancelled, "the user cancelled it", now_ms, &mut turn);
        self.stop(|_| true, StopCause::Cancellation, &mut turn);
        turn
    }

    fn paused(&mut self, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        self.go(JobState::Paused, "the user paused it", now_ms, &mut turn);
        self.stop(|ask| matches!(ask, Ask::Train(..)), StopCause::Pause, &mut turn);
        turn
    }

    /// It goes on where it was, or waits for its turn where others have taken its place.
    fn resumed(&mut self, has_place: bool, now_ms: u64) -> Turn {
        let mut turn = Turn::default();
        let to = if has_place { self.before_pause } else { JobState::Queued };
        self.go(to, "the user resumed it", now_ms, &mut turn);
        self.turn(now_ms, &mut turn);
        turn
    }
}
