//! Depthwise convolution: each input channel has kernels of its own, as many as the multiplier says.

use automcu_model::{Extent, Graph, Node, Op};

use super::{
    Kernel, bounds,
    conv::{Requantisation, WindowOptions, emit_layer, read_window, refuse_dilation, window_of},
    window::Window,
};
use crate::{
    emit::{CHANNEL_BYTES, Channels, Fragment, Unit, clamp},
    network::{Network, Weights},
    plan::Workspace,
    simd::add_each,
    tflite::{Operator, Reading, TfliteError},
};

pub(crate) struct Depthwise {
    window: Window,
    multiplier: usize,
    zero_point: i16,
    weights: Vec<i16>,
    biases: Vec<i32>,
    requantisation: Requantisation,
}

impl Depthwise {
    pub(crate) fn new(network: &Network, node: &Node, weights: &Weights) -> Self {
        let (input, output) = (network.graph.shape(node.inputs[0]), network.graph.shape(node.output));
        Self {
            window: window_of(&network.graph, node),
            multiplier: (output.channels / input.channels) as usize,
            zero_point: network.ends(node).0.zero_point.into(),
            weights: weights.values.iter().map(|&weight| weight.into()).collect(),
            biases: weights.biases.clone(),
            requantisation: Requantisation::new(weights, network.ends(node), bounds(network, node)),
        }
    }
}

impl Kernel for Depthwise {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let channels = self.window.input.channels as usize;
        let (width, kernel_width) = (self.window.input.width as usize, self.window.kernel.width as usize);
        let mut sums = self.biases.clone();
        let mut repeated = vec![0; sums.len()];
        for (place, values) in self.window.places().zip(output.chunks_exact_mut(sums.len())) {
            sums.copy_from_slice(&self.biases);
            for (i, row) in place.rows.clone().enumerate() {
                for (j, column) in place.columns.clone().enumerate() {
                    let mut x = &inputs[0][(row * width + column) * channels..][..channels];
                    if self.multiplier > 1 {
                        repeat_each(x, self.multiplier, &mut repeated);
                        x = &repeated;
                    }
                    let at = ((place.kernel_row + i) * kernel_width + place.kernel_column + j) * values.len();
                    add_each(&mut sums, &self.weights[at..], x, self.zero_point);
                }
            }
            self.requantisation.apply_all(&sums, values);
        }
    }
}

/// Each value as often as there are kernels for its channel.
fn repeat_each(values: &[i8], times: usize, repeated: &mut [i8]) {
    for (run, &value) in repeated.chunks_exact_mut(times).zip(values) {
        run.fill(value);
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let WindowOptions { padding, stride } = read_window(reading, operator)?;
    refuse_dilation(operator, 5, 6)?;
    let activation = operator.activation(4)?;
    let input = reading.activation(operator, 0)?;
    let shape = reading.shape(input);
    let [one, height, width, channels] = reading.weight_shape(operator, 1)?;
    if one != 1 || channels % shape.channels != 0 {
        return Err(operator.wrong(format!("weights of {one}x{height}x{width}x{channels} on {shape}")));
    }
    let kernel = Extent { height, width };
    let output = operator.placed(shape, kernel, stride, padding)?.with_channels(channels);
    let weights = reading.weights(operator, 1, 3, channels)?;
    let padding = padding.into();
    let op = Op::DepthwiseConv { kernel, stride, padding, bias: true, activation };
    reading.add_weighted(operator, op, input, output, weights)
}

/// Taps of one row of the kernel, filled up to whole words.
fn taps(window: &Window) -> u32 {
    window.kernel.width.next_multiple_of(4)
}

/// Bytes of one row of one channel with its padding, as far as two outputs at a time read.
fn pitch(window: &Window) -> u32 {
    let last = (window.output.width.next_multiple_of(2) - 1) * window.stride.width;
    let inside = window.left + window.width();
    (last + taps(window)).max(if inside <= last + taps(window) + 4 { inside } else { 0 }).next_multiple_of(4)
}

/// The rows under the window, of one channel.
pub(crate) fn workspace(graph: &Graph, node: &Node) -> Workspace {
    let window = window_of(graph, node);
    Workspace { scratch: window.kernel.height * pitch(&window), kept: 0 }
}

/// The bytes of weights and their table.
pub(crate) fn table_bytes(graph: &Graph, node: &Node) -> u64 {
    let window = window_of(graph, node);
    u64::from(window.output.channels) * (u64::from(window.kernel.height * taps(&window)) + CHANNEL_BYTES)
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node, weights: &Weights) {
    let network = unit.network;
    let window = window_of(&network.graph, node);
    let (kernel, stride) = (window.kernel, window.stride);
    let count = weights.biases.len();
    let channels = Channels::of(network, node, weights, |channel| weights.values[channel..].iter().step_by(count));
    let (in_pixel_step, in_channel_step) = unit.steps(node.inputs[0]);
    let (pixel_step, channel_step) = unit.steps(node.output);
    unit.needs(Fragment::Depthwise);
    let weights = unit.int8s("weights", place, arranged(&window, weights).into_iter());
    let rescaling = unit.channels(place, &channels, 1);
    let body = format!(
        "    static const nn_depthwise shape = {{\n        \
        .kernel_height = {}, .kernel_width = {}, .stride = {}, .left = {},\n        \
        .width = {}, .multiplier = {}, .in_pixel_step = {in_pixel_step}, .in_channel_step = {in_channel_step},\n        \
        .out_width = {}, .out_channels = {}, .pixel_step = {pixel_step}, .channel_step = {channel_step},\n        \
        .pitch = {},\n        {},\n    }};\n    \
        nn_depthwise_row(rows, out, scratch, weights, channels, zero, &shape);\n",
        kernel.height,
        kernel.width,
        stride.width,
        window.left,
        window.width(),
        window.output.channels / window.input.channels,
        window.output.width,
        window.output.channels,
        pitch(&window),
        clamp(channels.bounds, channels.is_exact),
    );
    let stem = format!("depthwise_{kernel}_{}_w{}", window.output.channels, window.input.width);
    emit_layer(unit, place, node, (&window, &[weights, rescaling]), &stem, body);
}

/// The taps channel by channel, each row of them filled up to whole words.
fn arranged(window: &Window, weights: &Weights) -> Vec<i8> {
    let (height, width) = (window.kernel.height as usize, window.kernel.width as usize);
    let (count, taps) = (weights.biases.len(), taps(window) as usize);
    let mut arranged = vec![0; count * height * taps];
    for (i, values) in weights.values.chunks_exact(count).enumerate() {
        for (channel, &value) in values.iter().enumerate() {
            arranged[(channel * height + i / width) * taps + i % width] = value;
        }
    }
    arranged
}
