//! Dense convolution.

use automcu_model::{Extent, Node, Op, spec::Padding};

use super::{Bounds, Kernel, bounds, window::Window};
use crate::{
    arithmetic::Multiplier,
    network::{Network, Quantisation, Weights},
    simd::{Factors, add_products, requantise},
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
    /// Of each output channel, in the order of the patch.
    weights: Vec<i16>,
    biases: Vec<i32>,
    requantisation: Requantisation,
}

impl Conv {
    pub(crate) fn new(network: &Network, node: &Node, weights: &Weights) -> Self {
        let Op::Conv { kernel, stride, padding, .. } = node.op else { unreachable!("a convolution") };
        let (input, output) = (network.graph.shape(node.inputs[0]), network.graph.shape(node.output));
        Self {
            window: Window::new(input, output, kernel, stride, padding),
            zero_point: network.ends(node).0.zero_point.into(),
            weights: weights.values.iter().map(|&weight| weight.into()).collect(),
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
        let mut patch = vec![0_i16; self.weights.len() / self.biases.len()];
        let mut sums = self.biases.clone();
        for (place, values) in self.window.places().zip(output.chunks_exact_mut(sums.len())) {
            self.fill(&mut patch, inputs[0], &place);
            sums.copy_from_slice(&self.biases);
            add_products(&mut sums, &self.weights, &patch);
            self.requantisation.apply_all(&sums, values);
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
    reading.add_weighted(operator, Op::Conv { kernel, stride, padding, bias: true, activation }, input, output, weights)
}
