//! Which tensors files hold without rows and columns.

use automcu_model::{Graph, Op};

/// Which tensors are vectors, by the tensor's place: what dense layers and global pools leave, and what is made of it.
/// Other tensors of one row and column are maps, as convolutions want them.
pub(crate) fn vectors(graph: &Graph) -> Vec<bool> {
    let mut vectors = vec![false; graph.tensors().len()];
    for node in graph.nodes() {
        vectors[node.output.index()] = match node.op {
            Op::Dense { .. } | Op::GlobalAverage | Op::GlobalMax => true,
            Op::Reshape => graph.shape(node.output).area() == 1,
            _ => node.inputs.iter().all(|input| vectors[input.index()]),
        };
    }
    // What a window moves over must be a map, and so must be what such a map is computed from, value by value.
    for node in graph.nodes().iter().rev() {
        let has_window = node.op.window().is_some() || matches!(node.op, Op::Pad(_));
        let by_value = !matches!(node.op, Op::Dense { .. } | Op::GlobalAverage | Op::GlobalMax | Op::Reshape);
        if has_window || by_value && !vectors[node.output.index()] && node.op != Op::Scale {
            node.inputs.iter().for_each(|input| vectors[input.index()] = false);
        }
    }
    vectors
}
