//! What a network is worth on samples it has not learnt from.

use automcu_dataset::{BatchError, EvaluationBatches};
use serde::{Deserialize, Serialize};

use crate::executor::{Executor, State};

/// A share of right answers, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The share of right answers.
    pub share: f64,
    /// On ever more such samples the share lies between these, 19 times out of 20: Wilson's interval, which is right for shares
    /// near 0 and 1 too, where drawing samples anew would say nothing.
    pub interval: (f64, f64),
    /// How many samples were asked.
    pub samples: u32,
}

/// So many deviations hold 19 of 20 draws.
const DEVIATIONS: f64 = 1.959_964;

impl Accuracy {
    /// Of so many right answers.
    #[must_use]
    pub fn of(right: u32, samples: u32) -> Self {
        let (all, square) = (f64::from(samples.max(1)), DEVIATIONS * DEVIATIONS);
        let share = f64::from(right) / all;
        let centre = share + square / (2.0 * all);
        let spread = DEVIATIONS * (share * (1.0 - share) / all + square / (4.0 * all * all)).sqrt();
        let end = |sign: f64| ((centre + sign * spread) / (1.0 + square / all)).clamp(0.0, 1.0);
        Self { share, interval: (end(-1.0), end(1.0)), samples }
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The share of right answers.
    pub accuracy: Accuracy,
    /// The mean loss, without smoothing.
    pub loss: f64,
}

/// Measures a state on all samples of these batches.
pub(crate) fn measure(
    executor: &mut Executor,
    state: &State,
    batches: &EvaluationBatches<'_>,
) -> Result<Measured, BatchError> {
    let (mut right, mut samples, mut loss) = (0, 0, 0.0);
    let mut feed = batches.here();
    while let Some(batch) = feed.next_batch() {
        executor.evaluate(state, &batch.values, batch.targets.len(), |i, logits| {
            let class = usize::from(batch.targets[i].first);
            // The first of the largest, as the int8 network answers.
            let best = (1..logits.len()).fold(0, |best, next| if logits[next] > logits[best] { next } else { best });
            right += u32::from(best == class);
            samples += 1;
            let most = f64::from(logits[best]);
            let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - most).exp()).sum();
            loss += most + sum.ln() - logits.get(class).map_or(f64::NEG_INFINITY, |&logit| f64::from(logit));
        });
    }
    Ok(Measured { accuracy: Accuracy::of(right, samples), loss: loss / f64::from(samples.max(1)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_share_and_narrows_with_samples() {
        let Accuracy { share, interval: (least, most), .. } = Accuracy::of(90, 100);
        assert!((share - 0.9).abs() < 1e-12 && (least - 0.8256).abs() < 1e-3 && (most - 0.9448).abs() < 1e-3);
        let (none, some) = Accuracy::of(0, 10).interval;
        assert!(none == 0.0 && (0.2..0.35).contains(&some));
        assert!(Accuracy::of(300, 300).interval.0 < 0.99, "all right of a few is not sure");
    }
}
