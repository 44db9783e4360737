//! The same values in another shape.

use super::Kernel;
use crate::tflite::{Operator, Reading, TfliteError};

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
