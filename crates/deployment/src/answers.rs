//! What an int8 network answers to samples, computed in the very integers that ship.

use std::{num::NonZero, thread};

use automcu_convert::{Interpreter, Network, NotComputed, Quantisation, largest};
use automcu_dataset::{Samples, Values};
use serde::Serialize;

/// What the bytes of an image mean to a network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// What 0 means.
    pub least: f32,
    /// What 255 means.
    pub most: f32,
    /// Whether it was chosen by the network's input.
    pub is_guessed: bool,
}

/// How a range is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeChoice {
    /// Whichever the network's input comes closest to.
    Auto,
    /// 0 to 1.
    Unit,
    /// -1 to 1.
    Signed,
    /// 0 to 255.
    Bytes,
    /// The byte less 128, by 128: what training makes of them.
    Centred,
}

/// What the input of a network that was trained here means.
const CENTRED: Quantisation = Quantisation { scale: 1.0 / 128.0, zero_point: 0 };

impl Range {
    fn chosen(choice: RangeChoice, first: Quantisation) -> Self {
        let range = |least, most| Self { least, most, is_guessed: choice == RangeChoice::Auto };
        let all = [range(0.0, 1.0), range(-1.0, 1.0), range(0.0, 255.0), range(-1.0, 127.0 / 128.0)];
        match choice {
            RangeChoice::Unit => all[0],
            RangeChoice::Signed => all[1],
            RangeChoice::Bytes => all[2],
            RangeChoice::Centred => all[3],
            // Few other networks have steps of exactly 1/128 about 0.
            RangeChoice::Auto if first == CENTRED => all[3],
            RangeChoice::Auto => {
                let (least, most) = (first.real(i8::MIN), first.real(i8::MAX));
                // How far the ends are apart, as a share of the range.
                let distance = |range: &Self| {
                    ((least - range.least).abs() + (most - range.most).abs()) / (range.most - range.least)
                };
                all.into_iter().take(3).min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("three ranges")
            }
        }
    }

    /// The int8 of each byte.
    fn table(self, first: Quantisation) -> [i8; 256] {
        std::array::from_fn(|byte| {
            let share = f32::from(u8::try_from(byte).expect("256 bytes")) / 255.0;
            first.of_real(self.least + (self.most - self.least) * share)
        })
    }
}

/// How the values of a sample become a network's input.
pub enum Input {
    /// By a table of bytes.
    Bytes(Range, Box<[i8; 256]>),
    /// Standardised values are what they are.
    Floats(Quantisation),
}

impl Input {
    /// For these values, where the network's first tensor is quantised so.
    #[must_use]
    pub fn of(choice: RangeChoice, first: Quantisation, values: &Values) -> Self {
        match values {
            Values::Bytes(_) => {
                let range = Range::chosen(choice, first);
                Self::Bytes(range, Box::new(range.table(first)))
            }
            Values::Floats(_) => Self::Floats(first),
        }
    }

    /// What bytes mean; none where the samples are no pictures.
    #[must_use]
    pub const fn range(&self) -> Option<Range> {
        match self {
            Self::Bytes(range, _) => Some(*range),
            Self::Floats(_) => None,
        }
    }

    /// Makes `input` that of sample `i`.
    pub fn fill(&self, samples: &Samples, i: usize, input: &mut Vec<i8>) {
        input.clear();
        let place = i * samples.each()..(i + 1) * samples.each();
        match (self, samples.values()) {
            (Self::Bytes(_, table), Values::Bytes(values)) => {
                input.extend(values[place].iter().map(|&byte| table[usize::from(byte)]));
            }
            (Self::Floats(first), Values::Floats(values)) => {
                input.extend(values[place].iter().map(|&value| first.of_real(value)));
            }
            _ => unreachable!("an input is made for its samples"),
        }
    }
}

/// The class that the network answers for each sample, on so many threads.
pub fn answers(
    network: &Network,
    samples: &Samples,
    input: &Input,
    threads: NonZero<usize>,
) -> Result<Vec<usize>, NotComputed> {
    let part = &|part: std::ops::Range<usize>| -> Result<Vec<usize>, NotComputed> {
        let mut interpreter = Interpreter::new(network)?;
        let mut values = Vec::new();
        let answers = part.map(|i| {
            input.fill(samples, i, &mut values);
            largest(interpreter.run(&values).expect("the shapes were compared"))
        });
        Ok(answers.collect())
    };
    let each = samples.len().div_ceil(threads.get()).max(1);
    thread::scope(|scope| {
        let starts = (0..samples.len()).step_by(each);
        let parts: Vec<_> =
            starts.map(|start| scope.spawn(move || part(start..(start + each).min(samples.len())))).collect();
        let mut answers = Vec::with_capacity(samples.len());
        for part in parts {
            answers.extend(part.join().expect("computing does not panic")?);
        }
        Ok(answers)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_that_of_the_input() {
        for (scale, zero_point, least, most) in [
            (1.0 / 255.0, -128, 0.0, 1.0),
            (2.0 / 255.0, 0, -1.0, 1.0),
            (1.0, -128, 0.0, 255.0),
            (0.0078, -1, -1.0, 1.0),
            (1.0 / 128.0, 0, -1.0, 127.0 / 128.0),
        ] {
            let range = Range::chosen(RangeChoice::Auto, Quantisation { scale, zero_point });
            assert_eq!((range.least, range.most, range.is_guessed), (least, most, true));
        }
        let unit = Range::chosen(RangeChoice::Auto, Quantisation { scale: 1.0 / 255.0, zero_point: -128 });
        let table = unit.table(Quantisation { scale: 1.0 / 255.0, zero_point: -128 });
        assert_eq!((table[0], table[128], table[255]), (-128, 0, 127));
        let centred = Range::chosen(RangeChoice::Auto, CENTRED).table(CENTRED);
        assert!((0..=255_u8).all(|byte| centred[usize::from(byte)] == (byte ^ 0x80).cast_signed()));
    }
}
