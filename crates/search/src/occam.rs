//! As simple as will do (after ColabNAS, Garavagno and others, 2024): from a narrow network the width is doubled as long as that gains,
//! then it is made deeper as long as that gains, and so on, until neither does. Then the next known architecture is begun with.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    cost::Task,
    random::{RETRIES, Random},
    scale::shortfall,
    space::{Space, Variant},
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy},
};

/// The width that a known architecture begins with, in eighths of its own.
pub const NARROW: u32 = 2;
/// Twice, in eighths.
const TWICE: u32 = 16;
/// A walk takes no more steps.
const MOST_STEPS: usize = 64;

/// Grows what is simple.
#[derive(Clone, Debug)]
pub struct Occam<S: Space> {
    task: Arc<Task<S>>,
    known: Known<S::Id>,
    random: Random<S>,
}

/// How a network is made larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    Wider,
    Deeper,
}

/// A member that a walk asks for, why, and the outcome it grew from.
struct Step<M> {
    member: M,
    rationale: String,
    from: Option<usize>,
}

impl<S: Space> Occam<S> {
    /// The walks of a seed; it decides only what is drawn when all walks are at their end.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, seed: u64) -> Self {
        Self { random: Random::new(Arc::clone(&task), seed), known: Known::default(), task }
    }

    fn grown(&self, member: &S::Member, growth: Growth) -> Option<S::Member> {
        match growth {
            Growth::Wider => Some(self.task.space.widened(member, TWICE)),
            Growth::Deeper => self.task.space.varied(member, Variant::Deeper),
        }
    }

    /// The steps of one walk that nobody has taken: the next, and what might be next.
    fn walk(
        &self,
        name: &str,
        start: S::Member,
        scores: &BTreeMap<S::Id, (usize, Option<f64>)>,
    ) -> Vec<Step<S::Member>> {
        let tried = |member: &S::Member| scores.get(&self.task.space.id(member).ok()?).copied();
        let Some((mut place, score)) = tried(&start) else {
            return vec![Step { member: start, rationale: format!("{name}, narrow, to begin with"), from: None }];
        };
        let mut best = score.unwrap_or(f64::NEG_INFINITY);
        let (mut stand, mut growth, mut idle) = (start, Growth::Wider, 0);
        for _ in 0..MOST_STEPS {
            if idle == 2 {
                break;
            }
            let next = self.grown(&stand, growth).filter(|next| *next != stand && self.task.glance(next).is_ok());
            match next.as_ref().map(|next| (next.clone(), tried(next))) {
                Some((member, None)) => {
                    let how = if growth == Growth::Wider { "twice as wide as" } else { "deeper than" };
                    let rationale = format!("{name}, {how} outcome {place}, which reached {best:.4}");
                    return vec![Step { member, rationale, from: Some(place) }];
                }
                Some((member, Some((at, score)))) if score.is_some_and(|score| score > best) => {
                    (stand, place, idle) = (member, at, 0);
                    best = score.unwrap_or(best);
                }
                _ => {
                    idle += 1;
                    growth = if growth == Growth::Wider { Growth::Deeper } else { Growth::Wider };
                }
            }
        }
        Vec::new()
    }

    /// What walks ask for, each known architecture's in turn.
    fn steps(&self, seen: &[Outcome<S::Member>]) -> Vec<Step<S::Member>> {
        let mut scores = BTreeMap::new();
        for (place, outcome) in seen.iter().enumerate() {
            if let Ok(id) = self.task.space.id(&outcome.member) {
                scores.entry(id).or_insert((place, outcome.known_score()));
            }
        }
        let seeds = self.task.space.seeds();
        let start = |member: &S::Member| self.task.space.widened(member, NARROW);
        seeds.iter().flat_map(|seed| self.walk(seed.name, start(&seed.member), &scores)).collect()
    }
}

impl<S: Space> Strategy<S> for Occam<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        let mut steps = self.steps(seen).into_iter();
        let mut found = Proposals::default();
        while found.proposals.len() < wanted {
            if let Some(Step { member, rationale, from }) = steps.next() {
                found.tally.drawn += 1;
                let Ok(id) = self.task.space.id(&member) else { continue };
                match self.task.admit(&member) {
                    Ok(_) if self.known.has(&id) => found.tally.repeated += 1,
                    Ok(size) => {
                        self.know(id.clone());
                        let evidence = from.into_iter().collect();
                        found.keep(Proposal { member, id, source: Source::Seed, rationale, evidence, size });
                    }
                    Err(misfit) => found.tally.refused(&misfit),
                }
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
