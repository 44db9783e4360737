//! Exponential and reciprocal in fixed point, bit for bit as the reference's softmax and logistic compute them.
//!
//! A fixed-point number of `I` integer bits is an `i32` that counts steps of `2^(I - 31)`.

use crate::arithmetic::{doubling_high, rounding_divide};

/// The number 1 with no integer bits, as near as 31 bits come.
const ONE: i32 = i32::MAX;

/// Shifts left, saturating.
fn shifted_up(value: i32, bits: u32) -> i32 {
    let wide = i64::from(value) << bits;
    i32::try_from(wide).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

/// `exp(x)` for `x <= 0`, given with `integer_bits` of at most 5; the result has no integer bits.
pub(crate) fn exp_of_negative(x: i32, integer_bits: u32) -> i32 {
    if x == 0 {
        return ONE;
    }
    let fraction_bits = 31 - integer_bits;
    let quarter = 1 << (fraction_bits - 2);
    let within_quarter = (x & (quarter - 1)) - quarter;
    let mut result = exp_near_zero(shifted_up(within_quarter, integer_bits));
    let remainder = within_quarter.wrapping_sub(x);
    // exp(-2^e) for e = -2 to 4, each a factor where its bit of the remainder is set.
    const FACTORS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    for (bit, factor) in (fraction_bits - 2..31).zip(FACTORS) {
        if remainder & 1 << bit != 0 {
            result = doubling_high(result, factor);
        }
    }
    result
}

/// `exp(x)` for `-1/4 <= x < 0` without integer bits: a Taylor expansion around -1/8.
fn exp_near_zero(x: i32) -> i32 {
    const EXP_OF_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = x + (1 << 28);
    let x2 = doubling_high(x, x);
    let x3 = doubling_high(x2, x);
    let x4 = doubling_high(x2, x2);
    let higher = rounding_divide(doubling_high(rounding_divide(x4, 2) + x3, THIRD) + x2, 1);
    EXP_OF_MINUS_EIGHTH + doubling_high(EXP_OF_MINUS_EIGHTH, x + higher)
}

/// `1 / (1 + x)` for `0 <= x <= 1`, all without integer bits, by three steps of Newton's.
pub(crate) fn one_over_one_plus(x: i32) -> i32 {
    const FORTY_EIGHT_17THS: i32 = 1_515_870_810;
    const MINUS_THIRTY_TWO_17THS: i32 = -1_010_580_540;
    // (x + ONE + 1) / 2, rounded down.
    let half = x / 2 + (1 << 30);
    let mut y = FORTY_EIGHT_17THS + doubling_high(half, MINUS_THIRTY_TWO_17THS);
    for _ in 0..3 {
        let rest = (1 << 29) - doubling_high(half, y);
        y += shifted_up(doubling_high(y, rest), 2);
    }
    shifted_up(y, 1)
}

/// `1 / (1 + exp(-x))`, `x` given with 4 integer bits; the result has none.
pub(crate) fn logistic(x: i32) -> i32 {
    if x == 0 {
        return ONE / 2 + 1;
    }
    let of_magnitude = one_over_one_plus(exp_of_negative(-(x.saturating_abs()), 4));
    if x > 0 { of_magnitude } else { ONE - of_magnitude }
}
