//! A second account of what a network computes in training: operation by operation, as it is written down, in float64.

use automcu_dataset::Target;
use automcu_model::{Graph, Op, Shape, Spec, spec::Activation};
use automcu_trainer::{Held, Holder};

/// The graph of a spec that can be built.
pub(crate) fn graph(spec: &str) -> Option<Graph> {
    Spec::from_json(spec.as_bytes()).and_then(|spec| spec.lower()).ok()
}

/// A graph with what it has learnt.
pub(crate) struct Oracle<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) layout: &'a [Holder],
    pub(crate) parameters: Vec<f64>,
}

type Maps = Vec<Vec<f64>>;

impl Oracle<'_> {
    fn held(&self, node: usize, kind: Held) -> Option<&[f64]> {
        let holder = self.layout.iter().find(|holder| holder.node == node && holder.kind == kind)?;
        Some(&self.parameters[holder.span.clone()])
    }

    /// The outputs of each sample.
    pub(crate) fn outputs(&self, samples: &[Vec<f64>]) -> Maps {
        let mut maps: Vec<Maps> = vec![samples.to_vec()];
        for (place, node) in self.graph.nodes().iter().enumerate() {
            let inputs: Vec<&Maps> = node.inputs.iter().map(|input| &maps[input.index()]).collect();
            let shapes: Vec<Shape> = node.inputs.iter().map(|&input| self.graph.shape(input)).collect();
            let output = self.graph.shape(node.output);
            let made = if node.op == Op::BatchNorm {
                self.normalised(place, inputs[0], output)
            } else {
                let each = (0..samples.len()).map(|sample| {
                    let inputs: Vec<&[f64]> = inputs.iter().map(|maps| maps[sample].as_slice()).collect();
                    self.computed(place, &node.op, &inputs, &shapes, output)
                });
                each.collect()
            };
            maps.push(made);
        }
        maps[self.graph.output().index()].clone()
    }

    fn normalised(&self, place: usize, maps: &Maps, shape: Shape) -> Maps {
        let channels = shape.channels as usize;
        let (scales, shifts) = (
            self.held(place, Held::Scales).expect("the layout has it"),
            self.held(place, Held::Shifts).expect("the layout has it"),
        );
        let mut out = maps.clone();
        for channel in 0..channels {
            let values: Vec<f64> =
                maps.iter().flat_map(|map| map.iter().skip(channel).step_by(channels)).copied().collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
            for map in &mut out {
                for value in map.iter_mut().skip(channel).step_by(channels) {
                    *value = (*value - mean) / (variance + 1e-5).sqrt() * scales[channel] + shifts[channel];
                }
            }
        }
        out
    }

    fn computed(&self, place: usize, op: &Op, inputs: &[&[f64]], shapes: &[Shape], output: Shape) -> Vec<f64> {
        let (h, w, c) = sides(shapes[0]);
        let (ho, wo, co) = sides(output);
        let mut out = vec![0.0; ho * wo * co];
        let bias = self.held(place, Held::Biases);
        match *op {
            Op::Conv { kernel, stride, padding, .. } | Op::DepthwiseConv { kernel, stride, padding, .. } => {
                let is_dense = matches!(op, Op::Conv { .. });
                let kind = if is_dense { Held::Conv } else { Held::Depthwise };
                let weights = self.held(place, kind).expect("the layout has it");
                let padding = padding.padding().expect("of a spec");
                let top = padding.added(shapes[0].height, kernel.height, stride.height).0 as usize;
                let left = padding.added(shapes[0].width, kernel.width, stride.width).0 as usize;
                for (y, x, o) in each(ho, wo, co) {
                    let mut sum = bias.map_or(0.0, |bias| bias[o]);
                    for (ky, kx) in pairs(kernel.height as usize, kernel.width as usize) {
                        let (iy, ix) = (y * stride.height as usize + ky, x * stride.width as usize + kx);
                        if iy < top || ix < left || iy - top >= h || ix - left >= w {
                            continue;
                        }
                        let (iy, ix) = (iy - top, ix - left);
                        let tap = ky * kernel.width as usize + kx;
                        if is_dense {
                            for i in 0..c {
                                sum += inputs[0][(iy * w + ix) * c + i] * weights[(tap * c + i) * co + o];
                            }
                        } else {
                            sum += inputs[0][(iy * w + ix) * c + o] * weights[tap * c + o];
                        }
                    }
                    out[(y * wo + x) * co + o] = sum;
                }
            }
            Op::Dense { .. } => {
                let weights = self.held(place, Held::Dense).expect("the layout has it");
                for (o, out) in out.iter_mut().enumerate() {
                    *out = bias.map_or(0.0, |bias| bias[o])
                        + (0..c).map(|i| inputs[0][i] * weights[i * co + o]).sum::<f64>();
                }
            }
            Op::MaxPool { window, stride, padding } | Op::AveragePool { window, stride, padding } => {
                let padding = padding.padding().expect("of a spec");
                let top = padding.added(shapes[0].height, window.height, stride.height).0 as usize;
                let left = padding.added(shapes[0].width, window.width, stride.width).0 as usize;
                for (y, x, o) in each(ho, wo, co) {
                    let mut covered = Vec::new();
                    for (ky, kx) in pairs(window.height as usize, window.width as usize) {
                        let (iy, ix) = (y * stride.height as usize + ky, x * stride.width as usize + kx);
                        if iy >= top && ix >= left && iy - top < h && ix - left < w {
                            covered.push(inputs[0][((iy - top) * w + ix - left) * c + o]);
                        }
                    }
                    out[(y * wo + x) * co + o] = if matches!(op, Op::MaxPool { .. }) {
                        covered.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                    } else {
                        covered.iter().sum::<f64>() / covered.len() as f64
                    };
                }
            }
            Op::GlobalAverage => {
                for (o, out) in out.iter_mut().enumerate() {
                    *out = inputs[0].iter().skip(o).step_by(c).sum::<f64>() / (h * w) as f64;
                }
            }
            Op::GlobalMax => {
                for (o, out) in out.iter_mut().enumerate() {
                    *out = inputs[0].iter().skip(o).step_by(c).copied().fold(f64::NEG_INFINITY, f64::max);
                }
            }
            Op::Add { .. } => zip(&mut out, inputs, |a, b| a + b),
            Op::Multiply => zip(&mut out, inputs, |a, b| a * b),
            Op::Maximum => zip(&mut out, inputs, f64::max),
            Op::Minimum => zip(&mut out, inputs, f64::min),
            Op::Scale => {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = inputs[0][i] * inputs[1][i % c];
                }
            }
            Op::Concat => {
                for place in 0..ho * wo {
                    let joined = inputs.iter().zip(shapes).flat_map(|(map, shape)| {
                        let c = shape.channels as usize;
                        map[place * c..(place + 1) * c].iter().copied()
                    });
                    out[place * co..(place + 1) * co].copy_from_slice(&joined.collect::<Vec<f64>>());
                }
            }
            Op::Pad(border) => {
                for (y, x, o) in each(h, w, c) {
                    out[((y + border.top as usize) * wo + x + border.left as usize) * co + o] =
                        inputs[0][(y * w + x) * c + o];
                }
            }
            Op::Reshape | Op::Activate(_) => out.copy_from_slice(inputs[0]),
            ref other => panic!("the oracle does not know {other:?}"),
        }
        let activation = match op {
            Op::Activate(activation) => *activation,
            op => op.activation().unwrap_or(Activation::None),
        };
        out.iter().map(|&x| activated(activation, x)).collect()
    }
}

fn zip(out: &mut [f64], inputs: &[&[f64]], of: impl Fn(f64, f64) -> f64) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = of(inputs[0][i], inputs[1][i]);
    }
}

fn activated(activation: Activation, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu => {
            if x > 0.0 {
                x
            } else {
                x * 0.1
            }
        }
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Swish => x * sigmoid,
        Activation::Sigmoid => sigmoid,
    }
}

fn sides(shape: Shape) -> (usize, usize, usize) {
    (shape.height as usize, shape.width as usize, shape.channels as usize)
}

fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)))
}

fn each(rows: usize, columns: usize, channels: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    pairs(rows, columns).flat_map(move |(y, x)| (0..channels).map(move |c| (y, x, c)))
}

/// The mean loss of a batch.
pub(crate) fn loss(outputs: &[Vec<f64>], targets: &[Target], smoothing: f64) -> f64 {
    let each = outputs.iter().zip(targets).map(|(logits, target)| {
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let logarithm = most + logits.iter().map(|l| (l - most).exp()).sum::<f64>().ln();
        let classes = logits.len() as f64;
        let surprise = |class: u16| logarithm - logits[usize::from(class)];
        let share = f64::from(target.share);
        (1.0 - smoothing) * (share * surprise(target.first) + (1.0 - share) * surprise(target.second))
            + smoothing * logits.iter().map(|l| logarithm - l).sum::<f64>() / classes
    });
    each.sum::<f64>() / outputs.len() as f64
}
