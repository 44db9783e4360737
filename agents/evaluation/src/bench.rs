//! What threads of the agent work with: artifacts, targets, judges, tools and samples. Whatever is asked is answered here, in one
//! call that takes as long as it takes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use automcu_artifacts::Store;
use automcu_contract::{ArtifactId, Brief};
use automcu_model::{DataType, Graph, Spec};
use automcu_target::{Budget, Catalogue, Part};
use automcu_toolchain::{Tools, judge::Judge};

use crate::{
    Config, Hands,
    desk::Asked,
    finding::{Finding, Trouble},
    screening,
    shelf::Shelf,
    verification,
};

/// What threads share.
pub(crate) struct Bench {
    pub(crate) config: Config,
    pub(crate) judges: Vec<Arc<dyn Judge>>,
    pub(crate) targets: Catalogue,
    pub(crate) tools: Tools,
    pub(crate) store: Store,
    pub(crate) shelf: Shelf,
}

/// A target and what a candidate may take there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'b> {
    pub(crate) part: Option<&'b Part>,
    pub(crate) budget: Budget,
}

impl Bench {
    pub(crate) fn new(config: Config, hands: Hands) -> Self {
        let Hands { judges, targets, tools, store, clock: _ } = hands;
        let shelf = Shelf::new(config.samples_bytes);
        Self { config, judges, targets, tools, store, shelf }
    }

    /// Answers. Between two steps it looks whether anybody still waits.
    pub(crate) fn answer(&self, asked: &Asked, is_given_up: &AtomicBool) -> Finding {
        let found = match asked {
            Asked::Screen(asked) => screening::screened(self, asked, is_given_up),
            Asked::Verify(asked) => verification::verified(self, asked, is_given_up),
        };
        found.unwrap_or_else(|trouble| trouble.finding())
    }

    /// The target of this name, and the tighter of what it and the user allow.
    pub(crate) fn place(&self, target: Option<&Brief>, budget: Budget) -> Result<Place<'_>, Trouble> {
        let part = target.map(|name| self.targets.find(name.as_str())).transpose()?;
        let budget = part.map_or(budget, |part| Budget::from(part).and(budget));
        Ok(Place { part, budget })
    }

    /// A spec as it was put forward, and its graph as it is trained.
    pub(crate) fn spec(&self, id: ArtifactId) -> Result<(Spec, Graph), Trouble> {
        let spec = Spec::from_json(&self.store.get(id)?).map_err(Trouble::Spec)?;
        let graph = spec.lower().map_err(Trouble::Spec)?;
        Ok((spec, graph))
    }

    /// What is kept as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &self,
        what: &'static str,
        id: ArtifactId,
    ) -> Result<T, Trouble> {
        serde_json::from_slice(&self.store.get(id)?).map_err(|error| Trouble::Content { what, id, error })
    }
}

/// Refuses what is not judged and shipped here.
pub(crate) fn check_type(dtype: DataType) -> Result<(), Trouble> {
    if dtype == DataType::Int8 { Ok(()) } else { Err(Trouble::Type(dtype)) }
}

/// Goes no further where nobody waits any more.
pub(crate) fn still_wanted(is_given_up: &AtomicBool) -> Result<(), Trouble> {
    if is_given_up.load(Ordering::Relaxed) { Err(Trouble::GivenUp) } else { Ok(()) }
}
