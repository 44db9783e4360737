//! Which attempt runs when: screening and verification each in a line of their own, so that what takes a second never waits for
//! what takes minutes. What is asked, what becomes known and the time come in, decisions go out; nothing here starts, reads or
//! waits for anything.
//!
//! ```text
//! asked ──► Queued ──► Screening or Verifying ──► ended
//!              │                 │
//!              └── given up ─────┴── given up or overdue: ended; its thread lingers, and what it finds is dropped
//! ```

use std::time::Duration;

use automcu_contract::{RequestError, ScreenCandidate, StopCause, Ticket, VerifyCandidate};

use crate::{Slots, line::Line};

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    Screening,
    Verification,
}

impl Lane {
    const ALL: [Self; 2] = [Self::Screening, Self::Verification];

    /// What an attempt is doing that has a slot.
    pub(crate) const fn state(self) -> &'static str {
        match self {
            Self::Screening => "Screening",
            Self::Verification => "Verifying",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    Screen(ScreenCandidate),
    Verify(VerifyCandidate),
}

impl Asked {
    pub(crate) const fn ticket(&self) -> Ticket {
        match self {
            Self::Screen(asked) => asked.ticket,
            Self::Verify(asked) => asked.ticket,
        }
    }

    pub(crate) const fn lane(&self) -> Lane {
        match self {
            Self::Screen(_) => Lane::Screening,
            Self::Verify(_) => Lane::Verification,
        }
    }
}

/// One run of an attempt: the same attempt may be asked for again, and is another run then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) lane: Lane,
    pub(crate) number: u64,
    pub(crate) ticket: Ticket,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Start a thread.
    Start(Run, Box<Asked>),
    /// Ask a thread to end at its next step; what it finds is not waited for.
    Stop(Run),
    /// Report how the attempt ended and how long it ran, if it did; it is forgotten here.
    Close(Box<Asked>, Closing, Option<Duration>),
    /// Look again after so long.
    LookAgain(Duration),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// It was given up.
    GivenUp(StopCause),
    /// It took too long.
    Overdue,
    /// Its run has come back.
    Ended,
}

/// The attempts of all jobs.
#[derive(Debug)]
pub(crate) struct Desk {
    screening: Line,
    verification: Line,
    /// How many runs were started.
    started: u64,
    /// When somebody will look again, if that was decided.
    next_look: Option<Duration>,
}

impl Desk {
    pub(crate) const fn new(screening: Slots, verification: Slots) -> Self {
        Self { screening: Line::new(screening), verification: Line::new(verification), started: 0, next_look: None }
    }

    /// Whether this attempt is here.
    pub(crate) fn is_here(&self, lane: Lane, ticket: Ticket) -> bool {
        match lane {
            Lane::Screening => self.screening.is_here(ticket),
            Lane::Verification => self.verification.is_here(ticket),
        }
    }

    /// Takes an attempt in.
    pub(crate) fn ask(&mut self, asked: Asked, now: Duration) -> Result<Vec<Decision>, RequestError> {
        let lane = asked.lane();
        let decisions = self.line(lane).ask(asked, now)?;
        Ok(self.settled(decisions, now))
    }

    /// Gives an attempt up, whatever is being done about it.
    pub(crate) fn stop(&mut self, ticket: Ticket, cause: StopCause, now: Duration) -> Vec<Decision> {
        let given_up = Lane::ALL.map(|lane| self.line(lane).give_up(ticket, Closing::GivenUp(cause), now));
        self.settled(given_up.concat(), now)
    }

    /// Takes in that a run has come back. Nothing is closed where nobody waited for it any more.
    pub(crate) fn ended(&mut self, run: Run, now: Duration) -> Vec<Decision> {
        let closed = self.line(run.lane).ended(run, now);
        self.settled(closed.into_iter().collect(), now)
    }

    /// Looks whether anything has had its time.
    pub(crate) fn look(&mut self, now: Duration) -> Vec<Decision> {
        self.next_look = None;
        let overdue = Lane::ALL.map(|lane| self.line(lane).look(now));
        self.settled(overdue.concat(), now)
    }

    const fn line(&mut self, lane: Lane) -> &mut Line {
        match lane {
            Lane::Screening => &mut self.screening,
            Lane::Verification => &mut self.verification,
        }
    }

    /// Gives free slots away, and sees to it that somebody looks when the next one has had its time.
    fn settled(&mut self, mut decisions: Vec<Decision>, now: Duration) -> Vec<Decision> {
        for lane in Lane::ALL {
            let mut number = self.started;
            decisions.extend(std::iter::from_fn(|| {
                let start = self.line(lane).assign(number + 1, now)?;
                number += 1;
                Some(start)
            }));
            self.started = number;
            self.line(lane).close_accounts(now);
        }
        let deadlines = [self.screening.next_deadline(), self.verification.next_deadline()];
        let next = deadlines.into_iter().flatten().min();
        if let Some(at) = next.filter(|at| self.next_look.is_none_or(|look| *at < look)) {
            self.next_look = Some(at);
            // A timer may be a little early; then another one is needed.
            decisions.push(Decision::LookAgain(at.saturating_sub(now).max(Duration::from_millis(1))));
        }
        decisions
    }
}

#[cfg(test)]
mod tests;
