//! Dense convolution.

use automcu_model::{Extent, Graph, Node, Op, spec::Padding};

use super::{Bounds, Kernel, bounds, window::Window};
use crate::{
    arithmetic::Multiplier,
    emit::{CHANNEL_BYTES, Channels, Fragment, Unit, clamp},
    network::{Network, Quantisation, Weights},
    plan::Workspace,
    simd::{Factors, LANES, add_products_of_two, requantise},
    tflite::{Operator, Reading, TfliteError},
};

/// How accumulators of one layer become int8: a multiplier for each output channel.
pub(crate) struct Requantisation {
    factors: Factors,
    zero_point: i32,
    bounds: Bounds,
}

impl Requantisation {
    pub(crate) fn new(weights: &Weights, (input, output): (Quantisation, Quantisation), bounds: Bounds) -> Self {
        let factor = |scale: &f32| f64::from(input.scale) * f64::from(*scale) / f64::from(output.scale);
        let factors = weights.scales.iter().map(|scale| Multiplier::of(factor(scale))).collect();
        Self { factors, zero_point: output.zero_point.into(), bounds }
    }

    /// Each accumulator as an int8; the output channels follow each other.
    pub(crate) fn apply_all(&self, accumulators: &[i32], output: &mut [i8]) {
        requantise(accumulators, &self.factors, self.zero_point, self.bounds, output);
    }
}

/// A dense convolution, its weights widened once.
pub(crate) struct Conv {
    window: Window,
    zero_point: i16,
    /// Of each output channel, in the order of the patch, filled up with zeros.
    weights: Vec<i16>,
    biases: Vec<i32>,
    requantisation: Requantisation,
}

impl Conv {
    pub(crate) fn new(network: &Network, node: &Node, weights: &Weights) -> Self {
        let each = weights.values.len() / weights.biases.len();
        let length = each.next_multiple_of(LANES);
        let mut rows = vec![0; length * weights.biases.len()];
        for (row, values) in rows.chunks_exact_mut(length).zip(weights.values.chunks_exact(each)) {
            row.iter_mut().zip(values).for_each(|(wide, &weight)| *wide = weight.into());
        }
        Self {
            window: window_of(&network.graph, node),
            zero_point: network.ends(node).0.zero_point.into(),
            weights: rows,
            biases: weights.biases.clone(),
            requantisation: Requantisation::new(weights, network.ends(node), bounds(network, node)),
        }
    }

    /// Copies what lies under the window, less the zero point, so that padding is 0.
    fn fill(&self, patch: &mut [i16], input: &[i8], place: &super::window::Place) {
        let channels = self.window.input.channels as usize;
        let row_length = self.window.kernel.width as usize * channels;
        let width = self.window.input.width as usize;
        patch.fill(0);
        let length = place.columns.len() * channels;
        for (i, row) in place.rows.clone().enumerate() {
            let from = (row * width + place.columns.start) * channels;
            let to = (place.kernel_row + i) * row_length + place.kernel_column * channels;
            for (value, &x) in patch[to..to + length].iter_mut().zip(&input[from..from + length]) {
                *value = i16::from(x) - self.zero_point;
            }
        }
    }
}

impl Kernel for Conv {
    fn run(&self, inputs: &[&[i8]], output: &mut [i8]) {
        let (length, count) = (self.weights.len() / self.biases.len(), self.biases.len());
        let mut windows = vec![0_i16; 2 * length];
        let biases = self.biases.repeat(2);
        let mut sums = biases.clone();
        let mut places = self.window.places();
        // What is left of an odd last pair is computed and dropped.
        for values in output.chunks_mut(2 * count) {
            for window in windows.chunks_exact_mut(length) {
                if let Some(place) = places.next() {
                    self.fill(window, inputs[0], &place);
                }
            }
            sums.copy_from_slice(&biases);
            add_products_of_two(&mut sums, &self.weights, &windows);
            for (sums, values) in sums.chunks_exact(count).zip(values.chunks_exact_mut(count)) {
                self.requantisation.apply_all(sums, values);
            }
        }
    }
}

/// What convolutions and pools say of their window.
pub(crate) struct WindowOptions {
    pub(crate) padding: Padding,
    pub(crate) stride: Extent,
}

/// Fields 0 to 2 of a window's options: padding, step along the width, step along the height.
pub(crate) fn read_window(reading: &Reading<'_>, operator: &Operator<'_>) -> Result<WindowOptions, TfliteError> {
    let rank = reading.rank(operator, 0)?;
    if rank != 4 {
        return Err(operator.unsupported(format!("a window on a tensor of {rank} dimensions")));
    }
    let options = operator.options()?;
    let padding = match options.i8(0, 0)? {
        0 => Padding::Same,
        1 => Padding::Valid,
        other => return Err(operator.unsupported(format!("padding {other}"))),
    };
    let step = |index| -> Result<u32, TfliteError> {
        let number = options.i32(index, 0)?;
        let step = u32::try_from(number).ok().filter(|step| (1..=1024).contains(step));
        step.ok_or_else(|| operator.wrong(format!("a step of {number}")))
    };
    Ok(WindowOptions { padding, stride: Extent { width: step(1)?, height: step(2)? } })
}

/// Refuses gaps in the kernel.
pub(crate) fn refuse_dilation(operator: &Operator<'_>, width: usize, height: usize) -> Result<(), TfliteError> {
    let options = operator.options()?;
    match (options.i32(width, 1)?, options.i32(height, 1)?) {
        (1, 1) => Ok(()),
        (width, height) => Err(operator.unsupported(format!("a dilation of {height}x{width}"))),
    }
}

pub(crate) fn read(reading: &mut Reading<'_>, operator: &Operator<'_>) -> Result<(), TfliteError> {
    let WindowOptions { padding, stride } = read_window(reading, operator)?;
    refuse_dilation(operator, 4, 5)?;
    let activation = operator.activation(3)?;
    let input = reading.activation(operator, 0)?;
    let shape = reading.shape(input);
    let [channels, height, width, depth] = reading.weight_shape(operator, 1)?;
    if depth != shape.channels {
        return Err(operator.unsupported(format!("{} input channels under weights of {depth}", shape.channels)));
    }
    let kernel = Extent { height, width };
    let output = operator.placed(shape, kernel, stride, padding)?.with_channels(channels);
    let weights = reading.weights(operator, 1, 0, channels)?;
    let padding = padding.into();
    reading.add_weighted(operator, Op::Conv { kernel, stride, padding, bias: true, activation }, input, output, weights)
}

/// Whether the input channels come in fours, so that the emitted code can read whole words of them.
fn has_words(graph: &Graph, node: &Node) -> bool {
    graph.shape(node.inputs[0]).channels.is_multiple_of(4)
}

/// The window of a convolution.
pub(super) fn window_of(graph: &Graph, node: &Node) -> Window {
    Window::of(graph, node).expect("convolutions have a window")
}

/// The products of one output, filled up to a multiple of 4.
fn products(window: &Window) -> u32 {
    (window.kernel.height * window.kernel.width * window.input.channels).next_multiple_of(4)
}

/// Two windows, widened to 16 bits; they share their columns where they overlap.
pub(crate) fn workspace(graph: &Graph, node: &Node) -> Workspace {
    let window = window_of(graph, node);
    let scratch = if has_words(graph, node) {
        let columns = window.kernel.width + window.stride.width.min(window.kernel.width);
        2 * columns * window.kernel.height * window.input.channels
    } else {
        5 * products(&window)
    };
    Workspace { scratch, kept: 0 }
}

/// The bytes of weights and their table, in pairs of output channels.
pub(crate) fn table_bytes(graph: &Graph, node: &Node) -> u64 {
    let outputs = u64::from(graph.shape(node.output).channels.next_multiple_of(2));
    outputs * (u64::from(products(&window_of(graph, node))) + CHANNEL_BYTES)
}

pub(crate) fn emit(unit: &mut Unit<'_>, place: usize, node: &Node, weights: &Weights) {
    let network = unit.network;
    let window = window_of(&network.graph, node);
    let (has_words, count) = (has_words(&network.graph, node), products(&window));
    let (kernel, stride) = (window.kernel, window.stride);
    let each = weights.values.len() / weights.biases.len();
    let channels = Channels::of(network, node, weights, |channel| weights.values[channel * each..][..each].iter());
    let (pixel_step, channel_step) = unit.steps(node.output);
    unit.needs(if has_words { Fragment::Conv } else { Fragment::Patch });
    let weights = unit.int8s("weights", place, arranged(&window, weights, has_words).into_iter());
    let rescaling = unit.channels(place, &channels, 2);
    let function = if has_words { "nn_conv_row" } else { "nn_patch_row" };
    let body = format!(
        "    static const nn_conv shape = {{\n        \
        .kernel_height = {}, .kernel_width = {}, .stride = {}, .left = {},\n        \
        .width = {}, .channels = {}, .out_width = {}, .out_channels = {},\n        \
        .pixel_step = {pixel_step}, .channel_step = {channel_step}, .count = {count},\n        {},\n    }};\n    \
        {function}(rows, out, scratch, weights, channels, zero, &shape);\n",
        kernel.height,
        kernel.width,
        stride.width,
        window.left,
        window.width(),
        window.input.channels,
        window.output.width,
        window.output.channels,
        clamp(channels.bounds, channels.is_exact),
    );
    let stem = format!("conv_{kernel}_{}_{}_w{}", window.input.channels, window.output.channels, window.input.width);
    emit_layer(unit, place, node, (&window, &[weights, rescaling]), &stem, body);
}

/// A step of a convolution of any kind: the rows under its window handed to the function that layers of its shape share.
pub(super) fn emit_layer(
    unit: &mut Unit<'_>,
    place: usize,
    node: &Node,
    (window, tables): (&Window, &[String; 2]),
    stem: &str,
    body: String,
) {
    const PARAMETERS: &str = "const int8_t *const *rows, int8_t *out, int8_t *scratch, const int8_t *weights, \
        const nn_channel *channels, int32_t zero";
    let name = unit.kernel(stem, PARAMETERS, body);
    let body = format!(
        "{}    {name}(rows, {}, {}, {}, {});\n",
        unit.rows(node.inputs[0], window),
        unit.row(node.output, "y"),
        unit.scratch(place),
        tables.join(", "),
        unit.network.ends(node).0.zero_point,
    );
    unit.layer(place, node, &body);
}

/// The weights in the order of the products: column by column where whole words are read, row by row where bytes are;
/// an odd last channel has one of zeros beside it.
fn arranged(window: &Window, weights: &Weights, by_columns: bool) -> Vec<i8> {
    let (height, width) = (window.kernel.height as usize, window.kernel.width as usize);
    let depth = window.input.channels as usize;
    let count = products(window) as usize;
    let outputs = weights.biases.len();
    let mut arranged = vec![0; outputs.next_multiple_of(2) * count];
    for (channel, values) in weights.values.chunks_exact(height * width * depth).enumerate() {
        for (i, run) in values.chunks_exact(depth).enumerate() {
            let (row, column) = (i / width, i % width);
            let to = if by_columns { column * height + row } else { i };
            arranged[channel * count + to * depth..][..depth].copy_from_slice(run);
        }
    }
    arranged
}
