//! What the code of a network will need, from its graph alone: the very plan and the very tables that would be written.

use automcu_model::Graph;

use crate::{ops, plan::Plan};

/// Bytes that the code of a network takes, its instructions and its stack apart.
#[derive(Clone, Debug)]
pub struct Need {
    /// The memory plan.
    pub plan: Plan,
    /// The bytes of each node's weights and tables.
    pub tables: Vec<u64>,
}

impl Need {
    /// That of a graph in integer form.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        Self { plan: Plan::of_graph(graph), tables: tables(graph) }
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
