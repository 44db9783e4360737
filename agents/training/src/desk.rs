//! Which attempt runs when: what is asked, what becomes known and the time come in, decisions go out. Nothing here starts, reads
//! or waits for anything.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use automcu_contract::{CandidateId, JobId, RequestError, Ticket, TrainCandidate};
use automcu_workers::Ending;

/// Between two pauses.
const LONGER: u32 = 4;

/// The bounds of the desk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) slots: u32,
    pub(crate) most_waiting: u32,
    pub(crate) retries: u32,
    pub(crate) pause: Duration,
}

/// One run of an attempt: what is heard of an earlier run is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) ticket: Ticket,
    pub(crate) number: u32,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Start a worker.
    Start(Run, Box<TrainCandidate>),
    /// Ask a worker to stop with a checkpoint.
    Stop(Run),
    /// Report how the attempt ended; it is forgotten here.
    Close(Box<TrainCandidate>, Closing),
    /// Look again after so long.
    LookAgain(Duration),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Closing {
    /// It was given up before it was begun.
    NotBegun,
    /// It was given up; as its last run ended then, if one was on.
    GivenUp(Option<Ending>),
    /// As its last run did.
    Ended(Ending),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It waits for a slot, not before this time.
    Queued {
        from: Duration,
    },
    Training {
        since: Duration,
    },
    Stopping {
        since: Duration,
    },
}

/// What an attempt is seen as by those who watch.
impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Queued { .. } => "Queued",
            Self::Training { .. } => "Training",
            Self::Stopping { .. } => "Stopping",
        }
    }

    const fn since(self) -> Option<Duration> {
        match self {
            Self::Queued { .. } => None,
            Self::Training { since } | Self::Stopping { since } => Some(since),
        }
    }
}

#[derive(Debug)]
struct Attempt {
    asked: TrainCandidate,
    state: State,
    run: u32,
    failures: u32,
}

/// The attempts of all jobs.
#[derive(Debug)]
pub(crate) struct Desk {
    rules: Rules,
    attempts: BTreeMap<Ticket, Attempt>,
    jobs: BTreeMap<JobId, Account>,
    /// When somebody will look again, if that was decided.
    next_look: Option<Duration>,
}

/// What a job has had, as long as it has attempts here or has had more than one that comes new.
#[derive(Debug, Default)]
struct Account {
    /// In the order in which they were asked for.
    queue: VecDeque<Ticket>,
    /// The time of slots that was spent on it, by runs that have ended.
    served: Duration,
}

impl Desk {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self { rules, attempts: BTreeMap::new(), jobs: BTreeMap::new(), next_look: None }
    }

    /// What the attempt is seen as; none once it has ended.
    pub(crate) fn state(&self, ticket: Ticket) -> Option<&'static str> {
        self.attempts.get(&ticket).map(|attempt| attempt.state.name())
    }

    /// Whether this is the run that is on now.
    pub(crate) fn is_on(&self, run: Run) -> bool {
        let attempt = self.attempts.get(&run.ticket);
        attempt.is_some_and(|attempt| attempt.run == run.number && attempt.state.since().is_some())
    }

    /// Takes an attempt in. Asking twice is asking once, and a try that a later one has outdated is dropped.
    pub(crate) fn ask(&mut self, asked: TrainCandidate, now: Duration) -> Result<Vec<Decision>, RequestError> {
        let ticket = asked.ticket;
        let is_late = self.of_candidate(ticket).any(|other| ticket.is_outdated_by(&other));
        if is_late || self.attempts.contains_key(&ticket) {
            return Ok(Vec::new());
        }
        let waiting = self.attempts.values().filter(|attempt| attempt.state.since().is_none()).count();
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        if waiting >= self.rules.most_waiting {
            return Err(RequestError::Busy { waiting });
        }
        let (least, is_new) = (self.least_served(now), !self.attempts.keys().any(|other| other.job == ticket.job));
        let account = self.jobs.entry(ticket.job).or_default();
        if is_new {
            // A job that comes late, or comes back, is owed nothing of what was spent meanwhile.
            account.served = account.served.max(least);
        }
        account.queue.push_back(ticket);
        let state = State::Queued { from: now };
        self.attempts.insert(ticket, Attempt { asked, state, run: 0, failures: 0 });
        let outdated: Vec<Ticket> = self.of_candidate(ticket).filter(|other| other.is_outdated_by(&ticket)).collect();
        let mut decisions: Vec<Decision> = outdated.into_iter().flat_map(|other| self.give_up(other, now)).collect();
        decisions.extend(self.assign(now));
        Ok(decisions)
    }

    /// Gives an attempt up, keeping what it has.
    pub(crate) fn stop(&mut self, ticket: Ticket, now: Duration) -> Vec<Decision> {
        let mut decisions: Vec<Decision> = self.give_up(ticket, now).into_iter().collect();
        decisions.extend(self.assign(now));
        decisions
    }

    /// Takes in how a run ended.
    pub(crate) fn ended(&mut self, run: Run, ending: Ending, now: Duration) -> Vec<Decision> {
        if !self.is_on(run) {
            return Vec::new();
        }
        let Some(attempt) = self.attempts.get_mut(&run.ticket) else { return Vec::new() };
        let since = attempt.state.since().unwrap_or(now);
        if let Some(account) = self.jobs.get_mut(&run.ticket.job) {
            account.served += now.saturating_sub(since);
        }
        let is_given_up = matches!(attempt.state, State::Stopping { .. });
        let again = ending.is_transient() && !is_given_up && attempt.failures < self.rules.retries;
        let mut decisions = Vec::new();
        if again {
            let pause = self.rules.pause.saturating_mul(LONGER.saturating_pow(attempt.failures));
            attempt.failures += 1;
            attempt.state = State::Queued { from: now + pause };
            // It waits at the head of its job: it was first before.
            if let Some(account) = self.jobs.get_mut(&run.ticket.job) {
                account.queue.push_front(run.ticket);
            }
        } else {
            let closing = if is_given_up { Closing::GivenUp(Some(ending)) } else { Closing::Ended(ending) };
            decisions.extend(self.close(run.ticket, closing, now));
        }
        decisions.extend(self.assign(now));
        decisions
    }

    /// Looks whether anything that waited may start.
    pub(crate) fn look(&mut self, now: Duration) -> Vec<Decision> {
        // A timer may be a little early; then another one is needed.
        self.next_look = None;
        self.assign(now)
    }

    /// The least that was spent on a job that has attempts here.
    fn least_served(&self, now: Duration) -> Duration {
        let jobs = self.jobs.keys().filter(|job| self.attempts.keys().any(|ticket| ticket.job == **job));
        jobs.map(|job| self.served(*job, now)).min().unwrap_or_default()
    }

    fn of_candidate(&self, ticket: Ticket) -> impl Iterator<Item = Ticket> {
        let candidate: (JobId, CandidateId) = (ticket.job, ticket.candidate);
        self.attempts.keys().copied().filter(move |other| (other.job, other.candidate) == candidate)
    }

    fn give_up(&mut self, ticket: Ticket, now: Duration) -> Option<Decision> {
        let attempt = self.attempts.get_mut(&ticket)?;
        match attempt.state {
            State::Queued { .. } if attempt.run == 0 => self.close(ticket, Closing::NotBegun, now),
            State::Queued { .. } => self.close(ticket, Closing::GivenUp(None), now),
            State::Training { since } => {
                attempt.state = State::Stopping { since };
                Some(Decision::Stop(Run { ticket, number: attempt.run }))
            }
            State::Stopping { .. } => None,
        }
    }

    fn close(&mut self, ticket: Ticket, closing: Closing, now: Duration) -> Option<Decision> {
        let attempt = self.attempts.remove(&ticket)?;
        if let Some(account) = self.jobs.get_mut(&ticket.job) {
            account.queue.retain(|other| *other != ticket);
        }
        // Of a job that is through, only what it had too much of is kept.
        let least = self.least_served(now);
        let Self { attempts, jobs, .. } = self;
        jobs.retain(|job, account| {
            attempts.keys().any(|ticket| ticket.job == *job) || (!attempts.is_empty() && account.served > least)
        });
        Some(Decision::Close(Box::new(attempt.asked), closing))
    }

    /// The time of slots that was spent on a job, by runs that are on as well.
    fn served(&self, job: JobId, now: Duration) -> Duration {
        let done = self.jobs.get(&job).map_or(Duration::ZERO, |account| account.served);
        let on = self.running(job).map(|since| now.saturating_sub(since));
        done + on.sum::<Duration>()
    }

    /// Since when each of the job's runs is on.
    fn running(&self, job: JobId) -> impl Iterator<Item = Duration> {
        let attempts = self.attempts.iter().filter(move |(ticket, _)| ticket.job == job);
        attempts.filter_map(|(_, attempt)| attempt.state.since())
    }

    /// Gives free slots to those that wait: to the job with the fewest runs on, among these to the one that had the least.
    fn assign(&mut self, now: Duration) -> Vec<Decision> {
        let mut decisions = Vec::new();
        while self.attempts.values().filter(|attempt| attempt.state.since().is_some()).count()
            < self.rules.slots as usize
        {
            let ready =
                self.jobs.keys().filter_map(|job| Some((self.running(*job).count(), *job, self.ready(*job, now)?)));
            let Some((_, _, ticket)) = ready.min_by_key(|&(on, job, _)| (on, self.served(job, now), job)) else {
                break;
            };
            let Some(attempt) = self.attempts.get_mut(&ticket) else { break };
            attempt.run += 1;
            attempt.state = State::Training { since: now };
            decisions.push(Decision::Start(Run { ticket, number: attempt.run }, Box::new(attempt.asked.clone())));
            if let Some(account) = self.jobs.get_mut(&ticket.job) {
                account.queue.retain(|other| *other != ticket);
            }
        }
        let waiting = self.attempts.values().filter_map(|attempt| match attempt.state {
            State::Queued { from } if from > now => Some(from),
            _ => None,
        });
        if let Some(at) = waiting.min().filter(|at| self.next_look.is_none_or(|next| *at < next)) {
            self.next_look = Some(at);
            decisions.push(Decision::LookAgain(at - now));
        }
        decisions
    }

    /// The job's first attempt that may start. One at a time of a candidate: both would write the same files.
    fn ready(&self, job: JobId, now: Duration) -> Option<Ticket> {
        let queue = &self.jobs.get(&job)?.queue;
        let is_ready = |ticket: &&Ticket| {
            let is_due = self.attempts.get(*ticket).is_some_and(|attempt| match attempt.state {
                State::Queued { from } => from <= now,
                _ => false,
            });
            let is_on = |other: Ticket| self.attempts.get(&other).is_some_and(|other| other.state.since().is_some());
            is_due && !self.of_candidate(**ticket).any(is_on)
        };
        queue.iter().find(is_ready).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_contract::{ArtifactId, AttemptId, Beginning};
    use automcu_trainer::Cause;
    use automcu_workers::Loss;
    use proptest::prelude::*;

    const RULES: Rules = Rules { slots: 2, most_waiting: 8, retries: 2, pause: Duration::from_secs(1) };

    fn ticket(job: u64, candidate: u64, attempt: u64) -> Ticket {
        Ticket { job: JobId(job), candidate: CandidateId(candidate), attempt: AttemptId(attempt) }
    }

    fn asked(ticket: Ticket) -> TrainCandidate {
        let file = ArtifactId::of(b"");
        TrainCandidate { ticket, spec: file, conditions: file, seed: 1, beginning: Beginning::Fresh }
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn crash() -> Ending {
        Ending::Lost { loss: Loss::Signalled(11), words: String::new() }
    }

    fn refusal() -> Ending {
        Ending::Failed { cause: Cause::Divergence, message: "diverged".to_owned() }
    }

    fn started(decisions: &[Decision]) -> Vec<Run> {
        let started = decisions.iter().filter_map(|decision| match decision {
            Decision::Start(run, _) => Some(*run),
            _ => None,
        });
        started.collect()
    }

    fn closed(decisions: &[Decision]) -> Vec<(Ticket, Closing)> {
        let closed = decisions.iter().filter_map(|decision| match decision {
            Decision::Close(asked, closing) => Some((asked.ticket, closing.clone())),
            _ => None,
        });
        closed.collect()
    }

    #[test]
    fn slots_are_shared_between_jobs_by_what_they_had() {
        let mut desk = Desk::new(RULES);
        let mut ask = |job, candidate, now| desk.ask(asked(ticket(job, candidate, 1)), at(now)).expect("there is room");
        // The first job has the desk for itself, and takes both slots.
        let runs: Vec<Run> = (1..=4).flat_map(|candidate| started(&ask(1, candidate, 0))).collect();
        assert_eq!(runs.iter().map(|run| run.ticket.candidate.0).collect::<Vec<_>>(), [1, 2]);
        // A second one comes. It is owed nothing of what was before, and gets the next slot.
        for candidate in 1..=3 {
            assert_eq!(started(&ask(2, candidate, 100)), []);
        }
        let next = started(&desk.ended(runs[0], refusal(), at(110)));
        assert_eq!(next.iter().map(|run| run.ticket).collect::<Vec<_>>(), [ticket(2, 1, 1)]);
        // One each is on, so whoever ends is followed by his own.
        let again = started(&desk.ended(next[0], refusal(), at(120)));
        assert_eq!(again[0].ticket, ticket(2, 2, 1));
        let again = started(&desk.ended(runs[1], refusal(), at(130)));
        assert_eq!(again[0].ticket, ticket(1, 3, 1));
    }

    #[test]
    fn of_jobs_with_as_many_runs_the_one_that_had_least_is_next() {
        let mut desk = Desk::new(Rules { slots: 1, ..RULES });
        let mut on = Vec::new();
        for (job, candidate) in [(1, 1), (1, 2), (2, 1), (2, 2)] {
            on.extend(started(&desk.ask(asked(ticket(job, candidate, 1)), at(0)).expect("room")));
        }
        let second = started(&desk.ended(on[0], refusal(), at(60)))[0];
        assert_eq!(second.ticket, ticket(2, 1, 1));
        // Ten seconds are less than sixty.
        let third = started(&desk.ended(second, refusal(), at(70)))[0];
        assert_eq!(third.ticket, ticket(2, 2, 1));
    }

    #[test]
    fn a_passing_failure_is_tried_again_after_a_pause_within_a_bound_others_are_not() {
        let mut desk = Desk::new(RULES);
        let first = started(&desk.ask(asked(ticket(1, 1, 1)), at(0)).expect("room"))[0];
        let mut run = first;
        for (now, pause) in [(10, 1), (20, 4)] {
            let decisions = desk.ended(run, crash(), at(now));
            assert_eq!(decisions, [Decision::LookAgain(at(pause))], "not before the pause");
            let early = at(now) + at(pause) / 2;
            assert_eq!(desk.look(early), [Decision::LookAgain(at(pause) / 2)], "whoever looks too early looks again");
            run = started(&desk.look(at(now + pause)))[0];
            assert_eq!(desk.ended(first, refusal(), at(now + pause)), [], "what an earlier run says is late");
        }
        assert_eq!(closed(&desk.ended(run, crash(), at(30))), [(ticket(1, 1, 1), Closing::Ended(crash()))]);
        let run = started(&desk.ask(asked(ticket(1, 2, 1)), at(40)).expect("room"))[0];
        assert_eq!(closed(&desk.ended(run, refusal(), at(50))), [(ticket(1, 2, 1), Closing::Ended(refusal()))]);
        let memory = Ending::Lost { loss: Loss::OutOfMemory, words: String::new() };
        let run = started(&desk.ask(asked(ticket(1, 3, 1)), at(60)).expect("room"))[0];
        assert_eq!(closed(&desk.ended(run, memory.clone(), at(70))), [(ticket(1, 3, 1), Closing::Ended(memory))]);
    }

    #[test]
    fn what_is_given_up_ends_once_whatever_it_was_doing() {
        let mut desk = Desk::new(Rules { slots: 1, ..RULES });
        let on = started(&desk.ask(asked(ticket(1, 1, 1)), at(0)).expect("room"))[0];
        desk.ask(asked(ticket(1, 2, 1)), at(0)).expect("room");
        assert_eq!(closed(&desk.stop(ticket(1, 2, 1), at(1))), [(ticket(1, 2, 1), Closing::NotBegun)]);
        assert_eq!(desk.stop(ticket(1, 1, 1), at(1)), [Decision::Stop(on)]);
        assert_eq!((desk.stop(ticket(1, 1, 1), at(2)), desk.stop(ticket(9, 9, 9), at(2))), (vec![], vec![]));
        // A crash on the way out is no reason to begin again.
        assert_eq!(closed(&desk.ended(on, crash(), at(3))), [(ticket(1, 1, 1), Closing::GivenUp(Some(crash())))]);
    }

    #[test]
    fn a_later_attempt_outdates_an_earlier_one_and_waits_for_it_to_end() {
        let mut desk = Desk::new(RULES);
        let first = started(&desk.ask(asked(ticket(1, 1, 1)), at(0)).expect("room"))[0];
        assert_eq!(desk.ask(asked(ticket(1, 1, 2)), at(1)).expect("room"), [Decision::Stop(first)]);
        let decisions = desk.ended(first, crash(), at(2));
        assert_eq!(closed(&decisions), [(ticket(1, 1, 1), Closing::GivenUp(Some(crash())))]);
        assert_eq!(started(&decisions)[0].ticket, ticket(1, 1, 2));
    }

    #[test]
    fn a_try_that_was_outdated_before_it_was_asked_for_is_dropped() {
        let mut desk = Desk::new(RULES);
        let second = started(&desk.ask(asked(ticket(1, 1, 2)), at(0)).expect("room"))[0];
        desk.ended(second, crash(), at(1));
        assert_eq!(desk.ask(asked(ticket(1, 1, 1)), at(1)), Ok(Vec::new()));
        assert_eq!((desk.state(ticket(1, 1, 1)), desk.state(ticket(1, 1, 2))), (None, Some("Queued")));
    }

    #[test]
    fn a_job_that_asks_for_one_at_a_time_is_not_new_each_time() {
        let mut desk = Desk::new(Rules { slots: 1, ..RULES });
        let mut on = started(&desk.ask(asked(ticket(1, 1, 1)), at(0)).expect("room"))[0];
        for candidate in 1..=6 {
            desk.ask(asked(ticket(2, candidate, 1)), at(0)).expect("room");
        }
        // A hundred seconds each for the first job, ten each for the second.
        let (mut now, mut order, mut next) = (0, Vec::new(), 1);
        for _ in 0..6 {
            order.push(on.ticket.job.0);
            now += if on.ticket.job.0 == 1 { 100 } else { 10 };
            let decisions = desk.ended(on, refusal(), at(now));
            if on.ticket.job.0 == 1 {
                next += 1;
                desk.ask(asked(ticket(1, next, 1)), at(now)).expect("room");
            }
            on = started(&decisions)[0];
        }
        assert_eq!(order, [1, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn however_much_happens_in_a_pause_there_is_one_look_at_its_end() {
        let mut desk = Desk::new(RULES);
        let run = started(&desk.ask(asked(ticket(1, 1, 1)), at(0)).expect("room"))[0];
        assert_eq!(desk.ended(run, crash(), at(0)), [Decision::LookAgain(at(1))]);
        for candidate in 2..=5 {
            let decisions = desk.ask(asked(ticket(1, candidate, 1)), at(0)).expect("room");
            assert!(!decisions.iter().any(|decision| matches!(decision, Decision::LookAgain(_))), "{decisions:?}");
        }
    }

    #[test]
    fn asking_twice_is_asking_once_and_no_more_wait_than_agreed() {
        let mut desk = Desk::new(Rules { slots: 0, ..RULES });
        for candidate in [1, 1, 2, 3, 4, 5, 6, 7, 8, 8] {
            desk.ask(asked(ticket(1, candidate, 1)), at(0)).expect("room");
        }
        let refused = desk.ask(asked(ticket(2, 1, 1)), at(0));
        assert_eq!(refused, Err(RequestError::Busy { waiting: 8 }));
    }

    proptest! {
        /// Whatever is asked, stopped and heard, and in whatever order: no more run than there are slots, one at a time of a
        /// candidate, and each attempt that was taken in is closed exactly once.
        #[test]
        fn every_attempt_ends_exactly_once(events in proptest::collection::vec((0_u8..5, 1_u64..4, 1_u64..3, 1_u64..3), 1..200)) {
            let mut desk = Desk::new(RULES);
            let (mut on, mut taken, mut ended) = (Vec::<Run>::new(), Vec::new(), Vec::new());
            let events: Vec<_> = events.into_iter().map(Some).chain([None; 60]).collect();
            for (now, event) in events.into_iter().enumerate() {
                let now = at(now as u64 * 2);
                let decisions = match event {
                    Some((0 | 1, job, candidate, attempt)) => {
                        let ticket = ticket(job, candidate, attempt);
                        let is_new = desk.state(ticket).is_none();
                        let taken_in = desk.ask(asked(ticket), now);
                        if is_new && desk.state(ticket).is_some() {
                            taken.push(ticket);
                        }
                        taken_in.unwrap_or_default()
                    }
                    Some((2, job, candidate, attempt)) => desk.stop(ticket(job, candidate, attempt), now),
                    Some((kind, _, candidate, _)) if !on.is_empty() => {
                        let run = on.remove(usize::try_from(candidate).expect("small") % on.len());
                        desk.ended(run, if kind == 3 { crash() } else { refusal() }, now)
                    }
                    // In the end all that is on comes to its end.
                    None if !on.is_empty() => desk.ended(on.remove(0), refusal(), now),
                    _ => desk.look(now),
                };
                for (closed, closing) in closed(&decisions) {
                    let is_on = |run: &&Run| (run.ticket.job, run.ticket.candidate) == (closed.job, closed.candidate);
                    let other = on.iter().find(is_on);
                    prop_assert!(other.is_none() || closing == Closing::NotBegun, "{:?} loses its files", other);
                }
                on.extend(started(&decisions));
                ended.extend(closed(&decisions).into_iter().map(|(ticket, _)| ticket));
                prop_assert!(on.len() <= 2);
                let mut candidates: Vec<_> = on.iter().map(|run| (run.ticket.job, run.ticket.candidate)).collect();
                candidates.dedup();
                prop_assert_eq!(candidates.len(), on.len());
            }
            prop_assert!(desk.attempts.is_empty() && desk.jobs.is_empty());
            taken.sort();
            ended.sort();
            prop_assert_eq!(taken, ended);
        }
    }
}
