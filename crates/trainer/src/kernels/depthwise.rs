//! Depthwise convolutions: forward, the gradients of inputs (which are depthwise convolutions as well), and of weights.
//!
//! Where steps allow it, neighbouring places are treated as one place with more channels, so that few channels fill a
//! vector too; the weights are repeated as often.

use super::{
    lanes::{Kernel, Lanes},
    products::{Places, Steps, balanced},
};

/// A kernel of rows and columns over a map of `channels`, and where its taps lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taps {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Between rows of the input.
    pub(crate) row_step: usize,
    /// The distance between neighbouring places, which is how many channels the map has.
    pub(crate) channels: usize,
    /// How many places are treated as one.
    pub(crate) fold: usize,
}

impl Taps {
    pub(crate) const fn count(self) -> usize {
        self.rows * self.columns
    }

    /// The channels of a place that stands for several.
    pub(crate) const fn width(self) -> usize {
        self.channels * self.fold
    }

    const fn span(self) -> usize {
        if self.count() == 0 {
            0
        } else {
            (self.rows - 1) * self.row_step + (self.columns - 1) * self.channels + self.width()
        }
    }
}

/// For each place and channel the sum of taps times weights.
pub(crate) struct Depthwise<'a> {
    input: &'a [f32],
    from: Steps,
    taps: Taps,
    weights: &'a [f32],
    output: &'a mut [f32],
    to: Steps,
    places: Places,
    adds: bool,
}

impl<'a> Depthwise<'a> {
    /// Sums that are written to `output`, or added to what is there. Weights are by tap, as many as a place has channels.
    pub(crate) fn new(
        (input, from, taps): (&'a [f32], Steps, Taps),
        weights: &'a [f32],
        (output, to, adds): (&'a mut [f32], Steps, bool),
        places: Places,
    ) -> Self {
        assert_eq!(weights.len(), taps.count() * taps.width(), "a weight for each tap and channel");
        assert!(places.lie_in(input.len(), from, taps.span()), "a window outside the input");
        assert!(places.lie_in(output.len(), to, taps.width()), "a place outside the output");
        Self { input, from, taps, weights, output, to, places, adds }
    }
}

impl Kernel for Depthwise<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        // SAFETY: `new` checked the places.
        unsafe {
            if L::REGISTERS >= 32 && (self.taps.rows, self.taps.columns) == (3, 3) {
                return self.square::<L>();
            }
            match self.taps.columns {
                1 => self.rows::<L, 1>(),
                2 => self.rows::<L, 2>(),
                3 => self.rows::<L, 3>(),
                5 => self.rows::<L, 5>(),
                7 => self.rows::<L, 7>(),
                _ => self.rows::<L, 0>(),
            }
        }
    }
}

/// So many places are computed side by side, so that weights are loaded once for all.
const SIDE_BY_SIDE: usize = 4;

impl Depthwise<'_> {
    /// The most common kernel, its nine weights in registers.
    #[inline(always)]
    unsafe fn square<L: Lanes>(&mut self) {
        // SAFETY: as the caller's.
        unsafe {
            let width = self.taps.width();
            for vector in 0..width.div_ceil(L::LANES) {
                let at = vector * L::LANES;
                if width - at >= L::LANES {
                    self.square_of::<L, true>(at);
                } else {
                    self.square_of::<L, false>(at);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn square_of<L: Lanes, const WHOLE: bool>(&mut self, at: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let (width, channels) = (self.taps.width(), self.taps.channels);
            let mask = L::first(width - at);
            let load = |from: *const f32| if WHOLE { L::load(from) } else { L::load_some(from, mask) };
            let weights: [L::Vector; 9] = std::array::from_fn(|tap| load(self.weights.as_ptr().add(tap * width + at)));
            for row in 0..self.places.rows {
                let mut from = self.input.as_ptr().add(row * self.from.row + at);
                let mut to = self.output.as_mut_ptr().add(row * self.to.row + at);
                for _ in 0..self.places.columns {
                    // A chain of sums for each row of the kernel, so that none waits for another.
                    let sums: [L::Vector; 3] = std::array::from_fn(|y| {
                        let from = from.add(y * self.taps.row_step);
                        let sum = L::mul(load(from), weights[3 * y]);
                        let sum = L::mul_add(load(from.add(channels)), weights[3 * y + 1], sum);
                        L::mul_add(load(from.add(2 * channels)), weights[3 * y + 2], sum)
                    });
                    let mut sum = L::add(L::add(sums[0], sums[1]), sums[2]);
                    if self.adds {
                        sum = L::add(sum, load(to));
                    }
                    if WHOLE {
                        L::store(to, sum)
                    } else {
                        L::store_some(to, mask, sum)
                    }
                    from = from.wrapping_add(self.from.column);
                    to = to.wrapping_add(self.to.column);
                }
            }
        }
    }

    /// `K` is the number of columns; 0 is any.
    #[inline(always)]
    unsafe fn rows<L: Lanes, const K: usize>(&mut self) {
        // SAFETY: as the caller's.
        unsafe {
            let width = self.taps.width();
            for vector in 0..width.div_ceil(L::LANES) {
                let at = vector * L::LANES;
                for row in 0..self.places.rows {
                    for (column, count) in balanced(self.places.columns, SIDE_BY_SIDE) {
                        match count {
                            1 => self.tile::<L, K, 1>(at, row, column),
                            2 => self.tile::<L, K, 2>(at, row, column),
                            3 => self.tile::<L, K, 3>(at, row, column),
                            4 => self.tile::<L, K, 4>(at, row, column),
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<L: Lanes, const K: usize, const X: usize>(&mut self, at: usize, row: usize, column: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let Taps { rows, row_step, channels, .. } = self.taps;
            let columns = if K == 0 { self.taps.columns } else { K };
            let width = self.taps.width();
            let mask = L::first(width - at);
            let whole = width - at >= L::LANES;
            let from = self.input.as_ptr().add(row * self.from.row + column * self.from.column + at);
            let mut sums = [L::splat(0.0); X];
            for y in 0..rows {
                // A phase may have no columns; then nothing is read, and neither pointer need be anywhere.
                let weights = self.weights.as_ptr().wrapping_add(y * columns * width + at);
                let from = from.wrapping_add(y * row_step);
                for x in 0..columns {
                    let (weight, from) = (weights.add(x * width), from.add(x * channels));
                    let weight = if whole { L::load(weight) } else { L::load_some(weight, mask) };
                    for (i, sum) in sums.iter_mut().enumerate() {
                        let from = from.add(i * self.from.column);
                        let value = if whole { L::load(from) } else { L::load_some(from, mask) };
                        *sum = L::mul_add(value, weight, *sum);
                    }
                }
            }
            let to = self.output.as_mut_ptr().add(row * self.to.row + column * self.to.column + at);
            for (i, &sum) in sums.iter().enumerate() {
                let to = to.add(i * self.to.column);
                match (whole, self.adds) {
                    (true, false) => L::store(to, sum),
                    (true, true) => L::store(to, L::add(sum, L::load(to))),
                    (false, false) => L::store_some(to, mask, sum),
                    (false, true) => L::store_some(to, mask, L::add(sum, L::load_some(to, mask))),
                }
            }
        }
    }
}

/// Adds to the sum of each tap and channel the products of values and gradients.
pub(crate) struct DepthwiseWeights<'a> {
    input: &'a [f32],
    from: Steps,
    taps: Taps,
    gradients: &'a [f32],
    along: Steps,
    sums: &'a mut [f32],
    places: Places,
}

impl<'a> DepthwiseWeights<'a> {
    pub(crate) fn new(
        (input, from, taps): (&'a [f32], Steps, Taps),
        (gradients, along): (&'a [f32], Steps),
        sums: &'a mut [f32],
        places: Places,
    ) -> Self {
        assert_eq!(sums.len(), taps.count() * taps.width(), "a sum for each tap and channel");
        assert!(places.lie_in(input.len(), from, taps.span()), "a window outside the input");
        assert!(places.lie_in(gradients.len(), along, taps.width()), "a place outside the gradients");
        Self { input, from, taps, gradients, along, sums, places }
    }
}

impl Kernel for DepthwiseWeights<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        // SAFETY: `new` checked the places.
        unsafe {
            let width = self.taps.width();
            for vector in 0..width.div_ceil(L::LANES) {
                let at = vector * L::LANES;
                match (self.taps.rows, self.taps.columns) {
                    (3, 3) if L::REGISTERS >= 32 => self.square::<L>(at),
                    _ => {
                        for y in 0..self.taps.rows {
                            // Three columns at a time: with four places each they leave registers for the values.
                            for (x, columns) in balanced(self.taps.columns, 3) {
                                match columns {
                                    1 => self.columns::<L, 1>(at, y, x),
                                    2 => self.columns::<L, 2>(at, y, x),
                                    _ => self.columns::<L, 3>(at, y, x),
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl DepthwiseWeights<'_> {
    #[inline(always)]
    unsafe fn load<L: Lanes>(from: *const f32, left: usize) -> L::Vector {
        // SAFETY: as the caller's.
        unsafe { if left >= L::LANES { L::load(from) } else { L::load_some(from, L::first(left)) } }
    }

    #[inline(always)]
    unsafe fn put<L: Lanes>(&mut self, at: usize, tap: usize, sum: L::Vector) {
        // SAFETY: as the caller's.
        unsafe {
            let left = self.taps.width() - at;
            let to = self.sums.as_mut_ptr().add(tap * self.taps.width() + at);
            let mask = L::first(left);
            L::store_some(to, mask, L::add(sum, L::load_some(to, mask)));
        }
    }

    /// All nine taps of the most common kernel in one pass.
    #[inline(always)]
    unsafe fn square<L: Lanes>(&mut self, at: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let Taps { row_step, channels, .. } = self.taps;
            let left = self.taps.width() - at;
            let mut sums = [L::splat(0.0); 9];
            for row in 0..self.places.rows {
                let from = self.input.as_ptr().add(row * self.from.row + at);
                let along = self.gradients.as_ptr().add(row * self.along.row + at);
                for column in 0..self.places.columns {
                    let gradient = Self::load::<L>(along.add(column * self.along.column), left);
                    let from = from.add(column * self.from.column);
                    for (tap, sum) in sums.iter_mut().enumerate() {
                        let value = Self::load::<L>(from.add(tap / 3 * row_step + tap % 3 * channels), left);
                        *sum = L::mul_add(gradient, value, *sum);
                    }
                }
            }
            for (tap, &sum) in sums.iter().enumerate() {
                self.put::<L>(at, tap, sum);
            }
        }
    }

    /// `K` taps of one row of the kernel, with sums of their own for every fourth place, so that none waits for another.
    #[inline(always)]
    unsafe fn columns<L: Lanes, const K: usize>(&mut self, at: usize, y: usize, x: usize) {
        // SAFETY: as the caller's.
        unsafe {
            let Taps { row_step, channels, columns, .. } = self.taps;
            let left = self.taps.width() - at;
            let mut sums = [[L::splat(0.0); K]; 4];
            for row in 0..self.places.rows {
                let from = self.input.as_ptr().add((row * self.from.row) + y * row_step + x * channels + at);
                let along = self.gradients.as_ptr().add(row * self.along.row + at);
                let mut column = 0;
                while column + 4 <= self.places.columns {
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let gradient = Self::load::<L>(along.add((column + i) * self.along.column), left);
                        for (k, sum) in sums.iter_mut().enumerate() {
                            let value = Self::load::<L>(from.add((column + i) * self.from.column + k * channels), left);
                            *sum = L::mul_add(gradient, value, *sum);
                        }
                    }
                    column += 4;
                }
                while column < self.places.columns {
                    let gradient = Self::load::<L>(along.add(column * self.along.column), left);
                    for (k, sum) in sums[0].iter_mut().enumerate() {
                        let value = Self::load::<L>(from.add(column * self.from.column + k * channels), left);
                        *sum = L::mul_add(gradient, value, *sum);
                    }
                    column += 1;
                }
            }
            let [mut total, second, third, fourth] = sums;
            for (k, total) in total.iter_mut().enumerate() {
                *total = L::add(L::add(*total, second[k]), L::add(third[k], fourth[k]));
                self.put::<L>(at, y * columns + x + k, *total);
            }
        }
    }
}
