//! An int8 network: the graph, and what the integers of each tensor and weight mean.

use automcu_model::{Graph, Node, Op, spec::Activation};

/// What an int8 of a tensor means: `(value - zero_point) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    /// The step between two values.
    pub scale: f32,
    /// The int8 that means 0.
    pub zero_point: i8,
}

impl Quantisation {
    /// The int8 that is nearest to a number, as runtimes make it: halves are rounded away from zero.
    #[must_use]
    pub fn of_real(self, real: f32) -> i8 {
        #[expect(clippy::cast_possible_truncation, reason = "out of range saturates, and so does the int8")]
        let steps = (real / self.scale).round() as i32;
        let value = steps.saturating_add(self.zero_point.into()).clamp(-128, 127);
        i8::try_from(value).expect("clamped")
    }

    /// The number that an int8 means.
    #[must_use]
    pub fn real(self, value: i8) -> f32 {
        f32::from(i16::from(value) - i16::from(self.zero_point)) * self.scale
    }
}

/// What programs hand in or get out. Inside, networks are int8; the ends of a file may be something else, which is
/// converted first or last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The int8 themselves.
    #[default]
    Int8,
    /// Each 128 more than the int8.
    Uint8,
    /// The numbers that they mean.
    Float32,
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
    /// What is handed in and what comes out.
    pub(crate) io: [End; 2],
    /// What the outputs are called, if they have names.
    pub(crate) labels: Vec<String>,
    /// By node, the earlier one that it is a copy of; empty where there are no copies.
    copies: Vec<Option<usize>>,
}

/// Parts that do not make a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Something is missing or left over.
    #[error("{given} {what} for a graph that has {wanted}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many there are.
        given: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// An operation that keeps its step is asked to change it.
    #[error("{origin}: {op} keeps the step of what it reads, and has another at its output")]
    Step {
        /// Where the operation comes from.
        origin: String,
        /// The operation.
        op: &'static str,
    },
    /// The steps of an operation are so far apart that the reference does not compute it.
    #[error("{origin}: {op} with {what} is outside of what is computed")]
    Range {
        /// Where the operation comes from.
        origin: String,
        /// The operation.
        op: &'static str,
        /// What is too small or too large.
        what: &'static str,
    },
    /// Running it would take more memory or time than any microcontroller has.
    #[error("{given} {what}; a network has at most {most}")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many there are.
        given: u64,
        /// How many there may be.
        most: u64,
    },
    /// The weights of an operation are not as many as it has.
    #[error("{origin}: {op} has {wanted} {what}, not {given}")]
    Weights {
        /// Where the operation comes from.
        origin: String,
        /// The operation.
        op: &'static str,
        /// Weights, scales or biases.
        what: &'static str,
        /// How many there are.
        given: usize,
        /// How many there should be.
        wanted: u64,
    },
}

/// Whether an operation only moves or compares integers, so that what it reads and writes share their step and zero point.
#[must_use]
pub const fn keeps_step(op: &Op) -> bool {
    matches!(
        op,
        Op::MaxPool { .. }
            | Op::AveragePool { .. }
            | Op::GlobalMax
            | Op::Concat
            | Op::JoinColumns
            | Op::Pad(_)
            | Op::Reshape
            | Op::Maximum
            | Op::Minimum
            | Op::Activate(Activation::Relu6)
    )
}

impl Network {
    /// Puts a deployed graph together with what its integers mean: a quantisation for each tensor, weights for each
    /// operation that has some.
    pub fn new(graph: Graph, tensors: Vec<Quantisation>, weights: Vec<Option<Weights>>) -> Result<Self, NetworkError> {
        let names = vec![String::new(); tensors.len()];
        Self::checked(graph, tensors, weights, names)
    }

    /// The one way to a network: whatever is computed has been through here.
    pub(crate) fn checked(
        graph: Graph,
        tensors: Vec<Quantisation>,
        weights: Vec<Option<Weights>>,
        names: Vec<String>,
    ) -> Result<Self, NetworkError> {
        let count = |what, given, wanted| {
            if given == wanted { Ok(()) } else { Err(NetworkError::Count { what, given, wanted }) }
        };
        count("quantisations", tensors.len(), graph.tensors().len())?;
        count("weights", weights.len(), graph.nodes().len())?;
        for (node, weights) in graph.nodes().iter().zip(&weights) {
            check_weights(&graph, node, weights.as_ref())?;
            let changes = node.inputs.iter().any(|input| tensors[input.index()] != tensors[node.output.index()]);
            if keeps_step(&node.op) && changes {
                return Err(NetworkError::Step { origin: node.origin.to_string(), op: node.op.word() });
            }
        }
        let network =
            Self { graph, tensors, weights, names, io: [End::Int8; 2], labels: Vec::new(), copies: Vec::new() };
        crate::range::check(&network)?;
        Ok(network)
    }

    /// The same network, with something else handed in or coming out of its files.
    #[must_use]
    pub const fn with_ends(mut self, input: End, output: End) -> Self {
        self.io = [input, output];
        self
    }

    /// The same network with names for its outputs: one for each, or none.
    #[must_use]
    pub fn with_labels(mut self, labels: Vec<String>) -> Self {
        self.labels = labels;
        self
    }

    /// The same network, some of whose nodes are copies of earlier ones with the very same weights.
    pub(crate) fn with_copies(mut self, copies: Vec<Option<usize>>) -> Self {
        self.copies = copies;
        self
    }

    /// The node whose tables a node uses: its own, or those of the one that it is a copy of.
    pub(crate) fn owner_of_tables(&self, place: usize) -> usize {
        self.copies.get(place).copied().flatten().unwrap_or(place)
    }

    /// What the outputs are called; empty where they have no names.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What is handed in and what comes out, in the network's files.
    #[must_use]
    pub const fn io(&self) -> [End; 2] {
        self.io
    }

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

fn check_weights(graph: &Graph, node: &Node, weights: Option<&Weights>) -> Result<(), NetworkError> {
    let cost = graph.cost_of(node);
    let (values, scales, biases) =
        weights.map_or((0, 0, 0), |weights| (weights.values.len(), weights.scales.len(), weights.biases.len()));
    let channels = if cost.weights == 0 { 0 } else { u64::from(graph.shape(node.output).channels) };
    for (what, given, wanted) in
        [("weights", values, cost.weights), ("scales", scales, channels), ("biases", biases, channels)]
    {
        if given as u64 != wanted {
            let (origin, op) = (node.origin.to_string(), node.op.word());
            return Err(NetworkError::Weights { origin, op, what, given, wanted });
        }
    }
    Ok(())
}
