//! Dense layer.

use automcu_model::{Graph, Node, Op, Shape};

use super::{Kernel, bounds, conv::Requantisation};
use crate::{
    emit::{CHANNEL_BYTES, Channels, Fragment, Unit, clamp},
    network::{Network, Weights},
    simd::add_products,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Dense {
    zero_point: i16,
    weights: Vec<i16>,
    biases: Vec<i32>,
    requantisation: Requantisation,
}

impl Dense {
    pub(crate) fn new(network: &Network, node: &Node, weights: &Weights) -> Self {
        Self {
            zero_point: network.ends(node).0.zero_point.into(),
            weights: weights.values.iter().map(|&weight| weight.into()).collect(),
            biases: weights.biases.clone(),
            requantisation: Requantisation::new(weights, network.ends(node), bounds(network, node)),
        }
    }
}

impl Kernel for Dense {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let values: Vec<i16> = inputs[0].iter().map(|&x| i16::from(x) - self.zero_point).collect();
        let mut sums = self.biases.clone();
        add_products(&mut sums, &self.weights, &values);
        self.requantisation.apply_all(&sums, output);
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let options = operator.options()?;
    if options.i8(1, 0)? != 0 {
        return Err(operator.unsupported("shuffled weights".to_owned()));
    }
    let activation = operator.activation(0)?;
    let mut input = reading.activation(operator, 0)?;
    let [outputs, length] = reading.weight_shape(operator, 1)?;
    let shape = reading.shape(input);
    if shape.elements() != u64::from(length) {
        return Err(operator.unsupported(format!("{} values under weights of {length}", shape.elements())));
    }
    if shape != Shape::vector(length) {
        input = reading.reshaped(operator, input, Shape::vector(length))?;
    }
    let weights = reading.weights(operator, 1, 0, outputs)?;
    reading.add_weighted(operator, Op::Dense { bias: true, activation }, input, Shape::vector(outputs), weights)
}

/// The bytes of weights and their table.
pub(crate) fn table_bytes(graph: &Graph, node: &Node) -> u64 {
    let (inputs, outputs) = (graph.shape(node.inputs[0]).channels, graph.shape(node.output).channels);
    u64::from(outputs) * (u64::from(inputs.next_multiple_of(4)) + CHANNEL_BYTES)
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node, weights: &Weights) {
    let network = unit.network;
    let (inputs, outputs) = (weights.values.len() / weights.biases.len(), weights.biases.len());
    let channels = Channels::of(network, node, weights, |channel| weights.values[channel * inputs..][..inputs].iter());
    let padded = inputs.next_multiple_of(4);
    let mut arranged = vec![0; padded * outputs];
    for (row, values) in arranged.chunks_exact_mut(padded).zip(weights.values.chunks_exact(inputs)) {
        row[..inputs].copy_from_slice(values);
    }
    unit.needs(Fragment::Dense);
    let weights = unit.int8s("weights", place, arranged.into_iter());
    let rescaling = unit.channels(place, &channels, 1);
    let body = format!(
        "    static const nn_dense shape = {{\n        \
        .count = {inputs}, .padded = {padded}, .outputs = {outputs},\n        {},\n    }};\n    \
        nn_dense_all({}, {}, {weights}, {rescaling}, &shape);\n",
        clamp(channels.bounds, channels.is_exact),
        unit.start(node.inputs[0]),
        unit.start(node.output),
    );
    unit.layer(place, node, &body);
}
