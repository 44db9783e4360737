//! What a network is worth on samples it has not learnt from.

use automcu_dataset::{BatchError, EvaluationBatches};
use serde::{Deserialize, Serialize};

use crate::{
    executor::{Executor, State},
    random::Numbers,
};

/// A share of right answers, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The share of right answers.
    pub share: f64,
    /// The ends of the interval that holds 95 of 100 shares of samples drawn anew from these.
    pub interval: (f64, f64),
    /// How many samples were asked.
    pub samples: u32,
}

/// So many times samples are drawn anew.
const DRAWS: usize = 1000;

impl Accuracy {
    /// Of so many right answers.
    #[must_use]
    pub fn of(right: u32, samples: u32) -> Self {
        let share = f64::from(right) / f64::from(samples.max(1));
        let mut numbers = Numbers::new(u64::from(right) << 32 | u64::from(samples));
        // A draw of answers anew is so many tosses of a coin that shows "right" as often as the answers do. Beyond some
        // tosses their sum is as good as normal.
        let toss = |numbers: &mut Numbers| {
            if samples <= 200 {
                let right = (0..samples).filter(|_| numbers.share() < share).count();
                #[expect(clippy::cast_precision_loss, reason = "at most 200")]
                let right = right as f64;
                right / f64::from(samples.max(1))
            } else {
                let deviation = (share * (1.0 - share) / f64::from(samples)).sqrt();
                (share + deviation * numbers.normal()).clamp(0.0, 1.0)
            }
        };
        let mut drawn: Vec<f64> = (0..DRAWS).map(|_| toss(&mut numbers)).collect();
        drawn.sort_by(f64::total_cmp);
        Self { share, interval: (drawn[DRAWS / 40], drawn[DRAWS - 1 - DRAWS / 40]), samples }
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
