//! A network as it is trained: float32 weights on a graph. Batch normalisation is folded here; quantisation starts here.

mod drawn;
mod run;

use automcu_model::{Graph, Node, Op, Refusal};

use crate::{form::integer_form, network::Network};
pub use drawn::UntrainedError;
pub use run::FloatInterpreter;

/// The weights of a convolution or dense layer, in the order of [`crate::Weights`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloatWeights {
    /// The weights.
    pub values: Vec<f32>,
    /// One for each output channel.
    pub biases: Vec<f32>,
}

/// What batch normalisation has learnt, channel by channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Norm {
    /// The factor of the normalised values.
    pub scales: Vec<f32>,
    /// What is added to them.
    pub shifts: Vec<f32>,
    /// The running means.
    pub means: Vec<f32>,
    /// The running variances.
    pub variances: Vec<f32>,
    /// What is added to variances, so that none is 0.
    pub epsilon: f32,
}

/// What a node of a trained graph has learnt.
#[derive(Clone, Debug, PartialEq)]
pub enum Learnt {
    /// Nothing.
    Nothing,
    /// Weights; biases are empty where the layer has none.
    Weights(FloatWeights),
    /// A normalisation.
    Norm(Norm),
}

/// A network with float32 weights, in the form that integer operators can take ([`integer_form`]).
#[derive(Clone, Debug)]
pub struct FloatNetwork {
    pub(crate) graph: Graph,
    /// By the node's place.
    pub(crate) weights: Vec<Option<FloatWeights>>,
}

/// Parts that do not make a network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FloatError {
    /// What was learnt is not as much as the operation has.
    #[error("{origin}: {op} has {wanted} {what}, not {given}")]
    Count {
        /// Where the operation comes from.
        origin: String,
        /// The operation.
        op: &'static str,
        /// Weights, biases, or what a normalisation has.
        what: &'static str,
        /// How many there are.
        given: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// What was learnt is not by node.
    #[error("{given} entries of what was learnt for a graph of {wanted} operations")]
    Nodes {
        /// How many entries there are.
        given: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// A number that is none, or infinite.
    #[error("{origin}: {op} has learnt {value}, which is no number to compute with; train it again")]
    NotFinite {
        /// Where the operation comes from.
        origin: String,
        /// The operation.
        op: &'static str,
        /// The number.
        value: f32,
    },
    /// A normalisation that no layer can do the work of.
    #[error("{origin}: batch normalisation stands behind no convolution or dense layer")]
    NormAlone {
        /// Where it comes from.
        origin: String,
    },
    /// The form for integers is too large.
    #[error("{}: {}; {}", .0.path, .0.problem, .0.remedy)]
    TooLarge(Refusal),
}

impl FloatNetwork {
    /// Folds what a graph has learnt into what is deployed: normalisation into the layer before it, dropout away.
    ///
    /// `learnt` is by the node's place in `trained`.
    pub fn deployed(trained: &Graph, learnt: &[Learnt]) -> Result<Self, FloatError> {
        let by = trained.deployed_by();
        if learnt.len() != trained.nodes().len() {
            return Err(FloatError::Nodes { given: learnt.len(), wanted: trained.nodes().len() });
        }
        let mut layers: Vec<Option<FloatWeights>> = vec![None; trained.nodes().len()];
        for (place, node) in trained.nodes().iter().enumerate() {
            let outputs = trained.shape(node.output).channels as usize;
            match &learnt[place] {
                Learnt::Weights(weights) => {
                    let cost = trained.cost_of(node).weights;
                    check_count(
                        node,
                        "weights",
                        weights.values.len(),
                        usize::try_from(cost).expect("graphs are bounded"),
                    )?;
                    let mut weights = weights.clone();
                    if weights.biases.is_empty() {
                        weights.biases = vec![0.0; outputs];
                    }
                    check_finite(node, weights.values.iter().chain(&weights.biases))?;
                    layers[place] = Some(weights);
                }
                Learnt::Norm(norm) => {
                    let alone = || FloatError::NormAlone { origin: node.origin.to_string() };
                    let layer = by[place].filter(|&by| by != place).ok_or_else(alone)?;
                    let weights = layers[layer].as_mut().ok_or_else(alone)?;
                    fold(node, norm, weights, outputs, &trained.nodes()[layer].op)?;
                }
                Learnt::Nothing => {}
            }
        }
        let kept = (0..by.len()).filter(|&place| by[place] == Some(place));
        let deployed = trained.deployed();
        let layers = kept.map(|place| layers[place].take()).collect();
        Self::of(&deployed, layers)
    }

    /// Puts a deployed graph and its weights, by the node's place, into the form for integers.
    fn of(deployed: &Graph, layers: Vec<Option<FloatWeights>>) -> Result<Self, FloatError> {
        let graph = integer_form(deployed).map_err(FloatError::TooLarge)?;
        // The form adds operations, and leaves those with weights in their order.
        let mut rest = layers.into_iter().flatten();
        let mut weights = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            let cost = graph.cost_of(node);
            let own = if cost.weights > 0 { rest.next().or_else(|| Some(FloatWeights::default())) } else { None };
            if let Some(own) = &own {
                let channels = graph.shape(node.output).channels as usize;
                let wanted = usize::try_from(cost.weights).expect("graphs are bounded");
                check_count(node, "weights", own.values.len(), wanted)?;
                check_count(node, "biases", own.biases.len(), channels)?;
            }
            weights.push(own);
        }
        Ok(Self { graph, weights })
    }

    /// The graph, in the form for integers.
    #[must_use]
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The weights of each node, by the node's place.
    #[must_use]
    pub fn weights(&self) -> &[Option<FloatWeights>] {
        &self.weights
    }
}

impl Network {
    /// The network with the numbers that its integers mean.
    #[must_use]
    pub fn dequantised(&self) -> FloatNetwork {
        let weights = self.graph.nodes().iter().zip(&self.weights).map(|(node, weights)| {
            let weights = weights.as_ref()?;
            let step = self.ends(node).0.scale;
            let channel_of = channel_of(&node.op, weights.values.len(), weights.biases.len());
            let values = weights.values.iter().enumerate();
            #[expect(clippy::cast_precision_loss, reason = "a bias of more than 24 bits is rounded")]
            let real = |bias: i32, scale: f32| bias as f32 * step * scale;
            Some(FloatWeights {
                values: values.map(|(i, &value)| f32::from(value) * weights.scales[channel_of(i)]).collect(),
                biases: weights.biases.iter().zip(&weights.scales).map(|(&bias, &scale)| real(bias, scale)).collect(),
            })
        });
        FloatNetwork { graph: self.graph.clone(), weights: weights.collect() }
    }
}

/// The output channel of each weight, by the weight's place.
pub(crate) fn channel_of(op: &Op, weights: usize, channels: usize) -> impl Fn(usize) -> usize + use<> {
    let is_depthwise = matches!(op, Op::DepthwiseConv { .. });
    let each = (weights / channels.max(1)).max(1);
    move |i| if is_depthwise { i % channels } else { i / each }
}

/// A normalisation becomes a factor and a shift of each output channel.
fn fold(node: &Node, norm: &Norm, weights: &mut FloatWeights, outputs: usize, op: &Op) -> Result<(), FloatError> {
    for (what, list) in
        [("scales", &norm.scales), ("shifts", &norm.shifts), ("means", &norm.means), ("variances", &norm.variances)]
    {
        check_count(node, what, list.len(), outputs)?;
        check_finite(node, list)?;
    }
    check_count(node, "biases of the layer before it", weights.biases.len(), outputs)?;
    let factors: Vec<f32> = norm
        .scales
        .iter()
        .zip(&norm.variances)
        .map(|(scale, variance)| scale / (variance + norm.epsilon).sqrt())
        .collect();
    check_finite(node, &factors)?;
    let channel_of = channel_of(op, weights.values.len(), outputs);
    for (i, value) in weights.values.iter_mut().enumerate() {
        *value *= factors[channel_of(i).min(outputs - 1)];
    }
    for (channel, bias) in weights.biases.iter_mut().enumerate() {
        *bias = (*bias - norm.means[channel]) * factors[channel] + norm.shifts[channel];
    }
    check_finite(node, weights.values.iter().chain(&weights.biases))
}

fn check_count(node: &Node, what: &'static str, given: usize, wanted: usize) -> Result<(), FloatError> {
    if given == wanted {
        return Ok(());
    }
    Err(FloatError::Count { origin: node.origin.to_string(), op: node.op.word(), what, given, wanted })
}

fn check_finite<'v>(node: &Node, values: impl IntoIterator<Item = &'v f32>) -> Result<(), FloatError> {
    match values.into_iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(&value) => Err(FloatError::NotFinite { origin: node.origin.to_string(), op: node.op.word(), value }),
    }
}
