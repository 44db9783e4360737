//! From what was trained to what ships: normalisation folded away, weights in the order of the operators, int8.

use automcu_convert::{Closeness, FloatNetwork, FloatWeights, Learnt, Network, Norm, Options, Range, Report};
use automcu_dataset::{EvaluationBatches, SamplesRef};
use automcu_model::{Graph, Op};
use automcu_trainer::{Checkpoint, EPSILON, Held, Preparation};

use crate::DeployError;

/// So many samples show the ranges of activations: of pictures, and of what is smaller.
const SHOWN: [usize; 2] = [512, 2048];

/// The int8 network of a checkpoint, with ranges seen on these samples.
pub fn deployed(
    checkpoint: &Checkpoint,
    samples: SamplesRef<'_>,
    indices: &[u32],
) -> Result<(Network, Report), DeployError> {
    let graph = checkpoint.subject.spec.lower().expect("a checkpoint's architecture was read");
    let network = FloatNetwork::deployed(&graph, &learnt(&graph, checkpoint))?;
    let is_picture = checkpoint.subject.preparation == Preparation::Bytes;
    let shown = &indices[..indices.len().min(SHOWN[usize::from(!is_picture)])];
    let batches = EvaluationBatches::new(samples, shown, shown.len().max(1), checkpoint.subject.recipe.resize())?;
    let mut feed = batches.here();
    let values = feed.next_batch().map_or(&[][..], |batch| &batch.values);
    // A picture's byte less 128 is the integer itself: nothing is computed before the network.
    let input = match checkpoint.subject.preparation {
        Preparation::Bytes => Some(Range { least: -1.0, most: 127.0 / 128.0 }),
        Preparation::Standardised { .. } => None,
    };
    // Most of a signal may lie far within what its strongest moments reach.
    let options = Options { input, narrow_input: !is_picture, closeness: Closeness::Classes, ..Options::default() };
    let (network, report) = network.quantised(values, options)?;
    let outputs = network.graph().shape(network.graph().output()).elements();
    let classes = &checkpoint.subject.classes;
    let network = if classes.len() as u64 == outputs { network.with_labels(classes.clone()) } else { network };
    Ok((network, report))
}

/// What each node has learnt, in the order of the operators' weights.
fn learnt(graph: &Graph, checkpoint: &Checkpoint) -> Vec<Learnt> {
    let mut learnt = vec![Learnt::Nothing; graph.nodes().len()];
    for tensor in checkpoint.tensors() {
        let node = &graph.nodes()[tensor.node];
        let slot = &mut learnt[tensor.node];
        if *slot == Learnt::Nothing {
            *slot = match node.op {
                Op::BatchNorm => Learnt::Norm(Norm { epsilon: EPSILON, ..Norm::default() }),
                _ => Learnt::Weights(FloatWeights::default()),
            };
        }
        let outputs = graph.shape(node.output).channels as usize;
        let values = tensor.values.to_vec();
        match (slot, tensor.kind) {
            (Learnt::Weights(weights), Held::Conv | Held::Dense) => weights.values = by_output(&values, outputs),
            (Learnt::Weights(weights), Held::Depthwise) => weights.values = values,
            (Learnt::Weights(weights), Held::Biases) => weights.biases = values,
            (Learnt::Norm(norm), Held::Scales) => norm.scales = values,
            (Learnt::Norm(norm), Held::Shifts) => norm.shifts = values,
            (Learnt::Norm(norm), Held::Means) => norm.means = values,
            (Learnt::Norm(norm), Held::Variances) => norm.variances = values,
            _ => {}
        }
    }
    learnt
}

/// Weights that have the output last, with the output first.
fn by_output(values: &[f32], outputs: usize) -> Vec<f32> {
    (0..outputs).flat_map(|output| values.iter().skip(output).step_by(outputs).copied()).collect()
}
