//! Values without unit: less the mean, by the deviation, channel by channel. The training part says which; the same is done
//! to every other part, and by the deployed network's caller.

use serde::Serialize;

/// The mean and the deviation of each channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standard {
    means: Vec<f32>,
    deviations: Vec<f32>,
}

impl Standard {
    /// That of these values, channels last.
    pub(crate) fn of(values: &[f32], channels: usize) -> Self {
        let mut sums = vec![(0.0_f64, 0.0_f64); channels];
        // Moments about the first sample, so that a large offset does not drown a small deviation.
        let about: Vec<f64> = values.iter().take(channels).map(|&value| value.into()).collect();
        for place in values.chunks_exact(channels) {
            for ((sum, squares), (&value, about)) in sums.iter_mut().zip(place.iter().zip(&about)) {
                let value = f64::from(value) - about;
                *sum += value;
                *squares += value * value;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of values")]
        let count = (values.len() / channels).max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "figures of f32 values")]
        let (means, deviations) = sums
            .iter()
            .zip(&about)
            .map(|((sum, squares), about)| {
                let mean = sum / count;
                let deviation = (squares / count - mean * mean).max(0.0).sqrt() as f32;
                // A channel that never moves keeps its unit, lest the first movement elsewhere becomes huge.
                ((mean + about) as f32, if deviation.is_normal() { deviation } else { 1.0 })
            })
            .unzip();
        Self { means, deviations }
    }

    /// The mean of each channel.
    #[must_use]
    pub fn means(&self) -> &[f32] {
        &self.means
    }

    /// The deviation of each channel, never 0.
    #[must_use]
    pub fn deviations(&self) -> &[f32] {
        &self.deviations
    }

    /// Takes the means away and divides by the deviations.
    pub fn apply(&self, values: &mut [f32]) {
        for place in values.chunks_exact_mut(self.means.len()) {
            for (value, (mean, deviation)) in place.iter_mut().zip(self.means.iter().zip(&self.deviations)) {
                *value = (*value - mean) / deviation;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_gets_mean_0_and_deviation_1() {
        let mut values = [1e6, 5.0, 1e6 + 2.0, 5.0, 1e6, 5.0, 1e6 + 2.0, 5.0];
        let standard = Standard::of(&values, 2);
        assert_eq!(standard.means(), [1e6 + 1.0, 5.0]);
        standard.apply(&mut values);
        assert_eq!(values, [-1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0]);
        let again = Standard::of(&values, 2);
        assert!((again.deviations()[0] - 1.0).abs() < 1e-6 && again.deviations()[1] == 1.0);
    }
}
