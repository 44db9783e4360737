//! Networks with weights that look random and are the same every time.

use automcu_convert::{Network, NetworkError, Quantisation, Weights, keeps_step};
use automcu_model::{Graph, Node, Op, spec::Activation};

/// Numbers that look random.
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of a seed.
    #[must_use]
    pub const fn of_seed(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).expect("32 bits")
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.bits() % bound
    }

    /// Any int8.
    pub fn int8(&mut self) -> i8 {
        self.bits().to_be_bytes()[0].cast_signed()
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * f64::from(self.bits()) / f64::from(u32::MAX)
    }
}

/// The graph, which is in integer form, with random weights and steps that keep values spread. Nothing where two tensors
/// would have to share a step that the one of them cannot have, or steps are too far apart to be computed.
///
/// # Panics
/// Where the graph and its weights do not make a network.
#[must_use]
pub fn network(graph: Graph, numbers: &mut Numbers) -> Option<Network> {
    let groups = step_groups(&graph);
    let mut steps: Vec<Option<Quantisation>> = vec![None; groups.len()];
    for node in graph.nodes() {
        if matches!(node.op, Op::Activate(Activation::Sigmoid) | Op::Softmax) {
            let group = &mut steps[groups[node.output.index()]];
            let fixed = Quantisation { scale: 1.0 / 256.0, zero_point: -128 };
            *group = Some(fixed);
        }
    }
    let input = groups[Graph::INPUT.index()];
    steps[input].get_or_insert_with(|| any_step(0.04, numbers));
    let mut weights = Vec::new();
    for node in graph.nodes() {
        let (from, to) = (groups[node.inputs[0].index()], groups[node.output.index()]);
        let step = steps[from].expect("operations stand after what they read");
        weights.push(weights_of(&graph, node, numbers));
        steps[to].get_or_insert_with(|| any_step(step.scale.into(), numbers));
    }
    // A group with a step of its own may have been asked for another one by a sigmoid.
    let fixed = |node: &Node| matches!(node.op, Op::Activate(Activation::Sigmoid) | Op::Softmax);
    let conflicting = graph.nodes().iter().any(|node| fixed(node) && groups[node.output.index()] == input);
    let tensors = groups.iter().map(|&group| steps[group].expect("every tensor is written")).collect();
    if conflicting {
        return None;
    }
    match Network::new(graph, tensors, weights) {
        Ok(network) => Some(network),
        Err(NetworkError::Range { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// A step near this scale and a zero point near 0; now and then one far from both.
fn any_step(scale: f64, numbers: &mut Numbers) -> Quantisation {
    let is_far = numbers.below(6) == 0;
    let factor = if is_far { 2_f64.powf(numbers.between(-6.0, 3.0)) } else { numbers.between(0.5, 2.0) };
    #[expect(clippy::cast_possible_truncation, reason = "a scale is a float32")]
    let scale = (scale * factor) as f32;
    let zero_point = match (is_far, numbers.below(3)) {
        (true, 0) => i8::MIN,
        (true, _) => i8::MAX,
        (false, 0) => numbers.int8(),
        (false, _) => numbers.int8() / 8,
    };
    Quantisation { scale, zero_point }
}

/// Random weights that keep values about as large as they are.
fn weights_of(graph: &Graph, node: &Node, numbers: &mut Numbers) -> Option<Weights> {
    let cost = graph.cost_of(node);
    if cost.weights == 0 {
        return None;
    }
    let channels = u64::from(graph.shape(node.output).channels);
    let terms = u32::try_from(cost.weights / channels).expect("small");
    // As trained weights have it: the result is about as large as the input.
    let scale = 1.0 / (50.0 * f64::from(terms).sqrt());
    let mut any_scale = || {
        #[expect(clippy::cast_possible_truncation, reason = "a scale is a float32")]
        let one = (scale * numbers.between(0.5, 1.5)) as f32;
        one
    };
    // Half of all layers have one scale for all channels, as older converters give dense layers.
    let first = any_scale();
    let is_one = first.to_bits() % 2 == 0;
    let scales = (0..channels).map(|_| if is_one { first } else { any_scale() }).collect();
    let values = (0..cost.weights).map(|_| numbers.int8()).collect();
    let biases = (0..channels).map(|_| i32::from(numbers.int8()) * i32::from(numbers.int8())).collect();
    Some(Weights { values, scales, biases })
}

/// For each tensor the first of those that share its step: operations that only move integers cannot change it.
fn step_groups(graph: &Graph) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..graph.tensors().len()).collect();
    for node in graph.nodes() {
        for input in node.inputs.iter().filter(|_| keeps_step(&node.op)) {
            let (kept, merged) = (groups[input.index()], groups[node.output.index()]);
            groups.iter_mut().filter(|group| **group == merged).for_each(|group| *group = kept);
        }
    }
    groups
}
