//! Regularised evolution (Real and others, 2019): of the youngest outcomes some are picked, the best of them is changed a little;
//! the old are forgotten, so that nobody stays for having been lucky once.

use std::sync::Arc;

use crate::{
    cost::Task,
    numbers::{Numbers, Purpose},
    random::{RETRIES, Random, repaired},
    scale::shortfall,
    space::Space,
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally},
};

/// So many of the youngest outcomes can have offspring.
pub const POPULATION: usize = 24;
/// Of so many picked among them the best has.
pub const PICKED: usize = 8;
/// Before so many are seen, members are drawn at random.
pub const FIRST: usize = 6;
/// One in so many is a crossing.
const CROSSINGS: u32 = 6;

/// Evolves.
#[derive(Clone, Debug)]
pub struct Evolution<S: Space> {
    task: Arc<Task<S>>,
    seed: u64,
    known: Known<S::Id>,
    random: Random<S>,
}

/// The best of a few picked among the youngest, and its place among all; earlier ones win ties.
fn parent<'s, M>(seen: &[(usize, &'s Outcome<M>)], numbers: &mut Numbers) -> Option<(usize, &'s Outcome<M>)> {
    let young = &seen[seen.len().saturating_sub(POPULATION)..];
    let mut picked: Vec<usize> = (0..PICKED.min(young.len())).map(|_| numbers.place(young.len())).collect();
    picked.sort_unstable();
    let score = |place: usize| young[place].1.known_score().unwrap_or(f64::NEG_INFINITY);
    let best = picked.into_iter().reduce(|best, other| if score(other) > score(best) { other } else { best });
    best.map(|place| young[place])
}

impl<S: Space> Evolution<S> {
    /// The evolution of a seed.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, seed: u64) -> Self {
        let random = Random::new(Arc::clone(&task), seed);
        Self { task, seed, known: Known::default(), random }
    }

    fn proposal(
        &mut self,
        seen: &[(usize, &Outcome<S::Member>)],
        tally: &mut Tally,
    ) -> Option<Proposal<S::Member, S::Id>> {
        let mut numbers = Numbers::of(self.seed, Purpose::Evolve, self.known.count());
        for attempt in 0..RETRIES {
            let ((place, one), (second, other)) = (parent(seen, &mut numbers)?, parent(seen, &mut numbers)?);
            let is_crossing = one.member != other.member && numbers.chance(1, CROSSINGS);
            let mut child = if is_crossing {
                self.task.space.cross(&one.member, &other.member, &mut numbers)
            } else {
                self.task.space.mutate(&one.member, &mut numbers)
            };
            // Where all neighbours are known, those farther away are not.
            for _ in 0..attempt / 4 {
                child = self.task.space.mutate(&child, &mut numbers);
            }
            tally.drawn += 1;
            let Some((member, size)) = repaired(&self.task, child, &mut numbers, tally) else { continue };
            let Ok(id) = self.task.space.id(&member) else { continue };
            if !self.known.add(id.clone()) {
                tally.repeated += 1;
                continue;
            }
            let score = one.known_score().unwrap_or(f64::NAN);
            let rationale = if is_crossing {
                format!("a crossing of two of the last {}, the better at {score:.4}", seen.len().min(POPULATION))
            } else {
                format!("a change of one that reached {score:.4}")
            };
            let evidence = if is_crossing { vec![place, second] } else { vec![place] };
            return Some(Proposal { member, id, source: Source::Evolution, rationale, evidence, size });
        }
        None
    }
}

impl<S: Space> Strategy<S> for Evolution<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let scored: Vec<(usize, &Outcome<S::Member>)> =
            seen.iter().enumerate().filter(|(_, seen)| seen.known_score().is_some()).collect();
        if scored.len() < FIRST {
            let found = self.random.propose(seen, wanted);
            found.proposals.iter().for_each(|proposal| self.know(proposal.id.clone()));
            return found;
        }
        let mut found = Proposals::default();
        while found.proposals.len() < wanted {
            let Some(proposal) = self.proposal(&scored, &mut found.tally) else {
                found.shortfall = Some(shortfall(&self.task, Shortfall::NothingNew(RETRIES)));
                break;
            };
            self.random.know(proposal.id.clone());
            found.keep(proposal);
        }
        found
    }

    fn know(&mut self, id: S::Id) {
        self.random.know(id.clone());
        self.known.add(id);
    }

    fn recall(&mut self, ids: &[S::Id]) {
        self.random.recall(ids);
        self.known.recall(ids);
    }
}
