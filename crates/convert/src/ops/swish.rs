//! Hard swish in 16 bits, bit for bit as the reference computes it.

use crate::{arithmetic::Multiplier, network::Quantisation};

/// Inputs are taken in steps 128 times as fine.
const FINER: i16 = 1 << 7;

/// A multiplier of 15 bits.
struct Short {
    multiplier: i16,
    shift: i32,
}

impl Short {
    fn of(factor: f32) -> Self {
        let Multiplier { multiplier, shift } = Multiplier::of(factor.into());
        let rounded = (i64::from(multiplier) + (1 << 15)) >> 16;
        Self { multiplier: i16::try_from(rounded).unwrap_or(i16::MAX), shift }
    }
}

/// `x * min(max(x + 3, 0), 6) / 6`.
pub(crate) fn hard_swish(x: i8, input: Quantisation, output: Quantisation) -> i8 {
    let fine_scale = (1.0 / 128.0) * input.scale;
    let to_output = Short::of(fine_scale / output.scale);
    // A step of 3 / 2^15, so that 3 fills 15 bits.
    let to_three = Short::of(fine_scale / (3.0_f32 / 32768.0));
    let fine = saturated((i32::from(x) - i32::from(input.zero_point)) * i32::from(FINER));
    let value = doubling_high(fine, to_output.multiplier);
    let share = share_of_six(fine, &to_three);
    let product = truncating_doubling_high(share, value);
    let rounded = rounding_divide(product, (-to_output.shift).max(0).unsigned_abs());
    let sum = i32::from(rounded) + i32::from(output.zero_point);
    i8::try_from(sum.clamp(-128, 127)).expect("clamped")
}

/// `(x + 3) / 6` within 0 and 1, in 15 bits.
fn share_of_six(fine: i16, to_three: &Short) -> i16 {
    let up = to_three.shift.max(0).unsigned_abs();
    let mut value = fine;
    if up > 0 {
        value = saturated(i32::from(value) << (up - 1).min(15));
    }
    value = doubling_high(value, to_three.multiplier);
    if up > 0 {
        value = saturated(i32::from(value) << 1);
    }
    if to_three.shift < 0 {
        value = rounding_divide(value, to_three.shift.unsigned_abs());
    }
    saturated((i32::from(value) + (1 << 15)) >> 1)
}

fn saturated(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

/// The high half of twice the product, rounded.
fn doubling_high(a: i16, b: i16) -> i16 {
    saturated((i32::from(a) * i32::from(b) + (1 << 14)) >> 15)
}

/// The high half of twice the product, towards zero.
fn truncating_doubling_high(a: i16, b: i16) -> i16 {
    saturated(i32::from(a) * i32::from(b) / (1 << 15))
}

fn rounding_divide(value: i16, exponent: u32) -> i16 {
    saturated(crate::arithmetic::rounding_divide(value.into(), exponent.min(31)))
}
