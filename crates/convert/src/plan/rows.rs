//! What an operation does row by row: in how many steps, which rows each step reads, and which row it completes.

use std::ops::Range;

use automcu_model::{Graph, Node, Op, TensorId};

use super::Layout;
use crate::ops::window::Window;

/// An operation cut into steps. Most compute a row of their output in each; reductions take in a row of their input.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// How many steps it takes.
    pub(crate) steps: u32,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A row of the output from the rows under a window.
    Window(Window),
    /// A row of the output from the same row of each input.
    Row,
    /// As [`Kind::Row`], of the first input; all of the second.
    RowAndAll,
    /// A row of the output from the row so many above.
    Shifted { top: u32, height: u32 },
    /// A row of the input; the output is complete with the last.
    Collect,
    /// All of the input at once, for each row of the output.
    All { height: u32 },
}

impl Work {
    pub(crate) fn of(graph: &Graph, node: &Node) -> Self {
        let (input, output) = (graph.shape(node.inputs[0]), graph.shape(node.output));
        let kind = match node.op {
            Op::GlobalAverage | Op::GlobalMax => Kind::Collect,
            Op::MaxPool { .. } | Op::AveragePool { .. } if is_one_place(graph, node) => Kind::Collect,
            Op::Reshape if input.height == output.height => Kind::Row,
            Op::Reshape if output.height == 1 => Kind::Collect,
            Op::Reshape | Op::Dense { .. } | Op::Softmax => Kind::All { height: input.height },
            Op::Pad(border) => Kind::Shifted { top: border.top, height: input.height },
            Op::Scale => Kind::RowAndAll,
            _ => Window::of(graph, node).map_or(Kind::Row, Kind::Window),
        };
        let steps = if matches!(kind, Kind::Collect) { input.height } else { output.height };
        Self { steps, kind }
    }

    /// The rows that a step reads of one of the inputs.
    pub(crate) fn reads(&self, input: usize, step: u32) -> Range<u32> {
        match &self.kind {
            Kind::Window(window) => window.rows(step),
            Kind::RowAndAll if input > 0 => 0..1,
            Kind::Row | Kind::RowAndAll | Kind::Collect => step..step + 1,
            Kind::Shifted { top, height } => {
                let row = step.saturating_sub(*top).min(*height);
                let is_inside = step >= *top && row < *height;
                row..row + u32::from(is_inside)
            }
            Kind::All { height } => 0..*height,
        }
    }

    /// The row of the output that a step begins to write, and whether it completes it.
    pub(crate) const fn writes(&self, step: u32) -> (u32, bool) {
        match self.kind {
            Kind::Collect => (0, step + 1 == self.steps),
            _ => (step, true),
        }
    }
}

/// Whether a pool has a single window.
pub(crate) fn is_one_place(graph: &Graph, node: &Node) -> bool {
    let is_covering = |window: Window| {
        let (place, input) = (window.place(0, 0), graph.shape(node.inputs[0]));
        (place.rows, place.columns) == (0..input.height as usize, 0..input.width as usize)
    };
    graph.shape(node.output).area() == 1 && Window::of(graph, node).is_some_and(is_covering)
}

/// Whether a step reads each value of its input only before it writes the value at the same place, so that its output
/// may take the place of its input.
pub(crate) const fn is_in_place(op: &Op) -> bool {
    matches!(op, Op::Add { .. } | Op::Multiply | Op::Maximum | Op::Minimum | Op::Scale) || is_table(op)
}

/// Whether each value of the output follows from the values at the same place.
pub(crate) const fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Add { .. } | Op::Multiply | Op::Maximum | Op::Minimum) || is_table(op)
}

/// Whether an operation looks each value up by itself.
pub(crate) const fn is_table(op: &Op) -> bool {
    matches!(op, Op::Activate(_) | Op::LeakyRelu(_) | Op::Requantise)
}

/// How the rows of each tensor lie in memory: channel by channel where only depthwise convolutions read them, which take
/// one channel after the other, and what writes them can write so.
pub(crate) fn layouts(graph: &Graph) -> Vec<Layout> {
    let readers = graph.readers();
    let mut wanted = vec![false; graph.tensors().len()];
    for tensor in (0..wanted.len()).rev() {
        let is_suited = |&reader: &usize| {
            let node = &graph.nodes()[reader];
            matches!(node.op, Op::DepthwiseConv { .. }) || is_table(&node.op) && wanted[node.output.index()]
        };
        wanted[tensor] = !readers[tensor].is_empty() && readers[tensor].iter().all(is_suited);
    }
    let mut layouts = vec![Layout::Pixels; wanted.len()];
    for node in graph.nodes() {
        let planes_in = |tensor: TensorId| layouts[tensor.index()] == Layout::Planes;
        let can = matches!(node.op, Op::Conv { .. } | Op::DepthwiseConv { .. })
            || is_table(&node.op) && planes_in(node.inputs[0]);
        if can && wanted[node.output.index()] {
            layouts[node.output.index()] = Layout::Planes;
        }
    }
    layouts
}
