//! The largest members that fit, exactly, soon: families that are scaled by their width, narrowed down by glances and planned at the end.
//!
//! What is found is the largest of these families, not of all members: those may be mixed in more ways than can be looked at.

use std::collections::BTreeMap;

use automcu_model::GraphDigest;
use serde::Serialize;

use crate::{
    cost::{Misfit, NothingFits, Size, Task},
    scale::MOST_EIGHTHS,
    space::{Space, Variant},
    staged::{Staged, Stages},
};

/// So many members are planned at most: one takes up to a tenth of a second.
pub const PLANS: usize = 24;
/// So many forms of one family are planned at most.
const PLANS_EACH: usize = 5;
/// At most so many are asked for.
pub const MOST_LARGEST: usize = 16;

/// By what the largest is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Multiply-accumulates of an inference.
    Macs,
    /// Parameters as deployed.
    Parameters,
}

impl By {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Macs, Self::Parameters];

    const fn of(self, size: &Size) -> u64 {
        match self {
            Self::Macs => size.macs,
            Self::Parameters => size.parameters,
        }
    }
}

/// A large member that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Large {
    /// The member.
    pub member: Staged,
    /// What tells it from others.
    pub id: GraphDigest,
    /// What it is a form of.
    pub family: String,
    /// Its width, in eighths of the family's.
    pub eighths: u32,
    /// What it takes, by the planner that decides.
    pub size: Size,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Largest {
    /// The largest first, by each measure.
    pub found: Vec<(By, Vec<Large>)>,
    /// How many families were looked at.
    pub families: usize,
    /// How many members were planned.
    pub planned: usize,
    /// Whether there was more to plan than may be: a larger form may have been passed over.
    pub is_cut_short: bool,
    /// Why nothing was found, where this is so.
    pub lacks: Option<NothingFits>,
}

/// A family, and its widest form that fits by a glance.
struct Family {
    name: String,
    member: Staged,
    eighths: u32,
    glance: Size,
}

/// The largest members of a task's space, so many by each measure.
#[must_use]
pub fn largest(task: &Task<Stages>, count: usize) -> Largest {
    let all = families(&task.space);
    let count = count.clamp(1, MOST_LARGEST);
    let (families, mut fitting) = (all.len(), Vec::new());
    for (name, member) in all {
        fitting.extend(glanced(task, name, member));
    }
    let mut plans = Plans { task, known: BTreeMap::new(), is_cut_short: false };
    let found: Vec<_> = By::ALL.into_iter().map(|by| (by, plans.largest(by, &mut fitting, count))).collect();
    let lacks = found.iter().all(|(_, found)| found.is_empty()).then(|| task.smallest_that_fails()).flatten();
    Largest { found, families, planned: plans.known.len(), is_cut_short: plans.is_cut_short, lacks }
}

/// Seeds as they are varied, ladders of each module, and the smallest.
fn families(space: &Stages) -> Vec<(String, Staged)> {
    let mut all: Vec<(String, Staged)> = Vec::new();
    for seed in space.seeds() {
        for variant in Variant::ALL {
            let varied = space.varied(&seed.member, variant);
            all.extend(varied.map(|member| (format!("{}, {}", seed.name, variant.word()), member)));
        }
    }
    all.extend(space.ladders());
    all.push(("the smallest".to_owned(), space.smallest()));
    all
}

/// The widest form that fits by a glance.
fn glanced(task: &Task<Stages>, name: String, member: Staged) -> Option<Family> {
    let (mut best, mut fits, mut over) = (None, 0, MOST_EIGHTHS + 1);
    while over - fits > 1 {
        let eighths = u32::midpoint(fits, over);
        match task.glance(&task.space.widened(&member, eighths)) {
            Ok(size) => (best, fits) = (Some((eighths, size)), eighths),
            Err(_) => over = eighths,
        }
    }
    let (eighths, glance) = best?;
    Some(Family { name, member, eighths, glance })
}

/// What was planned, each member once.
struct Plans<'t> {
    task: &'t Task<Stages>,
    known: BTreeMap<GraphDigest, Result<Size, Misfit>>,
    is_cut_short: bool,
}

impl Plans<'_> {
    fn largest(&mut self, by: By, families: &mut [Family], count: usize) -> Vec<Large> {
        families.sort_by_key(|family| std::cmp::Reverse(by.of(&family.glance)));
        let mut found: Vec<Large> = Vec::new();
        for family in families.iter() {
            let least = found.get(count - 1).map_or(0, |large| by.of(&large.size));
            // A glance promises too much rather than too little: what follows is smaller than what is known to fit.
            if by.of(&family.glance) <= least {
                break;
            }
            let Some(large) = self.widest(family) else { continue };
            if found.iter().all(|other| other.id != large.id) {
                let at = found.partition_point(|other| by.of(&other.size) >= by.of(&large.size));
                found.insert(at, large);
                found.truncate(count);
            }
        }
        found
    }

    /// The widest form that fits by the planner, from the widest that fits by a glance down.
    fn widest(&mut self, family: &Family) -> Option<Large> {
        let (mut best, mut fits, mut over) = (None, 0, family.eighths + 1);
        let mut next = family.eighths;
        for _ in 0..PLANS_EACH {
            let member = self.task.space.widened(&family.member, next);
            let id = self.task.space.id(&member).ok()?;
            match self.admitted(&member, id)? {
                Ok(size) => {
                    best = Some(Large { member, id, family: family.name.clone(), eighths: next, size });
                    fits = next;
                }
                Err(misfit) => {
                    over = next;
                    next = self.likely(family, &misfit, over).clamp(fits, over - 1);
                    if next > fits {
                        continue;
                    }
                }
            }
            if over - fits <= 1 {
                return best;
            }
            next = u32::midpoint(fits, over);
        }
        self.is_cut_short |= over - fits > 1;
        best
    }

    /// How wide a form fits if glances are as far from plans there as here.
    fn likely(&self, family: &Family, misfit: &Misfit, over: u32) -> u32 {
        let Misfit::Over { size, .. } = misfit else { return over / 2 };
        let task = self.task;
        let glance = |eighths: u32| task.space.glance(&task.space.widened(&family.member, eighths), task.core).ok();
        let Some(here) = glance(over) else { return over / 2 };
        let holds = |eighths: &u32| {
            let Some(there) = glance(*eighths) else { return false };
            let scaled = |there: u64, planned: u64, here: u64| there.saturating_mul(planned) / here.max(1);
            let ram = scaled(there.ram().0, size.ram().0, here.ram().0);
            let flash = scaled(there.flash().0, size.flash().0, here.flash().0);
            task.budget.ram.is_none_or(|most| ram <= most.0) && task.budget.flash.is_none_or(|most| flash <= most.0)
        };
        (1..over).rev().find(holds).unwrap_or(over / 2)
    }

    /// What the planner says; nothing where no more is planned.
    fn admitted(&mut self, member: &Staged, id: GraphDigest) -> Option<Result<Size, Misfit>> {
        if let Some(known) = self.known.get(&id) {
            return Some(known.clone());
        }
        if self.known.len() >= PLANS {
            self.is_cut_short = true;
            return None;
        }
        let admitted = self.task.admit(member);
        self.known.insert(id, admitted.clone());
        Some(admitted)
    }
}
