//! An int8 network: the graph, and what the integers of each tensor and weight mean.

use automcu_model::{Graph, Node};

/// What an int8 of a tensor means: `(value - zero_point) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    /// The step between two values.
    pub scale: f32,
    /// The int8 that means 0.
    pub zero_point: i8,
}

/// The weights of a convolution or dense layer: output channels first, then rows, columns and input channels; of a
/// depthwise convolution rows and columns first, then channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The weights; 0 means 0.
    pub values: Vec<i8>,
    /// The step between two values, one for each output channel.
    pub scales: Vec<f32>,
    /// One for each output channel, in steps of input scale times weight scale.
    pub biases: Vec<i32>,
}

/// An int8 network.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) graph: Graph,
    /// By the tensor's place.
    pub(crate) tensors: Vec<Quantisation>,
    /// By the node's place.
    pub(crate) weights: Vec<Option<Weights>>,
    /// The names that the tensors had, by the tensor's place.
    pub(crate) names: Vec<String>,
}

impl Network {
    /// The graph.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the integers of each tensor mean, by the tensor's place.
    #[must_use]
    pub fn quantisations(&self) -> &[Quantisation] {
        &self.tensors
    }

    /// The weights of each node, by the node's place.
    #[must_use]
    pub fn weights(&self) -> &[Option<Weights>] {
        &self.weights
    }

    /// The name that a tensor had where it was read.
    #[must_use]
    pub fn name(&self, tensor: usize) -> &str {
        self.names.get(tensor).map_or("", String::as_str)
    }

    /// What goes into and comes out of a node.
    pub(crate) fn ends(&self, node: &Node) -> (Quantisation, Quantisation) {
        (self.tensors[node.inputs[0].index()], self.tensors[node.output.index()])
    }
}
