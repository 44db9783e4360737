//! What is to be done, from what is known. Asking twice gives nothing the second time.

use automcu_contract::{
    Beginning, Few, JobPlan, Proof, ProposeCandidates, ScreenCandidate, StopAttempt, StopCause, TrainCandidate,
    VerifyCandidate,
};
use automcu_history::{JobState, What};
use automcu_model::{ArtifactId, AttemptId, CandidateId, DataType};

use super::{
    Ask, Job, Order, Screening, Turn, Underway, candidate::RunOutcome, heard::JUDGES_FAILED, ranks::Contender,
};

/// Where the integer network of none is known, that many of the best are looked at.
const LOOKED_AT: usize = 3;
/// So many candidates are refused for each one that is let in before no more are asked for.
const MOST_REFUSED: u32 = 64;
/// So many of the best that cannot be proven end a job: then it is hardly their fault.
const UNPROVEN: usize = 3;
/// So many trainings fail, none coming through, before a job is given up.
const ALL_FAILED: usize = 5;

/// Why no more is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    GoalMet,
    TimeOver,
    AllDone,
}

impl Closing {
    const fn words(self) -> &'static str {
        match self {
            Self::GoalMet => "the goal is met",
            Self::TimeOver => "the time is over",
            Self::AllDone => "all that was allowed was tried",
        }
    }

    const fn stop(self) -> StopCause {
        match self {
            Self::GoalMet => StopCause::Success,
            Self::TimeOver | Self::AllDone => StopCause::Exhaustion,
        }
    }
}

impl Job {
    /// Looks at what is known, and does what follows from it.
    pub(crate) fn turn(&mut self, now_ms: u64, turn: &mut Turn) {
        if !self.is_at_work() || self.is_draining {
            return;
        }
        turn.orders.extend(self.settle().into_iter().map(Order::Keep));
        if let Some(cause) = self.hopeless() {
            let failed = self.fail(&cause, now_ms);
            turn.events.extend(failed.events);
            turn.orders.extend(failed.orders);
            return;
        }
        let closing = self.closing(now_ms);
        let state = match closing {
            Some(closing) => self.conclude(closing, now_ms, turn),
            None if self.explore(now_ms, turn) => self.exploring_state(),
            None if self.climb(now_ms, turn) => JobState::Refining,
            None if self.is_past(self.plan.exploring, now_ms) => self.conclude(Closing::TimeOver, now_ms, turn),
            None => self.conclude(Closing::AllDone, now_ms, turn),
        };
        if !self.state.is_final() {
            self.go(state, phase_cause(state, closing), now_ms, turn);
        }
    }

    /// What nothing can come of any more.
    fn hopeless(&self) -> Option<String> {
        if self.judges_failed >= JUDGES_FAILED {
            let said = self.candidates.values().rev().find_map(|of| match &of.screening {
                Screening::Failed { reason } => Some(reason.as_str()),
                _ => None,
            });
            let said = said.unwrap_or("nothing");
            return Some(format!("judges failed {JUDGES_FAILED} times in a row, last: {said}"));
        }
        let unproven = self.candidates.values().flat_map(|of| of.proven.values()).filter(|found| !found.fits).count();
        if unproven >= UNPROVEN {
            return Some(format!("{unproven} of the best could not be proven; what was found of them says why"));
        }
        let ended = || self.candidates.values().flat_map(|of| &of.runs).filter(|run| run.outcome.is_some());
        if ended().count() >= ALL_FAILED && ended().all(|run| run.trained().is_none()) {
            let said = self.last_failure().unwrap_or("nothing");
            return Some(format!("each of the first trainings failed, last: {said}"));
        }
        None
    }

    fn last_failure(&self) -> Option<&str> {
        self.candidates.values().rev().find_map(|of| match &of.runs.last()?.outcome {
            Some(RunOutcome::Failed { reason }) => Some(reason.as_str()),
            _ => None,
        })
    }

    fn closing(&self, now_ms: u64) -> Option<Closing> {
        if self.has_met_goal() {
            return Some(Closing::GoalMet);
        }
        self.is_past(JobPlan::CLOSING, now_ms).then_some(Closing::TimeOver)
    }

    fn is_past(&self, share: f64, now_ms: u64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of years")]
        let past = |time_s: u64| self.spent_ms(now_ms) as f64 >= share * 1e3 * time_s as f64;
        self.plan.time_s.is_some_and(past)
    }

    /// Whether an integer network that fits has reached the goal.
    fn has_met_goal(&self) -> bool {
        self.plan.goal.is_some_and(|goal| self.counting().iter().any(|found| found.metric >= goal))
    }

    /// A job that has begun to train goes on proposing and screening meanwhile.
    fn exploring_state(&self) -> JobState {
        let has_begun = self.candidates.values().any(|of| !of.runs.is_empty());
        match (has_begun, self.candidates.is_empty()) {
            (true, _) => JobState::Training,
            (false, false) => JobState::Screening,
            (false, true) => JobState::Proposing,
        }
    }

    // ----- exploring

    /// Whether there is something left to explore.
    fn explore(&mut self, now_ms: u64, turn: &mut Turn) -> bool {
        let is_late = self.plan.rungs.len() > 1 && self.is_past(self.plan.exploring, now_ms);
        if is_late {
            // What has begun may end.
            let first = self.underway.keys().copied().filter(|ask| self.is_first_training(ask));
            let first: Vec<Ask> = first.collect();
            let waiting: Vec<Ask> = first.iter().copied().filter(|ask| !self.underway[ask].has_begun).collect();
            self.stop(|ask| waiting.contains(ask), StopCause::Exhaustion, turn);
            return !first.is_empty();
        }
        let more = self.next_round(turn);
        self.screen(turn);
        self.train_first(now_ms, turn);
        self.look_at_good_ones(0, turn);
        more || self.pages.len() < self.rounds.len()
    }

    /// Whether somebody trains a candidate at the first rung.
    fn is_first_training(&self, ask: &Ask) -> bool {
        let Ask::Train(candidate, attempt) = ask else { return false };
        self.candidates[candidate].runs_at(0).any(|run| run.attempt == *attempt)
    }

    /// Asks for the next round as soon as enough is settled. Whether there will be one.
    fn next_round(&mut self, turn: &mut Turn) -> bool {
        if self.proposals_end.is_some() {
            return false;
        }
        let complete = self.rounds.iter().take_while(|round| round.is_complete).count();
        let put_forward = self.put_forward_in(self.rounds.len());
        // What counts is what was settled two rounds before; one, where without that no place is free.
        for horizon in [complete.saturating_sub(1), complete] {
            if self.pages.len() < horizon {
                return true;
            }
            let refused = self.refused_in(horizon);
            let taken = put_forward - refused;
            let free = self.plan.candidates().saturating_sub(taken);
            let let_in = self.put_forward_in(horizon).saturating_sub(refused);
            if refused >= MOST_REFUSED.saturating_mul(1 + let_in) {
                return false;
            }
            if free > 0 {
                self.propose(complete, horizon, free, turn);
                return true;
            }
        }
        false
    }

    fn propose(&mut self, complete: usize, horizon: usize, free: u32, turn: &mut Turn) {
        let round = u32::try_from(complete + 1).unwrap_or(u32::MAX);
        if !self.ask(Ask::Propose(round)) {
            return;
        }
        let pending = Few::new(self.pending_after(horizon)).expect("at most two rounds are pending");
        let wanted = u8::try_from(free).unwrap_or(u8::MAX).min(self.plan.a_round);
        turn.orders.push(Order::Propose(ProposeCandidates {
            job: self.id,
            round,
            wanted,
            budget: self.plan.budget,
            assignment: self.plan.assignment,
            outcomes: horizon.checked_sub(1).map(|last| self.pages[last]),
            pending,
            spent: self.spent,
        }));
    }

    fn screen(&mut self, turn: &mut Turn) {
        if !self.plan.screens_first {
            return;
        }
        let open = self.candidates.iter().filter(|(_, of)| of.screening == Screening::Open);
        let open: Vec<(CandidateId, ArtifactId)> = open.map(|(id, of)| (*id, of.spec)).collect();
        for (candidate, spec) in open {
            if self.ask(Ask::Screen(candidate)) {
                turn.orders.push(Order::Screen(ScreenCandidate {
                    ticket: self.ticket(candidate, AttemptId(0)),
                    spec,
                    target: self.target(),
                    budget: self.plan.budget,
                    dtype: DataType::Int8,
                    judge: self.judge(),
                }));
            }
        }
    }

    fn train_first(&mut self, now_ms: u64, turn: &mut Turn) {
        let let_in = |screening: &Screening| match screening {
            Screening::Fits => true,
            Screening::Open => !self.plan.screens_first,
            Screening::Refused { .. } | Screening::Failed { .. } => false,
        };
        let first = self.candidates.iter().filter(|(_, of)| let_in(&of.screening));
        let first: Vec<CandidateId> = first.map(|(id, _)| *id).collect();
        for candidate in first {
            self.train(candidate, 0, now_ms, turn);
        }
    }

    /// Has the integer networks looked at of what has reached the goal.
    fn look_at_good_ones(&mut self, rung: u8, turn: &mut Turn) {
        let good = self.came_through().into_iter().filter(|found| found.rung >= rung);
        let good = good.filter(|found| {
            let of = &self.candidates[&found.candidate];
            of.runs.iter().any(|run| run.attempt == found.attempt && self.is_worth_verifying(of, run))
        });
        let good: Vec<Contender> = good.collect();
        for contender in good {
            self.verify(contender, Proof::Choice, turn);
        }
    }

    // ----- climbing

    /// Whether there is something left to train further.
    fn climb(&mut self, now_ms: u64, turn: &mut Turn) -> bool {
        let rungs = u8::try_from(self.plan.rungs.len()).unwrap_or(u8::MAX);
        for rung in 1..rungs {
            let mut waits = false;
            for candidate in self.entrants(rung) {
                waits |= self.train(candidate, rung, now_ms, turn);
            }
            self.look_at_good_ones(rung, turn);
            if waits {
                return true;
            }
        }
        let last = rungs.saturating_sub(1);
        let unseen: Vec<Contender> = self.came_through().into_iter().filter(|found| found.rung == last).collect();
        let unseen: Vec<Contender> = unseen.into_iter().filter(|found| !self.is_seen(found)).collect();
        for contender in &unseen {
            self.verify(*contender, Proof::Choice, turn);
        }
        !unseen.is_empty()
    }

    fn is_seen(&self, found: &Contender) -> bool {
        self.candidates[&found.candidate].verified.contains_key(&found.attempt)
    }

    /// Has a candidate trained at a rung with each of its seeds. Whether that is still going on.
    fn train(&mut self, candidate: CandidateId, rung: u8, now_ms: u64, turn: &mut Turn) -> bool {
        let seeds = self.plan.rungs[usize::from(rung)].seeds;
        let mut waits = false;
        for place in 0..seeds {
            let seed = self.seed(rung, place);
            let run = self.candidates[&candidate].run(rung, seed);
            if run.is_some_and(|run| run.outcome.is_some()) {
                continue;
            }
            // One after the other: of a candidate one attempt is under way at a time.
            if waits {
                break;
            }
            waits = true;
            if run.is_none_or(|run| !run.is_open) {
                self.start(candidate, rung, place, now_ms, turn);
            }
            self.order_training(candidate, rung, seed, turn);
        }
        waits
    }

    /// Records that an attempt begins: the first, or one that goes on where the last was stopped.
    fn start(&mut self, candidate: CandidateId, rung: u8, place: u32, now_ms: u64, turn: &mut Turn) {
        let of = &self.candidates[&candidate];
        let seed = self.seed(rung, place);
        let warm = self.plan.rungs[usize::from(rung)].warm && place == 0;
        let weights = || {
            let below = rung.checked_sub(1)?;
            of.runs_at(below).find_map(|run| run.trained().map(|(_, checkpoint)| checkpoint))
        };
        let from = match of.run(rung, seed) {
            Some(run) => run.resume.or(run.began_with),
            None => warm.then(weights).flatten(),
        };
        let conditions = self.plan.rungs[usize::from(rung)].conditions;
        let attempt = of.next_attempt();
        let what = What::TrainingStarted { candidate, attempt, conditions, seed, from, rung };
        self.record(what, now_ms, turn);
    }

    fn order_training(&mut self, candidate: CandidateId, rung: u8, seed: u64, turn: &mut Turn) {
        let of = &self.candidates[&candidate];
        let Some(run) = of.run(rung, seed) else { return };
        let beginning = match (run.went_on_from, run.resume, run.began_with) {
            (Some(from), Some(resume), _) if from == resume => Beginning::Checkpoint(from),
            (_, _, Some(weights)) => Beginning::Weights(weights),
            _ => Beginning::Fresh,
        };
        let (spec, attempt) = (of.spec, run.attempt);
        if self.ask(Ask::Train(candidate, attempt)) {
            turn.orders.push(Order::Train(TrainCandidate {
                ticket: self.ticket(candidate, attempt),
                spec,
                conditions: self.plan.rungs[usize::from(rung)].conditions,
                seed,
                beginning,
            }));
        }
    }

    fn verify(&mut self, found: Contender, proof: Proof, turn: &mut Turn) {
        let of = &self.candidates[&found.candidate];
        let spec = of.spec;
        if self.ask(Ask::Verify(found.candidate, found.attempt, proof)) {
            turn.orders.push(Order::Verify(VerifyCandidate {
                ticket: self.ticket(found.candidate, found.attempt),
                spec,
                checkpoint: found.checkpoint,
                conditions: self.plan.rungs[usize::from(found.rung)].conditions,
                target: self.target(),
                budget: self.plan.budget,
                dtype: DataType::Int8,
                judge: self.judge(),
                proof,
            }));
        }
    }

    // ----- the end

    /// Ends what trains, and makes the answer ready.
    fn conclude(&mut self, closing: Closing, now_ms: u64, turn: &mut Turn) -> JobState {
        self.stop(|ask| matches!(ask, Ask::Train(..) | Ask::Screen(_)), closing.stop(), turn);
        if closing != Closing::GoalMet {
            // The best are looked at before one is chosen.
            let trained = self.came_through();
            let unseen: Vec<Contender> =
                trained.into_iter().take(LOOKED_AT).filter(|found| !self.is_seen(found)).collect();
            for contender in unseen {
                self.verify(contender, Proof::Choice, turn);
            }
            if self.underway.keys().any(|ask| matches!(ask, Ask::Verify(.., Proof::Choice))) {
                return JobState::Verifying;
            }
        }
        let verified = if closing == Closing::GoalMet { self.counting() } else { self.verified() };
        let Some(best) = verified.first().copied() else {
            return self.conclude_unverified(closing, now_ms, turn);
        };
        let proven = self.candidates[&best.candidate].proven.contains_key(&best.attempt);
        if !proven {
            self.verify(best, Proof::Winner, turn);
            return JobState::Verifying;
        }
        let reason = format!("{}; {} {} does best", closing.words(), best.candidate, best.attempt);
        self.record(What::WinnerChosen { candidate: best.candidate, reason }, now_ms, turn);
        self.go(JobState::Finished, closing.words(), now_ms, turn);
        self.stop(|_| true, closing.stop(), turn);
        JobState::Finished
    }

    /// Nothing is known to fit: the best that were trained are looked at, if any.
    fn conclude_unverified(&mut self, closing: Closing, now_ms: u64, turn: &mut Turn) -> JobState {
        let trained = self.came_through();
        let unseen: Vec<Contender> =
            trained.iter().filter(|found| !self.is_seen(found)).take(LOOKED_AT).copied().collect();
        for contender in &unseen {
            self.verify(*contender, Proof::Choice, turn);
        }
        let waits = |ask: &Ask| matches!(ask, Ask::Train(..) | Ask::Verify(..));
        if !unseen.is_empty() || self.underway.keys().any(waits) {
            return JobState::Verifying;
        }
        let (state, cause) = self.without_winner(closing, !trained.is_empty());
        self.go(state, &cause, now_ms, turn);
        self.stop(|_| true, closing.stop(), turn);
        state
    }

    /// How a job without an answer ends: what is not feasible is an answer, too.
    fn without_winner(&self, closing: Closing, has_trained: bool) -> (JobState, String) {
        let refusal = self.candidates.values().rev().find_map(|of| match &of.screening {
            Screening::Refused { reason } => Some(reason.as_str()),
            _ => None,
        });
        match (has_trained, &self.proposals_end, refusal) {
            (true, ..) => {
                (JobState::Failed, format!("{}; nothing that was trained fits or could be proven", closing.words()))
            }
            (false, Some(why), None) if self.candidates.is_empty() => {
                (JobState::Finished, format!("nothing feasible: {why}"))
            }
            (false, _, Some(why)) if self.candidates.values().all(|of| of.runs.is_empty()) => {
                (JobState::Finished, format!("nothing feasible; the last one refused: {why}"))
            }
            (false, ..) => {
                let why = self.last_failure().map(|why| format!("; last: {why}")).unwrap_or_default();
                (JobState::Failed, format!("{}; nothing was trained to its end{why}", closing.words()))
            }
        }
    }

    // ----- asking and stopping

    /// Whether it is new; it is under way from here on.
    fn ask(&mut self, ask: Ask) -> bool {
        if self.underway.contains_key(&ask) {
            return false;
        }
        self.underway.insert(ask, Underway::default());
        true
    }

    /// Asks what is under way to stop, once each. What cannot be stopped is not waited for.
    pub(super) fn stop(&mut self, which: impl Fn(&Ask) -> bool, cause: StopCause, turn: &mut Turn) {
        let asks: Vec<Ask> =
            self.underway.iter().filter(|(ask, at)| which(ask) && !at.is_stopping).map(|(ask, _)| *ask).collect();
        for ask in asks {
            let stop = |candidate, attempt| StopAttempt { ticket: self.ticket(candidate, attempt), cause };
            match ask {
                Ask::Train(candidate, attempt) => {
                    turn.orders.push(Order::StopTraining(stop(candidate, attempt)));
                    self.underway.insert(ask, Underway { is_stopping: true, ..self.underway[&ask] });
                }
                Ask::Screen(candidate) => {
                    turn.orders.push(Order::StopEvaluation(stop(candidate, AttemptId(0))));
                    self.underway.remove(&ask);
                }
                Ask::Verify(candidate, attempt, _) => {
                    turn.orders.push(Order::StopEvaluation(stop(candidate, attempt)));
                    self.underway.remove(&ask);
                }
                Ask::Propose(_) => {
                    self.underway.remove(&ask);
                }
            }
        }
    }
}

fn phase_cause(state: JobState, closing: Option<Closing>) -> &'static str {
    match (state, closing) {
        (_, Some(closing)) => closing.words(),
        (JobState::Screening, None) => "candidates were put forward",
        (JobState::Training, None) => "candidates fit",
        (JobState::Refining, None) => "the best are trained further",
        (JobState::Verifying, None) => "all that was allowed was tried",
        _ => "it goes on",
    }
}
