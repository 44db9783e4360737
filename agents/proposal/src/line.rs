//! Which request is next: jobs in the order in which they asked, one request of each at a time, so that none waits longer than for one
//! round of every other.

use std::collections::VecDeque;

use automcu_contract::{JobId, ProposeCandidates, RequestError};

/// The requests that wait, and those that are worked at.
#[derive(Debug)]
pub(crate) struct Line {
    most: u32,
    at_once: usize,
    waiting: VecDeque<ProposeCandidates>,
    on: Vec<ProposeCandidates>,
}

/// How a request was taken in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Taken {
    /// It waits.
    New,
    /// It is there already: one answer will do for both.
    Known,
    /// It waits in the place of what the job had asked before, which nobody wants any more.
    InsteadOf(Box<ProposeCandidates>),
}

impl Line {
    pub(crate) const fn new(most: u32, at_once: usize) -> Self {
        Self { most, at_once, waiting: VecDeque::new(), on: Vec::new() }
    }

    pub(crate) fn ask(&mut self, asked: ProposeCandidates) -> Result<Taken, RequestError> {
        if let Some(before) = self.waiting.iter_mut().find(|waiting| waiting.job == asked.job) {
            let before = std::mem::replace(before, asked.clone());
            return Ok(if before == asked { Taken::Known } else { Taken::InsteadOf(Box::new(before)) });
        }
        if self.on.contains(&asked) {
            return Ok(Taken::Known);
        }
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        if waiting >= self.most {
            return Err(RequestError::Busy { waiting });
        }
        self.waiting.push_back(asked);
        Ok(Taken::New)
    }

    /// A request to work at now, if there is one of a job that is not worked at, and room.
    pub(crate) fn begin(&mut self) -> Option<ProposeCandidates> {
        if self.on.len() >= self.at_once {
            return None;
        }
        let is_free = |asked: &ProposeCandidates| self.on.iter().all(|on| on.job != asked.job);
        let place = self.waiting.iter().position(is_free)?;
        let asked = self.waiting.remove(place)?;
        self.on.push(asked.clone());
        Some(asked)
    }

    /// The request of a job that was worked at is answered.
    pub(crate) fn end(&mut self, job: JobId) {
        self.on.retain(|on| on.job != job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_contract::{ArtifactId, Few, Spent};
    use automcu_target::Budget;

    fn asked(job: u64, round: u32) -> ProposeCandidates {
        ProposeCandidates {
            job: JobId(job),
            round,
            wanted: 1,
            budget: Budget::default(),
            assignment: ArtifactId::of(b""),
            outcomes: None,
            pending: Few::default(),
            spent: Spent::default(),
        }
    }

    #[test]
    fn so_many_are_worked_at_and_each_job_has_its_turn() {
        let mut line = Line::new(3, 1);
        for (job, round) in [(1, 1), (2, 1), (3, 1)] {
            assert_eq!(line.ask(asked(job, round)), Ok(Taken::New));
        }
        assert_eq!(line.begin(), Some(asked(1, 1)));
        assert_eq!(line.begin(), None, "one at a time");
        // It asks on before it is answered, and is behind the others.
        assert_eq!(line.ask(asked(1, 2)), Ok(Taken::New));
        let mut on = 1;
        let mut next = || {
            line.end(JobId(on));
            line.begin().map(|asked| {
                on = asked.job.0;
                (asked.job.0, asked.round)
            })
        };
        assert_eq!([(); 4].map(|()| next()), [Some((2, 1)), Some((3, 1)), Some((1, 2)), None]);
    }

    #[test]
    fn a_job_that_is_worked_at_is_passed_over_and_others_are_not_held_up_by_it() {
        let mut line = Line::new(3, 2);
        for (job, round) in [(1, 1), (2, 1)] {
            line.ask(asked(job, round)).expect("room");
        }
        assert_eq!(line.begin(), Some(asked(1, 1)));
        line.ask(asked(1, 2)).expect("room");
        assert_eq!(line.begin(), Some(asked(2, 1)));
        line.end(JobId(2));
        assert_eq!(line.begin(), None, "the job of what waits is worked at");
        line.end(JobId(1));
        assert_eq!(line.begin(), Some(asked(1, 2)));
    }

    #[test]
    fn asking_twice_is_asking_once_and_the_last_word_of_a_job_counts() {
        let mut line = Line::new(2, 1);
        line.ask(asked(1, 1)).expect("room");
        assert_eq!(line.ask(asked(1, 1)), Ok(Taken::Known));
        assert_eq!(line.ask(asked(1, 2)), Ok(Taken::InsteadOf(Box::new(asked(1, 1)))));
        assert_eq!(line.begin(), Some(asked(1, 2)));
        assert_eq!(line.ask(asked(1, 2)), Ok(Taken::Known));
        line.ask(asked(2, 1)).expect("room");
        line.ask(asked(3, 1)).expect("room");
        assert_eq!(line.ask(asked(4, 1)), Err(RequestError::Busy { waiting: 2 }));
        assert_eq!(line.ask(asked(3, 2)), Ok(Taken::InsteadOf(Box::new(asked(3, 1)))), "its place is its own");
    }
}
