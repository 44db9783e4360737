//! Writes .tflite files that TensorFlow Lite, TensorFlow Lite Micro and their viewers read.

use automcu_model::{Edge, Graph, Node, Op, Shape, spec::Activation, spec::Padding};

use super::{
    IDENTIFIER,
    field::{buffer, code, graph, model, operator, quantisation, tensor},
    flatten::{Field, Table, file},
    kind, labels,
};
use crate::{
    network::{End, Network, Quantisation, Weights},
    vectors::vectors,
};

/// An operator that a node is written as.
struct Form {
    code: i32,
    /// The version of the operator that takes int8.
    version: i32,
    /// The kind of its options, and the options.
    options: (i8, Table),
}

/// A network that cannot be written: an operation has no operator in these files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {op} has no operator in .tflite files; deploy the graph first")]
pub struct NotWritten {
    /// Where the operation comes from.
    pub origin: String,
    /// The operation.
    pub op: String,
}

impl Network {
    /// The network as a .tflite file. Reading it gives the same network.
    pub fn to_tflite(&self) -> Result<Vec<u8>, NotWritten> {
        self.to_tflite_showing(self.graph.output().index())
    }

    /// The same with another tensor as its output, so that two runtimes can be compared step by step.
    pub fn to_tflite_showing(&self, tensor: usize) -> Result<Vec<u8>, NotWritten> {
        let mut writing = Writing {
            vectors: vectors(&self.graph),
            tensors: Vec::new(),
            buffers: vec![Vec::new()],
            codes: Vec::new(),
            operators: Vec::new(),
        };
        for (place, (&shape, &quantisation)) in self.graph.tensors().iter().zip(&self.tensors).enumerate() {
            writing.activation(dimensions(shape, writing.vectors[place]), quantisation, self.name(place));
        }
        for (place, node) in self.graph.nodes().iter().enumerate() {
            writing.node(self, place, node)?;
        }
        let is_end = tensor == self.graph.output().index();
        let ends = [writing.input(self), if is_end { writing.output(self) } else { number(tensor) }];
        if is_end && !self.labels.is_empty() {
            writing.buffers.push(vec![(buffer::DATA, Field::Bytes(labels::metadata(&self.graph)))]);
            let place = u32::try_from(writing.buffers.len() - 1).expect("graphs are bounded");
            return Ok(labels::packed(writing.finish(ends, vec![labels::entry(place)]), &self.labels));
        }
        Ok(writing.finish(ends, Vec::new()))
    }
}

struct Writing {
    /// Which tensors are written without rows and columns.
    vectors: Vec<bool>,
    tensors: Vec<Table>,
    buffers: Vec<Table>,
    /// Operators in use: code and version.
    codes: Vec<(i32, i32)>,
    operators: Vec<Table>,
}

fn number(place: usize) -> i32 {
    i32::try_from(place).expect("graphs are bounded")
}

fn side(side: u32) -> i32 {
    i32::try_from(side).expect("maps are bounded")
}

fn dimensions(shape: Shape, is_vector: bool) -> Vec<i32> {
    if is_vector {
        return vec![1, side(shape.channels)];
    }
    vec![1, side(shape.height), side(shape.width), side(shape.channels)]
}

impl Writing {
    fn activation(&mut self, shape: Vec<i32>, quantisation: Quantisation, name: &str) {
        let Quantisation { scale, zero_point } = quantisation;
        let name = if name.is_empty() { format!("tensor_{}", self.tensors.len()) } else { name.to_owned() };
        let zeros = Field::I64s(vec![zero_point.into()]);
        let meaning = vec![(quantisation::SCALES, Field::F32s(vec![scale])), (quantisation::ZERO_POINTS, zeros)];
        self.tensors.push(vec![
            (tensor::SHAPE, Field::I32s(shape)),
            (tensor::KIND, Field::I8(kind::INT8)),
            (tensor::BUFFER, Field::U32(0)),
            (tensor::NAME, Field::Text(name)),
            (tensor::QUANTISATION, Field::Table(meaning)),
        ]);
    }

    /// What is handed in, made int8 by an operator if it is something else: its number.
    fn input(&mut self, network: &Network) -> i32 {
        let Some(outer) = self.end(network, network.io()[0], Graph::INPUT.index(), "input") else { return 0 };
        let quantise = self.operator(Form { code: 114, version: 1, options: (89, Vec::new()) }, vec![outer], 0);
        self.operators.insert(0, quantise);
        outer
    }

    /// What comes out, made by an operator if it is not int8: its number.
    fn output(&mut self, network: &Network) -> i32 {
        let inner = network.graph.output().index();
        let end = network.io()[1];
        let Some(outer) = self.end(network, end, inner, "output") else { return number(inner) };
        let form = match end {
            End::Float32 => Form { code: 6, version: 2, options: (0, Vec::new()) },
            End::Uint8 | End::Int8 => Form { code: 114, version: 1, options: (89, Vec::new()) },
        };
        let convert = self.operator(form, vec![number(inner)], outer);
        self.operators.push(convert);
        outer
    }

    /// A tensor for an end of the network that is not int8.
    fn end(&mut self, network: &Network, end: End, place: usize, name: &str) -> Option<i32> {
        let Quantisation { scale, zero_point } = network.tensors[place];
        let (kind, meaning) = match end {
            End::Int8 => return None,
            End::Float32 => (kind::FLOAT32, Vec::new()),
            End::Uint8 => {
                let zeros = Field::I64s(vec![i64::from(zero_point) + 128]);
                let scales = Field::F32s(vec![scale]);
                (kind::UINT8, vec![(quantisation::SCALES, scales), (quantisation::ZERO_POINTS, zeros)])
            }
        };
        self.tensors.push(vec![
            (tensor::SHAPE, Field::I32s(dimensions(network.graph.tensors()[place], self.vectors[place]))),
            (tensor::KIND, Field::I8(kind)),
            (tensor::BUFFER, Field::U32(0)),
            (tensor::NAME, Field::Text(name.to_owned())),
            (tensor::QUANTISATION, Field::Table(meaning)),
        ]);
        Some(number(self.tensors.len() - 1))
    }

    /// A constant tensor: its number.
    fn constant(&mut self, shape: Vec<i32>, kind: i8, data: Vec<u8>, name: String, meaning: Table) -> i32 {
        self.tensors.push(vec![
            (tensor::SHAPE, Field::I32s(shape)),
            (tensor::KIND, Field::I8(kind)),
            (tensor::BUFFER, Field::U32(u32::try_from(self.buffers.len()).expect("graphs are bounded"))),
            (tensor::NAME, Field::Text(name)),
            (tensor::QUANTISATION, Field::Table(meaning)),
        ]);
        self.buffers.push(vec![(buffer::DATA, Field::Bytes(data))]);
        number(self.tensors.len() - 1)
    }

    fn integers(&mut self, shape: Vec<i32>, values: &[i32], name: String) -> i32 {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(shape, kind::INT32, data, name, Vec::new())
    }

    /// The weights and biases of a node: their numbers.
    fn weights(&mut self, network: &Network, place: usize, node: &Node, weights: &Weights) -> [i32; 2] {
        let (input, output) = (network.graph.shape(node.inputs[0]), network.graph.shape(node.output));
        let (shape, axis) = match node.op {
            Op::Conv { kernel, .. } => (vec![output.channels, kernel.height, kernel.width, input.channels], 0),
            Op::DepthwiseConv { kernel, .. } => (vec![1, kernel.height, kernel.width, output.channels], 3),
            _ => (vec![output.channels, input.channels], 0),
        };
        let count = weights.scales.len();
        // One scale for all channels is written once, as older converters do for dense layers.
        let is_one = weights.scales.iter().all(|scale| scale.to_bits() == weights.scales[0].to_bits());
        let meaning = |mut scales: Vec<f32>, axis: i32| {
            if is_one && matches!(node.op, Op::Dense { .. }) {
                scales.truncate(1);
            }
            vec![
                (quantisation::ZERO_POINTS, Field::I64s(vec![0; scales.len()])),
                (quantisation::SCALES, Field::F32s(scales)),
                (quantisation::AXIS, Field::I32(axis)),
            ]
        };
        let data = weights.values.iter().map(|value| value.cast_unsigned()).collect();
        let shape = shape.into_iter().map(side).collect();
        let name = format!("weights_{place}");
        let values = self.constant(shape, kind::INT8, data, name, meaning(weights.scales.clone(), axis));
        let step = network.tensors[node.inputs[0].index()].scale;
        let data = weights.biases.iter().flat_map(|bias| bias.to_le_bytes()).collect();
        let scales = weights.scales.iter().map(|scale| step * scale).collect();
        let name = format!("biases_{place}");
        let biases = self.constant(vec![number(count)], kind::INT32, data, name, meaning(scales, 0));
        [values, biases]
    }

    fn node(&mut self, network: &Network, place: usize, node: &Node) -> Result<(), NotWritten> {
        let (input, output) = (network.graph.shape(node.inputs[0]), network.graph.shape(node.output));
        let is_vector = self.vectors[node.output.index()];
        let form = form(node, input, output, is_vector)?;
        let mut inputs: Vec<i32> = node.inputs.iter().map(|input| number(input.index())).collect();
        if let Some(weights) = &network.weights[place] {
            inputs.extend(self.weights(network, place, node, weights));
        }
        match node.op {
            Op::GlobalAverage | Op::GlobalMax => {
                inputs.push(self.integers(vec![2], &[1, 2], format!("axes_{place}")));
            }
            Op::Reshape => {
                let shape = dimensions(output, is_vector);
                inputs.push(self.integers(vec![number(shape.len())], &shape, format!("shape_{place}")));
            }
            Op::Pad(border) => {
                let sides = [0, 0, border.top, border.bottom, border.left, border.right, 0, 0].map(side);
                inputs.push(self.integers(vec![4, 2], &sides, format!("border_{place}")));
            }
            _ => {}
        }
        let step = self.operator(form, inputs, number(node.output.index()));
        self.operators.push(step);
        Ok(())
    }

    fn operator(&mut self, form: Form, inputs: Vec<i32>, output: i32) -> Table {
        let code = self.code(form.code, form.version);
        let (kind, options) = form.options;
        vec![
            (operator::CODE, Field::U32(code)),
            (operator::INPUTS, Field::I32s(inputs)),
            (operator::OUTPUTS, Field::I32s(vec![output])),
            (operator::OPTIONS_KIND, Field::I8(kind)),
            (operator::OPTIONS, Field::Table(options)),
        ]
    }

    fn code(&mut self, code: i32, version: i32) -> u32 {
        let place = self.codes.iter().position(|known| *known == (code, version)).unwrap_or_else(|| {
            self.codes.push((code, version));
            self.codes.len() - 1
        });
        u32::try_from(place).expect("few operators")
    }

    fn finish(self, [input, output]: [i32; 2], metadata: Vec<Table>) -> Vec<u8> {
        let codes = self.codes.iter().map(|&(number, version)| {
            // Codes below 127 stand in a field of one byte as well, for old readers.
            let old = i8::try_from(number).unwrap_or(127);
            vec![(code::OLD, Field::I8(old)), (code::VERSION, Field::I32(version)), (code::NUMBER, Field::I32(number))]
        });
        let main = vec![
            (graph::TENSORS, Field::Tables(self.tensors)),
            (graph::INPUTS, Field::I32s(vec![input])),
            (graph::OUTPUTS, Field::I32s(vec![output])),
            (graph::OPERATORS, Field::Tables(self.operators)),
            (graph::NAME, Field::Text("main".to_owned())),
        ];
        let mut root = vec![
            (model::VERSION, Field::U32(3)),
            (model::CODES, Field::Tables(codes.collect())),
            (model::GRAPHS, Field::Tables(vec![main])),
            (model::DESCRIPTION, Field::Text("AutoMCU".to_owned())),
            (model::BUFFERS, Field::Tables(self.buffers)),
        ];
        if !metadata.is_empty() {
            root.push((model::METADATA, Field::Tables(metadata)));
        }
        file(root, IDENTIFIER)
    }
}

/// The operator that a node is written as.
fn form(node: &Node, input: Shape, output: Shape, is_vector: bool) -> Result<Form, NotWritten> {
    let not_written = |what: &str| NotWritten { origin: node.origin.to_string(), op: what.to_owned() };
    let fused = |activation: Activation| match activation {
        Activation::None => Ok(Field::I8(0)),
        Activation::Relu => Ok(Field::I8(1)),
        Activation::Relu6 => Ok(Field::I8(3)),
        other => Err(not_written(&format!("{} with {other} in the same pass", node.op.word()))),
    };
    let window = |stride: automcu_model::Extent, edge: Edge| {
        let padding = edge.padding().ok_or_else(|| not_written("a window that is placed by hand"))?;
        let padding = Field::I8((padding == Padding::Valid).into());
        Ok(vec![(0, padding), (1, Field::I32(side(stride.width))), (2, Field::I32(side(stride.height)))])
    };
    let plain = |code, version, kind| Ok(Form { code, version, options: (kind, Vec::new()) });
    match node.op {
        Op::Conv { stride, padding, activation, .. } => {
            let mut options = window(stride, padding)?;
            options.push((3, fused(activation)?));
            Ok(Form { code: 3, version: 3, options: (1, options) })
        }
        Op::DepthwiseConv { stride, padding, activation, .. } => {
            let mut options = window(stride, padding)?;
            options.push((3, Field::I32(side(output.channels / input.channels))));
            options.push((4, fused(activation)?));
            Ok(Form { code: 4, version: 3, options: (2, options) })
        }
        Op::Dense { activation, .. } => {
            let options = vec![(0, fused(activation)?), (2, Field::Bool(false))];
            Ok(Form { code: 9, version: 4, options: (8, options) })
        }
        Op::MaxPool { window: extent, stride, padding } | Op::AveragePool { window: extent, stride, padding } => {
            let mut options = window(stride, padding)?;
            options.push((3, Field::I32(side(extent.width))));
            options.push((4, Field::I32(side(extent.height))));
            let code = if matches!(node.op, Op::MaxPool { .. }) { 17 } else { 1 };
            Ok(Form { code, version: 2, options: (5, options) })
        }
        Op::Add { activation } => Ok(Form { code: 0, version: 2, options: (11, vec![(0, fused(activation)?)]) }),
        Op::Scale | Op::Multiply => plain(18, 2, 21),
        Op::Maximum => plain(55, 2, 39),
        Op::Minimum => plain(57, 2, 39),
        Op::Requantise => plain(114, 1, 89),
        Op::LeakyRelu(slope) => Ok(Form { code: 98, version: 2, options: (75, vec![(0, Field::F32(slope.0))]) }),
        Op::Concat => Ok(Form { code: 2, version: 2, options: (10, vec![(0, Field::I32(-1))]) }),
        Op::GlobalAverage => Ok(Form { code: 40, version: 2, options: (27, vec![(0, Field::Bool(!is_vector))]) }),
        Op::GlobalMax => Ok(Form { code: 82, version: 2, options: (27, vec![(0, Field::Bool(!is_vector))]) }),
        Op::Softmax => Ok(Form { code: 25, version: 2, options: (9, vec![(0, Field::F32(1.0))]) }),
        Op::Reshape => {
            Ok(Form { code: 22, version: 1, options: (17, vec![(0, Field::I32s(dimensions(output, is_vector)))]) })
        }
        Op::Pad(_) => plain(34, 2, 22),
        Op::Activate(Activation::Relu) => plain(19, 2, 0),
        Op::Activate(Activation::Relu6) => plain(21, 2, 0),
        Op::Activate(Activation::Sigmoid) => plain(14, 2, 0),
        Op::Activate(Activation::HardSwish) => plain(117, 1, 91),
        Op::Activate(_) | Op::BatchNorm | Op::Dropout(_) | Op::JoinColumns => Err(not_written(node.op.word())),
    }
}
