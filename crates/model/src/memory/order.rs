//! The order of operations with the lowest peak.
//!
//! Wherever, between two operations, one memory alone is live, everything before it computes that memory and
//! everything after it starts from it. So the parts between such cuts can be ordered one by one, and their best
//! orders joined are a best order of the whole. A part is searched through by the sets of operations that can have
//! run, of which a network's blocks have few.

use std::{cmp::Reverse, collections::BinaryHeap, collections::HashMap};

use super::{Liveness, Storage};
use crate::graph::Graph;

/// So many sets of operations are looked at in one part before the given order is kept.
const MOST_SETS: usize = 20_000;

/// A best order, and whether it is proved to be one.
pub(super) fn best_order(graph: &Graph, storage: &Storage) -> (Vec<usize>, bool) {
    let mut order = Vec::with_capacity(graph.nodes().len());
    let mut optimal = true;
    for part in parts(graph, storage) {
        if part.len() < 3 {
            // Of two operations between cuts, the second reads the first.
            order.extend(part);
            continue;
        }
        match Part::new(graph, storage, part.clone()).and_then(|part| part.search()) {
            Some(best) => order.extend(best),
            None => {
                optimal = false;
                order.extend(part);
            }
        }
    }
    (order, optimal)
}

/// Cuts the given order wherever one memory alone is live.
fn parts(graph: &Graph, storage: &Storage) -> Vec<std::ops::Range<usize>> {
    let mut live = Liveness::new(graph, storage);
    let mut count = 1_usize;
    let mut parts = Vec::with_capacity(graph.nodes().len());
    let mut start = 0;
    for (i, node) in graph.nodes().iter().enumerate() {
        live.run(i);
        if !matches!(node.op, crate::Op::Reshape) {
            count += 1;
        }
        count -= live.freed.len();
        if count == 1 {
            parts.push(start..i + 1);
            start = i + 1;
        }
    }
    if start < graph.nodes().len() {
        parts.push(start..graph.nodes().len());
    }
    parts
}

/// The operations between two cuts.
struct Part<'g> {
    first: usize,
    /// For each operation the set of those in the part that must run before it.
    needs: Vec<u64>,
    /// The memory that each operation writes, as a place in `memories`; none for a reshape.
    writes: Vec<Option<usize>>,
    /// The memories of the part: the one it starts from is the first.
    memories: Vec<Memory>,
    storage: &'g Storage,
}

struct Memory {
    id: usize,
    elements: u64,
    /// The operations of the part that read it.
    readers: u64,
    /// The operation of the part that writes it; none where it was there before.
    writer: Option<usize>,
    /// Whether something outside of the part reads it.
    stays: bool,
}

impl<'g> Part<'g> {
    fn new(graph: &'g Graph, storage: &'g Storage, range: std::ops::Range<usize>) -> Option<Self> {
        if range.len() > 64 {
            return None;
        }
        let mut part = Self {
            first: range.start,
            needs: Vec::with_capacity(range.len()),
            writes: Vec::with_capacity(range.len()),
            memories: Vec::with_capacity(range.len() + 1),
            storage,
        };
        // The operation in the part that writes each memory, for finding what must run before its readers.
        let mut writer: HashMap<usize, u64> = HashMap::with_capacity(range.len());
        for (bit, node) in graph.nodes()[range].iter().enumerate() {
            let mut needs = 0;
            for memory in storage.read_by(&node.inputs) {
                needs |= writer.get(&memory).copied().unwrap_or(0);
                if !matches!(node.op, crate::Op::Reshape) {
                    let place = part.place(memory);
                    part.memories[place].readers |= 1 << bit;
                }
            }
            let written = storage.of[node.output.index()];
            if matches!(node.op, crate::Op::Reshape) {
                // Whoever reads the memory after the reshape may do so by its new name.
                *writer.entry(written).or_default() |= 1 << bit;
                part.writes.push(None);
            } else {
                writer.insert(written, 1 << bit);
                let place = part.place(written);
                part.memories[place].writer = Some(bit);
                part.writes.push(Some(place));
            }
            part.needs.push(needs);
        }
        for memory in &mut part.memories {
            memory.stays = storage.reads[memory.id] > memory.readers.count_ones();
        }
        Some(part)
    }

    fn place(&mut self, memory: usize) -> usize {
        self.memories.iter().position(|known| known.id == memory).unwrap_or_else(|| {
            let elements = self.storage.elements[memory];
            self.memories.push(Memory { id: memory, elements, readers: 0, writer: None, stays: false });
            self.memories.len() - 1
        })
    }

    /// The order with the lowest peak: cheapest peak first over the sets of operations that have run. Nothing where
    /// there are too many sets.
    fn search(&self) -> Option<Vec<usize>> {
        let all = u64::MAX >> (64 - self.needs.len());
        let mut came_from: HashMap<u64, (u64, usize)> = HashMap::new();
        let mut queue = BinaryHeap::from([Reverse((0_u64, Reverse(0_u64), 0_u64, 0_usize))]);
        while let Some(Reverse((peak, _, done, last))) = queue.pop() {
            if came_from.contains_key(&done) {
                continue;
            }
            came_from.insert(done, (done & !(1 << last), last));
            if done == all {
                return Some(self.walk_back(&came_from, all));
            }
            if came_from.len() > MOST_SETS {
                return None;
            }
            for next in (0..self.needs.len()).filter(|&next| self.is_ready(next, done)) {
                let during = self.elements_during(next, done);
                let then = done | 1 << next;
                queue.push(Reverse((peak.max(during), Reverse(then.count_ones().into()), then, next)));
            }
        }
        unreachable!("a graph's own order runs all of a part")
    }

    fn is_ready(&self, node: usize, done: u64) -> bool {
        done & 1 << node == 0 && self.needs[node] & !done == 0
    }

    /// What is in memory while `node` runs after those of `done`.
    fn elements_during(&self, node: usize, done: u64) -> u64 {
        self.memories
            .iter()
            .enumerate()
            .filter(|(place, memory)| {
                let is_written = memory.writer.is_none_or(|by| done & 1 << by != 0);
                self.writes[node] == Some(*place) || is_written && (memory.stays || memory.readers & !done != 0)
            })
            .map(|(_, memory)| memory.elements)
            .sum()
    }

    fn walk_back(&self, came_from: &HashMap<u64, (u64, usize)>, all: u64) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.needs.len());
        let mut at = all;
        while at != 0 {
            let (before, node) = came_from[&at];
            order.push(self.first + node);
            at = before;
        }
        order.reverse();
        order
    }
}

#[cfg(test)]
mod tests {
    use super::super::DataType;
    use crate::{
        graph::{Extent, Graph, GraphBuilder, Op, Origin, Shape},
        spec::{Activation, Padding},
    };

    /// `width` branches from the input, each a wide and then a narrow map, added up.
    fn branching(width: u32) -> Graph {
        let shape = Shape { height: 4, width: 4, channels: 2 };
        let (kernel, stride) = (Extent::ONE, Extent::ONE);
        let conv =
            Op::Conv { kernel, stride, padding: Padding::Valid.into(), bias: true, activation: Activation::None };
        let mut graph = GraphBuilder::new(shape).expect("small");
        let ends: Vec<_> = (0..width)
            .map(|i| graph.unary(conv, Graph::INPUT, shape.with_channels(8 + i), Origin::Head).expect("small"))
            .collect();
        let narrow = ends.into_iter().map(|wide| graph.unary(conv, wide, shape, Origin::Head).expect("small"));
        let narrow: Vec<_> = narrow.collect();
        let add = Op::Add { activation: Activation::None };
        let sum = narrow.into_iter().reduce(|a, b| graph.binary(add, [a, b], shape, Origin::Head).expect("small"));
        graph.finish(sum.expect("at least one branch"))
    }

    #[test]
    fn branches_are_run_one_after_the_other_although_they_are_written_side_by_side() {
        let peak = branching(4).peak();
        // The input, the sum so far and the widest branch, wide and narrow; the widest runs first, while there is no sum.
        assert!(peak.is_optimal());
        assert_eq!(peak.bytes(DataType::Int8).0, 16 * (2 + 2 + 10 + 2));
    }

    #[test]
    fn what_is_too_wide_to_search_keeps_its_order_and_says_so() {
        for width in [16, 40] {
            let peak = branching(width).peak();
            assert!(!peak.is_optimal(), "{width}");
            assert!(peak.order().is_sorted());
        }
    }
}
