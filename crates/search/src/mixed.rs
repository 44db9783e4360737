//! Seeds first, then a few random draws, then evolution from what these came to, and now and then a further seed or draw, so
//! that no corner is never looked at and nothing hangs on the seeds being right.

use std::sync::Arc;

use crate::{
    cost::Task,
    evolution::Evolution,
    numbers::{Numbers, Purpose},
    random::Random,
    scale::{Seeds, shortfall},
    space::Space,
    strategy::{Known, Outcome, Proposals, ProposalsOf, Shortfall, Strategy},
};

/// So many seeds are put forward before anything else.
pub const SEEDS: u64 = 4;
/// And then so many random draws.
pub const DRAWS_FIRST: u64 = 6;
/// One in so many of the rest is a random draw, and one a further seed.
const OTHERS: u32 = 12;

/// A part of the mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Seeds,
    Evolution,
    Random,
}

/// The mixture.
#[derive(Clone, Debug)]
pub struct Mixed<S: Space> {
    task: Arc<Task<S>>,
    seed: u64,
    seeds: Seeds<S>,
    evolution: Evolution<S>,
    random: Random<S>,
    known: Known<S::Id>,
}

impl<S: Space> Mixed<S> {
    /// The mixture of a seed.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, seed: u64) -> Self {
        Self {
            seeds: Seeds::new(Arc::clone(&task)),
            evolution: Evolution::new(Arc::clone(&task), seed),
            random: Random::new(Arc::clone(&task), seed),
            known: Known::default(),
            seed,
            task,
        }
    }

    /// Whose turn it is: it follows from how many are known.
    fn turn(&self) -> Turn {
        if self.known.count() < SEEDS {
            return Turn::Seeds;
        }
        if self.known.count() < SEEDS + DRAWS_FIRST {
            return Turn::Random;
        }
        match Numbers::of(self.seed, Purpose::Turn, self.known.count()).below(OTHERS) {
            0 => Turn::Random,
            1 => Turn::Seeds,
            _ => Turn::Evolution,
        }
    }

    fn one(&mut self, turn: Turn, seen: &[Outcome<S::Member>]) -> ProposalsOf<S> {
        match turn {
            Turn::Seeds => self.seeds.propose(seen, 1),
            Turn::Evolution => self.evolution.propose(seen, 1),
            Turn::Random => self.random.propose(seen, 1),
        }
    }
}

impl<S: Space> Strategy<S> for Mixed<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let mut found = Proposals::default();
        'wanted: while found.proposals.len() < wanted {
            // Whoever has nothing more leaves its turn to the next.
            for turn in [self.turn(), Turn::Evolution, Turn::Random] {
                let one = self.one(turn, seen);
                let ids: Vec<S::Id> = one.proposals.iter().map(|proposal| proposal.id.clone()).collect();
                found.join(one);
                if !ids.is_empty() {
                    ids.into_iter().for_each(|id| self.know(id));
                    continue 'wanted;
                }
            }
            found.shortfall = Some(shortfall(&self.task, Shortfall::NothingNew(crate::random::RETRIES)));
            break;
        }
        found
    }

    fn know(&mut self, id: S::Id) {
        self.seeds.know(id.clone());
        self.evolution.know(id.clone());
        self.random.know(id.clone());
        self.known.add(id);
    }

    fn recall(&mut self, ids: &[S::Id]) {
        self.seeds.recall(ids);
        self.evolution.recall(ids);
        self.random.recall(ids);
        self.known.recall(ids);
    }
}
