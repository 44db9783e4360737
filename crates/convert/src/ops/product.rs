//! The product of two maps, or of a map and one value a channel.

use automcu_model::{Node, Op};

use super::{Bounds, Kernel, bounds};
use crate::{
    arithmetic::Multiplier,
    emit::{Fragment, Unit, clamp, factor},
    network::Network,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Product {
    zeros: [i32; 2],
    output_zero: i32,
    multiplier: Multiplier,
    bounds: Bounds,
}

impl Product {
    pub(crate) fn new(network: &Network, node: &Node) -> Self {
        let of = |tensor: automcu_model::TensorId| network.tensors[tensor.index()];
        let (a, b, output) = (of(node.inputs[0]), of(node.inputs[1]), of(node.output));
        let factor = f64::from(a.scale) * f64::from(b.scale) / f64::from(output.scale);
        Self {
            zeros: [a.zero_point.into(), b.zero_point.into()],
            output_zero: output.zero_point.into(),
            multiplier: Multiplier::of(factor),
            bounds: bounds(network, node),
        }
    }
}

impl Kernel for Product {
    /// The second input is as long as the first, or as long as it has channels.
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        for ((value, &a), &b) in output.iter_mut().zip(inputs[0]).zip(inputs[1].iter().cycle()) {
            let product = (i32::from(a) - self.zeros[0]) * (i32::from(b) - self.zeros[1]);
            *value = self.bounds.clamp(self.multiplier.rescale(product).saturating_add(self.output_zero));
        }
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    operator.refuse_activation(0)?;
    let (a, b) = (reading.activation(operator, 0)?, reading.activation(operator, 1)?);
    let (shape, other) = (reading.shape(a), reading.shape(b));
    let is_gate =
        |gate: automcu_model::Shape, map: automcu_model::Shape| gate.area() == 1 && gate.channels == map.channels;
    if shape == other {
        reading.add_binary(operator, Op::Multiply, [a, b], shape)
    } else if is_gate(other, shape) {
        reading.add_binary(operator, Op::Scale, [a, b], shape)
    } else if is_gate(shape, other) {
        reading.add_binary(operator, Op::Scale, [b, a], other)
    } else {
        Err(operator.unsupported(format!("the product of {shape} and {other}")))
    }
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node) {
    let product = Product::new(unit.network, node);
    let shape = unit.network.graph.shape(node.output);
    let is_gate = node.op == Op::Scale;
    let second = if is_gate { unit.start(node.inputs[1]) } else { unit.row(node.inputs[1], "y") };
    let (runs, length) = if is_gate { (shape.width, shape.channels) } else { (1, shape.width * shape.channels) };
    let (factor, is_exact) = factor(product.multiplier, unit.network.ends(node).1.zero_point, 255 * 255);
    unit.needs(Fragment::Multiply);
    let body = format!(
        "    static const nn_product product = {{\n        .zeros = {{{}, {}}},\n        {},\n        {},\n    }};\n    \
        nn_multiply({}, {second}, {}, {runs}, {length}, &product);\n",
        product.zeros[0],
        product.zeros[1],
        factor.members(),
        clamp(product.bounds, is_exact),
        unit.row(node.inputs[0], "y"),
        unit.row(node.output, "y"),
    );
    unit.layer(place, node, &body);
}
