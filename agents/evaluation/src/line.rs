//! One kind of work: who waits for a slot, who has one, and which runs nobody waits for any more. What is asked, what becomes
//! known and the time come in, decisions go out.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use automcu_contract::{JobId, RequestError, Ticket};

use crate::{
    Slots,
    desk::{Asked, Closing, Decision, Run},
};

/// A run that is waited for.
#[derive(Debug)]
struct Waited {
    asked: Asked,
    since: Duration,
}

/// The line of one kind of work.
#[derive(Debug)]
pub(crate) struct Line {
    slots: Slots,
    /// In the order in which they were asked for.
    waiting: VecDeque<Asked>,
    on: BTreeMap<Run, Waited>,
    /// Runs that were given up or took too long and have not come back. Nothing can end a thread; its slot is free for others as
    /// long as no more of these linger than there are slots, so that never more than twice as many threads run.
    lingering: BTreeSet<Run>,
    /// The time of slots that was spent on each job, by runs that have ended.
    served: BTreeMap<JobId, Duration>,
}

impl Line {
    pub(crate) const fn new(slots: Slots) -> Self {
        Self {
            slots,
            waiting: VecDeque::new(),
            on: BTreeMap::new(),
            lingering: BTreeSet::new(),
            served: BTreeMap::new(),
        }
    }

    /// Whether the attempt waits or runs.
    pub(crate) fn is_here(&self, ticket: Ticket) -> bool {
        self.tickets().any(|other| other == ticket)
    }

    /// Takes an attempt in. Asking twice is asking once. Another try at the same candidate is about other weights, and has its own
    /// answer.
    pub(crate) fn ask(&mut self, asked: Asked, now: Duration) -> Result<Vec<Decision>, RequestError> {
        let ticket = asked.ticket();
        if self.is_here(ticket) {
            return Ok(Vec::new());
        }
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        if waiting >= self.slots.most_waiting {
            return Err(RequestError::Busy { waiting });
        }
        self.welcome(ticket.job, now);
        self.waiting.push_back(asked);
        Ok(Vec::new())
    }

    /// Gives an attempt up: at once where it waits; otherwise nobody waits for its run any more.
    pub(crate) fn give_up(&mut self, ticket: Ticket, closing: Closing, now: Duration) -> Vec<Decision> {
        if let Some(place) = self.waiting.iter().position(|asked| asked.ticket() == ticket) {
            let asked = self.waiting.remove(place).into_iter();
            return asked.map(|asked| Decision::Close(Box::new(asked), closing, None)).collect();
        }
        let run = self.on.keys().find(|run| run.ticket == ticket).copied();
        run.map_or_else(Vec::new, |run| self.abandon(run, closing, now))
    }

    /// Takes in that a run has come back.
    pub(crate) fn ended(&mut self, run: Run, now: Duration) -> Option<Decision> {
        if self.lingering.remove(&run) {
            return None;
        }
        let Waited { asked, since } = self.on.remove(&run)?;
        let took = now.saturating_sub(since);
        *self.served.entry(run.ticket.job).or_default() += took;
        Some(Decision::Close(Box::new(asked), Closing::Ended, Some(took)))
    }

    /// No longer waits for what has had its time.
    pub(crate) fn look(&mut self, now: Duration) -> Vec<Decision> {
        let is_over = |waited: &Waited| now.saturating_sub(waited.since) >= self.slots.deadline;
        let overdue: Vec<Run> = self.on.iter().filter(|(_, waited)| is_over(waited)).map(|(run, _)| *run).collect();
        overdue.into_iter().flat_map(|run| self.abandon(run, Closing::Overdue, now)).collect()
    }

    /// When the first of the runs that are on will have had its time.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.on.values().map(|waited| waited.since + self.slots.deadline).min()
    }

    /// Gives a free slot to one of those that wait: of the job with the fewest runs on, among these of the one that had least.
    pub(crate) fn assign(&mut self, number: u64, now: Duration) -> Option<Decision> {
        let most = self.slots.slots as usize;
        let taken = self.on.len() + self.lingering.len().saturating_sub(most);
        if taken >= most {
            return None;
        }
        let claim = |(_, asked): &(usize, &Asked)| {
            let job = asked.ticket().job;
            (self.running(job).count(), self.served(job, now))
        };
        let (place, _) = self.waiting.iter().enumerate().min_by_key(claim)?;
        let asked = self.waiting.remove(place)?;
        let run = Run { ticket: asked.ticket(), lane: asked.lane(), number };
        self.on.insert(run, Waited { asked: asked.clone(), since: now });
        Some(Decision::Start(run, Box::new(asked)))
    }

    /// Forgets jobs that are through, but for what they had too much of while others are here.
    pub(crate) fn close_accounts(&mut self, now: Duration) {
        let present: BTreeSet<JobId> = self.tickets().map(|ticket| ticket.job).collect();
        let least = present.iter().map(|job| self.served(*job, now)).min();
        self.served.retain(|job, served| present.contains(job) || least.is_some_and(|least| *served > least));
    }

    fn abandon(&mut self, run: Run, closing: Closing, now: Duration) -> Vec<Decision> {
        let Some(Waited { asked, since }) = self.on.remove(&run) else { return Vec::new() };
        let took = now.saturating_sub(since);
        *self.served.entry(run.ticket.job).or_default() += took;
        self.lingering.insert(run);
        vec![Decision::Stop(run), Decision::Close(Box::new(asked), closing, Some(took))]
    }

    /// A job that comes late, or comes back, is owed nothing of what was spent meanwhile.
    fn welcome(&mut self, job: JobId, now: Duration) {
        if self.tickets().any(|ticket| ticket.job == job) {
            return;
        }
        let present: BTreeSet<JobId> = self.tickets().map(|ticket| ticket.job).collect();
        let least = present.into_iter().map(|job| self.served(job, now)).min().unwrap_or_default();
        let served = self.served.entry(job).or_default();
        *served = (*served).max(least);
    }

    fn tickets(&self) -> impl Iterator<Item = Ticket> {
        self.waiting.iter().map(Asked::ticket).chain(self.on.keys().map(|run| run.ticket))
    }

    /// Since when each of the job's runs is on.
    fn running(&self, job: JobId) -> impl Iterator<Item = Duration> {
        self.on.iter().filter(move |(run, _)| run.ticket.job == job).map(|(_, waited)| waited.since)
    }

    fn served(&self, job: JobId, now: Duration) -> Duration {
        let done = self.served.get(&job).copied().unwrap_or_default();
        done + self.running(job).map(|since| now.saturating_sub(since)).sum::<Duration>()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.on.is_empty() && self.lingering.is_empty() && self.served.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn threads(&self) -> (usize, usize) {
        (self.on.len(), self.on.len() + self.lingering.len())
    }
}
