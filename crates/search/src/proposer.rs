//! Strategies by their names, as they are held against each other.

use std::sync::Arc;

use crate::{
    cost::Task,
    evolution::Evolution,
    guided::{Guided, Prior, Track},
    local::Local,
    mixed::Mixed,
    occam::Occam,
    random::Random,
    space::Space,
    strategy::Strategy,
    unas::Unas,
};

/// A strategy, and which of its parts take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proposer {
    /// [`Random`].
    Random,
    /// [`Evolution`].
    Evolution,
    /// [`Local`].
    Local,
    /// [`Unas`].
    Unas,
    /// [`Occam`].
    Occam,
    /// [`Mixed`].
    Mixed,
    /// [`Guided`] that is told nothing: the track of no prior.
    GuidedNoPrior,
    /// The prior of [`Guided`] without a surrogate: the track of a generic prior, alone.
    PriorAlone,
    /// [`Guided`] without seeds: the track of a generic prior.
    GuidedUnseeded,
    /// [`Guided`] with all that it has: the track of seeds.
    Guided,
}

impl Proposer {
    /// All of them, the simplest first.
    pub const ALL: [Self; 10] = [
        Self::Random,
        Self::Evolution,
        Self::Local,
        Self::Unas,
        Self::Occam,
        Self::Mixed,
        Self::GuidedNoPrior,
        Self::PriorAlone,
        Self::GuidedUnseeded,
        Self::Guided,
    ];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Evolution => "evolution",
            Self::Local => "local",
            Self::Unas => "unas",
            Self::Occam => "occam",
            Self::Mixed => "mixed",
            Self::GuidedNoPrior => "guided-no-prior",
            Self::PriorAlone => "prior-alone",
            Self::GuidedUnseeded => "guided-unseeded",
            Self::Guided => "guided",
        }
    }

    /// What it knows before anything is tried: tracks that are not to be mixed.
    #[must_use]
    pub const fn track(self) -> &'static str {
        match self {
            Self::Random | Self::Evolution | Self::Local | Self::Unas | Self::GuidedNoPrior => "no prior",
            Self::PriorAlone | Self::GuidedUnseeded => "generic prior",
            Self::Occam | Self::Mixed | Self::Guided => "seeded",
        }
    }

    /// The strategy of a seed.
    #[must_use]
    pub fn made<S: Space + 'static>(self, task: Arc<Task<S>>, seed: u64) -> Box<dyn Strategy<S>>
    where
        S::Member: 'static,
        S::Id: 'static,
    {
        let guided = |task, prior, has_surrogate, has_seeds| {
            Box::new(Guided::new(task, Track { prior, has_surrogate, has_seeds }, seed))
        };
        match self {
            Self::Random => Box::new(Random::new(task, seed)),
            Self::Evolution => Box::new(Evolution::new(task, seed)),
            Self::Local => Box::new(Local::new(task, seed)),
            Self::Unas => Box::new(Unas::new(task, seed)),
            Self::Occam => Box::new(Occam::new(task, seed)),
            Self::Mixed => Box::new(Mixed::new(task, seed)),
            Self::GuidedNoPrior => guided(task, Prior::None, true, false),
            Self::PriorAlone => guided(task, Prior::Generic, false, false),
            Self::GuidedUnseeded => guided(task, Prior::Generic, true, false),
            Self::Guided => guided(task, Prior::Generic, true, true),
        }
    }
}
