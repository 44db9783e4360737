//! The inner loops of the interpreter, compiled once for each kind of processor and chosen when they are called.
//!
//! They are plain loops over integers, which the compiler turns into the widest multiplications that it is allowed to use;
//! convolutions, where nearly all the work is, have a loop of their own.

use crate::{arithmetic::Multiplier, ops::Bounds};

/// Compiles a function for wider vectors where the processor has them. All variants compute the same integers.
macro_rules! for_each_processor {
    ($(#[doc = $doc:literal])+ $name:ident / $wide:ident / $plain:ident ($($argument:ident: $type:ty),*)) => {
        $(#[doc = $doc])+
        pub(crate) fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                #[expect(unsafe_code, reason = "the processor was asked whether it has these instructions")]
                // SAFETY: AVX2 is there.
                return unsafe { $wide($($argument),*) };
            }
            $plain($($argument),*);
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $wide($($argument: $type),*) {
            $plain($($argument),*);
        }
    };
}

for_each_processor! {
    /// Adds to each sum the product of its row of weights with the values.
    ///
    /// Sums wrap as the reference's do, for weights that no training would give.
    add_products / add_products_wide / add_products_plain (sums: &mut [i32], rows: &[i16], values: &[i16])
}

#[inline(always)]
fn add_products_plain(sums: &mut [i32], rows: &[i16], values: &[i16]) {
    for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(values.len())) {
        let products = row.iter().zip(values).map(|(&weight, &value)| i32::from(weight) * i32::from(value));
        *sum = products.fold(*sum, i32::wrapping_add);
    }
}

/// Values of one window come in so many at a time; windows and rows of weights are filled up with zeros.
pub(crate) const LANES: usize = 16;

/// As [`add_products`] for two windows at once, so that weights are read once for both. Rows and windows are as long as a
/// multiple of [`LANES`]; the windows lie one behind the other, and so do their sums.
pub(crate) fn add_products_of_two(sums: &mut [i32], rows: &[i16], windows: &[i16]) {
    let (first, second) = windows.split_at(windows.len() / 2);
    let (of_first, of_second) = sums.split_at_mut(sums.len() / 2);
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the processor was asked whether it has these instructions")]
        // SAFETY: AVX2 is there.
        return unsafe { wide::add_products_of_two([of_first, of_second], rows, [first, second]) };
    }
    add_products_plain(of_first, rows, first);
    add_products_plain(of_second, rows, second);
}

/// What the compiler does not find by itself: 16 products in one instruction.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{
        __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_extract_epi32, _mm256_add_epi32, _mm256_castsi256_si128,
        _mm256_extracti128_si256, _mm256_hadd_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_setzero_si256,
    };

    use super::LANES;

    #[target_feature(enable = "avx2")]
    fn load(values: &[i16; LANES]) -> __m256i {
        #[expect(unsafe_code, reason = "the load takes a pointer")]
        // SAFETY: sixteen values of 16 bits are the 256 bits that are read, and need not be aligned.
        unsafe {
            _mm256_loadu_si256(values.as_ptr().cast())
        }
    }

    /// Two rows by two windows at a time: every value that is read is used twice.
    #[target_feature(enable = "avx2")]
    pub(super) fn add_products_of_two(sums: [&mut [i32]; 2], rows: &[i16], windows: [&[i16]; 2]) {
        let length = windows[0].len();
        let [of_first, of_second] = sums;
        let (x, y) = (windows[0].as_chunks::<LANES>().0, windows[1].as_chunks::<LANES>().0);
        for ((rows, a), b) in rows.chunks(2 * length).zip(of_first.chunks_mut(2)).zip(of_second.chunks_mut(2)) {
            let (row, other) = rows.split_at(length);
            // An odd last row is computed twice, and one of the results dropped.
            let other = if other.is_empty() { row } else { other };
            let (w, v) = (row.as_chunks::<LANES>().0, other.as_chunks::<LANES>().0);
            let mut lanes = [_mm256_setzero_si256(); 4];
            for (((w, v), x), y) in w.iter().zip(v).zip(x).zip(y) {
                let (w, v, x, y) = (load(w), load(v), load(x), load(y));
                lanes[0] = _mm256_add_epi32(lanes[0], _mm256_madd_epi16(w, x));
                lanes[1] = _mm256_add_epi32(lanes[1], _mm256_madd_epi16(w, y));
                lanes[2] = _mm256_add_epi32(lanes[2], _mm256_madd_epi16(v, x));
                lanes[3] = _mm256_add_epi32(lanes[3], _mm256_madd_epi16(v, y));
            }
            let pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(lanes[0], lanes[1]), _mm256_hadd_epi32(lanes[2], lanes[3]));
            let all = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256::<1>(pairs));
            a[0] = a[0].wrapping_add(_mm_cvtsi128_si32(all));
            b[0] = b[0].wrapping_add(_mm_extract_epi32::<1>(all));
            if let ([_, a], [_, b]) = (a, b) {
                *a = a.wrapping_add(_mm_extract_epi32::<2>(all));
                *b = b.wrapping_add(_mm_extract_epi32::<3>(all));
            }
        }
    }
}

for_each_processor! {
    /// Adds to each sum its weight times its value, less the zero point.
    add_each / add_each_wide / add_each_plain (sums: &mut [i32], weights: &[i16], values: &[i8], zero_point: i16)
}

#[inline(always)]
fn add_each_plain(sums: &mut [i32], weights: &[i16], values: &[i8], zero_point: i16) {
    for ((sum, &weight), &value) in sums.iter_mut().zip(weights).zip(values) {
        *sum = sum.wrapping_add(i32::from(weight) * i32::from(i16::from(value) - zero_point));
    }
}

/// A factor for each output channel, taken apart so that many are applied at once.
#[derive(Default)]
pub(crate) struct Factors {
    multipliers: Vec<i32>,
    /// How far sums are shifted up first, and down last.
    ups: Vec<u32>,
    downs: Vec<u32>,
}

impl FromIterator<Multiplier> for Factors {
    fn from_iter<I: IntoIterator<Item = Multiplier>>(multipliers: I) -> Self {
        let mut factors = Self::default();
        for Multiplier { multiplier, shift } in multipliers {
            factors.multipliers.push(multiplier);
            factors.ups.push(shift.max(0).unsigned_abs());
            factors.downs.push((-shift).max(0).unsigned_abs());
        }
        factors
    }
}

for_each_processor! {
    /// Each sum times its factor, plus the zero point, within the bounds. The same as [`Multiplier::rescale`], without branches.
    requantise / requantise_wide / requantise_plain (sums: &[i32], factors: &Factors, zero_point: i32, bounds: Bounds, output: &mut [i8])
}

#[inline(always)]
fn requantise_plain(sums: &[i32], factors: &Factors, zero_point: i32, bounds: Bounds, output: &mut [i8]) {
    let shifts = factors.ups.iter().zip(&factors.downs);
    let each = sums.iter().zip(&factors.multipliers).zip(shifts);
    for (value, ((&sum, &multiplier), (&up, &down))) in output.iter_mut().zip(each) {
        let product = i64::from(sum.wrapping_shl(up)) * i64::from(multiplier) + (1 << 30);
        #[expect(clippy::cast_possible_truncation, reason = "multipliers are positive, so the high half fits 32 bits")]
        let high = (product.cast_unsigned() >> 31) as i32;
        let mask = 1_u32.unbounded_shl(down).wrapping_sub(1).cast_signed();
        let threshold = (mask >> 1) + i32::from(high < 0);
        let scaled = (high >> down) + i32::from(high & mask > threshold);
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are those of an int8")]
        let bounded = scaled.saturating_add(zero_point).max(bounds.least).min(bounds.most) as i8;
        *value = bounded;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn many_factors_at_once_are_the_same_as_one_by_one(
            cases in prop::collection::vec((any::<i32>(), 1e-9_f64..4.0), 1..70),
            zero_point in -128..128_i32,
            least in -128..0_i32,
        ) {
            let sums: Vec<i32> = cases.iter().map(|(sum, _)| sum >> 3).collect();
            let multipliers: Vec<Multiplier> = cases.iter().map(|(_, factor)| Multiplier::of(*factor)).collect();
            let bounds = Bounds { least, most: 127 };
            let mut output = vec![0; sums.len()];
            requantise(&sums, &multipliers.iter().copied().collect(), zero_point, bounds, &mut output);
            let one = |(sum, factor): (&i32, &Multiplier)| bounds.clamp(factor.rescale(*sum).saturating_add(zero_point));
            let expected: Vec<i8> = sums.iter().zip(&multipliers).map(one).collect();
            prop_assert_eq!(output, expected);
        }
    }
}
