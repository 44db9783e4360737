//! What a graph is for training: steps that each write a map, and what follows a map's values where they are read.
//!
//! A bias, a batch normalisation and an activation are no steps: they are computed whenever the map that they follow is read,
//! so that what they give is never stored.

use std::ops::Range;

use automcu_model::{Extent, Graph, Op, Shape, TensorId, spec::Activation};

/// A place in the list of all parameters.
pub(crate) type Span = Range<usize>;

/// What follows the values of a map before its activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Nothing.
    Nothing,
    /// A bias a channel.
    Bias(Span),
    /// Batch normalisation: the place of its running statistics, its scales and its shifts.
    Norm { running: Span, scales: Span, shifts: Span },
}

/// A map that is stored: the input, or what a step writes.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    pub(crate) shape: Shape,
    pub(crate) follow: Follow,
    pub(crate) activation: Activation,
}

impl Map {
    const fn plain(shape: Shape) -> Self {
        Self { shape, follow: Follow::Nothing, activation: Activation::None }
    }

    /// Whether what is read is what is stored.
    pub(crate) fn is_plain(&self) -> bool {
        self.follow == Follow::Nothing && self.activation == Activation::None
    }

    /// Whether the gradient of what is stored is that of what is read.
    pub(crate) fn passes_gradients(&self) -> bool {
        !matches!(self.follow, Follow::Norm { .. }) && self.activation == Activation::None
    }

    pub(crate) const fn elements(&self) -> usize {
        index(self.shape.height) * index(self.shape.width) * index(self.shape.channels)
    }

    pub(crate) const fn channels(&self) -> usize {
        index(self.shape.channels)
    }

    pub(crate) const fn width(&self) -> usize {
        index(self.shape.width)
    }

    pub(crate) const fn height(&self) -> usize {
        index(self.shape.height)
    }

    pub(crate) const fn area(&self) -> usize {
        self.width() * self.height()
    }
}

pub(crate) const fn index(number: u32) -> usize {
    number as usize
}

/// An operation that writes the map after it: step `i` writes map `i + 1`.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<usize>,
    /// Whether each input's gradient gets its first share here, in the order of the backward pass.
    pub(crate) begins: Vec<bool>,
    /// Whether each input's gradient is complete after this step.
    pub(crate) completes: Vec<bool>,
    pub(crate) weights: Span,
}

/// A normalisation, or a layer with weights, of the graph and where its parameters are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The node of the graph.
    pub node: usize,
    /// What they are.
    pub kind: Held,
    /// Where they are.
    pub span: Range<usize>,
}

/// What parameters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Weights of a convolution: rows, columns, inputs, outputs.
    Conv,
    /// Weights of a depthwise convolution: rows, columns, channels.
    Depthwise,
    /// Weights of a dense layer: inputs, outputs.
    Dense,
    /// Biases.
    Biases,
    /// The factors of a normalisation.
    Scales,
    /// What a normalisation adds.
    Shifts,
    /// The means that a normalisation has seen.
    Means,
    /// The variances that it has seen.
    Variances,
}

/// The steps of a graph.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) maps: Vec<Map>,
    pub(crate) steps: Vec<Step>,
    pub(crate) output: usize,
    pub(crate) holders: Vec<Holder>,
    pub(crate) parameters: usize,
    /// Means and variances of normalisations: so many of each.
    pub(crate) running: usize,
    /// What normalisations have seen: places in the lists of means and of variances.
    pub(crate) seen: Vec<Holder>,
}

/// A graph that cannot be trained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {op} is not trained; {remedy}")]
pub struct NotTrained {
    /// Where the operation comes from.
    pub origin: String,
    /// The operation.
    pub op: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Plan {
    pub(crate) fn of(graph: &Graph) -> Result<Self, NotTrained> {
        let mut plan = Self {
            maps: vec![Map::plain(graph.shape(Graph::INPUT))],
            steps: Vec::new(),
            output: 0,
            holders: Vec::new(),
            parameters: 0,
            running: 0,
            seen: Vec::new(),
        };
        let readers = graph.readers();
        let mut map_of = vec![0; graph.tensors().len()];
        for (place, node) in graph.nodes().iter().enumerate() {
            let source = node.inputs[0];
            let alone = readers[source.index()].len() == 1 && source != graph.output();
            let map = map_of[source.index()];
            if !(alone && plan.absorb(place, &node.op, map)) {
                plan.push(graph, place, |tensor: TensorId| map_of[tensor.index()])?;
                map_of[node.output.index()] = plan.steps.len();
            } else {
                map_of[node.output.index()] = map;
            }
        }
        plan.output = map_of[graph.output().index()];
        plan.turn_signals();
        plan.mark_gradients();
        Ok(plan)
    }

    /// Turns maps of one column, which signals are, into maps of one row: they lie in memory the same, and kernels work along
    /// rows. Weights stay where they are, because no kernel has a second column.
    fn turn_signals(&mut self) {
        let is_column = |extent: &Extent| extent.width == 1;
        let is_signal = self.maps.iter().all(|map| map.shape.width == 1)
            && self.steps.iter().all(|step| {
                let window = step.op.window().is_none_or(|(kernel, stride)| is_column(&kernel) && is_column(&stride));
                window && !matches!(step.op, Op::Pad(_))
            });
        if is_signal {
            for map in &mut self.maps {
                map.shape = Shape { height: 1, width: map.shape.height, ..map.shape };
            }
            self.steps.iter_mut().for_each(|step| step.op = turned(step.op));
        }
    }

    /// Lets what reads a map follow the operation, if it can.
    fn absorb(&mut self, node: usize, op: &Op, map: usize) -> bool {
        if map == 0 || self.maps[map].activation != Activation::None {
            return false;
        }
        match *op {
            Op::BatchNorm if self.maps[map].follow == Follow::Nothing => self.follow_with_norm(node, map),
            Op::Activate(activation) => self.maps[map].activation = activation,
            _ => return false,
        }
        true
    }

    fn follow_with_norm(&mut self, node: usize, map: usize) {
        let channels = self.maps[map].channels();
        let running = self.running..self.running + channels;
        self.running += channels;
        for kind in [Held::Means, Held::Variances] {
            self.seen.push(Holder { node, kind, span: running.clone() });
        }
        let scales = self.hold(node, Held::Scales, channels);
        let shifts = self.hold(node, Held::Shifts, channels);
        self.maps[map].follow = Follow::Norm { running, scales, shifts };
    }

    fn push(&mut self, graph: &Graph, place: usize, map_of: impl Fn(TensorId) -> usize) -> Result<(), NotTrained> {
        let node = &graph.nodes()[place];
        let refused = |remedy| NotTrained { origin: node.origin.to_string(), op: node.op.word(), remedy };
        let mut map = Map::plain(graph.shape(node.output));
        map.activation = node.op.activation().unwrap_or(Activation::None);
        let (kind, bias) = match node.op {
            Op::Conv { bias, .. } => (Some(Held::Conv), bias),
            Op::DepthwiseConv { bias, .. } => (Some(Held::Depthwise), bias),
            Op::Dense { bias, .. } => (Some(Held::Dense), bias),
            Op::Requantise | Op::LeakyRelu(_) => {
                return Err(refused("it stands for integers; train the architecture that they were made of"));
            }
            Op::Softmax => return Err(refused("the loss has it; end the network with logits")),
            _ => (None, false),
        };
        let weights = usize::try_from(graph.cost_of(node).weights).expect("graphs are bounded");
        let weights = kind.map_or(0..0, |kind| self.hold(place, kind, weights));
        if bias {
            map.follow = Follow::Bias(self.hold(place, Held::Biases, map.channels()));
        }
        let op = match node.op {
            Op::Activate(activation) => {
                map.activation = activation;
                Op::Reshape
            }
            Op::BatchNorm => Op::Reshape,
            op => op,
        };
        let inputs: Vec<usize> = node.inputs.iter().map(|&tensor| map_of(tensor)).collect();
        let flags = vec![false; inputs.len()];
        self.steps.push(Step { op, inputs, begins: flags.clone(), completes: flags, weights });
        self.maps.push(map);
        if node.op == Op::BatchNorm {
            self.follow_with_norm(place, self.maps.len() - 1);
        }
        Ok(())
    }

    fn hold(&mut self, node: usize, kind: Held, count: usize) -> Span {
        let span = self.parameters..self.parameters + count;
        self.parameters += count;
        self.holders.push(Holder { node, kind, span: span.clone() });
        span
    }

    /// Says which share of a map's gradient comes first and which last, going backwards.
    fn mark_gradients(&mut self) {
        let mut seen = vec![false; self.maps.len()];
        seen[self.output] = true;
        for step in self.steps.iter_mut().rev() {
            for (i, &input) in step.inputs.iter().enumerate() {
                step.begins[i] = !std::mem::replace(&mut seen[input], true);
            }
        }
        let mut seen = vec![false; self.maps.len()];
        for step in &mut self.steps {
            for (i, &input) in step.inputs.iter().enumerate().rev() {
                step.completes[i] = !std::mem::replace(&mut seen[input], true);
            }
        }
    }
}

/// The operation with rows and columns of its window changed about.
const fn turned(op: Op) -> Op {
    const fn turn(extent: Extent) -> Extent {
        Extent { height: extent.width, width: extent.height }
    }
    match op {
        Op::Conv { kernel, stride, padding, bias, activation } => {
            Op::Conv { kernel: turn(kernel), stride: turn(stride), padding, bias, activation }
        }
        Op::DepthwiseConv { kernel, stride, padding, bias, activation } => {
            Op::DepthwiseConv { kernel: turn(kernel), stride: turn(stride), padding, bias, activation }
        }
        Op::MaxPool { window, stride, padding } => Op::MaxPool { window: turn(window), stride: turn(stride), padding },
        Op::AveragePool { window, stride, padding } => {
            Op::AveragePool { window: turn(window), stride: turn(stride), padding }
        }
        other => other,
    }
}
