//! Which request is next: jobs in the order in which they asked, one request of each, so that none waits longer than for one
//! round of every other.

use std::collections::VecDeque;

use automcu_contract::{ProposeCandidates, RequestError};

/// The requests that wait, and the one that is worked at.
#[derive(Debug)]
pub(crate) struct Line {
    most: u32,
    waiting: VecDeque<ProposeCandidates>,
    on: Option<ProposeCandidates>,
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
    pub(crate) const fn new(most: u32) -> Self {
        Self { most, waiting: VecDeque::new(), on: None }
    }

    pub(crate) fn ask(&mut self, asked: ProposeCandidates) -> Result<Taken, RequestError> {
        if let Some(before) = self.waiting.iter_mut().find(|waiting| waiting.job == asked.job) {
            let before = std::mem::replace(before, asked.clone());
            return Ok(if before == asked { Taken::Known } else { Taken::InsteadOf(Box::new(before)) });
        }
        if self.on.as_ref() == Some(&asked) {
            return Ok(Taken::Known);
        }
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        if waiting >= self.most {
            return Err(RequestError::Busy { waiting });
        }
        self.waiting.push_back(asked);
        Ok(Taken::New)
    }

    /// The request to work at now, if none is.
    pub(crate) fn begin(&mut self) -> Option<ProposeCandidates> {
        if self.on.is_none() {
            self.on = self.waiting.pop_front();
            return self.on.clone();
        }
        None
    }

    /// The request that was worked at is answered.
    pub(crate) fn end(&mut self) {
        self.on = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_contract::{ArtifactId, Few, JobId};
    use automcu_target::Budget;

    fn asked(job: u64, round: u32) -> ProposeCandidates {
        ProposeCandidates {
            job: JobId(job),
            round,
            wanted: 1,
            budget: Budget::default(),
            assignment: ArtifactId::of(b""),
            outcomes: None,
            pending: Few::new(Vec::new()).expect("none"),
        }
    }

    #[test]
    fn one_is_worked_at_and_each_job_has_its_turn() {
        let mut line = Line::new(3);
        for (job, round) in [(1, 1), (2, 1), (3, 1)] {
            assert_eq!(line.ask(asked(job, round)), Ok(Taken::New));
        }
        assert_eq!(line.begin(), Some(asked(1, 1)));
        assert_eq!(line.begin(), None, "one at a time");
        // It asks on before it is answered, and is behind the others.
        assert_eq!(line.ask(asked(1, 2)), Ok(Taken::New));
        let next = |line: &mut Line| {
            line.end();
            line.begin().map(|asked| (asked.job.0, asked.round))
        };
        assert_eq!([(); 4].map(|()| next(&mut line)), [Some((2, 1)), Some((3, 1)), Some((1, 2)), None]);
    }

    #[test]
    fn asking_twice_is_asking_once_and_the_last_word_of_a_job_counts() {
        let mut line = Line::new(2);
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
