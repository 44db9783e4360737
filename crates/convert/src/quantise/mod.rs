//! Makes a float32 network int8: what each tensor may hold is seen on samples, what that costs is measured, layer by layer.

mod equalise;
mod observe;
mod report;
mod steps;
mod weights;

use std::rc::Rc;

use automcu_model::{Graph, Refusal};

use crate::{
    float::{FloatInterpreter, FloatNetwork},
    interpret::Interpreter,
    network::{Network, NetworkError},
    ops::NotComputed,
};
use observe::Observations;
pub use observe::Range;
pub use report::{LayerReport, Report};

/// How the range of a tensor is taken from what it was seen to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// All that was seen.
    MinMax,
    /// All but this share of what was seen, at each end; 0.0001 leaves one value in 10,000 out.
    Percentile(f64),
    /// The range that makes the squared error least.
    SquaredError,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It is where the output comes closer to that of the float32 network.
    WhereItHelps,
}

/// How a network is quantised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How ranges are taken.
    pub method: Method,
    /// Whether neighbouring layers share their ranges out, channel by channel.
    pub equalise: Choice,
    /// Whether biases make up for what rounded weights are off on average.
    pub correct_biases: Choice,
    /// What inputs lie between, whatever is seen of them: -1 and 127/128 make the integer of a byte that byte less 128.
    pub input: Option<Range>,
    /// Whether inputs whose range is not given may be cut off where they are seen to lie between wider bounds: the steps between become finer.
    pub narrow_input: bool,
    /// By what the ways are compared that are left to choose.
    pub closeness: Closeness,
}

/// How close an int8 network is to the float32 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closeness {
    /// By the signal to noise of its outputs.
    Values,
    /// By the chances that its outputs give to classes.
    Classes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::SquaredError,
            equalise: Choice::WhereItHelps,
            correct_biases: Choice::WhereItHelps,
            input: None,
            narrow_input: false,
            closeness: Closeness::Values,
        }
    }
}

/// A network that cannot be made int8.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantiseError {
    /// There is nothing to see ranges on.
    #[error("{given} values are no whole number of samples of {each}, at least 1")]
    Samples {
        /// How many values there are.
        given: usize,
        /// How many a sample has.
        each: usize,
    },
    /// The network computes what is no number.
    #[error("{origin}: {op} computes {value} on the samples; scale the inputs, or train again")]
    NotFinite {
        /// Where the operation comes from.
        origin: String,
        /// The operation.
        op: &'static str,
        /// What it computes.
        value: f32,
    },
    /// The steps of neighbours are too far apart.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// An operation is not computed in integers.
    #[error(transparent)]
    NotComputed(#[from] NotComputed),
    /// The graph with what has to stand between its steps is too large.
    #[error("{}: {}; {}", .0.path, .0.problem, .0.remedy)]
    TooLarge(Refusal),
}

impl FloatNetwork {
    /// Makes the network int8, by ranges that are seen on samples: inputs, one behind the other.
    pub fn quantised(&self, samples: &[f32], options: Options) -> Result<(Network, Report), QuantiseError> {
        let each = usize::try_from(self.graph.shape(Graph::INPUT).elements()).expect("graphs are bounded");
        if samples.is_empty() || !samples.len().is_multiple_of(each) {
            return Err(QuantiseError::Samples { given: samples.len(), each });
        }
        let plain = steps::with_steps_between(self).map_err(QuantiseError::TooLarge)?;
        let mut best: Option<(Network, Report)> = None;
        let mut failed = None;
        let mut take = |found: Result<(Network, Report), QuantiseError>| match found {
            Ok(found) if best.as_ref().is_none_or(|(_, best)| found.1.is_better_than(best, options.closeness)) => {
                best = Some(found);
                true
            }
            Ok(_) => false,
            Err(error) => {
                failed.get_or_insert(error);
                false
            }
        };
        let mut way = None;
        for &is_equalised in tried(options.equalise) {
            let network = if is_equalised { equalise::equalised(&plain) } else { plain.clone() };
            let mut observations = match Observations::of(&network, samples, options.method) {
                Ok(observations) => observations,
                Err(error) => {
                    take(Err(error));
                    continue;
                }
            };
            if let Some(range) = options.input {
                observations.ranges[Graph::INPUT.index()] = range;
            }
            let seen = Rc::new(Seen { network, observations, is_equalised });
            for &is_corrected in tried(options.correct_biases) {
                if take(seen.made_int8(samples, 1.0, is_corrected)) {
                    way = Some((Rc::clone(&seen), is_corrected));
                }
            }
        }
        // The best way so far, with finer steps of what most inputs are.
        if let Some((seen, is_corrected)) = way.filter(|_| options.narrow_input && options.input.is_none()) {
            for share in NARROWER {
                take(seen.made_int8(samples, share, is_corrected));
            }
        }
        // One way that works is enough.
        best.ok_or_else(|| failed.expect("something was tried"))
    }
}

/// The shares of the range of inputs that are tried.
const NARROWER: [f32; 5] = [0.75, 0.5, 0.375, 0.25, 0.125];

/// A network with what was seen of it.
struct Seen {
    network: FloatNetwork,
    observations: Observations,
    is_equalised: bool,
}

impl Seen {
    /// The int8 network whose inputs lie within this share of their range.
    fn made_int8(&self, samples: &[f32], share: f32, is_corrected: bool) -> Result<(Network, Report), QuantiseError> {
        let mut ranges = self.observations.ranges.clone();
        let Range { least, most } = &mut ranges[Graph::INPUT.index()];
        (*least, *most) = (*least * share, *most * share);
        let means = is_corrected.then_some(&self.observations.means[..]);
        let integers = integers(&self.network, &ranges, means)?;
        let report = Report::of(&self.network, &integers, samples, [self.is_equalised, is_corrected])?;
        Ok((integers, report))
    }
}

fn tried(choice: Choice) -> &'static [bool] {
    match choice {
        Choice::Yes => &[true],
        Choice::No => &[false],
        Choice::WhereItHelps => &[false, true],
    }
}

fn integers(network: &FloatNetwork, ranges: &[Range], means: Option<&[Vec<f64>]>) -> Result<Network, QuantiseError> {
    let tensors = steps::quantisations(&network.graph, ranges);
    let layers = network.graph.nodes().iter().zip(&network.weights).map(|(node, layer)| {
        let means = means.map(|means| means[node.inputs[0].index()].as_slice());
        let layer = layer.as_ref()?;
        Some(weights::quantised(&network.graph, node, layer, tensors[node.inputs[0].index()], means))
    });
    let layers = layers.collect();
    Ok(Network::new(network.graph.clone(), tensors, layers)?)
}

/// Runs both networks on each sample.
fn on_samples(
    network: &FloatNetwork,
    integers: &Network,
    samples: &[f32],
    mut see: impl FnMut(&FloatInterpreter<'_>, &Interpreter),
) -> Result<(), NotComputed> {
    let (mut float, mut int) = (FloatInterpreter::new(network), Interpreter::new(integers)?);
    let first = integers.quantisations()[Graph::INPUT.index()];
    for sample in samples.chunks_exact(int.tensor(0).len()) {
        float.run(sample);
        let values: Vec<i8> = sample.iter().map(|&real| first.of_real(real)).collect();
        int.run(&values).expect("as long as the float32 network's input");
        see(&float, &int);
    }
    Ok(())
}
