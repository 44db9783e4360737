//! Sums of products: what convolutions and dense layers compute, and the gradients of their inputs.
//!
//! One kernel serves all of them. A convolution over channels-last maps reads, for each of its kernel's rows, values that
//! lie side by side: columns times channels. So an output is a sum over `segments` runs of `depth` values, and nothing
//! has to be gathered first.

use super::lanes::{Isa, Kernel, Lanes, block};

/// Weights in the order in which the kernel reads them: blocks of outputs that are side by side in vectors, filled up with
/// zeros.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panel {
    values: Vec<f32>,
    terms: usize,
    outputs: usize,
    lanes: usize,
    widest: usize,
}

impl Panel {
    /// Room for weights of `terms` products for each of `outputs` sums.
    pub(crate) fn new(isa: Isa, terms: usize, outputs: usize) -> Self {
        let lanes = isa.lanes();
        let values = vec![0.0; terms * outputs.div_ceil(lanes) * lanes];
        Self { values, terms, outputs, lanes, widest: isa.block().1 }
    }

    /// Takes the weights: `weight(term, output)`.
    pub(crate) fn fill(&mut self, weight: impl Fn(usize, usize) -> f32) {
        let Self { terms, outputs, lanes, .. } = *self;
        for (first, vectors) in self.blocks() {
            let width = vectors * lanes;
            let block = &mut self.values[first * lanes * terms..][..width * terms];
            for (term, row) in block.chunks_exact_mut(width).enumerate() {
                for (i, value) in row.iter_mut().enumerate().take(outputs - first * lanes) {
                    *value = weight(term, first * lanes + i);
                }
            }
        }
    }

    /// The first vector of each block, and how many vectors it has.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        balanced(self.outputs.div_ceil(self.lanes), self.widest)
    }
}

/// Parts of a whole that are at most so large, and as equal as can be: the start and the length of each.
pub(super) fn balanced(whole: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = whole.div_ceil(most).max(1);
    (0..parts).map(move |part| {
        let start = whole * part / parts;
        (start, whole * (part + 1) / parts - start)
    })
}

/// Where a map lies in a slice: the distance between places that are neighbours in a row, and between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) column: usize,
    pub(crate) row: usize,
}

/// What the sums are taken over: `segments` runs of `depth` values each, `segment_step` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) segments: usize,
    pub(crate) segment_step: usize,
    pub(crate) depth: usize,
}

impl Window {
    /// The values of one place.
    pub(crate) const fn place(depth: usize) -> Self {
        Self { segments: 1, segment_step: 0, depth }
    }

    pub(super) const fn terms(self) -> usize {
        self.segments * self.depth
    }

    /// How many values from the first to the last.
    pub(super) const fn span(self) -> usize {
        if self.segments == 0 { 0 } else { (self.segments - 1) * self.segment_step + self.depth }
    }
}

/// Rows and columns of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Places {
    pub(crate) const fn count(self) -> usize {
        self.rows * self.columns
    }

    /// Whether a slice of this length has room for all places, each with so many values.
    pub(super) const fn lie_in(self, length: usize, steps: Steps, each: usize) -> bool {
        self.count() == 0 || (self.rows - 1) * steps.row + (self.columns - 1) * steps.column + each <= length
    }
}

/// For each place the sums of products of its window with a panel's weights.
pub(crate) struct Products<'a> {
    input: &'a [f32],
    from: Steps,
    window: Window,
    panel: &'a Panel,
    output: &'a mut [f32],
    to: Steps,
    places: Places,
    adds: bool,
}

impl<'a> Products<'a> {
    /// Sums that are written to `output`, or added to what is there.
    pub(crate) fn new(
        (input, from, window): (&'a [f32], Steps, Window),
        panel: &'a Panel,
        (output, to, adds): (&'a mut [f32], Steps, bool),
        places: Places,
    ) -> Self {
        assert_eq!(window.terms(), panel.terms, "the panel is for another window");
        assert!(places.lie_in(input.len(), from, window.span()), "a window outside the input");
        assert!(places.lie_in(output.len(), to, panel.outputs), "a place outside the output");
        Self { input, from, window, panel, output, to, places, adds }
    }
}

impl Kernel for Products<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        // SAFETY: `new` checked the places; blocks stay within them.
        unsafe {
            assert_eq!(self.panel.lanes, L::LANES, "the panel is for other vectors");
            let (sums, _) = block(L::REGISTERS);
            for (first, vectors) in self.panel.blocks() {
                let most = (sums / vectors).min(8);
                for row in 0..self.places.rows {
                    for (column, count) in balanced(self.places.columns, most) {
                        self.block::<L>(first, vectors, row, column, count);
                    }
                }
            }
        }
    }
}

impl Products<'_> {
    #[inline(always)]
    unsafe fn block<L: Lanes>(&mut self, first: usize, vectors: usize, row: usize, column: usize, count: usize) {
        // SAFETY: as the caller's.
        unsafe {
            macro_rules! of {
                ($vectors:literal: $($count:literal),*) => {
                    match count { $($count => self.tile::<L, $count, $vectors>(first, row, column),)* _ => {} }
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

    /// `R` places by `J` vectors of outputs, all sums in registers.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const R: usize, const J: usize>(&mut self, first: usize, row: usize, column: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let Window { segments, segment_step, depth } = self.window;
            let step = self.from.column;
            let from = self.input.as_ptr().add(row * self.from.row + column * step);
            let mut weights = self.panel.values.as_ptr().add(first * L::LANES * self.panel.terms);
            let mut sums = [[L::splat(0.0); J]; R];
            for segment in 0..segments {
                // Every third place has a pointer, the two after it are reached by the step: more pointers than that would
                // not stay in registers.
                let mut thirds: [*const f32; 3] =
                    std::array::from_fn(|third| from.wrapping_add(segment * segment_step + 3 * third * step));
                for _ in 0..depth {
                    let row: [L::Vector; J] = std::array::from_fn(|j| L::load(weights.add(j * L::LANES)));
                    for r in 0..R {
                        let value = L::splat(*thirds[r / 3].add(r % 3 * step));
                        for j in 0..J {
                            sums[r][j] = L::mul_add(value, row[j], sums[r][j]);
                        }
                    }
                    thirds = thirds.map(|third| third.wrapping_add(1));
                    weights = weights.add(J * L::LANES);
                }
            }
            self.put::<L, R, J>(&sums, first, row, column);
        }
    }

    #[inline(always)]
    unsafe fn put<L: Lanes, const R: usize, const J: usize>(
        &mut self,
        sums: &[[L::Vector; J]; R],
        first: usize,
        row: usize,
        column: usize,
    ) {
        // SAFETY: as the caller's.
        unsafe {
            let to = self.output.as_mut_ptr().add(row * self.to.row + column * self.to.column);
            for (r, sums) in sums.iter().enumerate() {
                for (j, &sum) in sums.iter().enumerate() {
                    let at = (first + j) * L::LANES;
                    let to = to.add(r * self.to.column + at);
                    let left = self.panel.outputs - at;
                    if left >= L::LANES {
                        L::store(to, if self.adds { L::add(sum, L::load(to)) } else { sum });
                    } else {
                        let mask = L::first(left);
                        L::store_some(to, mask, if self.adds { L::add(sum, L::load_some(to, mask)) } else { sum });
                    }
                }
            }
        }
    }
}
