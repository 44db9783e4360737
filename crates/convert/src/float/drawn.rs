//! A network that nobody has trained yet: its weights are drawn, the same every time. What its code takes is what it will
//! take when it is trained, so it can be judged before.

use automcu_model::Graph;

use super::{FloatError, FloatNetwork, FloatWeights};
use crate::{
    network::Network,
    quantise::{Choice, Method, Options, QuantiseError},
};

/// Inputs on which the ranges of an untrained network are seen.
const SAMPLES: usize = 2;

/// A network that cannot be made without training.
#[derive(Debug, thiserror::Error)]
pub enum UntrainedError {
    /// Its graph does not come in the form for integers.
    #[error(transparent)]
    Float(#[from] FloatError),
    /// It cannot be made int8.
    #[error(transparent)]
    Quantise(#[from] QuantiseError),
}

/// Numbers that look random: splitmix64.
struct Numbers(u64);

impl Numbers {
    /// From -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let short = u16::try_from((bits ^ (bits >> 31)) >> 48).expect("16 bits");
        f32::from(short) / 32_767.5 - 1.0
    }
}

impl FloatNetwork {
    /// A network on this graph, which is as deployed, with weights of the size that training begins with.
    pub fn drawn(deployed: &Graph, seed: u64) -> Result<Self, FloatError> {
        let mut numbers = Numbers(seed);
        let layers = deployed.nodes().iter().map(|node| {
            let cost = deployed.cost_of(node);
            let outputs = deployed.shape(node.output).channels;
            let count = usize::try_from(cost.weights).expect("graphs are bounded");
            #[expect(clippy::cast_precision_loss, reason = "the size of random weights")]
            let size = (6.0 * outputs.max(1) as f32 / cost.weights.max(1) as f32).sqrt();
            (count > 0).then(|| FloatWeights {
                values: (0..count).map(|_| size * numbers.next()).collect(),
                biases: (0..outputs).map(|_| 0.1 * numbers.next()).collect(),
            })
        });
        Self::of(deployed, layers.collect())
    }
}

impl Network {
    /// The int8 network on this graph, which is as deployed, before anything is trained: for whoever asks what it takes.
    pub fn untrained(deployed: &Graph, seed: u64) -> Result<Self, UntrainedError> {
        let network = FloatNetwork::drawn(deployed, seed)?;
        let mut numbers = Numbers(seed ^ 0x5eed);
        let each = usize::try_from(deployed.shape(Graph::INPUT).elements()).expect("graphs are bounded");
        let samples: Vec<f32> = (0..SAMPLES * each).map(|_| numbers.next()).collect();
        let options =
            Options { method: Method::MinMax, equalise: Choice::No, correct_biases: Choice::No, ..Options::default() };
        Ok(network.quantised(&samples, options)?.0)
    }
}
