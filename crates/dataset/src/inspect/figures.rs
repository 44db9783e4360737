//! How many samples there are, and how large their values.

use serde::Serialize;

use crate::{Part, Samples, Values};

/// A part in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartFigures {
    /// Which.
    pub part: Part,
    /// How many samples it has.
    pub samples: usize,
    /// The values of each channel, as they are before they are standardised.
    pub channels: Vec<Channel>,
}

/// The values of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Their mean.
    pub mean: f64,
    /// Their deviation.
    pub deviation: f64,
    /// The least of them.
    pub least: f64,
    /// The largest of them.
    pub most: f64,
}

/// Sums over values so far.
#[derive(Clone, Copy)]
struct Sums {
    sum: f64,
    squares: f64,
    least: f64,
    most: f64,
}

impl PartFigures {
    pub(crate) fn of(part: Part, samples: &Samples) -> Self {
        let count = usize::try_from(samples.shape().channels).unwrap_or(1).max(1);
        let channels = match samples.values() {
            Values::Bytes(values) => channels(values.iter().map(|&value| f64::from(value)), count),
            Values::Floats(values) => channels(values.iter().map(|&value| f64::from(value)), count),
        };
        let channels = match samples.standard() {
            None => channels,
            Some(standard) => {
                let figures = standard.means().iter().zip(standard.deviations());
                channels.into_iter().zip(figures).map(|(channel, (&mean, &by))| channel.undone(mean, by)).collect()
            }
        };
        Self { part, samples: samples.len(), channels }
    }
}

impl Channel {
    /// These figures of the values before the mean was taken away and they were divided.
    fn undone(self, mean: f32, by: f32) -> Self {
        let (mean, by) = (f64::from(mean), f64::from(by));
        let value = |value: f64| value * by + mean;
        Self {
            mean: value(self.mean),
            deviation: self.deviation * by,
            least: value(self.least),
            most: value(self.most),
        }
    }
}

fn channels(values: impl Iterator<Item = f64>, count: usize) -> Vec<Channel> {
    let none = Sums { sum: 0.0, squares: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY };
    let mut sums = vec![none; count];
    let (mut channel, mut seen) = (0, 0_usize);
    for value in values {
        let sums = &mut sums[channel];
        sums.sum += value;
        sums.squares += value * value;
        sums.least = sums.least.min(value);
        sums.most = sums.most.max(value);
        channel = if channel + 1 == count { 0 } else { channel + 1 };
        seen += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of values")]
    let each = (seen / count).max(1) as f64;
    let figures = |sums: &Sums| {
        let mean = sums.sum / each;
        let deviation = (sums.squares / each - mean * mean).max(0.0).sqrt();
        Channel { mean, deviation, least: sums.least, most: sums.most }
    };
    sums.iter().map(figures).collect()
}
