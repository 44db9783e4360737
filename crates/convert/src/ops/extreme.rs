//! The larger and the smaller of two maps, value by value.

use automcu_model::{Node, Op};

use super::Kernel;
use crate::{
    emit::{Fragment, Unit},
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) enum Extreme {
    Larger,
    Smaller,
}

impl Kernel for Extreme {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        for ((value, &a), &b) in output.iter_mut().zip(inputs[0]).zip(inputs[1]) {
            *value = match self {
                Self::Larger => a.max(b),
                Self::Smaller => a.min(b),
            };
        }
    }
}

fn read(reading: &mut Reading<'_>, operator: &Operator<'_>, op: Op) -> Result<(), TfliteError> {
    let (a, b) = (reading.activation(operator, 0)?, reading.activation(operator, 1)?);
    let (shape, other) = (reading.shape(a), reading.shape(b));
    if shape != other {
        return Err(operator.unsupported(format!("maps of {shape} and {other}")));
    }
    reading.add_binary(operator, op, [a, b], shape)
}

pub(crate) fn read_larger(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, Op::Maximum)
}

pub(crate) fn read_smaller(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, Op::Minimum)
}

impl Extreme {
    pub(crate) fn emit(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        let shape = unit.network.graph.shape(node.output);
        unit.needs(Fragment::Extreme);
        let body = format!(
            "    nn_extreme({}, {}, {}, {}, {});\n",
            unit.row(node.inputs[0], "y"),
            unit.row(node.inputs[1], "y"),
            unit.row(node.output, "y"),
            shape.width * shape.channels,
            i32::from(matches!(self, Self::Larger)),
        );
        unit.layer(place, node, &body);
    }
}
