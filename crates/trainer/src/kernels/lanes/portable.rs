//! 8 values at a time, in plain loops that any processor can do.

use super::Lanes;

/// No particular instructions.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Lanes for Portable {
    type Vector = [f32; 8];
    type Mask = usize;

    const LANES: usize = 8;
    const REGISTERS: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::Vector {
        [value; 8]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Vector {
        unsafe { from.cast::<[f32; 8]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: Self::Vector) {
        unsafe { to.cast::<[f32; 8]>().write_unaligned(vector) }
    }

    #[inline(always)]
    unsafe fn first(count: usize) -> Self::Mask {
        if count < 8 { count } else { 8 }
    }

    #[inline(always)]
    unsafe fn load_some(from: *const f32, mask: Self::Mask) -> Self::Vector {
        let mut values = [0.0; 8];
        unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), mask) };
        values
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f32, mask: Self::Mask, vector: Self::Vector) {
        unsafe { std::ptr::copy_nonoverlapping(vector.as_ptr(), to, mask) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    unsafe fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| a[i] - b[i])
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| a[i] * b[i])
    }

    #[inline(always)]
    unsafe fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| a[i] / b[i])
    }

    #[inline(always)]
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    unsafe fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    unsafe fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        std::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    unsafe fn if_greater(
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector {
        std::array::from_fn(|i| if a[i] > b[i] { then[i] } else { otherwise[i] })
    }

    #[inline(always)]
    unsafe fn round(a: Self::Vector) -> Self::Vector {
        a.map(f32::round_ties_even)
    }

    #[inline(always)]
    unsafe fn power_of_two(a: Self::Vector) -> Self::Vector {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole numbers of an exponent's range"
        )]
        a.map(|a| f32::from_bits(((a as i32 + 127) as u32) << 23))
    }
}
