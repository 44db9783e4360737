//! What the instructions of emitted code take, before anything is compiled. Layers of one shape share a function, whose size
//! follows from traits of that shape (compilers unroll short loops and drop those that run once); the rest is the sum of what
//! each layer adds to the run. How much each trait takes was fitted to linked images, core by core: `docs/nightly/code-size.md`
//! has the error.

mod fitted;

use std::collections::HashSet;

use automcu_model::{Edge, Extent, Graph, Node, Op, TensorId};
use automcu_target::Core;

use crate::{
    need::Need,
    ops::{shares_kernel, window::Window},
    plan::{Layout, Plan},
};

/// A kind of function that layers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// Dense convolutions on channels that come in fours.
    Words,
    /// Dense convolutions on others.
    Patch,
    /// Depthwise convolutions.
    Depthwise,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Words, Self::Patch, Self::Depthwise];
}

/// How many traits the shape of a function has.
pub const FUNCTION_TRAITS: usize = 36;
/// How many traits the rest of the code has.
pub const REST_TRAITS: usize = 36;

/// A function of the code.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Of which kind it is.
    pub function: Function,
    /// What its name begins with.
    pub stem: String,
    /// What its size follows from.
    pub traits: [f32; FUNCTION_TRAITS],
}

/// What the size of code follows from.
#[derive(Clone, Debug)]
pub struct Anatomy {
    /// The functions that layers share.
    pub functions: Vec<Shared>,
    /// Counts of what makes up the rest.
    pub rest: [f32; REST_TRAITS],
}

/// Bytes of each trait on one core.
#[derive(Clone, Copy, Debug)]
struct Fitted {
    /// In the order of [`Function::ALL`].
    functions: [[f32; FUNCTION_TRAITS]; 3],
    rest: [f32; REST_TRAITS],
}

impl Need {
    /// What the size of its code follows from.
    #[must_use]
    pub fn anatomy(&self) -> Anatomy {
        Anatomy { functions: functions(&self.graph, &self.plan), rest: rest(&self.graph, &self.plan) }
    }

    /// The bytes that its instructions take when they are linked for a core; nothing for cores that were never linked for.
    #[must_use]
    pub fn code_bytes(&self, core: Core) -> Option<u64> {
        let fitted = fitted::of(core)?;
        let Anatomy { functions, rest } = self.anatomy();
        let sum = |traits: &[f32], bytes: &[f32]| traits.iter().zip(bytes).map(|(a, b)| a * b).sum::<f32>().max(0.0);
        let shared = functions.iter().map(|shared| sum(&shared.traits, &fitted.functions[shared.function as usize]));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size of code")]
        let bytes = (shared.sum::<f32>() + sum(&rest, &fitted.rest)).round() as u64;
        Some(bytes)
    }
}

/// What makes two layers share a function.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    function: Function,
    kernel: Extent,
    stride: Extent,
    left: u32,
    width: u32,
    channels: u32,
    output: (u32, u32),
    layouts: (Layout, Layout),
}

fn functions(graph: &Graph, plan: &Plan) -> Vec<Shared> {
    let mut found: Vec<Shared> = Vec::new();
    let mut seen = HashSet::new();
    for node in graph.nodes().iter().filter(|node| shares_kernel(&node.op)) {
        let Some(window) = Window::of(graph, node) else { continue };
        let layout = |tensor: TensorId| plan.layouts[tensor.index()];
        let layouts = (layout(node.inputs[0]), layout(node.output));
        let Window { kernel, stride, left, output, input, .. } = window;
        let (width, channels) = (window.width(), input.channels);
        let is_depthwise = matches!(node.op, Op::DepthwiseConv { .. });
        let function = match channels.is_multiple_of(4) {
            _ if is_depthwise => Function::Depthwise,
            true => Function::Words,
            false => Function::Patch,
        };
        let key =
            Key { function, kernel, stride, left, width, channels, output: (output.width, output.channels), layouts };
        if !seen.insert(key) {
            continue;
        }
        let stem = if is_depthwise {
            format!("depthwise_{kernel}_{}_w{width}", output.channels)
        } else {
            format!("conv_{kernel}_{channels}_{}_w{width}", output.channels)
        };
        found.push(Shared { function, stem, traits: traits(&window, layouts) });
    }
    found
}

const fn one_if(condition: bool) -> f32 {
    if condition { 1.0 } else { 0.0 }
}

/// What the size of a function follows from, as numbers; which of them count for which function was fitted.
fn traits(window: &Window, (from, to): (Layout, Layout)) -> [f32; FUNCTION_TRAITS] {
    let Window { kernel, stride, left, output, input, .. } = *window;
    let (width, channels) = (window.width(), input.channels);
    let seen = (output.width - 1) * stride.width + kernel.width;
    let pads = left > 0 || seen > left + width;
    let run = kernel.width * channels;
    let products = (kernel.height * run).next_multiple_of(4);
    let is_nine = kernel.height == 3 && kernel.width <= 3;
    let is_planes = from == Layout::Planes;
    let conditions = [
        true,
        output.width == 1,
        output.width == 2,
        output.width % 2 == 1 && output.width > 1,
        output.width <= 4,
        to == Layout::Planes,
        is_planes,
        is_planes && width.is_multiple_of(4),
        pads,
        pads && kernel.height > 1,
        kernel.height > 1,
        kernel.height == 2,
        kernel.height > 3,
        kernel.height > 4,
        kernel.width > 1,
        kernel.width > 3,
        kernel.width > 4,
        kernel.width > 8,
        is_nine,
        is_nine && stride.width == 1,
        stride.width < kernel.width,
        output.channels == 1,
        output.channels <= 2,
        output.channels % 2 == 1 && output.channels > 1,
        output.channels != channels,
        channels == 1,
        channels == 4,
        channels == 8,
        products <= 4,
        products <= 8,
        run == 1,
        run == 2,
        run % 2 == 1,
        run % 4 == 2,
        run > 64,
        left > 1,
    ];
    conditions.map(one_if)
}

/// Counts of what makes up the run and its layers.
fn rest(graph: &Graph, plan: &Plan) -> [f32; REST_TRAITS] {
    let mut counts = [0.0; REST_TRAITS];
    for node in graph.nodes() {
        for (count, more) in counts.iter_mut().zip(layer(graph, plan, node)) {
            *count += more;
        }
    }
    let many = u16::try_from(graph.nodes().len()).unwrap_or(u16::MAX);
    let has = |is: &dyn Fn(&Op) -> bool| graph.nodes().iter().any(|node| is(&node.op));
    counts[REST_TRAITS - 5..].copy_from_slice(&[
        1.0,
        f32::from(many.saturating_sub(8)),
        one_if(has(&|op| *op == Op::Softmax)),
        one_if(has(&|op| matches!(op, Op::Conv { .. }))),
        one_if(has(&|op| matches!(op, Op::Concat | Op::JoinColumns | Op::Pad(_) | Op::Reshape))),
    ]);
    counts
}

/// What one layer adds; the last five places are those of the whole.
fn layer(graph: &Graph, plan: &Plan, node: &Node) -> [f32; REST_TRAITS] {
    let (input, output) = (graph.shape(node.inputs[0]), graph.shape(node.output));
    let ring = |tensor: TensorId| {
        let (slots, height) = (plan.tensors[tensor.index()].slots, graph.shape(tensor).height);
        // Whether the row is found by a remainder, by a mask, or is the only one.
        (
            slots > 1 && slots != height && !slots.is_power_of_two(),
            slots > 1 && slots != height && slots.is_power_of_two(),
            slots == 1,
        )
    };
    let (into, out) = (ring(node.inputs[0]), ring(node.output));
    let shares = shares_kernel(&node.op);
    let rows = node.op.window().map_or(0, |(kernel, _)| kernel.height);
    let few = f32::from(u8::try_from(rows).unwrap_or(0)) * one_if((2..=8).contains(&rows));
    let is_cut = matches!(node.op, Op::MaxPool { padding: Edge::At { .. }, window: Extent::ONE, .. });
    let is_pool = !shares && node.op.window().is_some() && output.area() > 1 && !is_cut;
    let is_dense = matches!(node.op, Op::Dense { .. });
    let is_product = matches!(node.op, Op::Scale | Op::Multiply);
    let is_mean = matches!(node.op, Op::GlobalAverage) || matches!(node.op, Op::AveragePool { .. }) && !is_pool;
    let is_most = matches!(node.op, Op::GlobalMax) || matches!(node.op, Op::MaxPool { .. }) && !is_pool;
    let pieces = f32::from(u8::try_from(node.inputs.len()).unwrap_or(u8::MAX));
    let is_move = matches!(node.op, Op::Concat | Op::JoinColumns);
    [
        1.0,
        one_if(shares),
        one_if(shares && rows == 1),
        few * one_if(shares),
        one_if(rows > 8),
        few * one_if(shares && into.0),
        few * one_if(shares && into.1),
        one_if(shares && rows == 1 && into.0),
        one_if(shares && rows == 1 && into.2),
        one_if(is_pool && matches!(node.op, Op::MaxPool { .. })),
        one_if(is_pool && matches!(node.op, Op::AveragePool { .. })),
        few * one_if(is_pool),
        few * one_if(is_pool && into.0),
        one_if(is_dense),
        one_if(is_dense && output.channels == 1),
        one_if(is_dense && input.channels < 8),
        one_if(is_dense && !input.channels.is_multiple_of(4)),
        one_if(is_product),
        one_if(is_product && input.width == 1),
        one_if(matches!(node.op, Op::Activate(_) | Op::LeakyRelu(_) | Op::Requantise)),
        one_if(is_mean),
        one_if(is_mean && input.width == 1),
        one_if(is_mean && input.channels == 1),
        one_if(is_most),
        one_if(matches!(node.op, Op::Add { .. })),
        one_if(matches!(node.op, Op::Maximum | Op::Minimum)),
        pieces * one_if(is_move),
        one_if(is_move && output.width == 1),
        one_if(matches!(node.op, Op::Pad(_) | Op::Reshape)),
        one_if(out.0),
        one_if(out.1),
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ]
}
