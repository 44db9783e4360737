//! What tensors hold on samples.

use automcu_model::Graph;

use super::{Method, QuantiseError};
use crate::float::{FloatInterpreter, FloatNetwork};

/// The least and the most that a tensor is to hold; 0 lies between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least.
    pub least: f32,
    /// The most.
    pub most: f32,
}

impl Range {
    /// Nothing but 0.
    pub(super) const NOTHING: Self = Self { least: 0.0, most: 0.0 };

    pub(super) const fn with(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// How many classes a histogram has.
const CLASSES: usize = 2048;
/// The ranges that are tried for the least error: so many shares of what was seen.
const SHARES: u16 = 64;

/// What was seen.
pub(super) struct Observations {
    /// By tensor.
    pub(super) ranges: Vec<Range>,
    /// The mean of each channel, by tensor.
    pub(super) means: Vec<Vec<f64>>,
}

impl Observations {
    pub(super) fn of(network: &FloatNetwork, samples: &[f32], method: Method) -> Result<Self, QuantiseError> {
        let graph = &network.graph;
        let mut seen = vec![Range::NOTHING; graph.tensors().len()];
        let mut means: Vec<Vec<f64>> = graph.tensors().iter().map(|shape| vec![0.0; shape.channels as usize]).collect();
        let mut float = FloatInterpreter::new(network);
        let each = float.tensor(Graph::INPUT.index()).len();
        for sample in samples.chunks_exact(each) {
            float.run(sample);
            for (place, (range, means)) in seen.iter_mut().zip(&mut means).enumerate() {
                see(float.tensor(place), range, means).map_err(|value| not_finite(graph, place, value))?;
            }
        }
        for (shape, means) in graph.tensors().iter().zip(&mut means) {
            #[expect(clippy::cast_precision_loss, reason = "a count of values")]
            let count = (shape.area() * (samples.len() / each) as u64) as f64;
            means.iter_mut().for_each(|mean| *mean /= count);
        }
        if method == Method::MinMax {
            return Ok(Self { ranges: seen, means });
        }
        let mut histograms = vec![[0_u64; CLASSES]; seen.len()];
        for sample in samples.chunks_exact(each) {
            float.run(sample);
            for (place, (range, histogram)) in seen.iter().zip(&mut histograms).enumerate() {
                // What is exactly 0 costs nothing in any steps, and is nobody's end.
                let values = float.tensor(place).iter().filter(|value| **value != 0.0);
                values.for_each(|&value| histogram[class(*range, value)] += 1);
            }
        }
        let narrowed = seen.iter().zip(&histograms).map(|(&range, histogram)| match method {
            Method::MinMax => range,
            Method::Percentile(share) => without_ends(range, histogram, share),
            Method::SquaredError => with_least_error(range, histogram),
        });
        Ok(Self { ranges: narrowed.collect(), means })
    }
}

fn see(values: &[f32], range: &mut Range, means: &mut [f64]) -> Result<(), f32> {
    for pixel in values.chunks_exact(means.len()) {
        for (&value, mean) in pixel.iter().zip(means.iter_mut()) {
            if !value.is_finite() {
                return Err(value);
            }
            *range = range.with(Range { least: value, most: value });
            *mean += f64::from(value);
        }
    }
    Ok(())
}

fn not_finite(graph: &Graph, tensor: usize, value: f32) -> QuantiseError {
    let writer = graph.nodes().iter().find(|node| node.output.index() == tensor);
    QuantiseError::NotFinite {
        origin: writer.map_or_else(|| "the input".to_owned(), |node| node.origin.to_string()),
        op: writer.map_or("reading it", |node| node.op.word()),
        value,
    }
}

/// The class of a value in the histogram of a range.
fn class(range: Range, value: f32) -> usize {
    let span = (range.most - range.least).max(f32::MIN_POSITIVE);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of the classes, within them"
    )]
    let class = ((value - range.least) / span * CLASSES as f32) as usize;
    class.min(CLASSES - 1)
}

/// The value in the middle of a class.
fn middle(range: Range, class: usize) -> f64 {
    let span = f64::from(range.most) - f64::from(range.least);
    #[expect(clippy::cast_precision_loss, reason = "few classes")]
    let share = (class as f64 + 0.5) / CLASSES as f64;
    f64::from(range.least) + span * share
}

/// The range without a share of the values at each end; what is exactly 0 counts for neither.
fn without_ends(range: Range, histogram: &[u64; CLASSES], share: f64) -> Range {
    let total: u64 = histogram.iter().sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a count"
    )]
    let left_out = (total as f64 * share.clamp(0.0, 0.5)) as u64;
    let value = |class: Option<usize>| class.map_or(0.0, |class| middle(range, class));
    let least = value(first_beyond(histogram, 0..CLASSES, left_out));
    let most = value(first_beyond(histogram, (0..CLASSES).rev(), left_out));
    #[expect(clippy::cast_possible_truncation, reason = "a range is float32")]
    let [least, most] = [least as f32, most as f32];
    if least >= 0.0 && most <= 0.0 {
        return range;
    }
    Range { least: least.min(0.0).max(range.least), most: most.max(0.0).min(range.most) }
}

/// The first of these classes before which, itself among them, more than so many values lie.
fn first_beyond(histogram: &[u64; CLASSES], mut classes: impl Iterator<Item = usize>, count: u64) -> Option<usize> {
    let mut passed = 0;
    classes.find(|&class| {
        passed += histogram[class];
        passed > count
    })
}

/// The part of the range for which rounding and what is cut off together are least.
fn with_least_error(range: Range, histogram: &[u64; CLASSES]) -> Range {
    let error = |part: Range| {
        let step = (f64::from(part.most) - f64::from(part.least)) / 255.0;
        let values = histogram.iter().enumerate().filter(|(_, count)| **count > 0);
        let errors = values.map(|(class, &count)| {
            let value = middle(range, class);
            let cut = value - value.clamp(part.least.into(), part.most.into());
            #[expect(clippy::cast_precision_loss, reason = "a count of values")]
            let count = count as f64;
            count * if cut == 0.0 { step * step / 12.0 } else { cut * cut }
        });
        errors.sum::<f64>()
    };
    let shares = || (SHARES / 16..=SHARES).map(|share| f32::from(share) / f32::from(SHARES));
    let best = |parts: &mut dyn Iterator<Item = Range>| parts.min_by(|a, b| error(*a).total_cmp(&error(*b)));
    // One end at a time, the upper one again when the lower one has moved.
    let mut part = range;
    for _ in 0..2 {
        part = best(&mut shares().map(|share| Range { most: range.most * share, ..part })).unwrap_or(part);
        part = best(&mut shares().map(|share| Range { least: range.least * share, ..part })).unwrap_or(part);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(range: Range, values: &[f32]) -> [u64; CLASSES] {
        let mut histogram = [0; CLASSES];
        values.iter().for_each(|&value| histogram[class(range, value)] += 1);
        histogram
    }

    /// One value in ten thousand lies far out.
    fn seen() -> (Range, Vec<f32>) {
        let mut values: Vec<f32> = (0..20_000_u16).map(|i| f32::from(i % 200) / 100.0 - 1.0).collect();
        values.extend([40.0, 41.0]);
        (Range { least: -1.0, most: 41.0 }, values)
    }

    #[test]
    fn a_percentile_leaves_the_rare_ones_out() {
        let (range, values) = seen();
        let narrowed = without_ends(range, &histogram(range, &values), 0.001);
        assert!(narrowed.least < -0.9 && (0.9..1.2).contains(&narrowed.most), "{narrowed:?}");
        assert_eq!(without_ends(range, &histogram(range, &values), 0.0).most.round(), 41.0);
    }

    #[test]
    fn ranges_of_few_values_are_those_of_the_values() {
        // What is exactly 0 is not counted; ten values of 4 are all that is left.
        let range = Range { least: 0.0, most: 4.0 };
        let few = histogram(range, &[4.0; 10]);
        assert!(without_ends(range, &few, 0.0001).most > 3.9);
        assert!(with_least_error(range, &few).most > 3.9);
        assert_eq!(without_ends(range, &[0; CLASSES], 0.1), range);
    }

    #[test]
    fn the_least_error_weighs_what_is_cut_off() {
        let (range, values) = seen();
        let kept = with_least_error(range, &histogram(range, &values));
        assert!(kept.most > 20.0, "two values of 40 cost more than coarse steps: {kept:?}");
        let many: Vec<f32> = std::iter::repeat_n(values[..20_000].to_vec(), 50).flatten().chain([2.0]).collect();
        let range = Range { least: -1.0, most: 2.0 };
        let cut = with_least_error(range, &histogram(range, &many));
        assert!(cut.most < 2.0, "a single one costs less: {cut:?}");
    }
}
