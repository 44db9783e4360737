//! Peak activation memory, exactly: which tensors live while each operation runs, over the best order of operations found.
//!
//! The rule is op by op: while an operation runs, what it reads, what it writes and whatever is read later are all
//! there, each in a place of its own. A reshape only renames what it reads. Placing tensors at bytes, running in
//! place and overlapping rows come with the compiler; they start from this order.

mod order;

use serde::Serialize;

use crate::{
    graph::{Graph, TensorId},
    units::{Bytes, DataType},
};

use order::best_order;

/// The most memory that activations need at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peak {
    elements: u64,
    order: Vec<usize>,
    step: usize,
    optimal: bool,
}

impl Peak {
    /// The bytes at the peak.
    #[must_use]
    pub const fn bytes(&self, dtype: DataType) -> Bytes {
        Bytes(self.elements * dtype.activation_bytes())
    }

    /// The nodes in the order that reaches this peak.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The first step of the order at which the peak is reached.
    #[must_use]
    pub const fn step(&self) -> usize {
        self.step
    }

    /// Whether no order has a lower peak. False where a branching part was too wide to be searched through.
    #[must_use]
    pub const fn is_optimal(&self) -> bool {
        self.optimal
    }
}

/// What is in memory while one operation runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The operation: a place in [`Graph::nodes`].
    pub node: usize,
    /// What is in memory, each by the tensor that first filled it, in the order of [`Graph::tensors`]. A reshape renames
    /// what is there and adds nothing.
    pub live: Vec<usize>,
    /// Their bytes.
    pub bytes: Bytes,
}

/// What is in memory, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Timeline(Vec<Step>);

impl Timeline {
    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl Graph {
    /// The peak of activation memory over the best order found.
    #[must_use]
    pub fn peak(&self) -> Peak {
        let storage = Storage::of(self);
        let (order, optimal) = best_order(self, &storage);
        let mut live = Liveness::new(self, &storage);
        let (mut elements, mut step) = (0, 0);
        for (i, &node) in order.iter().enumerate() {
            let now = live.run(node);
            if now > elements {
                (elements, step) = (now, i);
            }
        }
        Peak { elements, order, step, optimal }
    }

    /// What is in memory while each operation of `order` runs. `order` must be one in which the graph can run.
    #[must_use]
    pub fn timeline(&self, order: &[usize], dtype: DataType) -> Timeline {
        let storage = Storage::of(self);
        let mut live = Liveness::new(self, &storage);
        let steps = order.iter().map(|&node| {
            let elements = live.run(node);
            let tensors = live.during().collect();
            Step { node, live: tensors, bytes: Bytes(elements * dtype.activation_bytes()) }
        });
        Timeline(steps.collect())
    }
}

/// Which memory each tensor lives in: its own, or for a reshape that of the tensor it renames.
struct Storage {
    of: Vec<usize>,
    elements: Vec<u64>,
    /// How many operations read each memory, reshapes not counted; one more for the output, which outlives them all.
    reads: Vec<u32>,
}

impl Storage {
    fn of(graph: &Graph) -> Self {
        let count = graph.tensors().len();
        let mut storage = Self {
            of: (0..count).collect(),
            elements: graph.tensors().iter().map(|shape| shape.elements()).collect(),
            reads: vec![0; count],
        };
        for node in graph.nodes() {
            if matches!(node.op, crate::Op::Reshape) {
                storage.of[node.output.index()] = storage.of[node.inputs[0].index()];
            } else {
                for memory in storage.read_by(&node.inputs) {
                    storage.reads[memory] += 1;
                }
            }
        }
        let last = storage.of[graph.output().index()];
        storage.reads[last] += 1;
        storage
    }

    /// The memories that `inputs` live in, each once.
    fn read_by(&self, inputs: &[TensorId]) -> smallvec::SmallVec<[usize; 2]> {
        let mut memories = smallvec::SmallVec::new();
        for input in inputs {
            let memory = self.of[input.index()];
            if !memories.contains(&memory) {
                memories.push(memory);
            }
        }
        memories
    }
}

/// Runs operations one after the other and keeps account of what is in memory.
struct Liveness<'g> {
    graph: &'g Graph,
    storage: &'g Storage,
    unread: Vec<u32>,
    /// The step at which each memory was written, while it lives; what was freed after the last step is in `freed`.
    live: Vec<bool>,
    freed: Vec<usize>,
    elements: u64,
}

impl<'g> Liveness<'g> {
    fn new(graph: &'g Graph, storage: &'g Storage) -> Self {
        let mut live = vec![false; storage.of.len()];
        live[Graph::INPUT.index()] = true;
        let elements = storage.elements[Graph::INPUT.index()];
        Self { graph, storage, unread: storage.reads.clone(), live, freed: Vec::new(), elements }
    }

    /// Runs one operation: the elements in memory while it runs.
    fn run(&mut self, node: usize) -> u64 {
        for memory in self.freed.drain(..) {
            self.live[memory] = false;
            self.elements -= self.storage.elements[memory];
        }
        let node = &self.graph.nodes()[node];
        if matches!(node.op, crate::Op::Reshape) {
            return self.elements;
        }
        let written = self.storage.of[node.output.index()];
        self.live[written] = true;
        self.elements += self.storage.elements[written];
        for memory in self.storage.read_by(&node.inputs) {
            self.unread[memory] -= 1;
            if self.unread[memory] == 0 {
                self.freed.push(memory);
            }
        }
        self.elements
    }

    /// The memories in use while the last operation ran, by the tensor that first filled them.
    fn during(&self) -> impl Iterator<Item = usize> + '_ {
        self.live.iter().enumerate().filter_map(|(memory, live)| live.then_some(memory))
    }
}
