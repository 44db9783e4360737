//! Activations of their own: 256 values, computed once.

use automcu_model::{Node, Op, Slope, spec::Activation};

use super::{Bounds, Kernel, NotComputed, swish::hard_swish};
use crate::{
    arithmetic::{Multiplier, exponent, rounding_divide},
    emit::{Fragment, Unit},
    fixed::logistic,
    network::{Network, Quantisation},
    tflite::{Operator, Reading, TfliteError},
};

/// What a table takes in the emitted code.
pub(crate) const TABLE_BYTES: u64 = 256;

pub(crate) struct Table([i8; 256]);

impl Table {
    fn of(value: impl Fn(i8) -> i8) -> Self {
        Self(std::array::from_fn(|i| value(u8::try_from(i).expect("256 places").cast_signed())))
    }

    pub(crate) fn of_activation(network: &Network, node: &Node, activation: Activation) -> Result<Self, NotComputed> {
        let (input, output) = network.ends(node);
        match activation {
            Activation::Sigmoid => Ok(Self::of(|x| sigmoid(x, input))),
            Activation::HardSwish => Ok(Self::of(|x| hard_swish(x, input, output))),
            Activation::LeakyRelu => Ok(Self::of_slope(network, node, Slope::OF_SPECS)),
            Activation::None | Activation::Relu | Activation::Relu6 => {
                Ok(Self::of(|x| rectified(x, input, output, activation)))
            }
            Activation::Swish => Err(NotComputed::new(node, activation.word())),
        }
    }

    pub(crate) fn of_slope(network: &Network, node: &Node, slope: Slope) -> Self {
        let (input, output) = network.ends(node);
        let above = Multiplier::of(f64::from(input.scale) / f64::from(output.scale));
        let below = Multiplier::of(f64::from(input.scale) * f64::from(slope.0) / f64::from(output.scale));
        Self::of(|x| {
            let centred = i32::from(x) - i32::from(input.zero_point);
            let factor = if centred < 0 { below } else { above };
            let sum = factor.rescale(centred).saturating_add(output.zero_point.into());
            i8::try_from(sum.clamp(-128, 127)).expect("clamped")
        })
    }

    pub(crate) fn of_step(network: &Network, node: &Node) -> Self {
        let (input, output) = network.ends(node);
        Self::of(|x| rectified(x, input, output, Activation::None))
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
    Bounds::of(activation, output).clamp(factor.rescale(centred).saturating_add(output.zero_point.into()))
}

/// The logistic function of inputs with 4 integer bits, in steps of 1/256 from -128.
fn sigmoid(x: i8, input: Quantisation) -> i8 {
    const INTEGER_BITS: i32 = 4;
    let finer = f64::from(input.scale) * 2_f64.powi(31 - INTEGER_BITS);
    let factor = Multiplier::of(finer);
    let range = f64::from((1 << INTEGER_BITS) - 1) * 2_f64.powi(31 - INTEGER_BITS - exponent(finer));
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

pub(crate) fn read_hard_swish(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    read(reading, operator, Activation::HardSwish)
}

pub(crate) fn read_leaky_relu(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let slope = operator.options()?.f32(0, 0.0)?;
    if !(1e-6..=1e6).contains(&slope) {
        return Err(operator.unsupported(format!("a slope of {slope:e}")));
    }
    let input = reading.activation(operator, 0)?;
    let shape = reading.shape(input);
    reading.add_unary(operator, Op::LeakyRelu(Slope(slope)), input, shape)
}

impl Table {
    pub(crate) fn emit(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        let shape = unit.network.graph.shape(node.output);
        unit.needs(Fragment::LookUp);
        // In the emitted code -128 comes first.
        let rising = (0..256).map(|i: usize| self.0[(i + 128) % 256]);
        let values = unit.int8s("values", place, rising);
        let body = format!(
            "    nn_look_up({}, {}, {}, {values});\n",
            unit.row(node.inputs[0], "y"),
            unit.row(node.output, "y"),
            shape.width * shape.channels
        );
        unit.layer(place, node, &body);
    }
}
