//! All parts as one list of samples.

use automcu_model::Shape;
use serde::Serialize;

use crate::{Part, Samples, Values, numbers::Numbers};

/// A projection weighs so many values.
const WEIGHED: usize = 128;

/// Where a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The part.
    pub part: Part,
    /// Its number there, from 0.
    pub sample: usize,
    /// The class that it is labelled with.
    pub label: u16,
}

/// All samples of one shape, part after part.
pub(crate) struct Pool<'s> {
    parts: Vec<(Part, &'s Samples)>,
}

/// The values of a sample.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum View<'s> {
    Bytes(&'s [u8]),
    Floats(&'s [f32]),
}

impl<'s> Pool<'s> {
    /// Parts of another shape than the first are left out.
    pub(crate) fn new(parts: &[(Part, &'s Samples)]) -> Self {
        let shape = parts.first().map(|(_, samples)| samples.shape());
        let parts = parts.iter().filter(|(_, samples)| Some(samples.shape()) == shape).copied().collect();
        Self { parts }
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|(_, samples)| samples.len()).sum()
    }

    /// The samples of the first part.
    pub(crate) fn first(&self) -> Option<&'s Samples> {
        self.parts.first().map(|(_, samples)| *samples)
    }

    pub(crate) fn place(&self, sample: usize) -> Place {
        let (part, samples, sample) = self.find(sample);
        Place { part, sample, label: samples.labels()[sample] }
    }

    pub(crate) fn view(&self, sample: usize) -> View<'s> {
        let (_, samples, sample) = self.find(sample);
        let each = samples.each();
        let range = sample * each..(sample + 1) * each;
        match samples.values() {
            Values::Bytes(values) => View::Bytes(&values[range]),
            Values::Floats(values) => View::Floats(&values[range]),
        }
    }

    fn find(&self, mut sample: usize) -> (Part, &'s Samples, usize) {
        for (part, samples) in &self.parts {
            if sample < samples.len() {
                return (*part, samples, sample);
            }
            sample -= samples.len();
        }
        unreachable!("samples are counted from 0 to {}", self.len())
    }
}

impl View<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    pub(crate) fn at(&self, place: usize) -> f32 {
        match self {
            Self::Bytes(values) => values[place].into(),
            Self::Floats(values) => values[place],
        }
    }

    /// All values as floats.
    pub(crate) fn values(&self) -> Vec<f32> {
        match self {
            Self::Bytes(values) => values.iter().map(|&value| value.into()).collect(),
            Self::Floats(values) => values.to_vec(),
        }
    }

    /// How alike two samples are: the correlation of their values about the means of their channels, 1 where one is the other
    /// but for brightness and contrast. Samples without any contrast are like none.
    pub(crate) fn likeness(&self, other: &Self, channels: usize) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a count of values")]
        let count = (self.len() / channels).max(1) as f64;
        let (mut own, mut others, mut both) = (0.0, 0.0, 0.0);
        for channel in 0..channels {
            let (mut a, mut b, mut aa, mut bb, mut ab) = (0.0_f64, 0.0, 0.0, 0.0, 0.0);
            for place in (channel..self.len()).step_by(channels) {
                let (x, y) = (f64::from(self.at(place)), f64::from(other.at(place)));
                a += x;
                b += y;
                aa += x * x;
                bb += y * y;
                ab += x * y;
            }
            own += aa - a * a / count;
            others += bb - b * b / count;
            both += ab - a * b / count;
        }
        #[expect(clippy::cast_possible_truncation, reason = "-1 to 1")]
        let likeness = (both / (own * others).max(1e-12).sqrt()) as f32;
        if own > 1e-6 && others > 1e-6 { likeness } else { 0.0 }
    }
}

/// The channels that have means of their own: those of a vector have one value each, and are taken together.
pub(crate) fn channels(shape: Shape) -> usize {
    if shape.area() == 1 { 1 } else { usize::try_from(shape.channels).unwrap_or(1).max(1) }
}

/// Some of a sample's values, drawn by lot, with the sign that each counts with.
pub(crate) fn weighed(seed: u64, axis: u64, length: usize) -> Vec<(usize, f32)> {
    let mut numbers = Numbers::of(seed, axis);
    let bits = (0..WEIGHED.min(length)).map(|_| numbers.bits());
    let value = |bits: u64| {
        let place = usize::try_from((bits >> 1) % length as u64).unwrap_or(0);
        (place, if bits & 1 == 0 { 1.0 } else { -1.0 })
    };
    bits.map(value).collect()
}
