//! The training protocol: the same split, recipe and metric for all that are to be compared.
//!
//! Nothing here reads a clock, a file or the environment: the clock is handed in, and who watches is told.

use std::time::Duration;

use automcu_dataset::{
    BatchError, Batching, EvaluationBatches, SamplesRef, Split, SplitError, Target, TrainingBatches,
};
use automcu_model::Graph;
use serde::{Deserialize, Serialize};

use crate::{
    executor::{Executor, ExecutorError, Loss, Setup, State},
    kernels::Isa,
    measure::{Measured, measure},
    optimise::{self, Memory},
    recipe::{Length, Recipe},
};

/// What is trained on what, and how.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The network, as it is trained.
    pub graph: &'a Graph,
    /// Samples for learning: a part of them validates.
    pub samples: SamplesRef<'a>,
    /// Which part.
    pub split: &'a Split,
    /// How.
    pub recipe: &'a Recipe,
    /// Decides initial weights, order and augmentation.
    pub seed: u64,
    /// Threads that compute.
    pub threads: usize,
    /// Threads that make batches ahead; with none they are made in between.
    pub loaders: usize,
    /// The vectors to compute with.
    pub isa: Isa,
}

/// How far training has come: all that goes on from it, to the bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Parameters, and what normalisations have seen.
    pub state: State,
    pub(crate) memory: Memory,
    pub(crate) best: Option<Best>,
    pub(crate) counts: Counts,
    /// Epoch by epoch.
    pub curve: Vec<Epoch>,
}

/// The counts of [`Progress`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Epochs that are done.
    pub(crate) epochs: u32,
    /// Batches of the next one that are done.
    pub(crate) batches: u64,
    /// The sum of their losses.
    pub(crate) loss: f64,
    /// The stretch of the recipe that the next epoch is of, chosen at its beginning.
    pub(crate) stretch: usize,
    pub(crate) seconds: f64,
    /// Times that the rate was reduced because numbers went wrong.
    pub(crate) back_offs: u32,
}

impl Progress {
    /// The state that is handed out: the best one, or the average, or the last.
    #[must_use]
    pub fn handed_out(&self) -> &State {
        let best = self.best.as_ref().map(|best| &best.state);
        best.or(self.memory.average.as_ref()).unwrap_or(&self.state)
    }

    /// Epochs that are done.
    #[must_use]
    pub const fn epochs(&self) -> u32 {
        self.counts.epochs
    }
}

/// The state that was best on the validation samples.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Best {
    pub(crate) state: State,
    pub(crate) epoch: u32,
    pub(crate) share: f64,
}

/// An epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The mean loss of its batches.
    pub loss: f64,
    /// What the network was worth after it.
    pub validation: Measured,
    /// Seconds of training until then.
    pub seconds: f64,
}

/// What is told to who watches.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A batch is done.
    Batch {
        /// The share of training that is done.
        share: f64,
        /// The loss of the batch.
        loss: f64,
        /// The epoch, from 0.
        epoch: u32,
    },
    /// An epoch is done.
    Epoch {
        /// How far training has come.
        progress: &'a Progress,
        /// The share of training that is done.
        share: f64,
    },
    /// Numbers went wrong; the epoch begins again at a lower rate.
    BackedOff {
        /// The epoch, from 0.
        epoch: u32,
    },
}

/// What who watches wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Go on.
    GoOn,
    /// Stop here, to go on another time.
    Stop,
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The recipe is through.
    Completed,
    /// Nothing was gained any more.
    Plateau,
    /// Who watches wished it.
    Stopped,
}

/// What came of training: never a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What the state that is handed out is worth on the validation samples.
    pub validation: Measured,
    /// Why training ended.
    pub end: End,
    /// How many epochs there were.
    pub epochs: u32,
    /// The epoch whose state is handed out, from 1.
    pub best_epoch: u32,
    /// How long it took.
    pub seconds: f64,
    /// How often the rate was reduced because numbers went wrong.
    pub back_offs: u32,
}

/// What was trained.
#[derive(Clone, Debug)]
pub struct Trained {
    /// What came of it.
    pub summary: Summary,
    /// The state that is handed out.
    pub state: State,
    /// Where to go on from.
    pub progress: Progress,
}

/// Training that failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The network cannot be computed.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// Batches cannot be made.
    #[error(transparent)]
    Batches(#[from] BatchError),
    /// The split has no such part.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The network is for other samples.
    #[error(
        "the network takes {takes} and tells {outputs} classes; the samples are {are} of {classes} classes; {remedy}"
    )]
    Mismatch {
        /// What the network takes.
        takes: String,
        /// How many classes it tells apart.
        outputs: u64,
        /// What samples are.
        are: String,
        /// How many classes they have.
        classes: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// What was to go on is of another network or recipe.
    #[error(
        "what was trained before has {has} {what}, this network and recipe have {wants}; go on with those it was begun with"
    )]
    OtherProgress {
        /// How many there are.
        has: usize,
        /// How many there should be.
        wants: usize,
        /// Of what.
        what: &'static str,
    },
    /// Numbers went wrong twice.
    #[error(
        "epoch {epoch}: the loss is no number any more, even at a lower rate; lower the recipe's rate, or clip gradients"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: u32,
    },
}

/// By what the rate is multiplied when numbers went wrong.
const BACK_OFF: f64 = 0.3;
/// So often the rate is reduced before training fails.
const MOST_BACK_OFFS: u32 = 1;

/// Trains a network.
pub struct Trainer<'a> {
    task: Task<'a>,
    executor: Executor,
    learning: Vec<TrainingBatches<'a>>,
    validating: EvaluationBatches<'a>,
}

/// More epochs than that are not trained, however short they are.
pub(crate) const MOST_EPOCHS: u32 = 10_000;

/// What an epoch came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Done,
    /// There was no time for a single batch.
    OutOfTime,
    Stopped,
    WentWrong,
}

impl<'a> Trainer<'a> {
    /// Checks what can be, and makes all buffers.
    pub fn new(task: Task<'a>) -> Result<Self, TrainError> {
        let Feeds { batch, learning, validating } = feeds(&task)?;
        let executor = Executor::new(task.graph, Setup { batch, threads: task.threads, isa: task.isa })?;
        Ok(Self { task, executor, learning, validating })
    }

    /// Where training begins.
    #[must_use]
    pub fn beginning(&self) -> Progress {
        let state = self.executor.initial(self.task.graph, self.task.seed);
        self.beginning_with(state)
    }

    /// Where training begins with weights that were trained before, such as those of a lower rung.
    #[must_use]
    pub fn beginning_with(&self, state: State) -> Progress {
        let memory = Memory::new(self.task.recipe, &state);
        Progress { state, memory, best: None, counts: Counts::default(), curve: Vec::new() }
    }

    /// What parameters are.
    #[must_use]
    pub const fn executor(&self) -> &Executor {
        &self.executor
    }

    /// Measures a state on other samples of the same shape.
    pub fn test(&mut self, state: &State, samples: SamplesRef<'_>, indices: &[u32]) -> Result<Measured, TrainError> {
        let resize = self.task.recipe.resize();
        let batches = EvaluationBatches::new(samples, indices, self.executor.batch(), resize)?;
        Ok(measure(&mut self.executor, state, &batches)?)
    }

    /// Trains from here to the end, or until who watches wishes otherwise.
    pub fn run(
        &mut self,
        mut progress: Progress,
        clock: &dyn Fn() -> Duration,
        watch: &mut dyn FnMut(Event<'_>) -> Wish,
    ) -> Result<Trained, TrainError> {
        self.check(&progress)?;
        let begun = clock();
        let before = progress.counts.seconds;
        let elapsed = || before + (clock() - begun).as_secs_f64();
        let mut end = if self.has_plateaued(&progress) { End::Plateau } else { End::Completed };
        while end == End::Completed && self.share(&progress.counts, elapsed()) < 1.0 {
            let snapshot = (progress.state.clone(), progress.memory.clone(), progress.counts);
            let mut pass = self.epoch(&mut progress, &elapsed, watch)?;
            progress.counts.seconds = elapsed();
            if pass == Pass::Done && !self.finish_epoch(&mut progress)? {
                pass = Pass::WentWrong;
            }
            match pass {
                Pass::Done => {
                    let share = self.share(&progress.counts, elapsed());
                    let wish = watch(Event::Epoch { progress: &progress, share });
                    if self.has_plateaued(&progress) {
                        end = End::Plateau;
                        break;
                    }
                    if wish == Wish::Stop && share < 1.0 {
                        end = End::Stopped;
                        break;
                    }
                }
                Pass::WentWrong => {
                    back_off(&mut progress, snapshot)?;
                    watch(Event::BackedOff { epoch: progress.counts.epochs });
                }
                Pass::OutOfTime => break,
                Pass::Stopped => {
                    end = End::Stopped;
                    break;
                }
            }
        }
        self.hand_out(progress, end)
    }

    /// The share of training that is done.
    fn share(&self, counts: &Counts, elapsed: f64) -> f64 {
        match self.task.recipe.length {
            Length::Seconds(seconds) => (elapsed / seconds).max(f64::from(counts.epochs) / f64::from(MOST_EPOCHS)),
            Length::Epochs(epochs) => {
                #[expect(clippy::cast_precision_loss, reason = "batches are counted in millions")]
                let part = counts.batches as f64 / self.learning[0].per_epoch() as f64;
                (f64::from(counts.epochs) + part) / f64::from(epochs)
            }
        }
    }

    /// Goes through all samples once, from the batch where the last pass was stopped.
    fn epoch(
        &mut self,
        progress: &mut Progress,
        elapsed: &dyn Fn() -> f64,
        watch: &mut dyn FnMut(Event<'_>) -> Wish,
    ) -> Result<Pass, TrainError> {
        let epoch = progress.counts.epochs;
        if progress.counts.batches == 0 {
            progress.counts.stretch = self.stretch(&progress.counts, elapsed());
        }
        let batches = self.learning[progress.counts.stretch].clone();
        std::thread::scope(|scope| {
            let mut feed = batches.ahead(scope, self.task.loaders, epoch..epoch + 1)?;
            for _ in 0..progress.counts.batches {
                feed.next_batch();
            }
            while let Some(batch) = feed.next_batch() {
                let share = self.share(&progress.counts, elapsed());
                if share >= 1.0 {
                    // What was learnt counts as an epoch, unless nothing was.
                    return Ok(if progress.counts.batches == 0 { Pass::OutOfTime } else { Pass::Done });
                }
                let Some(loss) = self.learn(progress, share, &batch.values, &batch.targets) else {
                    return Ok(Pass::WentWrong);
                };
                progress.counts.batches += 1;
                progress.counts.loss += loss;
                if watch(Event::Batch { share, loss, epoch }) == Wish::Stop {
                    return Ok(Pass::Stopped);
                }
            }
            Ok(Pass::Done)
        })
    }

    /// Learns from a batch; none where numbers went wrong.
    fn learn(&mut self, progress: &mut Progress, share: f64, values: &[f32], targets: &[Target]) -> Option<f64> {
        let recipe = self.task.recipe;
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let smoothing = recipe.label_smoothing as f32;
        let noise = self.task.seed ^ progress.memory.steps.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let loss = self.executor.step(&mut progress.state, values, &Loss { targets, smoothing }, noise);
        let length = optimise::length(self.executor.gradient());
        if !(loss.is_finite() && length.is_finite()) {
            return None;
        }
        if let Some(most) = recipe.clip.filter(|most| length > *most) {
            #[expect(clippy::cast_possible_truncation, reason = "rounded to what is computed with")]
            let factor = (most / length) as f32;
            self.executor.gradient_mut().iter_mut().for_each(|gradient| *gradient *= factor);
        }
        let back_offs = i32::try_from(progress.counts.back_offs).unwrap_or(i32::MAX);
        let rate = recipe.rate * recipe.schedule.at(share) * BACK_OFF.powi(back_offs);
        self.executor.follow_gradient(recipe, rate, self.task.isa, &mut progress.state, &mut progress.memory);
        Some(loss)
    }

    /// The stretch of the epoch that begins. Counted in epochs, it is the one in which the epoch ends, so that the last epoch
    /// is always of the last stretch.
    fn stretch(&self, counts: &Counts, elapsed: f64) -> usize {
        match self.task.recipe.length {
            Length::Epochs(_) => {
                let after = Counts { epochs: counts.epochs + 1, batches: 0, ..*counts };
                self.task.recipe.stretch_until(self.share(&after, elapsed))
            }
            Length::Seconds(_) => self.task.recipe.stretch_at(self.share(counts, elapsed)),
        }
    }

    /// Whether what is to go on belongs to this network and recipe.
    fn check(&self, progress: &Progress) -> Result<(), TrainError> {
        let plan = self.executor.plan();
        let recipe = self.task.recipe;
        let wants = [
            (plan.parameters, progress.state.parameters.len(), "parameters"),
            (plan.running, progress.state.means.len(), "running means"),
            (plan.running, progress.state.variances.len(), "running variances"),
            (plan.parameters, progress.memory.first.len(), "values of momentum"),
            (
                if Memory::has_second(recipe) { plan.parameters } else { 0 },
                progress.memory.second.len(),
                "mean squares",
            ),
            (usize::from(recipe.average.is_some()), usize::from(progress.memory.average.is_some()), "averages"),
            (recipe.stretches.len(), recipe.stretches.len().max(progress.counts.stretch + 1), "stretches"),
        ];
        match wants.into_iter().find(|(wants, has, _)| wants != has) {
            Some((wants, has, what)) => Err(TrainError::OtherProgress { has, wants, what }),
            None => Ok(()),
        }
    }

    /// Validates what was learnt; says whether all numbers are numbers.
    fn finish_epoch(&mut self, progress: &mut Progress) -> Result<bool, TrainError> {
        let handed = progress.memory.average.as_ref().unwrap_or(&progress.state);
        let validation = measure(&mut self.executor, handed, &self.validating)?;
        // An activation may turn what is no number into one: the loss alone would not tell.
        if !(validation.loss.is_finite() && handed.is_finite() && progress.state.is_finite()) {
            return Ok(false);
        }
        let counts = &mut progress.counts;
        counts.epochs += 1;
        #[expect(clippy::cast_precision_loss, reason = "batches are counted in millions")]
        let loss = counts.loss / counts.batches.max(1) as f64;
        (counts.batches, counts.loss) = (0, 0.0);
        let (epoch, share) = (counts.epochs, validation.accuracy.share);
        progress.curve.push(Epoch { loss, validation, seconds: counts.seconds });
        // A state is only better if it is better by more than nothing; without early stopping the last one counts.
        let rise = self.task.recipe.early_stop.map(|stop| stop.rise);
        let is_best = progress.best.as_ref().is_none_or(|best| rise.is_none_or(|rise| share > best.share + rise));
        if is_best {
            progress.best = Some(Best { state: handed.clone(), epoch, share });
        }
        Ok(true)
    }

    fn has_plateaued(&self, progress: &Progress) -> bool {
        let (Some(stop), Some(best)) = (self.task.recipe.early_stop, &progress.best) else { return false };
        let epochs = progress.counts.epochs;
        epochs >= stop.least && epochs - best.epoch >= stop.patience
    }

    fn hand_out(&mut self, progress: Progress, end: End) -> Result<Trained, TrainError> {
        let state = progress.handed_out().clone();
        // The best state was measured after its epoch.
        let measured = progress.best.as_ref().and_then(|best| progress.curve.get(best.epoch as usize - 1));
        let validation = match measured {
            Some(epoch) => epoch.validation,
            None => measure(&mut self.executor, &state, &self.validating)?,
        };
        let Counts { epochs, seconds, back_offs, .. } = progress.counts;
        let best_epoch = progress.best.as_ref().map_or(epochs, |best| best.epoch);
        let summary = Summary { validation, end, epochs, best_epoch, seconds, back_offs };
        Ok(Trained { summary, state, progress })
    }
}

/// Checks what can be without making buffers: whether network, samples, split and recipe go together.
pub fn check(task: &Task<'_>) -> Result<(), TrainError> {
    feeds(task).map(|_| ())
}

/// What is learnt from, a stretch of the recipe each, and what validates.
struct Feeds<'a> {
    batch: usize,
    learning: Vec<TrainingBatches<'a>>,
    validating: EvaluationBatches<'a>,
}

fn feeds<'a>(task: &Task<'a>) -> Result<Feeds<'a>, TrainError> {
    let indices = task.split.rung(task.recipe.fraction)?;
    let batch = (task.recipe.batch as usize).min(indices.len());
    let options = Batching { batch, seed: task.seed, drop_last: true };
    let learning = task
        .recipe
        .stretches
        .iter()
        .map(|stretch| TrainingBatches::new(task.samples, indices, stretch.augmentation.clone(), options));
    let learning: Vec<_> = learning.collect::<Result<_, _>>()?;
    for batches in &learning {
        check_shapes(task, batches.shape())?;
    }
    let resize = task.recipe.resize();
    let validating = EvaluationBatches::new(task.samples, task.split.validation(), batch, resize)?;
    check_shapes(task, validating.shape())?;
    Ok(Feeds { batch, learning, validating })
}

/// Goes back to where the epoch, or this run, began, to go on at a lower rate.
fn back_off(progress: &mut Progress, (state, memory, counts): (State, Memory, Counts)) -> Result<(), TrainError> {
    if progress.counts.back_offs == MOST_BACK_OFFS {
        return Err(TrainError::Diverged { epoch: progress.counts.epochs + 1 });
    }
    let seconds = progress.counts.seconds;
    (progress.state, progress.memory) = (state, memory);
    progress.counts = Counts { back_offs: counts.back_offs + 1, seconds, ..counts };
    Ok(())
}

fn check_shapes(task: &Task<'_>, shape: automcu_model::Shape) -> Result<(), TrainError> {
    let takes = task.graph.shape(Graph::INPUT);
    let outputs = task.graph.shape(task.graph.output()).elements();
    let classes = task.samples.labels.iter().max().map_or(0, |&most| u64::from(most) + 1);
    let wrong =
        |remedy| TrainError::Mismatch { takes: takes.to_string(), outputs, are: shape.to_string(), classes, remedy };
    if takes != shape {
        return Err(wrong("give the architecture the samples' shape as its input"));
    }
    if outputs < classes {
        return Err(wrong("give the head as many classes"));
    }
    Ok(())
}
