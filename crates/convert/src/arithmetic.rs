//! The integer arithmetic of the contract "tflm-double" (`docs/ARITHMETIC.md`): scales become multipliers of 31 bits and
//! a shift; accumulators are rescaled with two roundings, exactly as TensorFlow Lite Micro does.

/// A positive real factor as `multiplier * 2^(shift - 31)`, the multiplier in `[2^30, 2^31)` or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Multiplier {
    /// The factor's 31 leading bits.
    pub(crate) multiplier: i32,
    /// The power of two: to the left where positive.
    pub(crate) shift: i32,
}

impl Multiplier {
    /// The factor, rounded half away from zero to 31 bits. Factors below 2^-32 become 0.
    #[must_use]
    pub(crate) fn of(factor: f64) -> Self {
        let (fraction, exponent) = split(factor);
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of 1 times 2^31 fits 64 bits")]
        let mut bits = (fraction * f64::from(1_u32 << 31)).round() as i64;
        let mut shift = exponent;
        if bits == 1 << 31 {
            bits /= 2;
            shift += 1;
        }
        if shift < -31 {
            return Self { multiplier: 0, shift: 0 };
        }
        if shift > 30 {
            // No scale of a real network comes near, and a network refuses those that do.
            return Self { multiplier: i32::MAX, shift: 30 };
        }
        Self { multiplier: i32::try_from(bits).unwrap_or(i32::MAX), shift }
    }

    /// `value` times the factor: a doubling high multiplication rounded half up, then a division by a power of two
    /// rounded half away from zero.
    #[must_use]
    pub(crate) fn rescale(self, value: i32) -> i32 {
        let left = self.shift.max(0);
        let right = (-self.shift).max(0);
        rounding_divide(doubling_high(value.wrapping_shl(left.unsigned_abs()), self.multiplier), right.unsigned_abs())
    }
}

/// The power of two that `frexp` gives.
pub(crate) fn exponent(factor: f64) -> i32 {
    split(factor).1
}

/// `frexp`: a fraction in `[0.5, 1)` and an exponent, of a positive number.
fn split(number: f64) -> (f64, i32) {
    if number == 0.0 || !number.is_finite() {
        return (0.0, 0);
    }
    const EXPONENT: u64 = 0x7ff << 52;
    // A subnormal is scaled up first, so that its exponent can be read.
    let (scaled, offset) = if number < f64::MIN_POSITIVE { (number * 2_f64.powi(64), -64) } else { (number, 0) };
    let bits = scaled.to_bits();
    let exponent = i32::try_from((bits & EXPONENT) >> 52).expect("eleven bits") - 1022;
    (f64::from_bits(bits & !EXPONENT | 1022 << 52), exponent + offset)
}

/// The high half of twice the product, rounded half up: `floor((a * b + 2^30) / 2^31)`, saturated.
///
/// For negative products the reference nudges by `1 - 2^30` and truncates, which is the same.
#[must_use]
pub(crate) fn doubling_high(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    #[expect(clippy::cast_possible_truncation, reason = "the high half of a product of 32-bit numbers fits 32 bits")]
    let high = ((product + (1 << 30)) >> 31) as i32;
    high
}

/// `value / 2^exponent`, rounded half away from zero.
#[must_use]
pub(crate) const fn rounding_divide(value: i32, exponent: u32) -> i32 {
    if exponent > 31 {
        return 0;
    }
    let mask = (1_u32.unbounded_shl(exponent)).wrapping_sub(1).cast_signed();
    let remainder = value & mask;
    let threshold = (mask >> 1) + (value < 0) as i32;
    (value >> exponent) + (remainder > threshold) as i32
}
