//! Maps side by side, along the channels or along the columns.

use automcu_model::{Node, Op, Shape};

use super::Kernel;
use crate::{
    emit::{Fragment, Unit},
    network::Network,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Concat {
    /// How many values of each input follow each other in the output.
    runs: Vec<usize>,
}

impl Concat {
    pub(crate) fn of_channels(network: &Network, node: &Node) -> Self {
        Self::of(network, node, |shape| shape.channels)
    }

    pub(crate) fn of_columns(network: &Network, node: &Node) -> Self {
        Self::of(network, node, |shape| shape.width * shape.channels)
    }

    fn of(network: &Network, node: &Node, run: impl Fn(Shape) -> u32) -> Self {
        Self { runs: node.inputs.iter().map(|&input| run(network.graph.shape(input)) as usize).collect() }
    }
}

impl Kernel for Concat {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let all: usize = self.runs.iter().sum();
        for (place, values) in output.chunks_exact_mut(all).enumerate() {
            let mut rest = values;
            for (input, &run) in inputs.iter().zip(&self.runs) {
                let (these, others) = rest.split_at_mut(run);
                these.copy_from_slice(&input[place * run..][..run]);
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
    let places = |shape: &Shape| (shape.height, shape.width);
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

pub(crate) fn emit_columns(unit: &mut Unit<'_>, place: usize, node: &Node) {
    let mut body = String::new();
    let mut at = 0;
    for &input in &node.inputs {
        let shape = unit.network.graph.shape(input);
        let bytes = shape.width * shape.channels;
        body += &format!("    memcpy({} + {at}, {}, {bytes});\n", unit.row(node.output, "y"), unit.row(input, "y"));
        at += bytes;
    }
    unit.layer(place, node, &body);
}
