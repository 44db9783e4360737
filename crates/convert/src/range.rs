//! What a network must keep to so that the reference computes it, and this computer can.

use automcu_model::{Node, Op, limits, spec::Activation};

use crate::{
    network::{Network, NetworkError, Quantisation},
    plan::is_one_place,
};

/// All tensors together hold at most so many values.
const MOST_VALUES: u64 = 1 << 26;
/// A tensor has at most so many rows, and a window that is moved: the emitted code counts rows in 16 bits, and keeps
/// pointers to those under a window.
const MOST_ROWS: u64 = 65_535;
const MOST_WINDOW_ROWS: u64 = 256;
/// Of more logits the fixed-point sum of a softmax might overflow.
const MOST_CLASSES: u32 = 511;
/// Factors from here on would need a shift that the reference does not have.
const FACTOR: f64 = (1_u64 << 30) as f64;

pub(crate) fn check(network: &Network) -> Result<(), NetworkError> {
    let graph = &network.graph;
    let values = graph.tensors().iter().fold(0_u64, |sum, shape| sum.saturating_add(shape.elements()));
    within("values in all tensors", values, MOST_VALUES)?;
    let rows = graph.tensors().iter().map(|shape| u64::from(shape.height)).max();
    within("rows in a tensor", rows.unwrap_or(0), MOST_ROWS)?;
    let moved = graph.nodes().iter().filter(|node| !is_one_place(graph, node));
    let window_rows = moved.filter_map(|node| node.op.window()).map(|(window, _)| u64::from(window.height)).max();
    within("rows under a window", window_rows.unwrap_or(0), MOST_WINDOW_ROWS)?;
    let reads = |node: &Node| {
        let window = node.op.window().map_or(1, |(window, _)| window.area());
        graph.shape(node.output).elements().saturating_mul(window)
    };
    let work = graph.nodes().iter().fold(0_u64, |sum, node| sum.saturating_add(reads(node)));
    within("values under windows", work, limits::MACS)?;
    graph.nodes().iter().enumerate().try_for_each(|(place, node)| check_node(network, place, node))
}

fn within(what: &'static str, given: u64, most: u64) -> Result<(), NetworkError> {
    if given <= most { Ok(()) } else { Err(NetworkError::TooLarge { what, given, most }) }
}

fn check_node(network: &Network, place: usize, node: &Node) -> Result<(), NetworkError> {
    let refuse = |what| Err(NetworkError::Range { origin: node.origin.to_string(), op: node.op.word(), what });
    let scale = |tensor: automcu_model::TensorId| network.tensors[tensor.index()].scale;
    let all = node.inputs.iter().chain([&node.output]);
    let own = network.weights[place].iter().flat_map(|weights| &weights.scales);
    if !all.map(|&tensor| scale(tensor)).chain(own.copied()).all(is_scale) {
        return refuse("a scale that is none");
    }
    let (input, output) = (f64::from(scale(node.inputs[0])), f64::from(scale(node.output)));
    let largest = network.weights[place].iter().flat_map(|weights| &weights.scales).copied().fold(0.0, f32::max);
    let factor = match node.op {
        Op::Multiply | Op::Scale => input * f64::from(scale(node.inputs[1])) / output,
        _ if largest > 0.0 => input * f64::from(largest) / output,
        _ => input / output,
    };
    if factor >= FACTOR {
        return refuse("an output step so much finer than its input's");
    }
    let shares = Quantisation { scale: 1.0 / 256.0, zero_point: -128 };
    let is_shares = network.tensors[node.output.index()] == shares;
    match node.op {
        Op::Add { .. } => {
            let larger = f64::from(scale(node.inputs[0]).max(scale(node.inputs[1])));
            if 2.0 * larger / (f64::from(1 << 20) * output) >= 1.0 {
                return refuse("an output step so much finer than its inputs'");
            }
        }
        Op::Activate(Activation::HardSwish) if input / 128.0 / output >= 1.0 => {
            return refuse("an output step so much finer than its input's");
        }
        Op::Activate(Activation::Sigmoid) | Op::Softmax if !is_shares => {
            return refuse("outputs that are not steps of 1/256 from -128");
        }
        Op::Softmax if input * f64::from(1 << 26) <= 1.0 => return refuse("so fine an input step"),
        Op::Softmax if network.graph.shape(node.output).channels > MOST_CLASSES => {
            return refuse("more than 511 classes");
        }
        _ => {}
    }
    Ok(())
}

/// Scales are positive and far from the ends of their type, so that products and quotients of three are numbers.
pub(crate) fn is_scale(scale: f32) -> bool {
    (1e-12..1e12).contains(&scale)
}

#[cfg(test)]
mod tests {
    use automcu_model::{Graph, GraphBuilder, Op, Origin, Shape, spec::Activation};

    use super::*;

    /// One operation on as many copies of the input as it reads, from one scale to another.
    fn network(op: Op, inputs: usize, shape: Shape, from: f32, to: f32) -> Result<Network, NetworkError> {
        let mut graph = GraphBuilder::new(shape).expect("small");
        let ends = std::iter::repeat_n(Graph::INPUT, inputs).collect();
        let end = graph.add(op, ends, shape, Origin::Head).expect("small");
        let step = |scale| Quantisation { scale, zero_point: -128 };
        Network::new(graph.finish(end), vec![step(from), step(to)], vec![None])
    }

    #[test]
    fn steps_that_the_reference_does_not_compute_are_refused() {
        let add = Op::Add { activation: Activation::None };
        let (few, many) = (Shape::vector(4), Shape::vector(512));
        for (op, inputs, shape, good, bad) in [
            (add, 2, few, (0.1, 0.1), (0.1, 1e-7)),
            (Op::Activate(Activation::HardSwish), 1, few, (1.0, 0.01), (1.0, 1.0 / 128.0)),
            (Op::Requantise, 1, few, (1e3, 1e-3), (1e8, 1e-2)),
            (Op::Activate(Activation::Sigmoid), 1, few, (0.1, 1.0 / 256.0), (0.1, 0.1)),
            (Op::Softmax, 1, few, (0.1, 1.0 / 256.0), (1e-9, 1.0 / 256.0)),
        ] {
            assert!(network(op, inputs, shape, good.0, good.1).is_ok(), "{op:?}");
            let refused = network(op, inputs, shape, bad.0, bad.1);
            assert!(matches!(refused, Err(NetworkError::Range { .. })), "{op:?}");
        }
        assert!(network(Op::Softmax, 1, many, 0.1, 1.0 / 256.0).is_err());
        assert!(network(Op::Requantise, 1, few, f32::NAN, 1.0).is_err());
    }
}
