//! Activations of their own: 256 values, computed once.

use automcu_model::{Node, Op, spec::Activation};

use super::{Bounds, Kernel};
use crate::{
    arithmetic::{Multiplier, rounding_divide},
    fixed::logistic,
    network::{Network, Quantisation},
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Table([i8; 256]);

impl Table {
    pub(crate) fn new(network: &Network, node: &Node, activation: Activation) -> Self {
        let (input, output) = network.ends(node);
        let value = |x: i8| match activation {
            Activation::Sigmoid => sigmoid(x, input),
            other => rectified(x, input, output, other),
        };
        Self(std::array::from_fn(|i| {
            #[expect(clippy::cast_possible_truncation, reason = "the 256 places are the bytes")]
            let byte = i as u8;
            value(byte.cast_signed())
        }))
    }
}

impl Kernel for Table {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        for (value, &x) in output.iter_mut().zip(inputs[0]) {
            *value = self.0[usize::from(x.cast_unsigned())];
        }
    }
}

fn rectified(x: i8, input: Quantisation, output: Quantisation, activation: Activation) -> i8 {
    let factor = Multiplier::of(f64::from(input.scale) / f64::from(output.scale));
    let centred = i32::from(x) - i32::from(input.zero_point);
    Bounds::of(activation, output).clamp(factor.rescale(centred) + i32::from(output.zero_point))
}

/// The logistic function of inputs with 4 integer bits, in steps of 1/256 from -128.
fn sigmoid(x: i8, input: Quantisation) -> i8 {
    const INTEGER_BITS: i32 = 4;
    let factor = Multiplier::of(f64::from(input.scale) * 2_f64.powi(31 - INTEGER_BITS));
    let range = f64::from((1 << INTEGER_BITS) - 1) * 2_f64.powi(31 - INTEGER_BITS - factor.shift);
    let centred = i32::from(x) - i32::from(input.zero_point);
    if f64::from(centred) <= -range.floor() {
        return i8::MIN;
    }
    if f64::from(centred) >= range.floor() {
        return i8::MAX;
    }
    let share = rounding_divide(logistic(factor.rescale(centred)), 31 - 8);
    i8::try_from((share - 128).clamp(-128, 127)).expect("clamped")
}

fn read(reading: &mut Reading<'_>, operator: &Operator<'_>, activation: Activation) -> Result<(), TfliteError> {
    let input = reading.activation(operator, 0)?;
    let shape = reading.shape(input);
    reading.add_unary(operator, Op::Activate(activation), input, shape)
}

pub(crate) fn read_relu(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, Activation::Relu)
}

pub(crate) fn read_relu6(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, Activation::Relu6)
}

pub(crate) fn read_logistic(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let output = reading.quantisation_of_output(operator)?;
    if output.scale.to_bits() != (1.0_f32 / 256.0).to_bits() || output.zero_point != -128 {
        return Err(operator.unsupported(format!("outputs in steps of {} from {}", output.scale, output.zero_point)));
    }
    read(reading, operator, Activation::Sigmoid)
}
