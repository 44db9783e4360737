//! 16 values at a time.

use std::arch::x86_64::{
    __m512, __mmask16, _CMP_GT_OQ, _MM_FROUND_NO_EXC, _MM_FROUND_TO_NEAREST_INT, _mm512_add_ps, _mm512_cmp_ps_mask,
    _mm512_div_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_blend_ps, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_roundscale_ps, _mm512_scalef_ps,
    _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::{Kernel, Lanes};

/// AVX-512.
#[derive(Clone, Copy)]
pub(super) struct Avx512;

/// # Safety
/// The processor has AVX-512.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) {
    // SAFETY: as the caller's.
    unsafe { kernel.run::<Avx512>() }
}

impl Lanes for Avx512 {
    type Vector = __m512;
    type Mask = __mmask16;

    const LANES: usize = 16;
    const REGISTERS: usize = 32;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::Vector {
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::Vector {
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, vector: Self::Vector) {
        unsafe { _mm512_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn first(count: usize) -> Self::Mask {
        if count >= 16 { 0xffff } else { (1 << count) - 1 }
    }

    #[inline(always)]
    unsafe fn load_some(from: *const f32, mask: Self::Mask) -> Self::Vector {
        unsafe { _mm512_maskz_loadu_ps(mask, from) }
    }

    #[inline(always)]
    unsafe fn store_some(to: *mut f32, mask: Self::Mask, vector: Self::Vector) {
        unsafe { _mm512_mask_storeu_ps(to, mask, vector) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    unsafe fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector {
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn if_greater(
        a: Self::Vector,
        b: Self::Vector,
        then: Self::Vector,
        otherwise: Self::Vector,
    ) -> Self::Vector {
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), otherwise, then) }
    }

    #[inline(always)]
    unsafe fn round(a: Self::Vector) -> Self::Vector {
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }

    #[inline(always)]
    unsafe fn power_of_two(a: Self::Vector) -> Self::Vector {
        unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), a) }
    }
}
