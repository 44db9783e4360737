//! The memory plan holds what it promises: replayed step by step, whatever is read is still there.

use std::ops::Range;

use automcu_convert::{Network, Plan, Region};
use automcu_model::{Edge, Graph, Node, Op};
use proptest::test_runner::TestRunner;

use crate::draw;

/// Who wrote a byte of the arena last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    Row { tensor: usize, row: u32 },
    Own { node: usize },
}

struct Replay<'n> {
    graph: &'n Graph,
    plan: &'n Plan,
    bytes: Vec<Owner>,
    done: Vec<u32>,
}

fn slot(region: Region, row: u32) -> Range<usize> {
    let start = (region.offset + (row % region.slots) * region.slot_bytes) as usize;
    start..start + region.slot_bytes as usize
}

impl Replay<'_> {
    fn write(&mut self, region: Region, row: u32, owner: Owner) {
        self.bytes[slot(region, row)].fill(owner);
    }

    fn expect(&self, region: Region, row: u32, owner: Owner) {
        let found = self.bytes[slot(region, row)].iter().find(|found| **found != owner);
        assert_eq!(found, None, "{owner:?} was overwritten");
    }

    fn tensor(&self, tensor: usize, row: u32) -> (Region, u32, Owner) {
        (self.plan.tensors[tensor], row, Owner::Row { tensor, row })
    }

    fn step(&mut self, place: usize) {
        let node = &self.graph.nodes()[place];
        let y = self.done[place];
        self.done[place] += 1;
        for (i, input) in node.inputs.iter().enumerate() {
            for row in rows_read(self.graph, node, i, y) {
                let (region, row, owner) = self.tensor(input.index(), row);
                self.expect(region, row, owner);
            }
        }
        let own = Owner::Own { node: place };
        if let Some(kept) = self.plan.kept[place] {
            if y > 0 {
                self.expect(kept, 0, own);
            }
            self.write(kept, 0, own);
        }
        if let Some(scratch) = self.plan.scratch[place] {
            self.write(scratch, 0, own);
            // Scratch is written before the output, and inputs are read again and again.
            for (i, input) in node.inputs.iter().enumerate() {
                for row in rows_read(self.graph, node, i, y) {
                    let (region, row, owner) = self.tensor(input.index(), row);
                    self.expect(region, row, owner);
                }
            }
        }
        let row = if steps(self.graph, node) == self.graph.shape(node.output).height { y } else { 0 };
        let (region, row, owner) = self.tensor(node.output.index(), row);
        if row == 0 && y > 0 {
            self.expect(region, row, owner);
        }
        self.write(region, row, owner);
        if let Some(scratch) = self.plan.scratch[place] {
            self.expect(scratch, 0, own);
        }
    }
}

/// How many steps an operation takes: reductions one for each row of their input.
fn steps(graph: &Graph, node: &Node) -> u32 {
    let (input, output) = (graph.shape(node.inputs[0]), graph.shape(node.output));
    match node.op {
        Op::GlobalAverage | Op::GlobalMax => input.height,
        Op::Reshape if output.height == 1 => input.height,
        Op::MaxPool { .. } | Op::AveragePool { .. } if output.area() == 1 => {
            let (window, _) = node.op.window().expect("a pool");
            let covers = window.height >= input.height && window.width >= input.width;
            if covers { input.height } else { output.height }
        }
        _ => output.height,
    }
}

fn rows_read(graph: &Graph, node: &Node, input: usize, y: u32) -> Range<u32> {
    let (from, to) = (graph.shape(node.inputs[input]), graph.shape(node.output));
    if steps(graph, node) == from.height && node.op.window().is_none() && input == 0 {
        return y..y + 1;
    }
    match (node.op.window(), node.op.edge()) {
        (Some(_), Some(_)) if steps(graph, node) != to.height => y..y + 1,
        (Some((window, stride)), Some(edge)) => {
            let top = match (edge, edge.padding()) {
                (Edge::At { top, .. }, _) => top,
                (_, padding) => padding.expect("of a spec").added(from.height, window.height, stride.height).0,
            };
            let first = (y * stride.height).saturating_sub(top);
            first..(y * stride.height + window.height - top).min(from.height)
        }
        _ if from.height == to.height => y..y + 1,
        _ => match node.op {
            Op::Pad(border) if y < border.top || y >= border.top + from.height => 0..0,
            Op::Pad(border) => y - border.top..y - border.top + 1,
            _ => 0..from.height,
        },
    }
}

pub(crate) fn replay(network: &Network) -> Plan {
    let plan = Plan::of(network);
    let graph = network.graph();
    let mut replay = Replay {
        graph,
        plan: &plan,
        bytes: vec![Owner::Nobody; plan.arena_bytes as usize],
        done: vec![0; graph.nodes().len()],
    };
    for row in 0..graph.shape(Graph::INPUT).height {
        let (region, row, owner) = replay.tensor(0, row);
        replay.write(region, row, owner);
    }
    plan.steps.iter().for_each(|&place| replay.step(place));
    for (node, &done) in graph.nodes().iter().zip(&replay.done) {
        assert_eq!(done, steps(graph, node), "{}", node.op.word());
    }
    let output = graph.output();
    for row in 0..graph.shape(output).height {
        let (region, row, owner) = replay.tensor(output.index(), row);
        replay.expect(region, row, owner);
    }
    assert!(plan.arena_bytes >= plan.least_bytes);
    assert_eq!(plan.fullest(graph).bytes, plan.least_bytes);
    plan
}

#[test]
fn nothing_is_overwritten_before_it_has_been_read() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut in_place, mut arena, mut op_by_op) = (0, 0, 0.0, 0.0);
    let wanted = draw::count(60);
    while seen < wanted {
        let Some((_, network)) = draw::network(&mut runner, seen) else { continue };
        let plan = replay(&network);
        let graph = network.graph();
        for node in graph.nodes().iter().filter(|node| matches!(node.op, Op::Add { .. })) {
            let starts = |tensor: usize| plan.tensors[tensor].offset;
            in_place += u32::from(node.inputs.iter().any(|input| starts(input.index()) == starts(node.output.index())));
        }
        arena += f64::from(plan.arena_bytes);
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let bytes = graph.peak().bytes(automcu_model::DataType::Int8).0 as f64;
        op_by_op += bytes;
        seen += 1;
    }
    assert!(in_place > 0, "no sum took the place of what it adds up");
    // What operation by operation takes at best is a sum over whole tensors.
    assert!(arena < 0.8 * op_by_op, "{arena} bytes in all, {op_by_op} operation by operation");
}
