//! Vectors of float32 values, as wide as the processor has them, and the choice among them when the program runs.
//!
//! A kernel is written once over [`Lanes`]; it is compiled for each kind of processor, and [`Isa::run`] calls the one that
//! the processor can do.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

/// A kind of vector. All functions want a processor that has it; loads and stores want memory that is there.
pub(crate) trait Lanes: Copy {
    /// So many values.
    type Vector: Copy;
    /// Which lanes take part.
    type Mask: Copy;

    /// How many values a vector has.
    const LANES: usize;
    /// How many vectors the processor holds at a time.
    const REGISTERS: usize;

    unsafe fn splat(value: f32) -> Self::Vector;
    unsafe fn load(from: *const f32) -> Self::Vector;
    unsafe fn store(to: *mut f32, vector: Self::Vector);
    /// The first so many lanes, at most all.
    unsafe fn first(count: usize) -> Self::Mask;
    /// Loads the lanes of the mask; the others are 0 and their memory is not touched.
    unsafe fn load_some(from: *const f32, mask: Self::Mask) -> Self::Vector;
    /// Stores the lanes of the mask; the memory of others is not touched.
    unsafe fn store_some(to: *mut f32, mask: Self::Mask, vector: Self::Vector);
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    unsafe fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    unsafe fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    unsafe fn div(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a * b + c.
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    unsafe fn max(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    unsafe fn min(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `then` in lanes where a > b, `otherwise` elsewhere.
    unsafe fn if_greater(a: Self::Vector, b: Self::Vector, then: Self::Vector, otherwise: Self::Vector)
    -> Self::Vector;
    /// The nearest whole numbers.
    unsafe fn round(a: Self::Vector) -> Self::Vector;
    /// 2 to the power of whole numbers between -126 and 127.
    unsafe fn power_of_two(a: Self::Vector) -> Self::Vector;
}

/// e to the power of each value, to about a unit in the last place; values beyond ±87 count as ±87.
#[inline(always)]
pub(crate) unsafe fn exp<L: Lanes>(x: L::Vector) -> L::Vector {
    // SAFETY: as the caller's.
    unsafe {
        let x = L::max(L::min(x, L::splat(87.0)), L::splat(-87.0));
        let whole = L::round(L::mul(x, L::splat(std::f32::consts::LOG2_E)));
        // ln 2 in two parts, so that nothing is lost in the product.
        let rest = L::mul_add(whole, L::splat(-0.693_359_4), x);
        let rest = L::mul_add(whole, L::splat(2.121_944_4e-4), rest);
        let mut series = L::splat(1.0 / 5040.0);
        for factor in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            series = L::mul_add(series, rest, L::splat(factor));
        }
        L::mul(series, L::power_of_two(whole))
    }
}

/// How many vectors of sums stay in so many registers beside what they are made of, and how many of them side by side.
pub(crate) const fn block(registers: usize) -> (usize, usize) {
    if registers >= 32 { (24, 4) } else { (12, 2) }
}

/// Work that is compiled for each kind of processor.
pub(crate) trait Kernel {
    /// Does the work. Must be `#[inline(always)]`, to be compiled with the instructions of its caller.
    ///
    /// # Safety
    /// The processor has these vectors.
    unsafe fn run<L: Lanes>(self);
}

/// Plain loops, compiled for each kind of processor.
struct Loops<F>(F);

impl<F: FnOnce()> Kernel for Loops<F> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        (self.0)();
    }
}

/// A kind of processor, by the vectors that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

impl Isa {
    /// All that this processor can do, the widest first; the last one any processor can.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut kinds = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                kinds.push(Kind::Avx512);
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                kinds.push(Kind::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        kinds.push(Kind::Neon);
        kinds.push(Kind::Portable);
        kinds.into_iter().map(Self).collect()
    }

    /// The widest that this processor can do.
    #[must_use]
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "NEON",
            Kind::Portable => "portable",
        }
    }

    /// How many values a vector has.
    pub(crate) const fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => <avx512::Avx512 as Lanes>::LANES,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => <avx2::Avx2 as Lanes>::LANES,
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => <neon::Neon as Lanes>::LANES,
            Kind::Portable => <portable::Portable as Lanes>::LANES,
        }
    }

    /// How many vectors of sums a kernel's block may have, and how many of them side by side.
    pub(crate) const fn block(self) -> (usize, usize) {
        let registers = match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => <avx512::Avx512 as Lanes>::REGISTERS,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => <avx2::Avx2 as Lanes>::REGISTERS,
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => <neon::Neon as Lanes>::REGISTERS,
            Kind::Portable => <portable::Portable as Lanes>::REGISTERS,
        };
        block(registers)
    }

    /// Runs plain loops, compiled for this kind of processor.
    #[inline]
    pub(crate) fn loops(self, work: impl FnOnce()) {
        self.run(Loops(work));
    }

    /// Does the work with the vectors of this kind.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) {
        // SAFETY: `available` asked the processor.
        unsafe {
            match self.0 {
                #[cfg(target_arch = "x86_64")]
                Kind::Avx512 => avx512::run(kernel),
                #[cfg(target_arch = "x86_64")]
                Kind::Avx2 => avx2::run(kernel),
                #[cfg(target_arch = "aarch64")]
                Kind::Neon => kernel.run::<neon::Neon>(),
                Kind::Portable => kernel.run::<portable::Portable>(),
            }
        }
    }
}
