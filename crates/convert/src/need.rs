//! What the code of a network will need, from its graph alone: the very plan and the very tables that would be written.

use std::borrow::Cow;

use automcu_model::Graph;
use automcu_target::Core;

use crate::{
    network::Network,
    ops,
    patch::{self, Patched, Patches},
    plan::Plan,
};

/// Of ways to compute the first layers in patches, so many are planned to the byte.
const PLANNED: usize = 6;

/// Bytes that the code of a network takes, its instructions and its stack apart.
#[derive(Clone, Debug)]
pub struct Need {
    /// The graph that is planned for: that of the network, or the same in patches.
    pub graph: Graph,
    /// The memory plan.
    pub plan: Plan,
    /// The bytes of each node's weights and tables. Copies of a layer share theirs, which count with the first.
    pub tables: Vec<u64>,
    /// Which layers are computed in patches, if any are.
    pub patches: Option<Patches>,
}

/// About what the code of a network takes, known a hundred times sooner than [`Need`]: few orders of rows are looked at, and
/// nothing is placed. Weights and tables are exact; the order of steps is left out.
#[derive(Clone, Debug)]
pub struct Glance(Need);

impl Glance {
    /// About the bytes of the arena.
    #[must_use]
    pub fn ram(&self) -> u64 {
        self.0.ram()
    }

    /// The bytes of all weights and tables but the order of steps: never more than [`Need::flash`].
    #[must_use]
    pub fn flash(&self) -> u64 {
        self.0.tables.iter().sum()
    }

    /// About the bytes of instructions on a core; nothing for cores that were never linked for.
    #[must_use]
    pub fn code_bytes(&self, core: Core) -> Option<u64> {
        self.0.code_bytes(core)
    }
}

impl Need {
    /// About that of a graph in integer form: to choose by, not to promise.
    #[must_use]
    pub fn glance(graph: &Graph) -> Glance {
        let plan = Plan::glanced(graph);
        Glance(Self { graph: graph.clone(), plan, tables: tables(graph), patches: None })
    }

    /// That of a graph in integer form.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        Self { graph: graph.clone(), plan: Plan::of_graph(graph), tables: tables(graph), patches: None }
    }

    /// The same within so many bytes of RAM: where it takes patches, those that add the least work; without patches where
    /// these do not suffice either.
    #[must_use]
    pub fn within(graph: &Graph, ram: u64) -> Self {
        let plain = Self::of(graph);
        if plain.ram() <= ram {
            return plain;
        }
        let bounded = patch::ways(graph).into_iter().map(|way| (u64::from(Plan::quick_bound(&way.1.graph)), way));
        let (mut likely, mut possible): (Vec<_>, Vec<_>) = bounded
            .filter(|(bound, _)| *bound <= ram)
            // What lies between rows is taken to be the same share of the arena as without patches.
            .partition(|(bound, _)| bound * plain.ram() <= ram * u64::from(Plan::quick_bound(graph)));
        likely.truncate(PLANNED);
        possible.sort_by_key(|(bound, _)| *bound);
        possible.truncate(PLANNED);
        let tried = likely.into_iter().chain(possible);
        let mut planned = tried.map(|(_, (patches, way))| Self::patched(patches, way));
        planned.find(|need| need.ram() <= ram).unwrap_or(plain)
    }

    /// The same in the least RAM that is found, however much work that adds.
    #[must_use]
    pub fn least(graph: &Graph) -> Self {
        let ways = patch::best(patch::ways(graph), PLANNED);
        let planned = ways.into_iter().map(|(patches, way)| Self::patched(patches, way));
        std::iter::once(Self::of(graph)).chain(planned).min_by_key(Self::ram).expect("there is one without patches")
    }

    fn patched(patches: Patches, way: Patched) -> Self {
        let mut tables = tables(&way.graph);
        for (bytes, _) in tables.iter_mut().zip(way.copies()).filter(|(_, copied)| copied.is_some()) {
            *bytes = 0;
        }
        Self { plan: Plan::of_graph(&way.graph), graph: way.graph, tables, patches: Some(patches) }
    }

    /// The network whose code takes this: the one that was asked about, or the same in patches.
    ///
    /// # Panics
    /// Where it is not the network whose graph was asked about.
    #[must_use]
    pub fn network<'n>(&self, network: &'n Network) -> Cow<'n, Network> {
        let in_patches = |patches| network.in_patches(&patches).expect("these patches were planned for its graph");
        self.patches.map_or(Cow::Borrowed(network), |patches| Cow::Owned(in_patches(patches)))
    }

    /// The bytes of the arena.
    #[must_use]
    pub fn ram(&self) -> u64 {
        self.plan.arena_bytes.into()
    }

    /// The bytes of all weights and tables, the order of steps among them.
    #[must_use]
    pub fn flash(&self) -> u64 {
        self.tables.iter().sum::<u64>() + self.plan.order_bytes()
    }
}

pub(crate) fn tables(graph: &Graph) -> Vec<u64> {
    graph.nodes().iter().map(|node| ops::table_bytes(graph, node)).collect()
}
