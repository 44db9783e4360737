//! Cross-entropy of logits with targets that may be mixed and smoothed.

use super::{
    shard::{Shard, present},
    shared::{Shared, single},
};
use automcu_dataset::Target;

use crate::{kernels::Places, plan::Plan};

/// What the outputs of a batch are held against.
#[derive(Clone, Copy, Debug)]
pub struct Loss<'a> {
    /// The classes of each sample.
    pub targets: &'a [Target],
    /// The share of certainty that is given to all classes alike.
    pub smoothing: f32,
}

impl Shard {
    /// Computes the loss of this shard's samples, as their share of the batch's mean, and the gradients of the outputs.
    pub(super) fn loss(&mut self, plan: &Plan, shared: &Shared, loss: &Loss<'_>) {
        let map = &plan.maps[plan.output];
        let classes = map.elements();
        let length = classes * self.count;
        let places = Places { rows: 1, columns: map.area() * self.count };
        let values = &self.values[plan.output][..length];
        let logits = present(shared, plan, plan.output, values, places, &mut self.scratch[0]);
        let gradients = &mut self.gradients[self.slots[plan.output]][..length];
        #[expect(clippy::cast_precision_loss, reason = "batches are small")]
        let share = 1.0 / loss.targets.len() as f32;
        let targets = &loss.targets[self.first..self.first + self.count];
        let mut total = 0.0;
        for ((logits, gradients), target) in
            logits.chunks_exact(classes).zip(gradients.chunks_exact_mut(classes)).zip(targets)
        {
            total += entropy(logits, gradients, target, loss.smoothing, share);
        }
        self.loss = total * f64::from(share);
        self.collect_all(plan, shared, plan.output);
    }
}

/// The loss of one sample; its gradients, times `share`.
fn entropy(logits: &[f32], gradients: &mut [f32], target: &Target, smoothing: f32, share: f32) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (gradient, logit) in gradients.iter_mut().zip(logits) {
        *gradient = (logit - most).exp();
        sum += *gradient;
    }
    let logarithm = f64::from(most) + f64::from(sum).ln();
    #[expect(clippy::cast_precision_loss, reason = "there are few classes")]
    let everywhere = smoothing / logits.len() as f32;
    let mut loss = 0.0;
    for (class, (gradient, &logit)) in gradients.iter_mut().zip(logits).enumerate() {
        let mut wanted = everywhere;
        for (label, weight) in [(target.first, target.share), (target.second, 1.0 - target.share)] {
            if usize::from(label) == class {
                wanted += (1.0 - smoothing) * weight;
            }
        }
        loss += f64::from(wanted) * (logarithm - f64::from(logit));
        *gradient = single(f64::from((*gradient / sum - wanted) * share));
    }
    loss
}
