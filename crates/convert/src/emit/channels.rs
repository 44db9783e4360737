//! The table by which accumulators become int8, in the form that the emitted code reads it.

use automcu_model::Node;

use crate::{
    arithmetic::Multiplier,
    network::{Network, Weights},
    ops::{Bounds, bounds},
};

/// The quick form adds rounding and zero point before it shifts; beyond this many bits the sum might overflow.
const QUICK_SHIFT: i32 = 21;
/// The quick form doubles accumulators, so they must be below.
const QUICK_SUM: i64 = 1 << 30;

/// A factor as the emitted code applies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factor {
    pub(crate) multiplier: i32,
    pub(crate) rounding: i32,
    pub(crate) shift: i32,
}

impl Factor {
    /// The quick form, for accumulators of at most `largest`, if there is one.
    pub(crate) fn quick(factor: Multiplier, zero: i8, largest: i64) -> Option<Self> {
        let zero = i32::from(zero);
        let right = -factor.shift;
        // What always rounds to 0 needs no multiplier.
        if factor.multiplier == 0 || right > QUICK_SHIFT && right < 62 && largest < 1 << (right - 1) {
            return Some(Self { multiplier: 0, rounding: 2 * zero + 1, shift: 1 });
        }
        let is_quick = (1..=QUICK_SHIFT).contains(&right) && largest < QUICK_SUM;
        is_quick.then(|| Self { multiplier: factor.multiplier, rounding: (2 * zero + 1) << (right - 1), shift: right })
    }

    /// As members of a C initialiser.
    pub(crate) fn members(self) -> String {
        format!(".multiplier = {}, .rounding = {}, .shift = {}", self.multiplier, self.rounding, self.shift)
    }

    /// The form that covers everything.
    pub(crate) fn exact(factor: Multiplier, zero: i8) -> Self {
        Self { multiplier: factor.multiplier, rounding: zero.into(), shift: factor.shift }
    }
}

/// The quick form of a factor where there is one, otherwise the exact one, and whether it is that.
pub(crate) fn factor(factor: Multiplier, zero: i8, largest: i64) -> (Factor, bool) {
    Factor::quick(factor, zero, largest).map_or_else(|| (Factor::exact(factor, zero), true), |quick| (quick, false))
}

/// The table of one layer.
pub(crate) struct Channels {
    pub(crate) rows: Vec<(i32, Factor)>,
    pub(crate) is_exact: bool,
    pub(crate) bounds: Bounds,
}

impl Channels {
    /// `weights_of` gives the weights of an output channel.
    pub(crate) fn of<'w, I: Iterator<Item = &'w i8>>(
        network: &Network,
        node: &Node,
        weights: &'w Weights,
        weights_of: impl Fn(usize) -> I,
    ) -> Self {
        let (input, output) = network.ends(node);
        let zero = i64::from(input.zero_point);
        let mut sums = Vec::with_capacity(weights.biases.len());
        for (channel, (&bias, &scale)) in weights.biases.iter().zip(&weights.scales).enumerate() {
            let (mut sum, mut size) = (0_i64, 0_i64);
            for &weight in weights_of(channel) {
                sum += i64::from(weight);
                size += i64::from(weight).abs();
            }
            let folded = i64::from(bias) - zero * sum;
            let factor = Multiplier::of(f64::from(input.scale) * f64::from(scale) / f64::from(output.scale));
            sums.push((folded, folded.abs() + 128 * size, factor));
        }
        let quick: Option<Vec<_>> =
            sums.iter().map(|&(_, largest, factor)| Factor::quick(factor, output.zero_point, largest)).collect();
        let is_exact = quick.is_none();
        let factors = quick.unwrap_or_else(|| sums.iter().map(|sum| Factor::exact(sum.2, output.zero_point)).collect());
        // Accumulators wrap around in the reference as here, so that a bias beyond 32 bits means the same.
        #[expect(clippy::cast_possible_truncation, reason = "accumulators wrap around")]
        let rows = sums.iter().zip(factors).map(|(sum, factor)| (sum.0 as i32, factor)).collect();
        Self { rows, is_exact, bounds: bounds(network, node) }
    }
}
