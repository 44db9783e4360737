//! How far the integers are from the numbers, layer by layer.

use automcu_model::Op;
use serde::Serialize;

use super::{Closeness, on_samples};
use crate::{float::FloatNetwork, interpret::largest, network::Network, ops::NotComputed};

/// What one layer's output is like in integers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// Where the layer comes from.
    pub origin: String,
    /// What it does.
    pub op: &'static str,
    /// Signal to noise against the float32 network, in decibels; higher is better, and none where there is no noise.
    pub decibels: Option<f64>,
    /// The step of its output.
    pub scale: f32,
    /// The int8 that means 0.
    pub zero_point: i8,
    /// The share of values at the ends of int8, where they may have been cut off.
    pub saturated: f64,
}

/// What quantisation costs, seen on the samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// By the node's place in the int8 network.
    pub layers: Vec<LayerReport>,
    /// Signal to noise of the network's output; none where there is no noise.
    pub output_decibels: Option<f64>,
    /// How many samples it was seen on.
    pub samples: usize,
    /// Whether layers were equalised.
    pub is_equalised: bool,
    /// Whether biases were corrected.
    pub are_biases_corrected: bool,
    /// The share of samples whose largest output is the same in both.
    pub agreement: f64,
    /// How far the chances that the outputs give to classes are from the float32 network's: the mean relative entropy, in bits.
    pub divergence_bits: f64,
}

/// What was seen of one tensor.
#[derive(Clone, Copy, Default)]
struct Noise {
    signal: f64,
    noise: f64,
    saturated: u64,
    count: u64,
}

impl Report {
    pub(super) fn of(
        network: &FloatNetwork,
        integers: &Network,
        samples: &[f32],
        [is_equalised, are_biases_corrected]: [bool; 2],
    ) -> Result<Self, NotComputed> {
        let graph = integers.graph();
        let mut seen = vec![Noise::default(); graph.tensors().len()];
        let (mut count, mut agreeing, mut divergence) = (0_usize, 0_usize, 0.0);
        let are_chances = graph.nodes().last().is_some_and(|node| node.op == Op::Softmax);
        let output = graph.output().index();
        on_samples(network, integers, samples, |float, int| {
            for (place, noise) in seen.iter_mut().enumerate() {
                let step = integers.quantisations()[place];
                for (&real, &value) in float.tensor(place).iter().zip(int.tensor(place)) {
                    let off = f64::from(step.real(value)) - f64::from(real);
                    noise.signal += f64::from(real) * f64::from(real);
                    noise.noise += off * off;
                    noise.saturated += u64::from(value == i8::MIN && step.zero_point != i8::MIN || value == i8::MAX);
                    noise.count += 1;
                }
            }
            count += 1;
            agreeing += usize::from(largest(float.tensor(output)) == largest(int.tensor(output)));
            let step = integers.quantisations()[output];
            let reals = float.tensor(output).iter().map(|&real| f64::from(real));
            let rounded = int.tensor(output).iter().map(|&value| f64::from(step.real(value)));
            divergence += relative_entropy(&chances(reals, are_chances), &chances(rounded, are_chances));
        })?;
        #[expect(clippy::cast_precision_loss, reason = "shares of counts")]
        let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
        let layers = graph.nodes().iter().map(|node| {
            let place = node.output.index();
            let Noise { signal, noise, saturated, count } = seen[place];
            let step = integers.quantisations()[place];
            LayerReport {
                origin: node.origin.to_string(),
                op: node.op.word(),
                // Noise where there is no signal is as bad as can be.
                decibels: (noise > 0.0).then(|| (10.0 * (signal / noise).log10()).max(-200.0)),
                scale: step.scale,
                zero_point: step.zero_point,
                saturated: share(saturated, count),
            }
        });
        let layers: Vec<LayerReport> = layers.collect();
        let last = graph.nodes().iter().position(|node| node.output == graph.output());
        Ok(Self {
            output_decibels: last.and_then(|last| layers[last].decibels),
            layers,
            samples: count,
            is_equalised,
            are_biases_corrected,
            agreement: share(agreeing as u64, count as u64),
            divergence_bits: divergence / (count.max(1) as f64),
        })
    }

    /// Whether the output is closer to the float32 network's than by another way.
    pub(super) fn is_better_than(&self, other: &Self, closeness: Closeness) -> bool {
        let decibels = |report: &Self| report.output_decibels.unwrap_or(f64::INFINITY);
        match closeness {
            Closeness::Values => decibels(self) > decibels(other),
            Closeness::Classes => self.divergence_bits < other.divergence_bits,
        }
    }

    /// The layer whose output is furthest from the float32 network's.
    #[must_use]
    pub fn worst(&self) -> Option<&LayerReport> {
        let noisy = self.layers.iter().filter(|layer| layer.decibels.is_some());
        noisy.min_by(|a, b| a.decibels.unwrap_or(0.0).total_cmp(&b.decibels.unwrap_or(0.0)))
    }
}

/// The chances that outputs give to classes: as they are, or by softmax.
fn chances(outputs: impl Iterator<Item = f64>, are_chances: bool) -> Vec<f64> {
    let mut chances: Vec<f64> = outputs.collect();
    if !are_chances {
        let most = chances.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        chances.iter_mut().for_each(|chance| *chance = (*chance - most).exp());
    }
    // What an integer cannot tell from nothing is not impossible.
    const LEAST: f64 = 1e-6;
    let sum: f64 = chances.iter().map(|chance| chance.max(LEAST)).sum();
    chances.iter_mut().for_each(|chance| *chance = chance.max(LEAST) / sum);
    chances
}

/// How many bits it costs to take these chances for those.
fn relative_entropy(those: &[f64], these: &[f64]) -> f64 {
    those.iter().zip(these).map(|(that, this)| that * (that / this).log2()).sum()
}
