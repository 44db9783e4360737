//! The operations of ONNX that each operation is written as.

use automcu_model::{Extent, Node, Op, Shape, spec::Activation};

use super::{Attribute, NotInOnnx, Writing};
use crate::ops::window::Window;

/// The weights of a layer in the order of ONNX: output channels, input channels, rows, columns.
pub(super) fn channels_first<T: Copy>(node: &Node, values: &[T], outputs: usize) -> Vec<T> {
    let area = node.op.window().map_or(1, |(kernel, _)| (kernel.height * kernel.width) as usize);
    match node.op {
        // Rows, columns, channels.
        Op::DepthwiseConv { .. } => (0..values.len()).map(|i| values[i % area * outputs + i / area]).collect(),
        // Output channels, rows, columns, input channels.
        Op::Conv { .. } => {
            let depth = values.len() / (outputs * area).max(1);
            let from = |i: usize| {
                let (output, rest) = (i / (depth * area), i % (depth * area));
                (output * area + rest % area) * depth + rest / area
            };
            (0..values.len()).map(|i| values[from(i)]).collect()
        }
        _ => values.to_vec(),
    }
}

/// Writes an operation without its activation: the name of what it computes.
pub(super) fn written(to: &mut Writing<'_>, place: usize, node: &Node, inputs: &[String]) -> Result<String, NotInOnnx> {
    let inputs = in_ranks(to, node, inputs);
    let names: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let (from, output) = (to.graph.shape(node.inputs[0]), to.graph.shape(node.output));
    Ok(match node.op {
        Op::Conv { kernel, .. } => {
            let sides = [output.channels, from.channels, kernel.height, kernel.width].map(i64::from);
            convolution(to, place, node, names[0], &sides, 1)
        }
        Op::DepthwiseConv { kernel, .. } => {
            let sides = [output.channels, 1, kernel.height, kernel.width].map(i64::from);
            convolution(to, place, node, names[0], &sides, from.channels.into())
        }
        Op::Dense { .. } => {
            let [weights, biases] = to.weights(place, node, &[output.channels, from.channels].map(i64::from));
            let vector = to.computed("Gemm", &[names[0], &weights, &biases], &[Attribute::Integer("transB", 1)]);
            if to.vectors[node.output.index()] { vector } else { unflattened(to, &vector) }
        }
        Op::MaxPool { .. } => pool(to, node, "MaxPool", names[0]),
        Op::AveragePool { .. } => pool(to, node, "AveragePool", names[0]),
        Op::GlobalAverage | Op::GlobalMax => {
            let op = if node.op == Op::GlobalAverage { "GlobalAveragePool" } else { "GlobalMaxPool" };
            let map = to.computed(op, &[names[0]], &[]);
            if to.vectors[node.output.index()] { flat(to, &map) } else { map }
        }
        Op::Add { .. } => to.computed("Add", &names, &[]),
        Op::Multiply => to.computed("Mul", &names, &[]),
        Op::Scale => to.computed("Mul", &names, &[]),
        Op::Maximum => to.computed("Max", &names, &[]),
        Op::Minimum => to.computed("Min", &names, &[]),
        Op::Concat => to.computed("Concat", &names, &[Attribute::Integer("axis", 1)]),
        Op::Reshape => reshaped(to, node, names[0], from, output),
        Op::Pad(border) => {
            let sides = [0, 0, border.top, border.left, 0, 0, border.bottom, border.right].map(i64::from);
            let sides = to.longs("pads", &sides);
            to.computed("Pad", &[names[0], &sides], &[])
        }
        Op::Softmax => to.computed("Softmax", &names, &[Attribute::Integer("axis", 1)]),
        Op::LeakyRelu(slope) => to.computed("LeakyRelu", &names, &[Attribute::Float("alpha", slope.0)]),
        // The steps around it do the work.
        Op::Requantise => to.computed("Identity", &names, &[]),
        Op::Activate(activation) => activated(to, activation, names[0].to_owned()),
        Op::BatchNorm | Op::Dropout(_) | Op::JoinColumns => {
            return Err(NotInOnnx { origin: node.origin.to_string(), op: node.op.word() });
        }
    })
}

/// Writes an activation.
pub(super) fn activated(to: &mut Writing<'_>, activation: Activation, x: String) -> String {
    match activation {
        Activation::None => x,
        Activation::Relu => to.computed("Relu", &[&x], &[]),
        Activation::Relu6 => {
            let (least, most) = (to.floats("least", &[], &[0.0]), to.floats("most", &[], &[6.0]));
            to.computed("Clip", &[&x, &least, &most], &[])
        }
        Activation::LeakyRelu => to.computed("LeakyRelu", &[&x], &[Attribute::Float("alpha", 0.1)]),
        Activation::Sigmoid => to.computed("Sigmoid", &[&x], &[]),
        Activation::Swish => {
            let share = to.computed("Sigmoid", &[&x], &[]);
            to.computed("Mul", &[&x, &share], &[])
        }
        Activation::HardSwish => {
            // An operation of its own only in later opsets.
            let attributes = [Attribute::Float("alpha", 1.0 / 6.0), Attribute::Float("beta", 0.5)];
            let share = to.computed("HardSigmoid", &[&x], &attributes);
            to.computed("Mul", &[&x, &share], &[])
        }
    }
}

/// Rows above, columns before, rows below, columns behind.
fn pads(to: &Writing<'_>, node: &Node) -> [i64; 4] {
    let window = Window::of(to.graph, node).expect("an operation with a window");
    let Window { input, output, kernel, stride, .. } = window;
    let behind = |size: u32, places: u32, stride: u32, kernel: u32, before: u32| {
        ((places - 1) * stride + kernel).saturating_sub(size + before)
    };
    let below = behind(input.height, output.height, stride.height, kernel.height, window.top);
    let after = behind(input.width, output.width, stride.width, kernel.width, window.left);
    [window.top, window.left, below, after].map(i64::from)
}

fn sides(extent: Extent) -> [i64; 2] {
    [extent.height, extent.width].map(i64::from)
}

fn convolution(to: &mut Writing<'_>, place: usize, node: &Node, x: &str, dimensions: &[i64], groups: i64) -> String {
    let (kernel, stride) = node.op.window().expect("a window");
    let pads = pads(to, node);
    let [weights, biases] = to.weights(place, node, dimensions);
    let attributes = [
        Attribute::Integers("kernel_shape", &sides(kernel)),
        Attribute::Integers("strides", &sides(stride)),
        Attribute::Integers("pads", &pads),
        Attribute::Integer("group", groups),
    ];
    to.computed("Conv", &[x, &weights, &biases], &attributes)
}

fn pool(to: &mut Writing<'_>, node: &Node, op: &str, x: &str) -> String {
    let (kernel, stride) = node.op.window().expect("a window");
    let pads = pads(to, node);
    let attributes = [
        Attribute::Integers("kernel_shape", &sides(kernel)),
        Attribute::Integers("strides", &sides(stride)),
        Attribute::Integers("pads", &pads),
    ];
    to.computed(op, &[x], &attributes)
}

/// A map of one row and column as a vector.
fn flat(to: &mut Writing<'_>, x: &str) -> String {
    to.computed("Flatten", &[x], &[Attribute::Integer("axis", 1)])
}

/// The inputs of an operation with as many dimensions as it takes: two for a dense layer and whatever gives a vector, four
/// where windows move and where one of the inputs is a map.
fn in_ranks(to: &mut Writing<'_>, node: &Node, names: &[String]) -> Vec<String> {
    let is_told = matches!(node.op, Op::Reshape | Op::GlobalAverage | Op::GlobalMax);
    let is_vector = to.vectors[node.output.index()] || matches!(node.op, Op::Dense { .. });
    let inputs = node.inputs.iter().zip(names);
    inputs
        .map(|(&input, name)| match (is_told, is_vector, to.vectors[input.index()]) {
            (false, true, false) => flat(to, name),
            (false, false, true) => unflattened(to, name),
            _ => name.clone(),
        })
        .collect()
}

/// A vector as a map of one row and column.
fn unflattened(to: &mut Writing<'_>, x: &str) -> String {
    let axes = to.longs("axes", &[2, 3]);
    to.computed("Unsqueeze", &[x, &axes], &[])
}

/// Values keep their order with channels last.
fn reshaped(to: &mut Writing<'_>, node: &Node, x: &str, from: Shape, output: Shape) -> String {
    let [is_vector, becomes_vector] = [node.inputs[0], node.output].map(|tensor| to.vectors[tensor.index()]);
    let last = if is_vector || from.area() == 1 {
        x.to_owned()
    } else {
        to.computed("Transpose", &[x], &[Attribute::Integers("perm", &[0, 2, 3, 1])])
    };
    let [height, width, channels] = [output.height, output.width, output.channels].map(i64::from);
    if becomes_vector || output.area() == 1 {
        let shape = if becomes_vector { vec![1, channels] } else { vec![1, channels, 1, 1] };
        let shape = to.longs("shape", &shape);
        return to.computed("Reshape", &[&last, &shape], &[]);
    }
    let shape = to.longs("shape", &[1, height, width, channels]);
    let map = to.computed("Reshape", &[&last, &shape], &[]);
    to.computed("Transpose", &[&map], &[Attribute::Integers("perm", &[0, 3, 1, 2])])
}
