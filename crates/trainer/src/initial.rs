//! What training starts from.

use automcu_model::Graph;

use crate::{
    executor::{Executor, State},
    plan::Held,
    random::Numbers,
};

impl Executor {
    /// Weights drawn from a seed, as large as keeps the variance of activations; normalisations that change nothing.
    #[must_use]
    pub fn initial(&self, graph: &Graph, seed: u64) -> State {
        let mut numbers = Numbers::new(seed);
        let plan = self.plan();
        let mut parameters = vec![0.0; plan.parameters];
        for holder in &plan.holders {
            let node = &graph.nodes()[holder.node];
            let inputs = f64::from(graph.shape(node.inputs[0]).channels);
            #[expect(clippy::cast_precision_loss, reason = "kernels are small")]
            let kernel = node.op.window().map_or(1.0, |(kernel, _)| kernel.area() as f64);
            // What a rectifier halves is doubled; the last layer has none after it.
            let variance = match holder.kind {
                Held::Conv => 2.0 / (kernel * inputs),
                Held::Depthwise => 2.0 / kernel,
                Held::Dense => 1.0 / inputs,
                Held::Scales => {
                    parameters[holder.span.clone()].fill(1.0);
                    continue;
                }
                Held::Biases | Held::Shifts | Held::Means | Held::Variances => continue,
            };
            for value in &mut parameters[holder.span.clone()] {
                #[expect(clippy::cast_possible_truncation, reason = "rounded to what the kernels compute with")]
                let drawn = (numbers.normal() * variance.sqrt()) as f32;
                *value = drawn;
            }
        }
        State { parameters, means: vec![0.0; plan.running], variances: vec![1.0; plan.running] }
    }
}
