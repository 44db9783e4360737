//! Rows and columns of zeros around a map.

use automcu_model::{Border, Node, Op, Shape};

use super::Kernel;
use crate::{
    emit::Unit,
    network::Network,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Pad {
    border: Border,
    input: Shape,
    output: Shape,
    zero_point: i8,
}

impl Pad {
    pub(crate) fn new(network: &Network, node: &Node, border: Border) -> Self {
        let (input, output) = (network.graph.shape(node.inputs[0]), network.graph.shape(node.output));
        Self { border, input, output, zero_point: network.ends(node).1.zero_point }
    }
}

impl Kernel for Pad {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        output.fill(self.zero_point);
        let row = (self.input.width * self.input.channels) as usize;
        let output_row = (self.output.width * self.output.channels) as usize;
        let left = (self.border.left * self.input.channels) as usize;
        for (y, values) in inputs[0].chunks_exact(row).enumerate() {
            let at = (self.border.top as usize + y) * output_row + left;
            output[at..at + row].copy_from_slice(values);
        }
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let input = reading.activation(operator, 0)?;
    let shape = reading.shape(input);
    let sides = reading.integers(operator, 1)?;
    let side = |i: usize| u32::try_from(sides[i]).ok().filter(|side| *side <= 1024);
    let border = match sides.as_slice() {
        [0, 0, _, _, _, _, 0, 0] => side(2).zip(side(3)).zip(side(4).zip(side(5))),
        _ => None,
    };
    let ((top, bottom), (left, right)) = border.ok_or_else(|| operator.unsupported(format!("padding by {sides:?}")))?;
    let output = Shape { height: shape.height + top + bottom, width: shape.width + left + right, ..shape };
    reading.add_unary(operator, Op::Pad(Border { top, bottom, left, right }), input, output)
}

impl Pad {
    pub(crate) fn emit(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        let Self { border, input, output, zero_point } = *self;
        let row = unit.row(node.output, "y");
        let mut body = format!("    memset({row}, {zero_point}, {});\n", output.width * output.channels);
        body += &format!(
            "    if ((y >= {}) && (y < {})) {{\n        memcpy({row} + {}, {}, {});\n    }}\n",
            border.top,
            border.top + input.height,
            border.left * input.channels,
            unit.row(node.inputs[0], &format!("(y - {})", border.top)),
            input.width * input.channels,
        );
        unit.layer(place, node, &body);
    }
}
