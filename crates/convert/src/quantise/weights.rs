//! Weights in symmetric steps, one for each output channel.

use automcu_model::{Graph, Node, Op};

use crate::{
    float::{FloatWeights, channel_of},
    network::{Quantisation, Weights},
};

/// Biases stay so far from the ends of 32 bits that sums do not come near them.
const MOST_BIAS: f64 = (1_u64 << 29) as f64;
/// Steps are at least so large, whatever the weights.
const LEAST_STEP: f64 = 1e-10;

/// `means`: the mean of each input channel, by which biases make up for what rounded weights are off on average.
pub(super) fn quantised(
    graph: &Graph,
    node: &Node,
    layer: &FloatWeights,
    input: Quantisation,
    means: Option<&[f64]>,
) -> Weights {
    let channels = layer.biases.len();
    let channel_of = channel_of(&node.op, layer.values.len(), channels);
    let mut most = vec![0.0_f64; channels];
    for (i, &value) in layer.values.iter().enumerate() {
        let most = &mut most[channel_of(i)];
        *most = most.max(f64::from(value).abs());
    }
    let input_scale = f64::from(input.scale);
    let scale = |(most, &bias): (f64, &f32)| {
        // A channel of tiny weights takes steps that are coarse enough for its bias.
        let least = f64::from(bias).abs() / (input_scale * MOST_BIAS);
        #[expect(clippy::cast_possible_truncation, reason = "a scale is a float32")]
        let scale = (most / 127.0).max(least).max(LEAST_STEP) as f32;
        scale
    };
    let scales: Vec<f32> = most.into_iter().zip(&layer.biases).map(scale).collect();
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and clamped")]
    let rounded = |value: f32, scale: f32| (f64::from(value) / f64::from(scale)).round().clamp(-127.0, 127.0) as i8;
    let values: Vec<i8> =
        layer.values.iter().enumerate().map(|(i, &value)| rounded(value, scales[channel_of(i)])).collect();
    let mut off = vec![0.0_f64; channels];
    if let Some(means) = means {
        let inputs = means.len();
        for (i, (&value, &integer)) in layer.values.iter().zip(&values).enumerate() {
            let channel = channel_of(i);
            let from = match node.op {
                Op::DepthwiseConv { .. } => channel * inputs / channels,
                _ => i % inputs,
            };
            off[channel] += (f64::from(integer) * f64::from(scales[channel]) - f64::from(value)) * means[from];
        }
    }
    debug_assert_eq!(graph.shape(node.output).channels as usize, channels);
    let biases = layer.biases.iter().zip(&scales).zip(off).map(|((&bias, &scale), off)| {
        let steps = ((f64::from(bias) - off) / (input_scale * f64::from(scale))).round();
        #[expect(clippy::cast_possible_truncation, reason = "clamped to 30 bits")]
        let steps = steps.clamp(-MOST_BIAS, MOST_BIAS) as i32;
        steps
    });
    Weights { biases: biases.collect(), values, scales }
}
