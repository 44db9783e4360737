//! Cross-layer equalisation: a channel that is much larger than its neighbours makes their common step coarse. What a layer
//! gives can be divided by a number, channel by channel, if the next layer multiplies by it.

use automcu_model::{Graph, Op, spec::Activation};

use crate::float::{FloatNetwork, FloatWeights};

/// Ratios of channels are evened out up to this factor in each round; channels smaller than this share of the largest are left
/// as they are.
const MOST: f32 = 4.0;
const NEGLIGIBLE: f32 = 1e-4;
/// Pairs are gone through so often; later rounds change little.
const ROUNDS: usize = 8;

/// The same network with the ranges of neighbouring layers evened out.
pub(super) fn equalised(network: &FloatNetwork) -> FloatNetwork {
    let mut equal = network.clone();
    let pairs = pairs(&network.graph);
    for _ in 0..ROUNDS {
        for &(first, second) in &pairs {
            even_out(&mut equal, first, second);
        }
    }
    equal
}

/// Layers of which the second alone reads what the first writes, with nothing between that a factor would change.
fn pairs(graph: &Graph) -> Vec<(usize, usize)> {
    let readers = graph.readers();
    let has_weights = |op: &Op| matches!(op, Op::Conv { .. } | Op::DepthwiseConv { .. } | Op::Dense { .. });
    let mut pairs = Vec::new();
    for (first, node) in graph.nodes().iter().enumerate() {
        let is_scalable = matches!(node.op.activation(), Some(Activation::None | Activation::Relu));
        if let ([second], true) = (readers[node.output.index()].as_slice(), is_scalable && has_weights(&node.op)) {
            let next = &graph.nodes()[*second].op;
            // Several kernels to a channel would need several factors.
            let is_same_width = !matches!(next, Op::DepthwiseConv { .. })
                || graph.shape(graph.nodes()[*second].output).channels == graph.shape(node.output).channels;
            if has_weights(next) && is_same_width && graph.output() != node.output {
                pairs.push((first, *second));
            }
        }
    }
    pairs
}

/// The places of the weights that give (of an output channel) or take (of an input channel) a channel.
fn places(op: &Op, weights: &FloatWeights, channels: usize, takes: bool) -> impl Fn(usize) -> usize + use<> {
    let is_depthwise = matches!(op, Op::DepthwiseConv { .. });
    let each = weights.values.len() / weights.biases.len().max(1);
    move |i| match (is_depthwise, takes) {
        (true, _) | (false, true) => i % channels,
        (false, false) => i / each,
    }
}

fn even_out(network: &mut FloatNetwork, first: usize, second: usize) {
    let nodes = network.graph.nodes();
    let channels = network.graph.shape(nodes[first].output).channels as usize;
    let (first_op, second_op) = (nodes[first].op, nodes[second].op);
    let (Some(giving), Some(taking)) = (network.weights[first].clone(), network.weights[second].clone()) else {
        return;
    };
    let gives = places(&first_op, &giving, channels, false);
    let takes = places(&second_op, &taking, channels, true);
    let largest = |weights: &FloatWeights, of: &dyn Fn(usize) -> usize| {
        let mut largest = vec![0.0_f32; channels];
        for (i, value) in weights.values.iter().enumerate() {
            let largest = &mut largest[of(i)];
            *largest = largest.max(value.abs());
        }
        largest
    };
    let (given, taken) = (largest(&giving, &gives), largest(&taking, &takes));
    let [most_given, most_taken] = [&given, &taken].map(|list| list.iter().copied().fold(0.0, f32::max));
    let factor = |(&given, &taken): (&f32, &f32)| {
        if given <= NEGLIGIBLE * most_given || taken <= NEGLIGIBLE * most_taken {
            return 1.0;
        }
        let factor = (given / taken).sqrt();
        if factor.is_finite() && factor > 0.0 { factor.clamp(1.0 / MOST, MOST) } else { 1.0 }
    };
    let factors: Vec<f32> = given.iter().zip(&taken).map(factor).collect();
    let (mut giving, mut taking) = (giving, taking);
    giving.values.iter_mut().enumerate().for_each(|(i, value)| *value /= factors[gives(i)]);
    giving.biases.iter_mut().zip(&factors).for_each(|(bias, factor)| *bias /= factor);
    taking.values.iter_mut().enumerate().for_each(|(i, value)| *value *= factors[takes(i)]);
    network.weights[first] = Some(giving);
    network.weights[second] = Some(taking);
}
