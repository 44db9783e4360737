//! Writes ONNX files, as STM32Cube.AI and other tools read them: int8 networks with their steps as pairs of QuantizeLinear
//! and DequantizeLinear around every tensor (signed activations, one step for each output channel of weights), and float32
//! networks. Opset 13, IR version 8, a batch of 1.
//!
//! ONNX maps are channels first. What flattens a map is turned to channels last before, so that weights keep their order.

mod form;
mod wire;

use automcu_model::{Graph, Node, Op};

use crate::{
    float::{FloatNetwork, FloatWeights},
    network::{Network, Quantisation, Weights},
    vectors::vectors,
};
use wire::Message;

/// Numbers of fields in the messages of an ONNX file.
mod field {
    pub(super) mod model {
        pub(crate) const IR_VERSION: u32 = 1;
        pub(crate) const PRODUCER: u32 = 2;
        pub(crate) const PRODUCER_VERSION: u32 = 3;
        pub(crate) const GRAPH: u32 = 7;
        pub(crate) const OPSET: u32 = 8;
        pub(crate) const METADATA: u32 = 14;
    }
    pub(super) mod graph {
        pub(crate) const NODE: u32 = 1;
        pub(crate) const NAME: u32 = 2;
        pub(crate) const INITIALIZER: u32 = 5;
        pub(crate) const INPUT: u32 = 11;
        pub(crate) const OUTPUT: u32 = 12;
    }
    pub(super) mod node {
        pub(crate) const INPUT: u32 = 1;
        pub(crate) const OUTPUT: u32 = 2;
        pub(crate) const NAME: u32 = 3;
        pub(crate) const OP: u32 = 4;
        pub(crate) const ATTRIBUTE: u32 = 5;
    }
    pub(super) mod attribute {
        pub(crate) const NAME: u32 = 1;
        pub(crate) const FLOAT: u32 = 2;
        pub(crate) const INTEGER: u32 = 3;
        pub(crate) const INTEGERS: u32 = 8;
        pub(crate) const KIND: u32 = 20;
    }
    pub(super) mod tensor {
        pub(crate) const DIMENSION: u32 = 1;
        pub(crate) const KIND: u32 = 2;
        pub(crate) const NAME: u32 = 8;
        pub(crate) const DATA: u32 = 9;
    }
}

const IR_VERSION: i64 = 8;
const OPSET: i64 = 13;

/// Type codes of tensors.
#[derive(Clone, Copy)]
enum Kind {
    Float = 1,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
}

/// A network that cannot be written: an operation has no form in these files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {op} has no form in ONNX files; deploy the graph first")]
pub struct NotInOnnx {
    /// Where the operation comes from.
    pub origin: String,
    /// The operation.
    pub op: &'static str,
}

impl Network {
    /// The network as an ONNX file with its steps beside float32 operations.
    pub fn to_onnx(&self) -> Result<Vec<u8>, NotInOnnx> {
        Writing::new(&self.graph, Values::Integers(self)).file()
    }
}

impl FloatNetwork {
    /// The network as an ONNX file.
    pub fn to_onnx(&self) -> Result<Vec<u8>, NotInOnnx> {
        Writing::new(&self.graph, Values::Floats(self)).file()
    }
}

/// What a graph computes with.
#[derive(Clone, Copy)]
enum Values<'n> {
    Integers(&'n Network),
    Floats(&'n FloatNetwork),
}

/// A file in the making.
struct Writing<'n> {
    graph: &'n Graph,
    values: Values<'n>,
    /// Which tensors have no rows and columns.
    vectors: Vec<bool>,
    nodes: Vec<Message>,
    initializers: Vec<Message>,
    /// The name under which each tensor is read.
    names: Vec<String>,
    /// How many names were made up.
    made_up: usize,
}

impl<'n> Writing<'n> {
    fn new(graph: &'n Graph, values: Values<'n>) -> Self {
        let names = vec![String::new(); graph.tensors().len()];
        let vectors = vectors(graph);
        Self { graph, values, vectors, nodes: Vec::new(), initializers: Vec::new(), names, made_up: 0 }
    }

    fn file(mut self) -> Result<Vec<u8>, NotInOnnx> {
        let (input, output) = (Graph::INPUT.index(), self.graph.output().index());
        self.names[input] = self.in_steps(input, "input");
        for (place, node) in self.graph.nodes().iter().enumerate() {
            let written = self.node(place, node)?;
            self.names[node.output.index()] = self.in_steps(node.output.index(), &written);
        }
        let last = self.names[output].clone();
        self.operation("Identity", &[&last], "output", &[]);
        let ends = [("input", input), ("output", output)].map(|(name, tensor)| self.value(name, tensor));
        let graph = Message::default()
            .messages(field::graph::NODE, &self.nodes)
            .text(field::graph::NAME, "main")
            .messages(field::graph::INITIALIZER, &self.initializers)
            .message(field::graph::INPUT, &ends[0])
            .message(field::graph::OUTPUT, &ends[1]);
        // Tools that ask may leave transposes at the ends away.
        let layout = Message::default().text(1, "layout").text(2, "computed as NHWC; ends are NCHW");
        let file = Message::default()
            .integer(field::model::IR_VERSION, IR_VERSION)
            .text(field::model::PRODUCER, "AutoMCU")
            .text(field::model::PRODUCER_VERSION, env!("CARGO_PKG_VERSION"))
            .message(field::model::GRAPH, &graph)
            .message(field::model::OPSET, &Message::default().text(1, "").integer(2, OPSET))
            .message(field::model::METADATA, &layout);
        Ok(file.into_bytes())
    }

    fn dimensions(&self, tensor: usize) -> Vec<i64> {
        let shape = self.graph.tensors()[tensor];
        if self.vectors[tensor] {
            return vec![1, shape.channels.into()];
        }
        vec![1, shape.channels.into(), shape.height.into(), shape.width.into()]
    }

    /// An end of the graph: its name, type and shape.
    fn value(&self, name: &str, tensor: usize) -> Message {
        let dimensions = self.dimensions(tensor).into_iter();
        let dimensions: Vec<Message> = dimensions.map(|size| Message::default().integer(1, size)).collect();
        let shape = Message::default().messages(1, &dimensions);
        let tensor = Message::default().integer(1, Kind::Float as i64).message(2, &shape);
        Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
    }

    fn new_name(&mut self, stem: &str) -> String {
        self.made_up += 1;
        format!("{stem}_{}", self.made_up)
    }

    fn operation(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[Attribute<'_>]) {
        let name = self.new_name(op);
        let message = inputs.iter().fold(Message::default(), |message, input| message.text(field::node::INPUT, input));
        let attributes: Vec<Message> = attributes.iter().map(Attribute::message).collect();
        self.nodes.push(
            message
                .text(field::node::OUTPUT, output)
                .text(field::node::NAME, &name)
                .text(field::node::OP, op)
                .messages(field::node::ATTRIBUTE, &attributes),
        );
    }

    /// An operation whose result has a name that nobody cares about.
    fn computed(&mut self, op: &str, inputs: &[&str], attributes: &[Attribute<'_>]) -> String {
        let output = self.new_name("value");
        self.operation(op, inputs, &output, attributes);
        output
    }

    fn constant(&mut self, stem: &str, dimensions: &[i64], kind: Kind, data: &[u8]) -> String {
        let name = self.new_name(stem);
        let shape = dimensions
            .iter()
            .fold(Message::default(), |message, &size| message.integer(field::tensor::DIMENSION, size));
        self.initializers.push(
            shape
                .integer(field::tensor::KIND, kind as i64)
                .text(field::tensor::NAME, &name)
                .bytes(field::tensor::DATA, data),
        );
        name
    }

    fn floats(&mut self, stem: &str, dimensions: &[i64], values: &[f32]) -> String {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(stem, dimensions, Kind::Float, &data)
    }

    fn longs(&mut self, stem: &str, values: &[i64]) -> String {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(stem, &[values.len() as i64], Kind::Int64, &data)
    }

    /// A tensor rounded to its steps: the name under which it is read.
    fn in_steps(&mut self, tensor: usize, name: &str) -> String {
        let Values::Integers(network) = self.values else { return name.to_owned() };
        let Quantisation { scale, zero_point } = network.tensors[tensor];
        let scale = self.floats("scale", &[], &[scale]);
        let zero = self.constant("zero", &[], Kind::Int8, &[zero_point.cast_unsigned()]);
        let integers = self.computed("QuantizeLinear", &[name, &scale, &zero], &[]);
        self.computed("DequantizeLinear", &[&integers, &scale, &zero], &[])
    }

    /// The names of a layer's weights and biases, which have these dimensions, output channels first.
    fn weights(&mut self, place: usize, node: &Node, dimensions: &[i64]) -> [String; 2] {
        let outputs = dimensions[0];
        match self.values {
            Values::Floats(network) => {
                let FloatWeights { values, biases } = network.weights[place].clone().unwrap_or_default();
                let values = form::channels_first(node, &values, biases.len());
                [self.floats("weights", dimensions, &values), self.floats("biases", &[outputs], &biases)]
            }
            Values::Integers(network) => {
                let Some(Weights { values, scales, biases }) = &network.weights[place] else { unreachable!("checked") };
                let values = form::channels_first(node, values, biases.len());
                let bytes: Vec<u8> = values.iter().map(|value| value.cast_unsigned()).collect();
                let weights = self.constant("weights", dimensions, Kind::Int8, &bytes);
                let bytes: Vec<u8> = biases.iter().flat_map(|bias| bias.to_le_bytes()).collect();
                let integers = self.constant("biases", &[outputs], Kind::Int32, &bytes);
                let step = network.tensors[node.inputs[0].index()].scale;
                let of_biases: Vec<f32> = scales.iter().map(|scale| step * scale).collect();
                let zeros = vec![0; scales.len()];
                let weights = self.each_channel(&weights, scales, Kind::Int8, &zeros);
                let zeros = vec![0; 4 * scales.len()];
                [weights, self.each_channel(&integers, &of_biases, Kind::Int32, &zeros)]
            }
        }
    }

    /// What integers mean whose first dimension is the output channel.
    fn each_channel(&mut self, integers: &str, scales: &[f32], kind: Kind, zeros: &[u8]) -> String {
        let count = [scales.len() as i64];
        let scales = self.floats("scales", &count, scales);
        let zeros = self.constant("zeros", &count, kind, zeros);
        self.computed("DequantizeLinear", &[integers, &scales, &zeros], &[Attribute::Integer("axis", 0)])
    }

    fn node(&mut self, place: usize, node: &Node) -> Result<String, NotInOnnx> {
        let inputs: Vec<String> = node.inputs.iter().map(|input| self.names[input.index()].clone()).collect();
        let computed = form::written(self, place, node, &inputs)?;
        Ok(match node.op.activation() {
            Some(activation) if !matches!(node.op, Op::Activate(_)) => form::activated(self, activation, computed),
            _ => computed,
        })
    }
}

/// What an operation says of itself.
enum Attribute<'a> {
    Integer(&'a str, i64),
    Integers(&'a str, &'a [i64]),
    Float(&'a str, f32),
}

impl Attribute<'_> {
    fn message(&self) -> Message {
        use field::attribute::{FLOAT, INTEGER, INTEGERS, KIND, NAME};
        match self {
            Self::Float(name, value) => Message::default().text(NAME, name).float(FLOAT, *value).integer(KIND, 1),
            Self::Integer(name, value) => Message::default().text(NAME, name).integer(INTEGER, *value).integer(KIND, 2),
            Self::Integers(name, values) => {
                let message = Message::default().text(NAME, name);
                values.iter().fold(message, |message, &value| message.integer(INTEGERS, value)).integer(KIND, 7)
            }
        }
    }
}
