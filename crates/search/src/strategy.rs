//! What all strategies have in common: outcomes in, proposals out.
//!
//! There is no clock but the outcomes: what is proposed follows from the seed, from what was seen, in order, and from what
//! is known to have been put forward. A strategy that is made anew and told both goes on as if it had never stopped.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    cost::{Misfit, NothingFits, Size},
    space::{Memory, Space},
};

/// What became of a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<M> {
    /// The member.
    pub member: M,
    /// How well it does, more being better; nothing where the attempt failed. A NaN is nothing, too.
    pub score: Option<f64>,
}

impl<M> Outcome<M> {
    /// The score, if it is a number.
    #[must_use]
    pub fn known_score(&self) -> Option<f64> {
        self.score.filter(|score| !score.is_nan())
    }
}

/// Where a proposal comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The seed library, scaled to the budget.
    Seed,
    /// A mutation or a crossing.
    Evolution,
    /// A random draw.
    Random,
    /// A surrogate's choice.
    Surrogate,
}

/// A member that is put forward. It is within the budget, by the planner that decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal<M, I> {
    /// The member.
    pub member: M,
    /// What tells it from others.
    pub id: I,
    /// Who had the idea.
    pub source: Source,
    /// Why, in one line.
    pub rationale: String,
    /// The outcomes that it rests on, by their places in what was seen; none for what rests on nothing that was tried.
    pub evidence: Vec<usize>,
    /// What it takes.
    pub size: Size,
}

/// What was looked at on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Members drawn, scaled or mutated.
    pub drawn: u64,
    /// Of those, members that cannot be built.
    pub unbuildable: u64,
    /// Members refused for RAM.
    pub over_ram: u64,
    /// Members refused for Flash.
    pub over_flash: u64,
    /// Members refused for what they compute.
    pub over_work: u64,
    /// Members that were put forward before.
    pub repeated: u64,
    /// Members made smaller until they fitted.
    pub repaired: u64,
    /// Members put forward.
    pub kept: u64,
}

impl Tally {
    pub(crate) fn refused(&mut self, misfit: &Misfit) {
        *match misfit {
            Misfit::Unbuildable(_) => &mut self.unbuildable,
            Misfit::Work { .. } => &mut self.over_work,
            Misfit::Over { memory: Memory::Ram, .. } => &mut self.over_ram,
            Misfit::Over { memory: Memory::Flash, .. } => &mut self.over_flash,
        } += 1;
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.drawn += other.drawn;
        self.unbuildable += other.unbuildable;
        self.over_ram += other.over_ram;
        self.over_flash += other.over_flash;
        self.over_work += other.over_work;
        self.repeated += other.repeated;
        self.repaired += other.repaired;
        self.kept += other.kept;
    }
}

/// Why there are fewer proposals than wanted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Shortfall {
    /// Not even the smallest member fits.
    #[error(transparent)]
    NothingFits(Box<NothingFits>),
    /// All that the strategy knows was put forward.
    #[error("every seed was put forward; go on with another strategy")]
    Exhausted,
    /// Nothing new was found in so many tries.
    #[error("nothing new that fits was found in {0} tries; allow more memory, or stop here")]
    NothingNew(u32),
}

/// A strategy's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposals<M, I> {
    /// At most as many as were wanted, no two the same, none that was put forward before.
    pub proposals: Vec<Proposal<M, I>>,
    /// What was looked at on the way.
    pub tally: Tally,
    /// Why there are not as many as were wanted; always there if there are none.
    pub shortfall: Option<Shortfall>,
}

impl<M, I> Default for Proposals<M, I> {
    fn default() -> Self {
        Self { proposals: Vec::new(), tally: Tally::default(), shortfall: None }
    }
}

impl<M, I> Proposals<M, I> {
    pub(crate) fn keep(&mut self, proposal: Proposal<M, I>) {
        self.tally.kept += 1;
        self.proposals.push(proposal);
    }

    /// Appends what another call gave.
    pub(crate) fn join(&mut self, other: Self) {
        self.proposals.extend(other.proposals);
        self.tally += other.tally;
    }
}

/// The answer of a strategy on a space.
pub type ProposalsOf<S> = Proposals<<S as Space>::Member, <S as Space>::Id>;

/// Chooses what to try next.
pub trait Strategy<S: Space> {
    /// At most so many members that fit and were not put forward before. `seen` only ever grows at its end.
    fn propose(&mut self, seen: &[Outcome<S::Member>], wanted: usize) -> ProposalsOf<S>;

    /// Somebody else put this member forward; it is not proposed any more.
    fn know(&mut self, id: S::Id);

    /// The ids of the first members that will have been seen, in order, so that they are not worked out once more.
    fn recall(&mut self, ids: &[S::Id]);
}

/// What was put forward.
#[derive(Clone, Debug)]
pub(crate) struct Known<I> {
    ids: BTreeSet<I>,
    /// How many outcomes were read.
    read: usize,
}

impl<I> Default for Known<I> {
    fn default() -> Self {
        Self { ids: BTreeSet::new(), read: 0 }
    }
}

impl<I: Ord + Clone> Known<I> {
    /// Takes in what was seen since the last time.
    pub(crate) fn read<S: Space<Id = I>>(&mut self, space: &S, seen: &[Outcome<S::Member>]) {
        let new = seen.get(self.read..).unwrap_or(seen);
        self.ids.extend(new.iter().filter_map(|outcome| space.id(&outcome.member).ok()));
        self.read = seen.len();
    }

    /// Takes in the ids of what will have been seen.
    pub(crate) fn recall(&mut self, ids: &[I]) {
        self.ids.extend(ids.iter().cloned());
        self.read = self.read.max(ids.len());
    }

    /// Whether it is new; it is known from here on.
    pub(crate) fn add(&mut self, id: I) -> bool {
        self.ids.insert(id)
    }

    /// Whether it is known.
    pub(crate) fn has(&self, id: &I) -> bool {
        self.ids.contains(id)
    }

    /// How many are known: the place of the next stream of numbers.
    pub(crate) fn count(&self) -> u64 {
        self.ids.len() as u64
    }
}
