//! One operation a file: how it is read from a .tflite file and how its integers are computed.
//!
//! Every kernel is exact to the bit by the contract "tflm-double" (`docs/ARITHMETIC.md`).

mod activate;
mod add;
mod concat;
mod conv;
mod dense;
mod depthwise;
mod extreme;
mod mean;
mod pad;
mod pool;
mod product;
mod requantise;
mod reshape;
mod softmax;
mod swish;
pub(crate) mod window;

use automcu_model::{Graph, Node, Op, spec::Activation};

use crate::{
    emit::Unit,
    network::{Network, Quantisation},
    plan::Workspace,
    tflite::{Operator, Reading, TfliteError},
};

/// Computes one operation.
pub(crate) trait Kernel: Send + Sync {
    /// Reads the inputs, writes the whole output.
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]);
}

/// How an operator is read: it adds nodes to the graph.
pub(crate) type Reader = fn(&mut Reading<'_>, &Operator<'_>) -> Result<(), TfliteError>;

/// Every operator that is read: its code and name in .tflite files, and its reader.
pub(crate) const READERS: &[(i32, &str, Reader)] = &[
    (0, "ADD", add::read),
    (1, "AVERAGE_POOL_2D", pool::read_average),
    (2, "CONCATENATION", concat::read),
    (3, "CONV_2D", conv::read),
    (4, "DEPTHWISE_CONV_2D", depthwise::read),
    (6, "DEQUANTIZE", requantise::read_back),
    (9, "FULLY_CONNECTED", dense::read),
    (14, "LOGISTIC", activate::read_logistic),
    (17, "MAX_POOL_2D", pool::read_max),
    (18, "MUL", product::read),
    (19, "RELU", activate::read_relu),
    (21, "RELU6", activate::read_relu6),
    (22, "RESHAPE", reshape::read),
    (25, "SOFTMAX", softmax::read),
    (34, "PAD", pad::read),
    (40, "MEAN", mean::read),
    (43, "SQUEEZE", reshape::read),
    (55, "MAXIMUM", extreme::read_larger),
    (57, "MINIMUM", extreme::read_smaller),
    (70, "EXPAND_DIMS", reshape::read),
    (82, "REDUCE_MAX", mean::read_max),
    (98, "LEAKY_RELU", activate::read_leaky_relu),
    (114, "QUANTIZE", requantise::read),
    (117, "HARD_SWISH", activate::read_hard_swish),
];

/// An operation that the interpreter does not compute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {op} is not computed in integers; deploy the graph first")]
pub struct NotComputed {
    /// Where the operation comes from.
    pub origin: String,
    /// The operation.
    pub op: &'static str,
}

impl NotComputed {
    pub(crate) fn new(node: &Node, op: &'static str) -> Self {
        Self { origin: node.origin.to_string(), op }
    }
}

/// The kernel of a node.
pub(crate) fn kernel(network: &Network, place: usize) -> Result<Box<dyn Kernel>, NotComputed> {
    let node = &network.graph.nodes()[place];
    let weights = network.weights[place].as_ref();
    if !matches!(node.op.activation(), None | Some(Activation::None | Activation::Relu | Activation::Relu6)) {
        return Err(NotComputed::new(node, node.op.word()));
    }
    Ok(match (node.op, weights) {
        (Op::Conv { .. }, Some(weights)) => Box::new(conv::Conv::new(network, node, weights)),
        (Op::DepthwiseConv { .. }, Some(weights)) => Box::new(depthwise::Depthwise::new(network, node, weights)),
        (Op::Dense { .. }, Some(weights)) => Box::new(dense::Dense::new(network, node, weights)),
        (Op::Add { .. }, _) => Box::new(add::Add::new(network, node)),
        (Op::AveragePool { .. } | Op::MaxPool { .. }, _) => Box::new(pool::Pool::new(network, node)),
        (Op::GlobalAverage, _) => Box::new(mean::Mean::new(network, node)),
        (Op::GlobalMax, _) => Box::new(mean::Max),
        (Op::Activate(activation), _) => Box::new(activate::Table::of_activation(network, node, activation)?),
        (Op::LeakyRelu(slope), _) => Box::new(activate::Table::of_slope(network, node, slope)),
        (Op::Requantise, _) => Box::new(activate::Table::of_step(network, node)),
        (Op::Scale | Op::Multiply, _) => Box::new(product::Product::new(network, node)),
        (Op::Maximum, _) => Box::new(extreme::Extreme::Larger),
        (Op::Minimum, _) => Box::new(extreme::Extreme::Smaller),
        (Op::Softmax, _) => Box::new(softmax::Softmax::new(network, node)),
        (Op::Concat, _) => Box::new(concat::Concat::of_channels(network, node)),
        (Op::JoinColumns, _) => Box::new(concat::Concat::of_columns(network, node)),
        (Op::Pad(border), _) => Box::new(pad::Pad::new(network, node, border)),
        (Op::Reshape, _) => Box::new(reshape::Copy),
        (op, _) => return Err(NotComputed::new(node, op.word())),
    })
}

/// Adds the C code of a node, its tables and whatever it calls.
pub(crate) fn emit(unit: &mut Unit<'_>, place: usize) -> Result<(), NotComputed> {
    let network = unit.network;
    let node = &network.graph.nodes()[place];
    match (node.op, network.weights[place].as_ref()) {
        (Op::Conv { .. }, Some(weights)) => conv::emit(unit, place, node, weights),
        (Op::DepthwiseConv { .. }, Some(weights)) => depthwise::emit(unit, place, node, weights),
        (Op::Dense { .. }, Some(weights)) => dense::emit(unit, place, node, weights),
        (Op::Add { .. }, _) => add::emit(unit, place, node),
        (Op::AveragePool { .. } | Op::MaxPool { .. }, _) => pool::Pool::new(network, node).emit(unit, place, node),
        (Op::GlobalAverage, _) => mean::Mean::new(network, node).emit(unit, place, node),
        (Op::GlobalMax, _) => mean::emit_max(unit, place, node),
        (Op::Activate(activation), _) => {
            activate::Table::of_activation(network, node, activation)?.emit(unit, place, node);
        }
        (Op::LeakyRelu(slope), _) => activate::Table::of_slope(network, node, slope).emit(unit, place, node),
        (Op::Requantise, _) => activate::Table::of_step(network, node).emit(unit, place, node),
        (Op::Scale | Op::Multiply, _) => product::emit(unit, place, node),
        (Op::Maximum, _) => extreme::Extreme::Larger.emit(unit, place, node),
        (Op::Minimum, _) => extreme::Extreme::Smaller.emit(unit, place, node),
        (Op::Softmax, _) => softmax::Softmax::new(network, node).emit(unit, place, node),
        (Op::Concat, _) => concat::emit(unit, place, node),
        (Op::JoinColumns, _) => concat::emit_columns(unit, place, node),
        (Op::Pad(border), _) => pad::Pad::new(network, node, border).emit(unit, place, node),
        (Op::Reshape, _) => reshape::emit(unit, place, node),
        (op, _) => return Err(NotComputed::new(node, op.word())),
    }
    Ok(())
}

/// What the emitted code of a node needs for itself.
pub(crate) fn workspace(graph: &Graph, node: &Node) -> Workspace {
    match node.op {
        Op::Conv { .. } => conv::workspace(graph, node),
        Op::DepthwiseConv { .. } => depthwise::workspace(graph, node),
        Op::GlobalAverage => mean::workspace(graph, node),
        Op::AveragePool { .. } => pool::workspace(graph, node),
        _ => Workspace::default(),
    }
}

/// Whether layers of the same shape share a function for this operation.
pub(crate) const fn shares_kernel(op: &Op) -> bool {
    matches!(op, Op::Conv { .. } | Op::DepthwiseConv { .. })
}

/// The bytes of a node's tables in the emitted code.
pub(crate) fn table_bytes(graph: &Graph, node: &Node) -> u64 {
    match node.op {
        Op::Conv { .. } => conv::table_bytes(graph, node),
        Op::DepthwiseConv { .. } => depthwise::table_bytes(graph, node),
        Op::Dense { .. } => dense::table_bytes(graph, node),
        Op::Activate(_) | Op::LeakyRelu(_) | Op::Requantise => activate::TABLE_BYTES,
        _ => 0,
    }
}

/// The least and the most that a tensor may hold after an activation that is applied in the same pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) least: i32,
    pub(crate) most: i32,
}

impl Bounds {
    pub(crate) fn of(activation: Activation, output: Quantisation) -> Self {
        let zero = i32::from(output.zero_point);
        let mut bounds = Self { least: -128, most: 127 };
        if matches!(activation, Activation::Relu | Activation::Relu6) {
            bounds.least = zero.max(-128);
        }
        if activation == Activation::Relu6 {
            #[expect(clippy::cast_possible_truncation, reason = "a step count of six saturates where it is absurd")]
            let six = (6.0 / output.scale).round() as i32;
            bounds.most = zero.saturating_add(six).min(127);
        }
        bounds
    }

    pub(crate) fn clamp(self, value: i32) -> i8 {
        i8::try_from(value.max(self.least).min(self.most)).expect("the bounds are those of an int8")
    }
}

/// The bounds of a node's own activation.
pub(crate) fn bounds(network: &Network, node: &Node) -> Bounds {
    Bounds::of(node.op.activation().unwrap_or(Activation::None), network.tensors[node.output.index()])
}
