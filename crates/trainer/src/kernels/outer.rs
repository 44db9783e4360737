//! The gradients of weights: for each product of a window and each output, the sum over all places of value times gradient.

use super::{
    lanes::{Kernel, Lanes, block},
    products::{Places, Steps, Window, balanced},
};

/// Adds to `sums[term][output]` the products of what a window holds and the gradients of its place.
pub(crate) struct Outer<'a> {
    input: &'a [f32],
    from: Steps,
    window: Window,
    gradients: &'a [f32],
    along: Steps,
    outputs: usize,
    sums: &'a mut [f32],
    places: Places,
}

impl<'a> Outer<'a> {
    pub(crate) fn new(
        (input, from, window): (&'a [f32], Steps, Window),
        (gradients, along, outputs): (&'a [f32], Steps, usize),
        sums: &'a mut [f32],
        places: Places,
    ) -> Self {
        assert!(places.lie_in(input.len(), from, window.span()), "a window outside the input");
        assert!(places.lie_in(gradients.len(), along, outputs), "a place outside the gradients");
        assert_eq!(sums.len(), window.terms() * outputs, "as many sums as weights");
        Self { input, from, window, gradients, along, outputs, sums, places }
    }
}

impl Kernel for Outer<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        // SAFETY: `new` checked the places; blocks stay within them.
        unsafe {
            let (sums, widest) = block(L::REGISTERS);
            for segment in 0..self.window.segments {
                for (vector, vectors) in balanced(self.outputs.div_ceil(L::LANES), widest) {
                    for (term, terms) in balanced(self.window.depth, (sums / vectors).min(8)) {
                        self.block::<L>(segment, (vector, vectors), (term, terms));
                    }
                }
            }
        }
    }
}

impl Outer<'_> {
    #[inline(always)]
    unsafe fn block<L: Lanes>(
        &mut self,
        segment: usize,
        (vector, vectors): (usize, usize),
        (term, terms): (usize, usize),
    ) {
        // SAFETY: as the caller's.
        unsafe {
            macro_rules! of {
                ($vectors:literal: $($terms:literal),*) => {
                    match terms { $($terms => self.tile::<L, $terms, $vectors>(segment, vector, term),)* _ => {} }
                };
            }
            match vectors {
                1 => of!(1: 1, 2, 3, 4, 5, 6, 7, 8),
                2 => of!(2: 1, 2, 3, 4, 5, 6, 7, 8),
                3 => of!(3: 1, 2, 3, 4, 5, 6, 7, 8),
                _ => of!(4: 1, 2, 3, 4, 5, 6),
            }
        }
    }

    /// `R` terms by `J` vectors of outputs, summed over all places in registers.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const R: usize, const J: usize>(&mut self, segment: usize, vector: usize, term: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let at = vector * L::LANES;
            let mask = L::first(self.outputs - at - (J - 1) * L::LANES);
            let sums = self.sums.as_mut_ptr().add((segment * self.window.depth + term) * self.outputs + at);
            let get = |from: *const f32, j: usize| {
                let from = from.add(j * L::LANES);
                if j + 1 < J { L::load(from) } else { L::load_some(from, mask) }
            };
            let mut held: [[L::Vector; J]; R] =
                std::array::from_fn(|r| std::array::from_fn(|j| get(sums.add(r * self.outputs), j)));
            for row in 0..self.places.rows {
                let mut from = self.input.as_ptr().add(segment * self.window.segment_step + term + row * self.from.row);
                let mut along = self.gradients.as_ptr().add(at + row * self.along.row);
                for _ in 0..self.places.columns {
                    let gradients: [L::Vector; J] = std::array::from_fn(|j| get(along, j));
                    for (r, held) in held.iter_mut().enumerate() {
                        let value = L::splat(*from.add(r));
                        for (held, &gradient) in held.iter_mut().zip(&gradients) {
                            *held = L::mul_add(value, gradient, *held);
                        }
                    }
                    from = from.wrapping_add(self.from.column);
                    along = along.wrapping_add(self.along.column);
                }
            }
            for (r, held) in held.iter().enumerate() {
                for (j, &sum) in held.iter().enumerate() {
                    let to = sums.add(r * self.outputs + j * L::LANES);
                    if j + 1 < J { L::store(to, sum) } else { L::store_some(to, mask, sum) }
                }
            }
        }
    }
}
