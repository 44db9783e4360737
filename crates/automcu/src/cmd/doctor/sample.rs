//! The network that tools are tried on: small, built in, and with an operation of each kind that matters.

use automcu_convert::{Code, Name, Need, Network, Quantisation, Vectors, Weights};
use automcu_model::{Edge, Extent, Graph, GraphBuilder, Op, Origin, Shape, spec::Activation};
use automcu_target::Footprint;
use automcu_toolchain::{Subject, folder::footprint_of_code};

use crate::outcome::Failure;

const NAME: &str = "sample";
/// So many inputs are answered.
const INPUTS: usize = 4;

/// The network, its code, and what the code has to answer.
pub(super) struct Sample {
    pub(super) network: Network,
    pub(super) vectors: Vectors,
    /// What the code takes, as planned.
    pub(super) footprint: Footprint,
    code: Code,
}

impl Sample {
    /// Plans it, writes its code, and computes what that has to answer: what works without any tool.
    pub(super) fn new() -> Result<Self, Failure> {
        let network = network();
        let need = Need::of(network.graph());
        let name = Name::new(NAME).expect("a name in C");
        let code = Code::of(&network, &need.plan, &name)?;
        let vectors = Vectors::drawn(&network, INPUTS)?;
        let footprint = footprint_of_code(network.graph(), need.ram(), need.flash());
        Ok(Self { network, vectors, footprint, code })
    }

    /// The code, to be run.
    pub(super) fn subject(&self) -> Subject<'_> {
        let Code { header, source, .. } = &self.code;
        Subject { name: NAME, header, source, inputs: &self.vectors.inputs }
    }

    /// Bytes of these answers that are not the reference's.
    pub(super) fn differing(&self, outputs: &[i8]) -> usize {
        let expected = &self.vectors.outputs;
        let pairs = outputs.iter().zip(expected).filter(|(ours, theirs)| ours != theirs).count();
        pairs + outputs.len().abs_diff(expected.len())
    }
}

/// A convolution over 8x8 values, a depthwise one, the mean of each channel, and three classes.
fn network() -> Network {
    const SMALL: &str = "a sample is small";
    let (kernel, stride, padding) = (Extent { height: 3, width: 3 }, Extent::ONE, Edge::Same);
    let (bias, activation) = (true, Activation::Relu);
    let map = |channels| Shape { height: 8, width: 8, channels };
    let mut graph = GraphBuilder::new(map(1)).expect(SMALL);
    let conv = Op::Conv { kernel, stride, padding, bias, activation };
    let conv = graph.unary(conv, Graph::INPUT, map(4), Origin::Head).expect(SMALL);
    let depthwise = Op::DepthwiseConv { kernel, stride, padding, bias, activation };
    let depthwise = graph.unary(depthwise, conv, map(4), Origin::Head).expect(SMALL);
    let mean = graph.unary(Op::GlobalAverage, depthwise, Shape::vector(4), Origin::Head).expect(SMALL);
    let dense = Op::Dense { bias, activation: Activation::None };
    let classes = graph.unary(dense, mean, Shape::vector(3), Origin::Head).expect(SMALL);
    let step = |scale, zero_point| Quantisation { scale, zero_point };
    let steps = vec![step(0.02, 0), step(0.05, -128), step(0.05, -128), step(0.02, -128), step(0.1, 0)];
    let all = vec![Some(weights(36, 4)), Some(weights(36, 4)), None, Some(weights(12, 3))];
    Network::new(graph.finish(classes), steps, all).expect("a sample is whole")
}

/// Weights that look random.
fn weights(count: usize, channels: usize) -> Weights {
    let values = (1_u8..).map(|place| place.wrapping_mul(83).wrapping_add(17).cast_signed().max(-127));
    let biases = (0_i32..).map(|channel| 40 * channel - 60);
    Weights {
        values: values.take(count).collect(),
        biases: biases.take(channels).collect(),
        scales: vec![0.01; channels],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_tells_a_wrong_answer() {
        let sample = Sample::new().expect("planned");
        let outputs = &sample.vectors.outputs;
        assert_eq!(outputs.len(), 3 * INPUTS);
        assert!(outputs.iter().any(|value| *value != outputs[0]), "answers differ: {outputs:?}");
        assert_eq!(sample.differing(outputs), 0);
        assert!(sample.differing(&outputs[..outputs.len() - 1]) == 1 && sample.differing(&[]) == outputs.len());
        assert!(sample.footprint.known_ram().0 > 0 && sample.footprint.known_flash().0 > 0);
        assert!(sample.network.to_tflite().is_ok() && sample.network.to_onnx().is_ok());
    }
}
