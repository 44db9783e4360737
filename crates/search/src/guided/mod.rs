//! The default: seeds scaled to the budget first, then the choice of a surrogate among thousands of members.
//!
//! What is thought before anything was tried (`prior`) and what was learnt since (`process`) give each member of a pool (`pool`) a
//! mean and a deviation. The one whose improvement is expected to be the largest comes next, if the planner admits it.

mod pool;
mod prior;
mod process;

use std::{collections::BTreeMap, sync::Arc};

pub use pool::{POOL_CHANGES, POOL_DRAWS, POOL_FITTING};
pub use prior::{Prior, WEIGHTS};

use crate::{
    cost::Task,
    mixed::SEEDS,
    numbers::{Numbers, Purpose},
    random::{RETRIES, Random},
    scale::{Seeds, shortfall},
    space::Space,
    strategy::{Known, Outcome, Proposal, Proposals, ProposalsOf, Shortfall, Source, Strategy, Tally},
};
use pool::{Candidate, Draws};
use prior::{SHARE_OF_BUDGET, Scale, Standing};
use process::{Belief, MOST_POINTS, Point, Process, expected_improvement};

/// Without a prior so many are drawn at random before a surrogate can say anything.
pub const DRAWN_FIRST: usize = 6;
/// So many scores in a row without a better one, and it is looked a step wider.
pub const PATIENCE: usize = 8;
/// The widest look.
const WIDEST_LOOK: u32 = 4;
/// The planner refuses so many choices of one proposal before a draw takes its place.
const CONFIRMATIONS: usize = 32;
/// What failed is as uncertain as this many scores are certain.
const DOUBT_OF_FAILURES: f64 = 4.0;
/// How far below the middle a bad score counts, in distances from the middle to the best: how bad is of no interest.
const FLOOR: f64 = 2.0;

/// What a guided search knows and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Track {
    /// What is thought before anything is tried.
    pub prior: Prior,
    /// Whether it learns from scores.
    pub has_surrogate: bool,
    /// Whether known architectures come first.
    pub has_seeds: bool,
}

impl Track {
    /// All that there is.
    pub const ALL: Self = Self { prior: Prior::Generic, has_surrogate: true, has_seeds: true };
}

/// What is known of an outcome.
#[derive(Clone, Debug)]
struct Described<I> {
    id: Option<I>,
    features: Vec<f32>,
}

/// Guided by a surrogate.
#[derive(Clone, Debug)]
pub struct Guided<S: Space> {
    task: Arc<Task<S>>,
    seed: u64,
    track: Track,
    known: Known<S::Id>,
    seeds: Seeds<S>,
    random: Random<S>,
    draws: Draws<S::Member>,
    /// Of what was seen, in order.
    described: Vec<Described<S::Id>>,
}

/// What one answer is chosen from.
struct Choice<M> {
    pool: Vec<Candidate<M>>,
    standings: Vec<Standing>,
    scale: Scale,
    process: Option<Process>,
    /// The places in what was seen that points of the process stand for.
    places: Vec<usize>,
    beliefs: Vec<Belief>,
    best: Option<f64>,
    is_open: Vec<bool>,
}

impl<S: Space> Guided<S> {
    /// A guided search of a seed.
    #[must_use]
    pub fn new(task: Arc<Task<S>>, track: Track, seed: u64) -> Self {
        Self {
            seeds: Seeds::new(Arc::clone(&task)),
            random: Random::new(Arc::clone(&task), seed),
            known: Known::default(),
            draws: Draws::default(),
            described: Vec::new(),
            seed,
            track,
            task,
        }
    }

    fn describe(&mut self, seen: &[Outcome<S::Member>]) {
        for outcome in seen.iter().skip(self.described.len()) {
            let id = self.task.space.id(&outcome.member).ok();
            let size = self.task.space.glance(&outcome.member, self.task.core);
            let features = size.map_or_else(|_| Vec::new(), |size| pool::described(&self.task, &outcome.member, &size));
            self.described.push(Described { id, features });
        }
    }

    /// Outcomes as points: one a member, with the mean of its scores, at most so many: the best, and the latest.
    fn points(&self, seen: &[Outcome<S::Member>], scale: &Scale) -> (Vec<Point>, Vec<usize>) {
        let mut members: BTreeMap<&S::Id, (usize, Vec<f64>, bool)> = BTreeMap::new();
        for (place, (outcome, described)) in seen.iter().zip(&self.described).enumerate() {
            let Some(id) = described.id.as_ref().filter(|_| !described.features.is_empty()) else { continue };
            let entry = members.entry(id).or_insert((place, Vec::new(), true));
            entry.1.extend(outcome.known_score().filter(|score| score.is_finite()));
            entry.2 &= outcome.known_score().is_none();
        }
        let mut all: Vec<(usize, Option<f64>, usize)> = members
            .into_values()
            .map(|(place, scores, _)| {
                let count = scores.len();
                let sum: f64 = scores.iter().sum();
                (place, (count > 0).then(|| sum / number(count)), count)
            })
            .collect();
        let mut scores: Vec<f64> = all.iter().filter_map(|(_, score, _)| *score).collect();
        scores.sort_by(f64::total_cmp);
        let (Some(middle), Some(best)) = (scores.get(scores.len() / 2), scores.last()) else {
            return (Vec::new(), Vec::new());
        };
        let floor = middle - FLOOR * (best - middle).max(1e-12);
        let lowest = scores.first().copied().unwrap_or(floor).max(floor);
        all.sort_by(|one, other| {
            let score = |score: Option<f64>| score.unwrap_or(f64::NEG_INFINITY);
            score(other.1).total_cmp(&score(one.1)).then(one.0.cmp(&other.0))
        });
        // The best half of what is kept, and of the rest the latest.
        if all.len() > MOST_POINTS {
            let mut rest = all.split_off(MOST_POINTS / 2);
            rest.sort_by_key(|(place, ..)| std::cmp::Reverse(*place));
            all.extend(rest.into_iter().take(MOST_POINTS - MOST_POINTS / 2));
        }
        all.sort_by_key(|(place, ..)| *place);
        let point = |&(place, score, count): &(usize, Option<f64>, usize)| Point {
            standing: scale.standing(&self.described[place].features),
            score: score.map_or(lowest, |score| score.max(floor)),
            noise: if count == 0 { DOUBT_OF_FAILURES } else { 1.0 / number(count) },
        };
        (all.iter().map(point).collect(), all.iter().map(|(place, ..)| *place).collect())
    }

    /// How wide it is looked: a step more for each time that patience ran out.
    fn width(seen: &[Outcome<S::Member>]) -> u32 {
        let scores = seen.iter().filter_map(Outcome::known_score);
        let (_, stale) = scores.fold(
            (f64::NEG_INFINITY, 0),
            |(best, stale), score| {
                if score > best { (score, 0) } else { (best, stale + 1) }
            },
        );
        u32::try_from(1 + stale / PATIENCE).unwrap_or(WIDEST_LOOK).min(WIDEST_LOOK)
    }

    fn choice(&self, seen: &[Outcome<S::Member>], tally: &mut Tally) -> Choice<S::Member> {
        let draws = self.draws.looked_at(&self.task, self.seed);
        *tally += draws.tally;
        let mut pool = draws.fitting.clone();
        let weights = match self.track.prior {
            Prior::Generic => prior::weights(self.task.space.feature_names()),
            Prior::None => vec![0.0; self.task.space.feature_names().len() + 1],
        };
        if self.track.has_surrogate && !draws.is_whole {
            pool.extend(self.changed(seen, &pool, tally));
        }
        let scale = Scale::of(pool.iter().map(|candidate| candidate.features.as_slice()), weights);
        let standings: Vec<Standing> = pool.iter().map(|candidate| scale.standing(&candidate.features)).collect();
        let (points, places) = self.points(seen, &scale);
        let process = self.track.has_surrogate.then(|| Process::fitted(&points, self.track.prior == Prior::Generic));
        let process = process.flatten();
        let belief = |standing: &Standing| match &process {
            Some(process) => process.belief(standing),
            None => Belief { mean: standing.prior, deviation: 1.0 },
        };
        let beliefs = standings.iter().map(belief).collect();
        let best = process.as_ref().and_then(Process::best);
        Choice { is_open: vec![true; pool.len()], pool, standings, scale, process, places, beliefs, best }
    }

    fn changed(
        &self,
        seen: &[Outcome<S::Member>],
        pool: &[Candidate<S::Member>],
        tally: &mut Tally,
    ) -> Vec<Candidate<S::Member>> {
        let scale = Scale::of(pool.iter().map(|candidate| candidate.features.as_slice()), Vec::new());
        let score = |(place, outcome): (usize, &Outcome<S::Member>)| Some((place, outcome.known_score()?));
        let scores: Vec<(usize, f64)> = seen.iter().enumerate().filter_map(score).collect();
        let features = |place: usize| scale.standing(&self.described[place].features).place;
        let width = Self::width(seen);
        let parents = pool::parents(&scores, &features, width);
        let mut numbers = Numbers::of(self.seed, Purpose::Guide, self.known.count());
        pool::changes(&self.task, seen, &parents, width, &mut numbers, tally)
    }

    /// The next of a choice that the planner admits and that is new.
    fn next(&mut self, choice: &mut Choice<S::Member>, tally: &mut Tally) -> Option<Proposal<S::Member, S::Id>> {
        let mut order: Vec<(f64, usize)> = choice.open().collect();
        order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let mut confirmations = 0;
        for (_, at) in order {
            choice.is_open[at] = false;
            let member = &choice.pool[at].member;
            let Ok(id) = self.task.space.id(member) else { continue };
            if self.known.has(&id) {
                tally.repeated += 1;
                continue;
            }
            if confirmations == CONFIRMATIONS {
                return None;
            }
            confirmations += 1;
            let size = match self.task.admit(member) {
                Ok(size) => size,
                Err(misfit) => {
                    tally.refused(&misfit);
                    continue;
                }
            };
            self.know(id.clone());
            let (rationale, evidence) = choice.reason(at, self.task.space.feature_names());
            let proposal =
                Proposal { member: member.clone(), id, source: Source::Surrogate, rationale, evidence, size };
            choice.believe(at);
            return Some(proposal);
        }
        None
    }

    /// A seed or a draw, where it is their turn.
    fn simple(&mut self, seen: &[Outcome<S::Member>], drawn: usize) -> Option<ProposalsOf<S>> {
        if self.track.has_seeds && self.known.count() < SEEDS {
            let found = self.seeds.propose(seen, 1);
            if !found.proposals.is_empty() {
                return Some(found);
            }
        }
        let scored = seen.iter().filter(|outcome| outcome.known_score().is_some()).count();
        let is_blind = self.track.prior == Prior::None && scored < DRAWN_FIRST && scored + drawn < 2 * DRAWN_FIRST;
        is_blind.then(|| self.random.propose(seen, 1))
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl<M> Choice<M> {
    /// How much is to be expected of each that is open.
    fn open(&self) -> impl Iterator<Item = (f64, usize)> {
        let value = |at: usize| match (self.process.is_some(), self.best) {
            (true, Some(best)) => expected_improvement(self.beliefs[at], best),
            _ => self.beliefs[at].mean,
        };
        (0..self.pool.len()).filter(|&at| self.is_open[at]).map(move |at| (value(at), at))
    }

    /// What is chosen is believed to come to what is expected of it.
    fn believe(&mut self, at: usize) {
        let Some(process) = self.process.take() else { return };
        let process = process.believing(self.standings[at].clone());
        for (belief, standing) in self.beliefs.iter_mut().zip(&self.standings) {
            belief.deviation = process.belief(standing).deviation;
        }
        self.best = self.best.map(|best| best.max(self.beliefs[at].mean));
        self.process = Some(process);
    }

    /// Why this one, and the outcomes that it rests on.
    fn reason(&self, at: usize, names: &[&str]) -> (String, Vec<usize>) {
        let (standing, parent) = (&self.standings[at], self.pool[at].parent);
        let of = parent.map_or_else(String::new, |parent| format!(", a change of outcome {parent}"));
        let named = |column: usize| names.get(column).copied().unwrap_or(SHARE_OF_BUDGET);
        let most = self
            .scale
            .weightiest(standing)
            .map_or_else(String::new, |column| format!(", by {} the most", named(column)));
        let learnt = self.process.as_ref().and_then(|process| Some((process, process.in_scores(self.beliefs[at])?)));
        let Some((process, belief)) = learnt.filter(|_| !self.places.is_empty()) else {
            let count = self.pool.len();
            let prior = standing.prior;
            let rationale =
                format!("the prior alone: {prior:+.2} deviations from the mean of {count} that fit{most}{of}");
            return (rationale, parent.into_iter().collect());
        };
        let Belief { mean, deviation } = belief;
        let near = process.nearest(standing, 2).into_iter().filter_map(|at| self.places.get(at).copied());
        let evidence: Vec<usize> = parent.map_or_else(|| near.collect(), |parent| vec![parent]);
        let prior = standing.prior;
        let count = self.places.len();
        let rationale = format!(
            "expected {mean:.4} ± {deviation:.4} by {count} outcomes and the prior, {prior:+.2} deviations{most}{of}"
        );
        (rationale, evidence)
    }
}

impl<S: Space> Strategy<S> for Guided<S> {
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S> {
        self.known.read(&self.task.space, seen);
        self.describe(seen);
        let mut found = Proposals::default();
        let mut choice = None;
        while found.proposals.len() < wanted {
            if let Some(simple) = self.simple(seen, found.proposals.len()) {
                simple.proposals.iter().for_each(|proposal| self.know(proposal.id.clone()));
                let is_nothing = simple.proposals.is_empty();
                found.join(simple);
                if !is_nothing {
                    continue;
                }
            }
            if choice.is_none() {
                choice = Some(self.choice(seen, &mut found.tally));
            }
            let next = choice.as_mut().and_then(|choice| self.next(choice, &mut found.tally));
            if let Some(proposal) = next {
                found.keep(proposal);
                continue;
            }
            // Nothing of the pool is new and fits: draws may be, made smaller.
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
        self.seeds.know(id.clone());
        self.random.know(id.clone());
        self.known.add(id);
    }

    fn recall(&mut self, ids: &[S::Id]) {
        self.seeds.recall(ids);
        self.random.recall(ids);
        self.known.recall(ids);
    }
}
