//! Makes a graph again with something changed, every shape worked out anew.

use std::collections::BTreeMap;

use automcu_model::{Extent, Graph, GraphBuilder, Node, Op, Shape, TensorId};

/// A change of a graph.
pub(super) enum Change<'c> {
    /// These tensors get another number of channels.
    Narrow { tensors: &'c [usize], channels: u32 },
    /// A node is left out, and one of its inputs taken for its output.
    Bypass { node: usize, input: TensorId },
    /// An earlier node takes the step of later ones.
    Stride { earlier: usize, later: &'c [usize], stride: Extent },
}

/// Tensors that must have the same number of channels, and the layers that decide it.
pub(super) struct Group {
    pub(super) channels: u32,
    pub(super) tensors: Vec<usize>,
    pub(super) layers: Vec<usize>,
}

/// The graph with the change, if it still holds together: the same input, the same output, everything in between read.
pub(super) fn rebuilt(graph: &Graph, change: &Change<'_>) -> Option<Graph> {
    let needed = needed(graph, change);
    let mut builder = GraphBuilder::new(graph.shape(Graph::INPUT)).ok()?;
    let mut renamed: Vec<Option<TensorId>> = vec![None; graph.tensors().len()];
    renamed[Graph::INPUT.index()] = Some(Graph::INPUT);
    for (place, node) in graph.nodes().iter().enumerate() {
        if let Change::Bypass { node: left_out, input } = change
            && *left_out == place
        {
            renamed[node.output.index()] = renamed[input.index()];
            continue;
        }
        if !needed[node.output.index()] {
            continue;
        }
        let inputs: Vec<TensorId> = node.inputs.iter().map(|input| renamed[input.index()]).collect::<Option<_>>()?;
        let shapes: Vec<Shape> = inputs.iter().map(|&input| builder.shape(input)).collect();
        let op = changed(node.op, place, change);
        let channels = match change {
            Change::Narrow { tensors, channels } if tensors.contains(&node.output.index()) => *channels,
            _ => graph.shape(node.output).channels,
        };
        let before = [node.inputs[0], node.output].map(|tensor| graph.shape(tensor));
        let shape = output(op, &shapes, channels, before)?;
        let id = builder.add(op, inputs.into_iter().collect(), shape, node.origin).ok()?;
        renamed[node.output.index()] = Some(id);
    }
    let end = renamed[graph.output().index()]?;
    let is_same = builder.shape(end) == graph.shape(graph.output());
    is_same.then(|| builder.finish(end)).filter(|graph| !graph.nodes().is_empty())
}

/// Which tensors lead to the output.
fn needed(graph: &Graph, change: &Change<'_>) -> Vec<bool> {
    let mut needed = vec![false; graph.tensors().len()];
    needed[graph.output().index()] = true;
    for (place, node) in graph.nodes().iter().enumerate().rev() {
        if needed[node.output.index()] {
            match change {
                Change::Bypass { node, input } if *node == place => needed[input.index()] = true,
                _ => node.inputs.iter().for_each(|input| needed[input.index()] = true),
            }
        }
    }
    needed
}

fn changed(op: Op, place: usize, change: &Change<'_>) -> Op {
    match change {
        Change::Stride { earlier, stride, .. } if place == *earlier => with_stride(op, *stride),
        Change::Stride { later, .. } if later.contains(&place) => with_stride(op, Extent::ONE),
        _ => op,
    }
}

fn with_stride(mut op: Op, step: Extent) -> Op {
    match &mut op {
        Op::Conv { stride, .. }
        | Op::DepthwiseConv { stride, .. }
        | Op::MaxPool { stride, .. }
        | Op::AveragePool { stride, .. } => *stride = step,
        _ => {}
    }
    op
}

/// What an operation writes; `channels` where that is for the layer to say, `before` where the shape is told.
fn output(op: Op, inputs: &[Shape], channels: u32, [old_input, before]: [Shape; 2]) -> Option<Shape> {
    let first = inputs[0];
    let placed = |channels: u32| -> Option<Shape> {
        let ((kernel, stride), padding) = op.window().zip(op.padding())?;
        let height = padding.places(first.height, kernel.height, stride.height);
        let width = padding.places(first.width, kernel.width, stride.width);
        (height > 0 && width > 0).then_some(Shape { height, width, channels })
    };
    match op {
        Op::Conv { .. } => placed(channels),
        // A multiplier is kept.
        Op::DepthwiseConv { .. } => placed(first.channels * (before.channels / old_input.channels)),
        Op::MaxPool { .. } | Op::AveragePool { .. } => placed(first.channels),
        Op::Dense { .. } => (first.area() == 1).then(|| Shape::vector(channels)),
        Op::GlobalAverage | Op::GlobalMax => Some(Shape::vector(first.channels)),
        Op::Scale => (inputs[1] == Shape::vector(first.channels)).then_some(first),
        Op::Concat => {
            let is_joined = inputs.iter().all(|shape| (shape.height, shape.width) == (first.height, first.width));
            is_joined.then(|| first.with_channels(inputs.iter().map(|shape| shape.channels).sum()))
        }
        Op::Pad(border) => Some(Shape {
            height: first.height + border.top + border.bottom,
            width: first.width + border.left + border.right,
            ..first
        }),
        Op::Reshape if before.area() == 1 => u32::try_from(first.elements()).ok().map(Shape::vector),
        Op::Reshape => (first.elements() == before.elements()).then_some(before),
        _ => inputs.iter().all(|shape| *shape == first).then_some(first),
    }
}

/// The groups of tensors that share their number of channels, but for those with the input or the output.
pub(super) fn channel_groups(graph: &Graph) -> Vec<Group> {
    let mut group: Vec<usize> = (0..graph.tensors().len()).collect();
    let mut join = |a: TensorId, b: TensorId| {
        let (kept, merged) = (group[a.index()].min(group[b.index()]), group[a.index()].max(group[b.index()]));
        group.iter_mut().filter(|of| **of == merged).for_each(|of| *of = kept);
    };
    let mut is_told = vec![false; graph.tensors().len()];
    is_told[Graph::INPUT.index()] = true;
    is_told[graph.output().index()] = true;
    for node in graph.nodes() {
        match node.op {
            Op::Conv { .. } | Op::Dense { .. } => {}
            // What is joined or made into another shape has channels of its own.
            Op::Concat => is_told[node.output.index()] = true,
            Op::Reshape if graph.shape(node.inputs[0]).channels != graph.shape(node.output).channels => {
                is_told[node.output.index()] = true;
            }
            _ => node.inputs.iter().for_each(|&input| join(input, node.output)),
        }
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    let decides = |node: &&Node| matches!(node.op, Op::Conv { .. } | Op::Dense { .. });
    for (place, node) in graph.nodes().iter().enumerate().filter(|(_, node)| decides(node)) {
        let of = group[node.output.index()];
        let all = || (0..group.len()).filter(|&tensor| group[tensor] == of);
        let same = all().all(|tensor| !is_told[tensor])
            && all().all(|tensor| graph.tensors()[tensor].channels == graph.shape(node.output).channels);
        if same {
            let new =
                || Group { channels: graph.shape(node.output).channels, tensors: all().collect(), layers: vec![] };
            groups.entry(of).or_insert_with(new).layers.push(place);
        }
    }
    groups.into_values().collect()
}
