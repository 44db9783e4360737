//! One step of training on a CPU: forward, loss, backward, over a batch that may be shared out among threads.
//!
//! Each [`Shard`] owns its part of the batch with all that belongs to it; what all read ([`Shared`]) changes only between
//! phases. So threads share nothing that is written, and a result depends on how many shards there are, never on timing.

mod backward;
mod elementwise;
mod forward;
mod geometry;
mod loss;
mod shard;
mod shared;

use automcu_model::Graph;
use rayon::ThreadPool;

use crate::{
    kernels::Isa,
    optimise::{self, Memory},
    plan::{Follow, Holder, NotTrained, Plan},
    recipe::Recipe,
};
pub use loss::Loss;
use shard::Shard;
use shared::Shared;

/// What training adjusts, and what normalisations have seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Weights, biases, scales and shifts.
    pub parameters: Vec<f32>,
    /// The running means of normalisations.
    pub means: Vec<f32>,
    /// Their running variances.
    pub variances: Vec<f32>,
}

impl State {
    /// Whether all numbers are numbers.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        [&self.parameters, &self.means, &self.variances].into_iter().flatten().all(|value| value.is_finite())
    }
}

/// How a batch is run through the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Normalised by the batch; activations are dropped, differently for each step.
    Train { noise: u64 },
    /// Normalised by what was seen in training.
    Evaluate,
}

/// Normalised values are divided by the root of their variance and this.
pub const EPSILON: f32 = 1e-5;
/// The share that a batch's statistics have in the running ones.
const MOMENTUM: f32 = 0.1;

/// How an executor is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The most samples of a batch.
    pub batch: usize,
    /// Threads that share a batch out; at least one.
    pub threads: usize,
    /// The vectors to use.
    pub isa: Isa,
}

/// Runs a graph forwards and backwards.
pub struct Executor {
    plan: Plan,
    setup: Setup,
    shared: Shared,
    shards: Vec<Shard>,
    pool: Option<ThreadPool>,
    gradient: Vec<f32>,
}

/// An executor that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// An operation is not trained.
    #[error(transparent)]
    NotTrained(#[from] NotTrained),
    /// Threads cannot be started.
    #[error("{0} threads cannot be started: {1}; ask for fewer")]
    Threads(usize, rayon::ThreadPoolBuildError),
}

impl Executor {
    /// Makes all buffers that are as large as batches or weights; later only a few numbers a channel are allocated.
    pub fn new(graph: &Graph, setup: Setup) -> Result<Self, ExecutorError> {
        let plan = Plan::of(graph)?;
        let threads = setup.threads.clamp(1, setup.batch.max(1));
        let shared = Shared::new(&plan, setup.isa);
        let most = setup.batch.div_ceil(threads);
        let shards = (0..threads).map(|_| Shard::new(&plan, &shared, most)).collect();
        let pool = if threads > 1 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            Some(pool.map_err(|error| ExecutorError::Threads(threads, error))?)
        } else {
            None
        };
        let gradient = vec![0.0; plan.parameters];
        Ok(Self { plan, setup, shared, shards, pool, gradient })
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What each parameter is, and of which operation.
    #[must_use]
    pub fn layout(&self) -> &[Holder] {
        &self.plan.holders
    }

    /// The most samples of a batch.
    #[must_use]
    pub const fn batch(&self) -> usize {
        self.setup.batch
    }

    /// The gradient that the last step has left.
    #[must_use]
    pub fn gradient(&self) -> &[f32] {
        &self.gradient
    }

    /// As [`Executor::gradient`], to be clipped.
    pub fn gradient_mut(&mut self) -> &mut [f32] {
        &mut self.gradient
    }

    /// Computes loss and gradient of a batch, and lets normalisations see it.
    ///
    /// `values` holds the samples one behind the other; `noise` makes what is dropped differ from step to step.
    pub fn step(&mut self, state: &mut State, values: &[f32], loss: &Loss<'_>, noise: u64) -> f64 {
        let count = loss.targets.len();
        self.among_threads(|executor| {
            executor.forward(state, values, count, Mode::Train { noise });
            let total = executor.loss(loss);
            executor.backward(state, count);
            total
        })
    }

    /// Works on one of the threads itself: whoever hands each phase to them from outside sleeps and is woken every time.
    fn among_threads<T: Send>(&mut self, work: impl FnOnce(&mut Self) -> T + Send) -> T {
        let Some(pool) = self.pool.take() else { return work(self) };
        let done = pool.install(|| work(self));
        self.pool = Some(pool);
        done
    }

    /// Lets parameters follow the gradient that the last step has left.
    pub(crate) fn follow_gradient(
        &mut self,
        recipe: &Recipe,
        rate: f64,
        isa: Isa,
        state: &mut State,
        memory: &mut Memory,
    ) {
        optimise::step(recipe, rate, &self.plan.holders, isa, &self.gradient, state, memory);
    }

    /// The outputs for some samples, normalised by what was seen in training: handed to `each` in their order.
    pub fn evaluate(&mut self, state: &State, values: &[f32], count: usize, mut each: impl FnMut(usize, &[f32])) {
        self.shared.take_weights(&self.plan, &state.parameters);
        self.shared.take_running(&self.plan, state);
        self.share_out(values, count);
        self.among_threads(|executor| {
            for step in 0..executor.plan.steps.len() {
                executor.each_shard(|plan, shared, shard| shard.forward(plan, shared, step, Mode::Evaluate));
            }
        });
        let mut first = 0;
        let output = self.plan.output;
        let elements = self.plan.maps[output].elements();
        for shard in &mut self.shards {
            let logits = shard.present_output(&self.plan, &self.shared);
            for (i, logits) in logits.chunks_exact(elements).enumerate() {
                each(first + i, logits);
            }
            first += shard.count;
        }
    }

    fn share_out(&mut self, values: &[f32], count: usize) {
        assert!(count <= self.setup.batch, "a batch larger than was planned");
        let elements = self.plan.maps[0].elements();
        assert_eq!(values.len(), count * elements, "as many values as samples have");
        let shards = self.shards.len();
        for (i, shard) in self.shards.iter_mut().enumerate() {
            let (first, last) = (count * i / shards, count * (i + 1) / shards);
            shard.first = first;
            shard.count = last - first;
            shard.values[0][..(last - first) * elements].copy_from_slice(&values[first * elements..last * elements]);
        }
    }

    fn forward(&mut self, state: &mut State, values: &[f32], count: usize, mode: Mode) {
        self.shared.take_weights(&self.plan, &state.parameters);
        self.shared.take_centres(&self.plan, state);
        self.share_out(values, count);
        for step in 0..self.plan.steps.len() {
            self.each_shard(|plan, shared, shard| shard.forward(plan, shared, step, mode));
            let map = &self.plan.maps[step + 1];
            if let Follow::Norm { .. } = map.follow {
                let places = count * map.area();
                let tallies = self.shards.iter_mut().map(|shard| &mut shard.tallies[step + 1]);
                self.shared.normalise(map, step + 1, tallies, places, state);
            }
        }
    }

    fn loss(&mut self, loss: &Loss<'_>) -> f64 {
        self.each_shard(|plan, shared, shard| shard.loss(plan, shared, loss));
        self.shards.iter().map(|shard| shard.loss).sum()
    }

    fn backward(&mut self, state: &State, count: usize) {
        self.gradient.fill(0.0);
        for step in (0..self.plan.steps.len()).rev() {
            let map = &self.plan.maps[step + 1];
            if map.follow != Follow::Nothing {
                let places = count * map.area();
                let tallies = self.shards.iter_mut().map(|shard| &mut shard.tallies[step + 1]);
                self.shared.pull(map, step + 1, tallies, places, &state.parameters, &mut self.gradient);
            }
            self.each_shard(|plan, shared, shard| shard.backward(plan, shared, step));
        }
        for step in &self.plan.steps {
            for shard in &self.shards {
                let parts = &shard.gradient[step.weights.clone()];
                for (sum, part) in self.gradient[step.weights.clone()].iter_mut().zip(parts) {
                    *sum += part;
                }
            }
        }
    }

    /// Lets every shard do its part of a phase.
    fn each_shard(&mut self, work: impl Fn(&Plan, &Shared, &mut Shard) + Sync) {
        let (plan, shared) = (&self.plan, &self.shared);
        match &mut self.shards[..] {
            [shard] => work(plan, shared, shard),
            shards => rayon::scope(|scope| {
                for shard in shards {
                    let work = &work;
                    scope.spawn(move |_| work(plan, shared, shard));
                }
            }),
        }
    }
}
