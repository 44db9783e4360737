//! Depthwise convolution: each input channel has kernels of its own, as many as the multiplier says.

use automcu_model::{Extent, Node, Op};

use super::{
    Kernel, bounds,
    conv::{Requantisation, WindowOptions, read_window, refuse_dilation},
    window::Window,
};
use crate::{
    network::{Network, Weights},
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
        let Op::DepthwiseConv { kernel, stride, padding, .. } = node.op else {
            unreachable!("a depthwise convolution")
        };
        let (input, output) = (network.graph.shape(node.inputs[0]), network.graph.shape(node.output));
        Self {
            window: Window::new(input, output, kernel, stride, padding),
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
    let op = Op::DepthwiseConv { kernel, stride, padding, bias: true, activation };
    reading.add_weighted(operator, op, input, output, weights)
}
