//! Ageing evolution with several aims (after µNAS, Liberis and others, 2021): each time accuracy, RAM, Flash and work are weighed by
//! chance, and the best by that of a few young outcomes is changed. So its children spread along the front.

use std::sync::Arc;

use crate::{
    cost::{Size, Task},
    evolution::{FIRST, PICKED, POPULATION},
    numbers::{Numbers, Purpose},
    random::{RETRIES, Random, repaired},
    scale::shortfall,
    space::Space,
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally},
};

/// Weights are so many parts of a whole.
const PARTS: u32 = 1000;

/// Evolves towards several aims.
#[derive(Clone, Debug)]
pub struct Unas<S: Space> {
    task: Arc<Task<S>>,
    seed: u64,
    known: Known<S::Id>,
    random: Random<S>,
    /// What outcomes take, in order.
    sizes: Vec<Option<Size>>,
}

/// A young outcome: its place, and how good it is by each aim, from 0 to 1 within the population.
struct Young {
    place: usize,
    aims: [f64; 4],
}

/// From 0 for the least of all to 1 for the most; the middle where all are alike.
fn within(values: &[f64]) -> Vec<f64> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let part = |value: &f64| if most > least { (value - least) / (most - least) } else { 0.5 };
    values.iter().map(part).collect()
}

#[expect(clippy::cast_precision_loss, reason = "weighed, not counted")]
fn population<M>(seen: &[Outcome<M>], sizes: &[Option<Size>]) -> Vec<Young> {
    let scored = seen.iter().zip(sizes).enumerate();
    let mut young: Vec<(usize, f64, Size)> = scored
        .filter_map(|(place, (outcome, size))| Some((place, outcome.known_score()?, (*size)?)))
        .filter(|(_, score, _)| score.is_finite())
        .collect();
    young.drain(..young.len().saturating_sub(POPULATION));
    let column = |of: &dyn Fn(&(usize, f64, Size)) -> f64| within(&young.iter().map(of).collect::<Vec<_>>());
    let columns = [
        column(&|(_, score, _)| *score),
        column(&|(.., size)| -(size.ram().0 as f64)),
        column(&|(.., size)| -(size.flash().0 as f64)),
        column(&|(.., size)| -(size.macs as f64)),
    ];
    let aims = |at: usize| [columns[0][at], columns[1][at], columns[2][at], columns[3][at]];
    young.iter().enumerate().map(|(at, (place, ..))| Young { place: *place, aims: aims(at) }).collect()
}

/// The best of a few by these weights, which count against the worst of its aims.
fn parent(young: &[Young], weights: [f64; 4], numbers: &mut Numbers) -> Option<usize> {
    let picked: Vec<usize> = (0..PICKED.min(young.len())).map(|_| numbers.place(young.len())).collect();
    let lacks = |at: &usize| {
        let lack = young[*at].aims.iter().zip(weights).map(|(aim, weight)| (1.0 - aim) * weight);
        lack.fold(0.0, f64::max)
    };
    picked
        .into_iter()
        .min_by(|one, other| lacks(one).total_cmp(&lacks(other)).then(one.cmp(other)))
        .map(|at| young[at].place)
}

impl<S: Space> Unas<S> {
    /// The evolution of a seed.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, seed: u64) -> Self {
        let random = Random::new(Arc::clone(&task), seed);
        Self { random, known: Known::default(), sizes: Vec::new(), seed, task }
    }

    fn proposal(
        &mut self,
        seen: &[Outcome<S::Member>],
        young: &[Young],
        tally: &mut Tally,
    ) -> Option<Proposal<S::Member, S::Id>> {
        let mut numbers = Numbers::of(self.seed, Purpose::Weigh, self.known.count());
        let parts: [u32; 4] = std::array::from_fn(|_| numbers.within(1, PARTS));
        let weights = parts.map(|part| f64::from(part) / f64::from(PARTS));
        let place = parent(young, weights, &mut numbers)?;
        for attempt in 0..RETRIES {
            let mut child = self.task.space.mutate(&seen[place].member, &mut numbers);
            for _ in 0..attempt / 4 {
                child = self.task.space.mutate(&child, &mut numbers);
            }
            tally.drawn += 1;
            let Some((member, size)) = repaired(&self.task, child, &mut numbers, tally) else { continue };
            let Ok(id) = self.task.space.id(&member) else { continue };
            if self.known.has(&id) {
                tally.repeated += 1;
                continue;
            }
            self.know(id.clone());
            let [accuracy, ram, flash, macs] = weights;
            let rationale = format!(
                "a change of outcome {place}, the best of {PICKED} with accuracy, RAM, Flash and work counted {accuracy:.2}, {ram:.2}, {flash:.2}, {macs:.2}"
            );
            return Some(Proposal { member, id, source: Source::Evolution, rationale, evidence: vec![place], size });
        }
        None
    }
}

impl<S: Space> Strategy<S> for Unas<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        for outcome in seen.iter().skip(self.sizes.len()) {
            self.sizes.push(self.task.space.glance(&outcome.member, self.task.core).ok());
        }
        let young = population(seen, &self.sizes);
        let mut found = Proposals::default();
        while found.proposals.len() < wanted {
            let is_early = young.len() < FIRST;
            if let Some(proposal) = (!is_early).then(|| self.proposal(seen, &young, &mut found.tally)).flatten() {
                found.keep(proposal);
                continue;
            }
            let drawn = self.random.propose(seen, 1);
            drawn.proposals.iter().for_each(|proposal| self.know(proposal.id.clone()));
            let is_nothing = drawn.proposals.is_empty();
            found.join(drawn);
            if is_nothing {
                found.shortfall = Some(shortfall(&self.task, Shortfall::NothingNew(RETRIES)));
                break;
            }
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
