//! Computes a float32 network: what integers are compared with.

use automcu_model::{Graph, Node, Op, Shape, TensorId, spec::Activation};

use super::{FloatNetwork, FloatWeights};
use crate::ops::window::Window;

/// Computes the outputs of a network, one input at a time.
pub struct FloatInterpreter<'n> {
    graph: &'n Graph,
    /// Weights with the output channels last, so that all of them are summed up side by side.
    weights: Vec<Option<FloatWeights>>,
    tensors: Vec<Vec<f32>>,
}

impl<'n> FloatInterpreter<'n> {
    /// Prepares the network.
    #[must_use]
    pub fn new(network: &'n FloatNetwork) -> Self {
        let graph = &network.graph;
        let length = |shape: &Shape| usize::try_from(shape.elements()).expect("graphs are bounded");
        let arranged = |(node, weights): (&Node, &Option<FloatWeights>)| {
            let weights = weights.as_ref()?;
            if matches!(node.op, Op::DepthwiseConv { .. }) {
                return Some(weights.clone());
            }
            let outputs = weights.biases.len();
            let each = weights.values.len() / outputs.max(1);
            let values = (0..weights.values.len()).map(|i| weights.values[i % outputs * each + i / outputs]).collect();
            Some(FloatWeights { values, biases: weights.biases.clone() })
        };
        Self {
            graph,
            weights: graph.nodes().iter().zip(&network.weights).map(arranged).collect(),
            tensors: graph.tensors().iter().map(|shape| vec![0.0; length(shape)]).collect(),
        }
    }

    /// Computes the output of an input.
    ///
    /// # Panics
    /// Where the input is not as long as the network's.
    pub fn run(&mut self, input: &[f32]) -> &[f32] {
        self.tensors[Graph::INPUT.index()].copy_from_slice(input);
        for (place, node) in self.graph.nodes().iter().enumerate() {
            let mut output = std::mem::take(&mut self.tensors[node.output.index()]);
            let inputs: Vec<&[f32]> = node.inputs.iter().map(|input| self.tensors[input.index()].as_slice()).collect();
            compute(self.graph, node, self.weights[place].as_ref(), &inputs, &mut output);
            self.tensors[node.output.index()] = output;
        }
        &self.tensors[self.graph.output().index()]
    }

    /// What a tensor held after the last run, by its place in the graph.
    #[must_use]
    pub fn tensor(&self, place: usize) -> &[f32] {
        &self.tensors[place]
    }
}

fn compute(graph: &Graph, node: &Node, weights: Option<&FloatWeights>, inputs: &[&[f32]], output: &mut [f32]) {
    let (from, to) = (graph.shape(node.inputs[0]), graph.shape(node.output));
    let window = || Window::of(graph, node).expect("an operation with a window");
    let x = inputs[0];
    let pairs = |f: &dyn Fn(f32, f32) -> f32, output: &mut [f32]| {
        for ((value, &a), &b) in output.iter_mut().zip(x).zip(inputs[1].iter().cycle()) {
            *value = f(a, b);
        }
    };
    let each = |f: &dyn Fn(f32) -> f32, output: &mut [f32]| {
        output.iter_mut().zip(x).for_each(|(value, &x)| *value = f(x));
    };
    match (node.op, weights) {
        (Op::Conv { .. }, Some(weights)) => conv(&window(), weights, x, output),
        (Op::DepthwiseConv { .. }, Some(weights)) => depthwise(&window(), weights, x, output),
        (Op::Dense { .. }, Some(weights)) => {
            output.copy_from_slice(&weights.biases);
            add_products(output, &weights.values, x);
        }
        (Op::MaxPool { .. }, _) => pool(&window(), x, output, f32::NEG_INFINITY, f32::max, |most, _| most),
        (Op::AveragePool { .. }, _) => {
            pool(&window(), x, output, 0.0, |sum, x| sum + x, |sum, count| sum / count);
        }
        (Op::GlobalAverage, _) => {
            let count = x.len() / output.len();
            #[expect(clippy::cast_precision_loss, reason = "a count of places")]
            over_places(x, output, 0.0, |sum, x| sum + x, |sum| sum / count as f32);
        }
        (Op::GlobalMax, _) => over_places(x, output, f32::NEG_INFINITY, f32::max, |most| most),
        (Op::Add { .. }, _) => pairs(&|a, b| a + b, output),
        (Op::Multiply | Op::Scale, _) => pairs(&|a, b| a * b, output),
        (Op::Maximum, _) => pairs(&f32::max, output),
        (Op::Minimum, _) => pairs(&f32::min, output),
        (Op::Activate(activation), _) => each(&|x| activated(activation, x), output),
        (Op::LeakyRelu(slope), _) => each(&|x| if x < 0.0 { x * slope.0 } else { x }, output),
        (Op::Softmax, _) => softmax(x, output),
        (Op::Concat | Op::JoinColumns, _) => concat(graph, node, inputs, output),
        (Op::Pad(border), _) => {
            output.fill(0.0);
            let (row, all) = ((from.width * from.channels) as usize, (to.width * to.channels) as usize);
            for (y, values) in x.chunks_exact(row).enumerate() {
                let at = (border.top as usize + y) * all + (border.left * from.channels) as usize;
                output[at..at + row].copy_from_slice(values);
            }
        }
        // The same values in another shape or in other steps.
        _ => output.copy_from_slice(x),
    }
    if let Some(activation) = node.op.activation() {
        output.iter_mut().for_each(|value| *value = activated(activation, *value));
    }
}

fn activated(activation: Activation, x: f32) -> f32 {
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu => {
            if x < 0.0 {
                0.1 * x
            } else {
                x
            }
        }
        Activation::Sigmoid => sigmoid(x),
        Activation::Swish => x * sigmoid(x),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
    }
}

/// Adds to each sum its weight of each value; the weights of one value lie side by side.
fn add_products(sums: &mut [f32], weights: &[f32], values: &[f32]) {
    for (&value, row) in values.iter().zip(weights.chunks_exact(sums.len())) {
        if value != 0.0 {
            sums.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += weight * value);
        }
    }
}

fn conv(window: &Window, weights: &FloatWeights, x: &[f32], output: &mut [f32]) {
    let (depth, width) = (window.input.channels as usize, window.input.width as usize);
    let count = weights.biases.len();
    for (place, sums) in window.places().zip(output.chunks_exact_mut(count)) {
        sums.copy_from_slice(&weights.biases);
        for (i, row) in place.rows.clone().enumerate() {
            let from = (row * width + place.columns.start) * depth;
            let tap = (place.kernel_row + i) * window.kernel.width as usize + place.kernel_column;
            let values = &x[from..from + place.columns.len() * depth];
            add_products(sums, &weights.values[tap * depth * count..], values);
        }
    }
}

fn depthwise(window: &Window, weights: &FloatWeights, x: &[f32], output: &mut [f32]) {
    let (depth, width) = (window.input.channels as usize, window.input.width as usize);
    let count = weights.biases.len();
    let times = count / depth;
    for (place, sums) in window.places().zip(output.chunks_exact_mut(count)) {
        sums.copy_from_slice(&weights.biases);
        for (i, row) in place.rows.clone().enumerate() {
            for (j, column) in place.columns.clone().enumerate() {
                let tap = (place.kernel_row + i) * window.kernel.width as usize + place.kernel_column + j;
                let values = &x[(row * width + column) * depth..][..depth];
                let taps = &weights.values[tap * count..][..count];
                for (k, (sum, &tap)) in sums.iter_mut().zip(taps).enumerate() {
                    *sum += tap * values[k / times];
                }
            }
        }
    }
}

fn pool(
    window: &Window,
    x: &[f32],
    output: &mut [f32],
    start: f32,
    take: impl Fn(f32, f32) -> f32,
    end: impl Fn(f32, f32) -> f32,
) {
    let (depth, width) = (window.input.channels as usize, window.input.width as usize);
    for (place, values) in window.places().zip(output.chunks_exact_mut(depth)) {
        values.fill(start);
        for row in place.rows.clone() {
            for column in place.columns.clone() {
                let under = &x[(row * width + column) * depth..][..depth];
                values.iter_mut().zip(under).for_each(|(value, &x)| *value = take(*value, x));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a window is small")]
        let count = (place.rows.len() * place.columns.len()) as f32;
        values.iter_mut().for_each(|value| *value = end(*value, count));
    }
}

fn over_places(x: &[f32], output: &mut [f32], start: f32, take: impl Fn(f32, f32) -> f32, end: impl Fn(f32) -> f32) {
    output.fill(start);
    for values in x.chunks_exact(output.len()) {
        output.iter_mut().zip(values).for_each(|(value, &x)| *value = take(*value, x));
    }
    output.iter_mut().for_each(|value| *value = end(*value));
}

fn softmax(x: &[f32], output: &mut [f32]) {
    let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    output.iter_mut().zip(x).for_each(|(value, &x)| *value = (x - largest).exp());
    let sum: f32 = output.iter().sum();
    output.iter_mut().for_each(|value| *value /= sum);
}

fn concat(graph: &Graph, node: &Node, inputs: &[&[f32]], output: &mut [f32]) {
    let run = |tensor: TensorId| {
        let shape = graph.shape(tensor);
        (if node.op == Op::JoinColumns { shape.width * shape.channels } else { shape.channels }) as usize
    };
    let mut at = 0;
    for (&input, values) in node.inputs.iter().zip(inputs) {
        let run_of_input = run(input);
        for (to, from) in output.chunks_exact_mut(run(node.output)).zip(values.chunks_exact(run_of_input)) {
            to[at..at + run_of_input].copy_from_slice(from);
        }
        at += run_of_input;
    }
}
