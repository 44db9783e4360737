//! The step of each tensor: neighbours that integers are only moved between share one.

use automcu_model::{Graph, GraphBuilder, Op, Refusal, spec::Activation};

use super::Range;
use crate::{
    float::FloatNetwork,
    network::{Quantisation, keeps_step},
};

/// Shares of 1 are always in steps of 1/256 from -128.
const SHARES: Quantisation = Quantisation { scale: 1.0 / 256.0, zero_point: -128 };
/// Steps are at least so large, whatever was seen.
const LEAST_STEP: f32 = 1e-8;

const fn writes_shares(op: &Op) -> bool {
    matches!(op, Op::Activate(Activation::Sigmoid) | Op::Softmax)
}

/// The network with an operation that changes steps between whatever has a step of its own and operations that need one
/// step for several inputs.
pub(super) fn with_steps_between(network: &FloatNetwork) -> Result<FloatNetwork, Refusal> {
    let old = &network.graph;
    let mut graph = GraphBuilder::new(old.shape(Graph::INPUT))?;
    let mut weights = Vec::new();
    let mut renamed = vec![Graph::INPUT; old.tensors().len()];
    let mut is_fixed = vec![false; old.tensors().len()];
    for (node, layer) in old.nodes().iter().zip(&network.weights) {
        let keeps = keeps_step(&node.op);
        let mut inputs = Vec::new();
        for input in &node.inputs {
            let mut end = renamed[input.index()];
            if keeps && node.inputs.len() > 1 && is_fixed[input.index()] {
                end = graph.unary(Op::Requantise, end, old.shape(*input), node.origin)?;
                weights.push(None);
            }
            inputs.push(end);
        }
        let output = graph.add(node.op, inputs.into_iter().collect(), old.shape(node.output), node.origin)?;
        weights.push(layer.clone());
        renamed[node.output.index()] = output;
        is_fixed[node.output.index()] =
            writes_shares(&node.op) || keeps && node.inputs.len() == 1 && is_fixed[node.inputs[0].index()];
    }
    Ok(FloatNetwork { graph: graph.finish(renamed[old.output().index()]), weights })
}

/// The step and zero point of each tensor.
pub(super) fn quantisations(graph: &Graph, ranges: &[Range]) -> Vec<Quantisation> {
    let groups = groups(graph);
    let mut joined = vec![Range::NOTHING; ranges.len()];
    let mut fixed = vec![false; ranges.len()];
    for (&group, &range) in groups.iter().zip(ranges) {
        joined[group] = joined[group].with(range);
    }
    for node in graph.nodes().iter().filter(|node| writes_shares(&node.op)) {
        fixed[groups[node.output.index()]] = true;
    }
    let mut steps: Vec<Quantisation> =
        (0..joined.len()).map(|group| if fixed[group] { SHARES } else { quantisation(joined[group]) }).collect();
    // What was hardly seen to be anything must not get steps so fine that they are not computed.
    for node in graph.nodes() {
        let largest = node.inputs.iter().map(|input| steps[groups[input.index()]].scale).fold(0.0, f32::max);
        let output = groups[node.output.index()];
        if !fixed[output] {
            steps[output].scale = steps[output].scale.max(largest * finest(&node.op));
        }
    }
    groups.iter().map(|&group| steps[group]).collect()
}

/// How much finer than its input's the steps of an operation's output may be, with room to spare.
fn finest(op: &Op) -> f32 {
    match op {
        Op::Add { .. } => 4.0 / 1_048_576.0,
        Op::Activate(Activation::HardSwish) => 1.0 / 64.0,
        _ => 1.0 / 16_777_216.0,
    }
}

/// For each tensor the first of those that share its step.
fn groups(graph: &Graph) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..graph.tensors().len()).collect();
    for node in graph.nodes().iter().filter(|node| keeps_step(&node.op)) {
        for input in &node.inputs {
            let (kept, merged) = (groups[input.index()], groups[node.output.index()]);
            groups.iter_mut().filter(|group| **group == merged).for_each(|group| *group = kept);
        }
    }
    groups
}

/// 256 steps over a range, one of them exactly 0.
fn quantisation(range: Range) -> Quantisation {
    let scale = ((range.most - range.least) / 255.0).max(LEAST_STEP);
    #[expect(clippy::cast_possible_truncation, reason = "within int8 but for rounding, and clamped")]
    let zero = (-128.0 - range.least / scale).round() as i32;
    Quantisation { scale, zero_point: i8::try_from(zero.clamp(-128, 127)).expect("clamped") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_exact_and_the_range_is_covered() {
        for (least, most) in [(0.0, 6.0), (-1.0, 1.0), (-3.0, 0.0), (-0.001, 100.0), (0.0, 0.0)] {
            let step = quantisation(Range { least, most });
            assert_eq!(step.real(step.of_real(0.0)), 0.0);
            for end in [least, most] {
                assert!((step.real(step.of_real(end)) - end).abs() <= step.scale, "{end} in {step:?}");
            }
        }
    }
}
