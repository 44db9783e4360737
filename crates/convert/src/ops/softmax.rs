//! Logits made into shares of 1, in fixed point.

use automcu_model::{Node, Op};

use super::Kernel;
use crate::{
    arithmetic::{Multiplier, doubling_high, rounding_divide},
    emit::{Fragment, Unit},
    fixed::{exp_of_negative, one_over_one_plus},
    network::Network,
    tflite::{Operator, Reading, TfliteError},
};

/// Differences from the largest logit have so many integer bits.
const INTEGER_BITS: u32 = 5;
/// The sum of exponentials has so many.
const SUM_INTEGER_BITS: u32 = 12;

pub(crate) struct Softmax {
    multiplier: Multiplier,
    /// Differences below this count as nothing.
    least: i32,
}

impl Softmax {
    pub(crate) fn new(network: &Network, node: &Node) -> Self {
        let step = f64::from(network.ends(node).0.scale);
        let most = f64::from(u32::MAX >> 1);
        let multiplier = Multiplier::of((step * f64::from(1 << (31 - INTEGER_BITS))).min(most));
        let range = f64::from((1 << INTEGER_BITS) - 1) * f64::from(1 << (31 - INTEGER_BITS));
        #[expect(clippy::cast_possible_truncation, reason = "the range is at most 31 bits")]
        let least = -((range / 2_f64.powi(multiplier.shift)).floor() as i32);
        Self { multiplier, least }
    }

    /// `exp` of a difference, with no integer bits.
    fn exp(&self, difference: i32) -> i32 {
        let shifted = difference.wrapping_shl(self.multiplier.shift.unsigned_abs());
        exp_of_negative(doubling_high(shifted, self.multiplier.multiplier), INTEGER_BITS)
    }
}

impl Kernel for Softmax {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let largest = inputs[0].iter().copied().max().unwrap_or(0);
        let difference = |x: i8| i32::from(x) - i32::from(largest);
        let counted = inputs[0].iter().map(|&x| difference(x)).filter(|&d| d >= self.least);
        let sum: i32 = counted.map(|d| rounding_divide(self.exp(d), SUM_INTEGER_BITS)).sum();
        let headroom = sum.leading_zeros();
        let fraction = (sum.cast_unsigned() << headroom).wrapping_sub(1 << 31).cast_signed();
        let reciprocal = one_over_one_plus(fraction);
        let shift = SUM_INTEGER_BITS + 31 - 8 - headroom;
        for (value, &x) in output.iter_mut().zip(inputs[0]) {
            let d = difference(x);
            let share = if d < self.least { 0 } else { rounding_divide(doubling_high(reciprocal, self.exp(d)), shift) };
            *value = i8::try_from((share - 128).clamp(-128, 127)).expect("clamped");
        }
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let beta = operator.options()?.f32(0, 0.0)?;
    if beta.to_bits() != 1_f32.to_bits() {
        return Err(operator.unsupported(format!("beta {beta}")));
    }
    let input = reading.activation(operator, 0)?;
    let shape = reading.shape(input);
    if shape.area() != 1 {
        return Err(operator.unsupported(format!("a softmax at each place of {shape}")));
    }
    let output = reading.quantisation_of_output(operator)?;
    if output.scale.to_bits() != (1.0_f32 / 256.0).to_bits() || output.zero_point != -128 {
        return Err(operator.unsupported(format!("outputs in steps of {} from {}", output.scale, output.zero_point)));
    }
    reading.add_unary(operator, Op::Softmax, input, shape)
}

impl Softmax {
    pub(crate) fn emit(&self, unit: &mut Unit<'_>, place: usize, node: &Node) {
        unit.needs(Fragment::Softmax);
        let body = format!(
            "    nn_softmax({}, {}, {}, {}, {}, {});\n",
            unit.start(node.inputs[0]),
            unit.start(node.output),
            unit.network.graph.shape(node.output).channels,
            self.multiplier.multiplier,
            self.multiplier.shift,
            self.least
        );
        unit.layer(place, node, &body);
    }
}
