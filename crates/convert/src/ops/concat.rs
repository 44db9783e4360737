//! Maps side by side along the channels.

use automcu_model::{Node, Op};

use super::Kernel;
use crate::{
    emit::{Fragment, Unit},
    network::Network,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Concat {
    /// The channels of each input.
    channels: Vec<usize>,
}

impl Concat {
    pub(crate) fn new(network: &Network, node: &Node) -> Self {
        Self { channels: node.inputs.iter().map(|&input| network.graph.shape(input).channels as usize).collect() }
    }
}

impl Kernel for Concat {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let all: usize = self.channels.iter().sum();
        for (place, values) in output.chunks_exact_mut(all).enumerate() {
            let mut rest = values;
            for (input, &channels) in inputs.iter().zip(&self.channels) {
                let (these, others) = rest.split_at_mut(channels);
                these.copy_from_slice(&input[place * channels..][..channels]);
                rest = others;
            }
        }
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let axis = operator.options()?.i32(0, 0)?;
    let rank = reading.rank(operator, 0)?;
    operator.refuse_activation(1)?;
    let count = operator.input_count();
    let inputs: Vec<_> = (0..count).map(|i| reading.activation(operator, i)).collect::<Result<_, _>>()?;
    let shapes: Vec<_> = inputs.iter().map(|&input| reading.shape(input)).collect();
    let places = |shape: &automcu_model::Shape| (shape.height, shape.width);
    if (axis != rank - 1 && axis != -1) || shapes.iter().any(|shape| places(shape) != places(&shapes[0])) {
        return Err(operator.unsupported(format!("maps joined along axis {axis} of {rank}")));
    }
    let channels = shapes.iter().map(|shape| shape.channels).sum();
    let output = shapes.first().ok_or_else(|| operator.wrong("no input".to_owned()))?.with_channels(channels);
    reading.add_node(operator, Op::Concat, inputs, output, None)
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node) {
    let shape = unit.network.graph.shape(node.output);
    unit.needs(Fragment::Move);
    let mut body = String::new();
    let mut at = 0;
    for &input in &node.inputs {
        let channels = unit.network.graph.shape(input).channels;
        body += &format!(
            "    nn_move({}, {channels}, {} + {at}, {}, {}, {channels});\n",
            unit.row(input, "y"),
            unit.row(node.output, "y"),
            shape.channels,
            shape.width,
        );
        at += channels;
    }
    unit.layer(place, node, &body);
}
