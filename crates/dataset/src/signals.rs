//! A built-in set of signals: eight kinds of movement on three channels, drawn from a seed. It needs no download.
//!
//! Kinds come at any moment, in any direction, with either sign and in any size, so that neither a single step nor a
//! weighted sum of steps tells them apart: a network has to find a shape wherever it is.

use std::f32::consts::TAU;

use automcu_model::Shape;

use crate::{Samples, Values, numbers::Numbers};

/// What the classes are.
pub const SIGNAL_CLASSES: [&str; 8] = [
    "slow wave",
    "fast wave",
    "rising chirp",
    "falling chirp",
    "two knocks",
    "three knocks",
    "ringing knock",
    "swelling ringing",
];

const STEPS: u16 = 128;
const CHANNELS: u16 = 3;

/// Signals of the eight kinds, as many of each as can be, the same for a seed every time. Signal `first + i` is the same
/// whatever `first` and `count` are, so that parts of one seed never overlap.
#[must_use]
pub fn signals(seed: u64, first: u64, count: usize) -> Samples {
    let shape = Shape { height: STEPS.into(), width: 1, channels: CHANNELS.into() };
    let mut values = Vec::with_capacity(count * usize::from(STEPS * CHANNELS));
    let mut labels = Vec::with_capacity(count);
    for signal in (first..).take(count) {
        let class = u16::try_from(signal % 8).expect("eight classes");
        labels.push(class);
        draw(class, &mut Numbers::of(seed ^ 0x5167, signal), &mut values);
    }
    let names = SIGNAL_CLASSES.map(String::from).to_vec();
    Samples::new(shape, Values::Floats(values), labels, names).expect("a signal for each label")
}

fn draw(class: u16, numbers: &mut Numbers, values: &mut Vec<f32>) {
    let movement = Movement::of(class, numbers);
    let size = numbers.between(0.7, 1.5);
    // In which direction it goes; any sign is as likely as the other.
    let direction: [f32; 3] = std::array::from_fn(|_| numbers.between(-1.0, 1.0));
    let length = direction.iter().map(|part| part * part).sum::<f32>().sqrt().max(0.1);
    let rest: [f32; 3] = std::array::from_fn(|_| numbers.between(-0.5, 0.5));
    let hum = (numbers.between(0.1, 0.35), numbers.between(0.0, TAU), numbers.between(0.0, 0.3));
    for step in 0..STEPS {
        let step = f32::from(step);
        let value = size * movement.at(step);
        let hum = hum.2 * (hum.0 * step + hum.1).sin();
        for channel in 0..usize::from(CHANNELS) {
            values.push(rest[channel] + value * direction[channel] / length + hum + 0.25 * numbers.normal());
        }
    }
}

/// What one signal does, in steps.
enum Movement {
    /// A wave whose frequency goes from one to another within a stretch.
    Wave { start: f32, steps: f32, from: f32, to: f32, phase: f32 },
    /// Short bumps, in turn up and down.
    Knocks { start: f32, apart: f32, count: u8 },
    /// A wave that dies away, or that swells and stops.
    Ringing { start: f32, steps: f32, rate: f32, swells: bool },
}

impl Movement {
    fn of(class: u16, numbers: &mut Numbers) -> Self {
        let start = numbers.between(4.0, 44.0);
        let steps = numbers.between(50.0, 76.0);
        let phase = numbers.between(0.0, TAU);
        let (slow, fast) = (numbers.between(0.22, 0.34), numbers.between(0.62, 0.9));
        let wave = |from, to| Self::Wave { start, steps, from, to, phase };
        let mut knocks = |count| Self::Knocks { start, apart: numbers.between(14.0, 24.0), count };
        match class {
            0 => wave(slow, slow),
            1 => wave(fast, fast),
            2 => wave(slow, fast),
            3 => wave(fast, slow),
            4 => knocks(2),
            5 => knocks(3),
            6 => Self::Ringing { start, steps, rate: fast, swells: false },
            _ => Self::Ringing { start, steps, rate: fast, swells: true },
        }
    }

    fn at(&self, step: f32) -> f32 {
        match *self {
            Self::Wave { start, steps, from, to, phase } => {
                let share = (step - start) / steps;
                let turned = from * (step - start) + (to - from) * (step - start) * share / 2.0;
                if (0.0..1.0).contains(&share) { (turned + phase).sin() * edge(share) } else { 0.0 }
            }
            Self::Knocks { start, apart, count } => (0..count)
                .map(|knock| {
                    let from = (step - start - 4.0 - apart * f32::from(knock)) / 3.0;
                    let sign = if knock % 2 == 0 { 1.6 } else { -1.6 };
                    sign * (-from * from).exp()
                })
                .sum(),
            Self::Ringing { start, steps, rate, swells } => {
                let share = (step - start) / steps;
                if !(0.0..1.0).contains(&share) {
                    return 0.0;
                }
                let since = if swells { 1.0 - share } else { share };
                1.5 * (-4.0 * since).exp() * (rate * (step - start)).sin()
            }
        }
    }
}

/// Rises from 0 and falls back to 0 at the ends of a stretch.
fn edge(share: f32) -> f32 {
    (share.min(1.0 - share) * 8.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_the_same_every_time_and_none_is_another() {
        let all = signals(7, 0, 160);
        assert_eq!(all.subset(&(50..70).collect::<Vec<_>>()), signals(7, 50, 20));
        assert_ne!(signals(8, 0, 1), signals(7, 0, 1));
        assert!((0..8).all(|class| all.labels().iter().filter(|label| **label == class).count() == 20));
        assert!(all.floats().expect("signals").flatten().all(|value| value.is_finite()));
    }

    /// The share of other signals that a linear classifier gets right, learnt by gradient descent on the squared error.
    fn linear_accuracy(transform: fn(&[f32]) -> Vec<f32>) -> f32 {
        let [train, test] = [signals(3, 0, 4_000), signals(3, 4_000, 1_000)];
        let features = |samples: &Samples| samples.floats().expect("signals").map(transform).collect::<Vec<_>>();
        let (inputs, others) = (features(&train), features(&test));
        let length = inputs[0].len();
        let mut weights = vec![vec![0.0_f32; length]; 8];
        let answer = |weights: &[f32], input: &[f32]| weights.iter().zip(input).map(|(w, x)| w * x).sum::<f32>();
        for _ in 0..15 {
            for (input, &label) in inputs.iter().zip(train.labels()) {
                let size: f32 = input.iter().map(|value| value * value).sum::<f32>().max(1e-3);
                for (class, weights) in (0_u16..).zip(&mut weights) {
                    let wanted = if class == label { 1.0 } else { 0.0 };
                    let step = 0.05 * (wanted - answer(weights, input)) / size;
                    weights.iter_mut().zip(input).for_each(|(weight, value)| *weight += step * value);
                }
            }
        }
        let is_right = |(input, label): &(&Vec<f32>, &u16)| {
            let scores = weights.iter().map(|weights| answer(weights, input));
            let best = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(class, _)| class);
            best == Some(usize::from(**label))
        };
        let right = others.iter().zip(test.labels()).filter(is_right).count();
        f32::from(u16::try_from(right).expect("few")) / 1_000.0
    }

    /// The largest answer of random kernels anywhere, and how often they answer: what one layer of convolution without any
    /// learning sees.
    fn kernels(signal: &[f32]) -> Vec<f32> {
        let mut features = Vec::new();
        for kernel in 0..96 {
            let mut numbers = Numbers::of(0x77, kernel);
            let apart = [1, 2, 3, 4][usize::try_from(kernel % 4).expect("small")];
            let mut weights: Vec<f32> = (0..27).map(|_| numbers.normal()).collect();
            let mean = weights.iter().sum::<f32>() / 27.0;
            weights.iter_mut().for_each(|weight| *weight = (*weight - mean) / 3.0);
            let bias = numbers.between(-1.0, 1.0);
            let answer = |start: usize| {
                let taps = (0..9).flat_map(|tap| (0..3).map(move |channel| 3 * (start + tap * apart) + channel));
                bias + taps.zip(&weights).map(|(place, weight)| signal[place] * weight).sum::<f32>()
            };
            let answers: Vec<f32> = (0..128 - 8 * apart).map(answer).collect();
            let often = answers.iter().filter(|&&answer| answer > 0.0).count();
            let share = f32::from(u16::try_from(often).expect("few")) / 128.0;
            features.extend([answers.iter().copied().fold(0.0, f32::max) - 1.5, 4.0 * (share - 0.5)]);
        }
        features.push(1.0);
        features
    }

    #[test]
    fn signals_are_not_told_apart_by_weighing_their_steps() {
        let plain = linear_accuracy(|signal| [signal, &[1.0]].concat());
        let convolved = linear_accuracy(kernels);
        assert!(plain < 0.25 && convolved > 0.5, "{plain} {convolved}");
    }
}
