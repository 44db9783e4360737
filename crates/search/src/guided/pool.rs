//! What is chosen from: draws, looked at once, and changes of the best, looked at anew each time.

use std::sync::{Arc, OnceLock};

use crate::{
    cost::{Size, Task},
    numbers::{Numbers, Purpose},
    space::Space,
    strategy::{Outcome, Tally},
};

/// So many draws are looked at.
pub const POOL_DRAWS: u64 = 2048;
/// Where so many of them fit, no more are.
pub const POOL_FITTING: usize = 1024;
/// So many changes of the best are looked at each time.
pub const POOL_CHANGES: usize = 384;
/// Spaces of up to so many members are looked at whole.
const LISTED: usize = 4096;
/// The best so many have offspring.
const PARENTS: usize = 4;
/// One in so many changes is a crossing.
const CROSSINGS: u32 = 6;

/// A member that seems to fit.
#[derive(Clone, Debug)]
pub(super) struct Candidate<M> {
    pub(super) member: M,
    /// The space's features, and the share of the budget.
    pub(super) features: Vec<f32>,
    /// The outcome that it is a change of.
    pub(super) parent: Option<usize>,
}

/// The draws of a seed, and what was looked at for them. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Draws<M>(Arc<OnceLock<LookedAt<M>>>);

/// What seems to fit, what was looked at for it, and whether it is the whole space.
#[derive(Clone, Debug)]
pub(super) struct LookedAt<M> {
    pub(super) fitting: Vec<Candidate<M>>,
    pub(super) tally: Tally,
    pub(super) is_whole: bool,
}

impl<M> Default for Draws<M> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// How much of the memory that is used the most.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn share_of_budget<S>(task: &Task<S>, size: &Size) -> f32 {
    let share = |used: u64, of: Option<automcu_model::Bytes>| of.map_or(0.0, |of| used as f32 / of.0.max(1) as f32);
    share(size.ram().0, task.budget.ram).max(share(size.flash().0, task.budget.flash))
}

/// The features of a member of this size.
pub(super) fn described<S: Space>(task: &Task<S>, member: &S::Member, size: &Size) -> Vec<f32> {
    let mut features = task.space.features(member);
    features.push(share_of_budget(task, size));
    features
}

/// A member with its features, where a glance does not refuse it.
pub(super) fn glanced<S: Space>(
    task: &Task<S>,
    member: S::Member,
    parent: Option<usize>,
    tally: &mut Tally,
) -> Option<Candidate<S::Member>> {
    tally.drawn += 1;
    match task.glance(&member) {
        Ok(size) => Some(Candidate { features: described(task, &member, &size), member, parent }),
        Err(misfit) => {
            tally.refused(&misfit);
            None
        }
    }
}

/// All members of a space that is small.
fn listed<S: Space>(task: &Task<S>) -> Option<Vec<S::Member>> {
    task.space.listed().filter(|members| members.len() <= LISTED)
}

impl<M: Clone> Draws<M> {
    /// All members of a space that is small, or many draws.
    pub(super) fn looked_at<S: Space<Member = M>>(&self, task: &Task<S>, seed: u64) -> &LookedAt<M> {
        self.0.get_or_init(|| {
            let mut tally = Tally::default();
            if let Some(members) = listed(task) {
                let all = members.into_iter().filter_map(|member| glanced(task, member, None, &mut tally)).collect();
                return LookedAt { fitting: all, tally, is_whole: true };
            }
            let mut numbers = Numbers::of(seed, Purpose::Guide, u64::MAX);
            let mut all = Vec::new();
            if task.smallest_that_fails().is_some() {
                return LookedAt { fitting: all, tally, is_whole: false };
            }
            for _ in 0..POOL_DRAWS {
                if all.len() == POOL_FITTING {
                    break;
                }
                all.extend(glanced(task, task.space.draw(&mut numbers), None, &mut tally));
            }
            LookedAt { fitting: all, tally, is_whole: false }
        })
    }
}

/// Outcomes that have offspring: the best few, and the wider it is looked, the more of others that did well but are unlike them.
pub(super) fn parents(scores: &[(usize, f64)], features: &dyn Fn(usize) -> Vec<f64>, wide: u32) -> Vec<usize> {
    let mut order = scores.to_vec();
    order.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let mut chosen: Vec<usize> = order.iter().take(PARENTS).map(|(place, _)| *place).collect();
    let good: Vec<usize> = order.iter().take(order.len().div_ceil(2)).map(|(place, _)| *place).collect();
    for _ in 1..wide {
        let unlike = |place: &usize| {
            let own = features(*place);
            let far =
                |other: &usize| own.iter().zip(features(*other)).map(|(one, other)| (one - other).powi(2)).sum::<f64>();
            chosen.iter().map(far).fold(f64::INFINITY, f64::min)
        };
        let left = good.iter().filter(|place| !chosen.contains(place));
        match left.max_by(|one, other| unlike(one).total_cmp(&unlike(other)).then(other.cmp(one))).copied() {
            Some(place) => chosen.push(place),
            None => break,
        }
    }
    chosen
}

/// Changes of outcomes, up to so many steps away.
pub(super) fn changes<S: Space>(
    task: &Task<S>,
    seen: &[Outcome<S::Member>],
    parents: &[usize],
    steps: u32,
    numbers: &mut Numbers,
    tally: &mut Tally,
) -> Vec<Candidate<S::Member>> {
    let mut all = Vec::new();
    if parents.is_empty() {
        return all;
    }
    for _ in 0..POOL_CHANGES {
        let (place, other) = (numbers.one(parents), numbers.one(parents));
        let is_crossing = place != other && numbers.chance(1, CROSSINGS);
        let mut child = if is_crossing {
            task.space.cross(&seen[place].member, &seen[other].member, numbers)
        } else {
            task.space.mutate(&seen[place].member, numbers)
        };
        for _ in 0..numbers.below(steps) {
            child = task.space.mutate(&child, numbers);
        }
        all.extend(glanced(task, child, Some(place), tally));
    }
    all
}
