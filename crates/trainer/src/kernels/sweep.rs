//! Passes over maps, channel by channel: what follows an operation's sums (scale, shift, activation), its gradient, and the
//! sums over all places that batch normalisation wants.
//!
//! Neighbouring places are treated as one with more channels where that fills vectors; what holds for channels is repeated
//! as often.

use automcu_model::spec::Activation;

use super::{
    activation::{self, Activate, Activated},
    lanes::{Isa, Kernel, Lanes},
    products::{Places, balanced},
};

/// The widest vector of any processor; what holds for channels is filled up to a multiple of it.
const WIDEST: usize = 16;
/// A place that stands for several has at most so many channels.
const WIDEST_PLACE: usize = 64;

/// How many of `columns` neighbours may be treated as one place, so that vectors are full.
pub(crate) fn fold(channels: usize, columns: usize) -> usize {
    let whole = |fold: &usize| (channels * fold).is_multiple_of(WIDEST) && columns.is_multiple_of(*fold);
    if channels == 0 { 1 } else { (1..=WIDEST_PLACE / channels.min(WIDEST_PLACE)).find(whole).unwrap_or(1) }
}

/// A number for each channel, repeated and filled up for vectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants(Vec<f32>);

impl Constants {
    pub(crate) fn of(values: &[f32], fold: usize) -> Self {
        let mut constants = Self(vec![0.0; (values.len() * fold).next_multiple_of(WIDEST)]);
        constants.set(values, fold);
        constants
    }

    pub(crate) fn set(&mut self, values: &[f32], fold: usize) {
        for (to, &from) in self.0.iter_mut().zip(values.iter().cycle().take(values.len() * fold)) {
            *to = from;
        }
    }
}

/// Places that a pass goes over: rows of columns, each of `width` values that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    places: Places,
    width: usize,
}

impl Field {
    /// Rows and columns of places with so many channels, `fold` of which are treated as one.
    pub(crate) fn new(places: Places, channels: usize, fold: usize) -> Self {
        assert_eq!(places.columns % fold, 0, "places that are treated as one");
        Self { places: Places { columns: places.columns / fold, ..places }, width: channels * fold }
    }

    fn lies_in(self, length: usize, row: usize) -> bool {
        self.places.count() == 0 || (self.places.rows - 1) * row + self.places.columns * self.width <= length
    }

    fn check(self, constants: &[&Constants]) {
        let wanted = self.width.next_multiple_of(WIDEST);
        assert!(constants.iter().all(|constants| constants.0.len() >= wanted), "a constant for each channel");
    }
}

/// A place's vectors: the first ones are whole, the last may not be.
#[derive(Clone, Copy)]
struct Block<L: Lanes> {
    at: usize,
    last: L::Mask,
    is_whole: bool,
}

impl<L: Lanes> Block<L> {
    #[inline(always)]
    unsafe fn load<const J: usize>(self, from: *const f32, j: usize) -> L::Vector {
        // SAFETY: as the caller's.
        unsafe {
            let from = from.add(j * L::LANES);
            if j + 1 < J || self.is_whole { L::load(from) } else { L::load_some(from, self.last) }
        }
    }

    #[inline(always)]
    unsafe fn store<const J: usize>(self, to: *mut f32, j: usize, vector: L::Vector) {
        // SAFETY: as the caller's.
        unsafe {
            let to = to.add(j * L::LANES);
            if j + 1 < J || self.is_whole { L::store(to, vector) } else { L::store_some(to, self.last, vector) }
        }
    }

    /// What holds for the block's channels.
    #[inline(always)]
    unsafe fn constants<const J: usize>(self, of: &Constants) -> [L::Vector; J] {
        // SAFETY: constants are filled up to whole vectors.
        unsafe { std::array::from_fn(|j| L::load(of.0.as_ptr().add(self.at + j * L::LANES))) }
    }
}

/// Calls `$body` for blocks of one to four vectors that make up a place.
macro_rules! for_blocks {
    ($lanes:ty, $width:expr, |$block:ident, $count:ident| $body:expr) => {
        for (first, vectors) in balanced($width.div_ceil(<$lanes>::LANES), 4) {
            let at = first * <$lanes>::LANES;
            let left = $width - at - (vectors - 1) * <$lanes>::LANES;
            let $block = Block::<$lanes> { at, last: <$lanes>::first(left), is_whole: left >= <$lanes>::LANES };
            match vectors {
                1 => {
                    const $count: usize = 1;
                    $body
                }
                2 => {
                    const $count: usize = 2;
                    $body
                }
                3 => {
                    const $count: usize = 3;
                    $body
                }
                _ => {
                    const $count: usize = 4;
                    $body
                }
            }
        }
    };
}

/// What follows an operation's sums: activation(sum * scale + shift).
#[derive(Clone, Debug)]
pub(crate) struct Affine {
    pub(crate) scale: Constants,
    pub(crate) shift: Constants,
    pub(crate) activation: Activation,
}

/// The gradient of sums, from that of what followed them: factor * dy + slope * sum + offset, dy being the gradient before
/// the activation.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) factor: Constants,
    pub(crate) slope: Constants,
    pub(crate) offset: Constants,
}

/// Computes what follows sums.
pub(crate) struct Present<'a> {
    pub(crate) affine: &'a Affine,
    pub(crate) field: Field,
    pub(crate) sums: (&'a [f32], usize),
    pub(crate) output: (&'a mut [f32], usize),
}

impl Present<'_> {
    pub(crate) fn run(self, isa: Isa) {
        assert!(self.field.lies_in(self.sums.0.len(), self.sums.1), "sums outside the map");
        assert!(self.field.lies_in(self.output.0.len(), self.output.1), "outputs outside the map");
        self.field.check(&[&self.affine.scale, &self.affine.shift]);
        activation::run(isa, self.affine.activation, self);
    }
}

impl Activated for Present<'_> {
    #[inline(always)]
    unsafe fn run<A: Activate, L: Lanes>(self) {
        // SAFETY: checked above.
        unsafe {
            let (from, to) = (self.sums.0.as_ptr(), self.output.0.as_mut_ptr());
            let Field { places, width } = self.field;
            for_blocks!(L, width, |block, J| {
                let scale = block.constants::<J>(&self.affine.scale);
                let shift = block.constants::<J>(&self.affine.shift);
                for row in 0..places.rows {
                    let (from, to) = (from.add(row * self.sums.1 + block.at), to.add(row * self.output.1 + block.at));
                    for column in 0..places.columns {
                        for j in 0..J {
                            let sum = block.load::<J>(from.add(column * width), j);
                            let value = A::apply::<L>(L::mul_add(sum, scale[j], shift[j]));
                            block.store::<J>(to.add(column * width), j, value);
                        }
                    }
                }
            });
        }
    }
}

/// Computes the gradients of sums.
pub(crate) struct Withdraw<'a> {
    pub(crate) affine: &'a Affine,
    pub(crate) pull: &'a Pull,
    pub(crate) field: Field,
    pub(crate) sums: (&'a [f32], usize),
    pub(crate) gradients: (&'a [f32], usize),
    pub(crate) output: (&'a mut [f32], usize),
}

impl Withdraw<'_> {
    pub(crate) fn run(self, isa: Isa) {
        assert!(self.field.lies_in(self.sums.0.len(), self.sums.1), "sums outside the map");
        assert!(self.field.lies_in(self.gradients.0.len(), self.gradients.1), "gradients outside the map");
        assert!(self.field.lies_in(self.output.0.len(), self.output.1), "outputs outside the map");
        let Pull { factor, slope, offset } = self.pull;
        self.field.check(&[&self.affine.scale, &self.affine.shift, factor, slope, offset]);
        activation::run(isa, self.affine.activation, self);
    }
}

impl Activated for Withdraw<'_> {
    #[inline(always)]
    unsafe fn run<A: Activate, L: Lanes>(self) {
        // SAFETY: checked above.
        unsafe {
            let (sums, gradients, to) = (self.sums.0.as_ptr(), self.gradients.0.as_ptr(), self.output.0.as_mut_ptr());
            let Field { places, width } = self.field;
            for_blocks!(L, width, |block, J| {
                let scale = block.constants::<J>(&self.affine.scale);
                let shift = block.constants::<J>(&self.affine.shift);
                let factor = block.constants::<J>(&self.pull.factor);
                let slope = block.constants::<J>(&self.pull.slope);
                let offset = block.constants::<J>(&self.pull.offset);
                for row in 0..places.rows {
                    let sums = sums.add(row * self.sums.1 + block.at);
                    let gradients = gradients.add(row * self.gradients.1 + block.at);
                    let to = to.add(row * self.output.1 + block.at);
                    for column in 0..places.columns {
                        for j in 0..J {
                            let sum = block.load::<J>(sums.add(column * width), j);
                            let gradient = block.load::<J>(gradients.add(column * width), j);
                            let before = A::pull::<L>(L::mul_add(sum, scale[j], shift[j]), gradient);
                            let rest = L::mul_add(sum, slope[j], offset[j]);
                            block.store::<J>(to.add(column * width), j, L::mul_add(before, factor[j], rest));
                        }
                    }
                }
            });
        }
    }
}

/// Two sums for each channel, in float32 while few values come in, in float64 over all.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    held: [Vec<f32>; 2],
    totals: [Vec<f64>; 2],
    fold: usize,
    /// Places that came in since what is held was moved to the totals.
    places: usize,
}

/// After so many places what is held in float32 is moved to the totals.
const PLACES_HELD: usize = 2048;

impl Tally {
    pub(crate) fn new(channels: usize, fold: usize) -> Self {
        let held = vec![0.0; (channels * fold).next_multiple_of(WIDEST)];
        Self { held: [held.clone(), held], totals: [vec![0.0; channels], vec![0.0; channels]], fold, places: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.held.iter_mut().for_each(|held| held.fill(0.0));
        self.totals.iter_mut().for_each(|totals| totals.fill(0.0));
        self.places = 0;
    }

    /// Makes room for what so many places bring.
    fn expect(&mut self, field: Field) {
        assert!(self.held[0].len() >= field.width.next_multiple_of(WIDEST), "sums for each channel");
        let places = field.places.count();
        if self.places + places > PLACES_HELD {
            self.settle();
        }
        self.places += places;
    }

    fn settle(&mut self) {
        for (held, totals) in self.held.iter_mut().zip(&mut self.totals) {
            let channels = totals.len();
            for (i, value) in held.iter_mut().enumerate().take(channels * self.fold) {
                totals[i % channels] += f64::from(*value);
                *value = 0.0;
            }
        }
        self.places = 0;
    }

    /// The two sums of each channel.
    pub(crate) fn totals(&mut self) -> [&[f64]; 2] {
        self.settle();
        [&self.totals[0], &self.totals[1]]
    }
}

/// Adds the sums of values, and of their squares, both less `centre`.
pub(crate) struct Moments<'a> {
    pub(crate) centre: &'a Constants,
    pub(crate) field: Field,
    pub(crate) values: (&'a [f32], usize),
    pub(crate) tally: &'a mut Tally,
}

impl Moments<'_> {
    pub(crate) fn run(self, isa: Isa) {
        assert!(self.field.lies_in(self.values.0.len(), self.values.1), "values outside the map");
        self.tally.expect(self.field);
        self.field.check(&[self.centre]);
        isa.run(self);
    }
}

impl Kernel for Moments<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: checked above.
        unsafe {
            let Field { places, width } = self.field;
            let [firsts, seconds] = &mut self.tally.held;
            for_blocks!(L, width, |block, J| {
                let centre = block.constants::<J>(self.centre);
                let (firsts, seconds) = (firsts.as_mut_ptr().add(block.at), seconds.as_mut_ptr().add(block.at));
                let mut first: [L::Vector; J] = std::array::from_fn(|j| L::load(firsts.add(j * L::LANES)));
                let mut second: [L::Vector; J] = std::array::from_fn(|j| L::load(seconds.add(j * L::LANES)));
                for row in 0..places.rows {
                    let from = self.values.0.as_ptr().add(row * self.values.1 + block.at);
                    for column in 0..places.columns {
                        for j in 0..J {
                            let value = L::sub(block.load::<J>(from.add(column * width), j), centre[j]);
                            first[j] = L::add(first[j], value);
                            second[j] = L::mul_add(value, value, second[j]);
                        }
                    }
                }
                for j in 0..J {
                    L::store(firsts.add(j * L::LANES), first[j]);
                    L::store(seconds.add(j * L::LANES), second[j]);
                }
            });
        }
    }
}

/// Adds the sums of gradients before an activation, and of those times the sums they belong to, less `centre`.
pub(crate) struct Collect<'a> {
    pub(crate) affine: &'a Affine,
    pub(crate) centre: &'a Constants,
    pub(crate) field: Field,
    pub(crate) sums: (&'a [f32], usize),
    pub(crate) gradients: (&'a [f32], usize),
    pub(crate) tally: &'a mut Tally,
}

impl Collect<'_> {
    pub(crate) fn run(self, isa: Isa) {
        assert!(self.field.lies_in(self.sums.0.len(), self.sums.1), "sums outside the map");
        assert!(self.field.lies_in(self.gradients.0.len(), self.gradients.1), "gradients outside the map");
        self.tally.expect(self.field);
        self.field.check(&[&self.affine.scale, &self.affine.shift, self.centre]);
        activation::run(isa, self.affine.activation, self);
    }
}

impl Activated for Collect<'_> {
    #[inline(always)]
    unsafe fn run<A: Activate, L: Lanes>(self) {
        // SAFETY: checked above.
        unsafe {
            let Field { places, width } = self.field;
            let [firsts, seconds] = &mut self.tally.held;
            for_blocks!(L, width, |block, J| {
                let scale = block.constants::<J>(&self.affine.scale);
                let shift = block.constants::<J>(&self.affine.shift);
                let centre = block.constants::<J>(self.centre);
                let (firsts, seconds) = (firsts.as_mut_ptr().add(block.at), seconds.as_mut_ptr().add(block.at));
                let mut first: [L::Vector; J] = std::array::from_fn(|j| L::load(firsts.add(j * L::LANES)));
                let mut second: [L::Vector; J] = std::array::from_fn(|j| L::load(seconds.add(j * L::LANES)));
                for row in 0..places.rows {
                    let sums = self.sums.0.as_ptr().add(row * self.sums.1 + block.at);
                    let gradients = self.gradients.0.as_ptr().add(row * self.gradients.1 + block.at);
                    for column in 0..places.columns {
                        for j in 0..J {
                            let sum = block.load::<J>(sums.add(column * width), j);
                            let gradient = block.load::<J>(gradients.add(column * width), j);
                            let before = A::pull::<L>(L::mul_add(sum, scale[j], shift[j]), gradient);
                            first[j] = L::add(first[j], before);
                            second[j] = L::mul_add(before, L::sub(sum, centre[j]), second[j]);
                        }
                    }
                }
                for j in 0..J {
                    L::store(firsts.add(j * L::LANES), first[j]);
                    L::store(seconds.add(j * L::LANES), second[j]);
                }
            });
        }
    }
}
