//! Hill climbing: a step from where it stands; a better score is the next place to stand on. Where no step of a few leads up, it
//! begins elsewhere.

use std::sync::Arc;

use crate::{
    cost::Task,
    numbers::{Numbers, Purpose},
    random::{RETRIES, Random, repaired},
    scale::shortfall,
    space::Space,
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally},
};

/// So many steps in a row that do not lead up end a climb.
pub const STEPS: usize = 10;

/// Climbs.
#[derive(Clone, Debug)]
pub struct Local<S: Space> {
    task: Arc<Task<S>>,
    seed: u64,
    known: Known<S::Id>,
    random: Random<S>,
}

/// Where the climb stands; nothing where one begins.
fn place<M>(seen: &[Outcome<M>]) -> Option<usize> {
    let mut stand: Option<(usize, f64)> = None;
    let mut steps = 0;
    for (place, outcome) in seen.iter().enumerate() {
        // What failed is a step that does not lead up.
        let score = outcome.known_score().unwrap_or(f64::NEG_INFINITY);
        match stand {
            Some((_, best)) if score <= best => steps += 1,
            _ if score > f64::NEG_INFINITY => (stand, steps) = (Some((place, score)), 0),
            _ => {}
        }
        if steps >= STEPS {
            (stand, steps) = (None, 0);
        }
    }
    stand.map(|(place, _)| place)
}

impl<S: Space> Local<S> {
    /// The climbs of a seed.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, seed: u64) -> Self {
        Self { random: Random::new(Arc::clone(&task), seed), known: Known::default(), seed, task }
    }

    fn step(
        &mut self,
        seen: &[Outcome<S::Member>],
        place: usize,
        tally: &mut Tally,
    ) -> Option<Proposal<S::Member, S::Id>> {
        let mut numbers = Numbers::of(self.seed, Purpose::Climb, self.known.count());
        for attempt in 0..RETRIES {
            let mut child = self.task.space.mutate(&seen[place].member, &mut numbers);
            // Where all neighbours are known, those farther away are not.
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
            let score = seen[place].known_score().unwrap_or(f64::NAN);
            let rationale = format!("a step from outcome {place}, where the climb stands at {score:.4}");
            return Some(Proposal { member, id, source: Source::Evolution, rationale, evidence: vec![place], size });
        }
        None
    }
}

impl<S: Space> Strategy<S> for Local<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let stand = place(seen);
        let mut found = Proposals::default();
        while found.proposals.len() < wanted {
            if let Some(proposal) = stand.and_then(|place| self.step(seen, place, &mut found.tally)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_climb_stands_on_the_last_that_was_better_and_begins_anew_after_ten_steps() {
        let outcome = |score| Outcome { member: (), score };
        let mut seen = vec![outcome(None), outcome(Some(0.1)), outcome(Some(0.3)), outcome(Some(0.2))];
        assert_eq!(place(&seen), Some(2));
        seen.extend((0..STEPS - 2).map(|_| outcome(Some(0.3))));
        assert_eq!(place(&seen), Some(2));
        seen.push(outcome(None));
        assert_eq!(place(&seen), None);
        seen.push(outcome(Some(0.05)));
        assert_eq!(place(&seen), Some(seen.len() - 1), "a new climb may stand lower");
    }
}
