//! The same values in another shape.

use super::Kernel;
use automcu_model::Node;

use crate::{
    emit::Unit,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Copy;

impl Kernel for Copy {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        output.copy_from_slice(inputs[0]);
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let input = reading.activation(operator, 0)?;
    let shape = reading.output_shape(operator)?;
    if shape.elements() != reading.shape(input).elements() {
        return Err(operator.wrong(format!("{} made into {shape}", reading.shape(input))));
    }
    reading.add_unary(operator, automcu_model::Op::Reshape, input, shape)
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node) {
    let (from, to) = (unit.network.graph.shape(node.inputs[0]), unit.network.graph.shape(node.output));
    let (from_bytes, to_bytes) = (from.width * from.channels, to.width * to.channels);
    let body = if from.height == to.height {
        format!("    memmove({}, {}, {to_bytes});\n", unit.row(node.output, "y"), unit.row(node.inputs[0], "y"))
    } else if to.height == 1 {
        let to = unit.start(node.output);
        format!("    memcpy({to} + y * {from_bytes}, {}, {from_bytes});\n", unit.row(node.inputs[0], "y"))
    } else if from.height == 1 {
        let (row, start) = (unit.row(node.output, "y"), unit.start(node.inputs[0]));
        format!("    memcpy({row}, {start} + y * {to_bytes}, {to_bytes});\n")
    } else {
        format!(
            "    int8_t *to = {};\n    for (int32_t i = 0; i < {to_bytes}; i++) {{\n        \
            const int32_t from = y * {to_bytes} + i, row = from / {from_bytes};\n        \
            to[i] = ({})[from % {from_bytes}];\n    }}\n",
            unit.row(node.output, "y"),
            unit.row(node.inputs[0], "row"),
        )
    };
    unit.layer(place, node, &body);
}
