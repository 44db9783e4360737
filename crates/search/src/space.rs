//! What a strategy searches: members that can be drawn, changed, crossed, made smaller and told apart.

use std::{fmt::Debug, hash::Hash};

use automcu_model::{Refusals, Spec};
use automcu_target::Core;

use crate::{cost::Size, numbers::Numbers};

/// One of the two memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// RAM.
    Ram,
    /// Flash.
    Flash,
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Ram => "RAM",
            Self::Flash => "Flash",
        })
    }
}

/// A member that cannot be built, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unbuildable {
    /// Its spec does not lower to a graph.
    #[error("this member cannot be built: {0}")]
    Refused(#[from] Refusals),
    /// Its graph is too large in integer form.
    #[error("this member cannot be deployed: {0}; make it smaller")]
    TooLarge(String),
}

/// What is searched. Everything is the same for the same numbers.
///
/// A space promises nothing about budgets: [`Task`](crate::Task) holds members against them.
pub trait Space {
    /// An architecture, or a row of a table.
    type Member: Clone + Debug + PartialEq;
    /// What tells members apart.
    type Id: Clone + Debug + Ord + Hash;

    /// Any member.
    fn draw(&self, numbers: &mut Numbers) -> Self::Member;

    /// A member one small step away.
    fn mutate(&self, member: &Self::Member, numbers: &mut Numbers) -> Self::Member;

    /// A member with parts of both.
    fn cross(&self, one: &Self::Member, other: &Self::Member, numbers: &mut Numbers) -> Self::Member;

    /// A member that likely needs less of a memory; nothing for the smallest.
    fn shrink(&self, member: &Self::Member, memory: Memory, numbers: &mut Numbers) -> Option<Self::Member>;

    /// The member that needs the least of both memories.
    fn smallest(&self) -> Self::Member;

    /// Known good members, the best first. A space without any is searched from nothing.
    fn seeds(&self) -> Vec<Seed<Self::Member>>;

    /// The member with all widths times so many eighths, never smaller for more of them.
    fn widened(&self, member: &Self::Member, eighths: u32) -> Self::Member;

    /// The same member with one step more or less depth, or with rows and columns kept for longer, where it has such.
    fn varied(&self, member: &Self::Member, variant: Variant) -> Option<Self::Member>;

    /// What tells the member from others.
    fn id(&self, member: &Self::Member) -> Result<Self::Id, Unbuildable>;

    /// About what it takes on a core, in well under a millisecond for networks of usual size.
    fn glance(&self, member: &Self::Member, core: Core) -> Result<Size, Unbuildable>;

    /// What it takes on a core, by the planner that decides.
    fn size(&self, member: &Self::Member, core: Core) -> Result<Size, Unbuildable>;

    /// What each of the [`Space::features`] is.
    fn feature_names(&self) -> &'static [&'static str];

    /// What a surrogate may learn from, always in the same order.
    fn features(&self, member: &Self::Member) -> Vec<f32>;

    /// All members, where they are few enough to be looked at one by one.
    fn listed(&self) -> Option<Vec<Self::Member>> {
        None
    }
}

/// A space whose members are architectures that can be written down, and so trained.
pub trait Buildable: Space {
    /// The architecture.
    fn spec(&self, member: &Self::Member) -> Spec;
}

/// A known good member.
#[derive(Clone, Debug, PartialEq)]
pub struct Seed<M> {
    /// What it is called.
    pub name: &'static str,
    /// The member.
    pub member: M,
}

/// How a seed is varied before it is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// As it is.
    Plain,
    /// One block more in each stage.
    Deeper,
    /// One block fewer in each stage that has several.
    Shallower,
    /// A step of two one stage later: more work, and a larger map for longer.
    Finer,
    /// A step of two one stage earlier.
    Coarser,
}

impl Variant {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Deeper, Self::Finer, Self::Coarser, Self::Shallower];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "as it is",
            Self::Deeper => "deeper",
            Self::Shallower => "shallower",
            Self::Finer => "finer",
            Self::Coarser => "coarser",
        }
    }
}
