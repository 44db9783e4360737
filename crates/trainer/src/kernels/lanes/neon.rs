//! 4 values at a time, on 64-bit Arm processors, all of which have them.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vaddq_s32, vbslq_f32, vcgtq_f32, vcvtnq_s32_f32, vdivq_f32, vdupq_n_f32, vdupq_n_s32,
    vfmaq_f32, vld1q_f32, vmaxq_f32, vminq_f32, vmulq_f32, vreinterpretq_f32_s32, vrndnq_f32, vshlq_n_s32, vst1q_f32,
    vsubq_f32,
};

use super::Lanes;

/// NEON.
#[derive(Clone, Copy)]
pub(super) struct Neon;

impl Lanes for Neon {
    type Vector = float32x4_t;
    type Mask = usize;

    const LANES: usize = 4;
    const REGISTERS: usize = 32;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::Vector {
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Vector {
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: Self::Vector) {
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    unsafe fn first(count: usize) -> Self::Mask {
        if count < 4 { count } else { 4 }
    }

    #[inline(always)]
    unsafe fn load_some(from: *const f32, mask: Self::Mask) -> Self::Vector {
        let mut values = [0.0; 4];
        unsafe {
            std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), mask);
            vld1q_f32(values.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f32, mask: Self::Mask, vector: Self::Vector) {
        let mut values = [0.0; 4];
        unsafe {
            vst1q_f32(values.as_mut_ptr(), vector);
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, mask);
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    unsafe fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { vmaxq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { vminq_f32(a, b) }
    }

    #[inline(always)]
    unsafe fn if_greater(
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector {
        unsafe { vbslq_f32(vcgtq_f32(a, b), then, otherwise) }
    }

    #[inline(always)]
    unsafe fn round(a: Self::Vector) -> Self::Vector {
        unsafe { vrndnq_f32(a) }
    }

    #[inline(always)]
    unsafe fn power_of_two(a: Self::Vector) -> Self::Vector {
        unsafe { vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtnq_s32_f32(a), vdupq_n_s32(127)))) }
    }
}
