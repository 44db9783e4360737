//! The sum of two maps, each rescaled to a common step first.

use automcu_model::{Node, Op};

use super::{Bounds, Kernel, bounds};
use crate::{
    arithmetic::Multiplier,
    emit::{Fragment, Unit, clamp, factor},
    network::Network,
    tflite::{Operator, Reading, TfliteError},
};

/// So many bits finer than the inputs is the step in which they are added.
const LEFT_SHIFT: u32 = 20;

pub(crate) struct Add {
    inputs: [(i32, Multiplier); 2],
    output: (i32, Multiplier),
    bounds: Bounds,
}

impl Add {
    pub(crate) fn new(network: &Network, node: &Node) -> Self {
        let of = |tensor: automcu_model::TensorId| network.tensors[tensor.index()];
        let (a, b, output) = (of(node.inputs[0]), of(node.inputs[1]), of(node.output));
        let twice = 2.0 * f64::from(a.scale.max(b.scale));
        let input =
            |x: crate::network::Quantisation| (i32::from(x.zero_point), Multiplier::of(f64::from(x.scale) / twice));
        let factor = twice / (f64::from(1 << LEFT_SHIFT) * f64::from(output.scale));
        Self {
            inputs: [input(a), input(b)],
            output: (output.zero_point.into(), Multiplier::of(factor)),
            bounds: bounds(network, node),
        }
    }
}

impl Kernel for Add {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let rescaled =
            |(zero, multiplier): (i32, Multiplier), x: i8| multiplier.rescale((i32::from(x) - zero) << LEFT_SHIFT);
        let (zero, multiplier) = self.output;
        for ((value, &a), &b) in output.iter_mut().zip(inputs[0]).zip(inputs[1]) {
            let sum = rescaled(self.inputs[0], a).wrapping_add(rescaled(self.inputs[1], b));
            *value = self.bounds.clamp(multiplier.rescale(sum).saturating_add(zero));
        }
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let activation = operator.activation(0)?;
    let (a, b) = (reading.activation(operator, 0)?, reading.activation(operator, 1)?);
    let (shape, other) = (reading.shape(a), reading.shape(b));
    if shape != other {
        return Err(operator.unsupported(format!("the sum of {shape} and {other}")));
    }
    reading.add_binary(operator, Op::Add { activation }, [a, b], shape)
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node) {
    let add = Add::new(unit.network, node);
    let shape = unit.network.graph.shape(node.output);
    let term = |(zero, factor): (i32, Multiplier)| format!("{{{zero}, {}, {}}}", factor.multiplier, -factor.shift);
    let (factor, is_exact) = factor(add.output.1, unit.network.ends(node).1.zero_point, 1 << 29);
    unit.needs(Fragment::Add);
    let body = format!(
        "    static const nn_sum sum = {{\n        .terms = {{{}, {}}},\n        {},\n        {},\n    }};\n    \
        nn_add({}, {}, {}, {}, &sum);\n",
        term(add.inputs[0]),
        term(add.inputs[1]),
        factor.members(),
        clamp(add.bounds, is_exact),
        unit.row(node.inputs[0], "y"),
        unit.row(node.inputs[1], "y"),
        unit.row(node.output, "y"),
        shape.width * shape.channels,
    );
    unit.layer(place, node, &body);
}
