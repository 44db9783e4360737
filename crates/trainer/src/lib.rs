//! Trains networks on a CPU: kernels of its own, a controlled protocol, checkpoints.

mod checkpoint;
mod executor;
mod initial;
mod kernels;
mod measure;
mod optimise;
mod plan;
mod random;
mod recipe;
mod recipes;
mod training;
mod worker;

pub use checkpoint::{Checkpoint, CheckpointError, Preparation, Problem, Subject, Tensor};
/// The number that normalisations add to variances.
pub use executor::EPSILON;
pub use executor::{Executor, ExecutorError, Loss, Setup, State};
pub use kernels::Isa;
pub use measure::{Accuracy, Measured};
pub use plan::{Held, Holder, NotTrained};
pub use recipe::{EarlyStop, Length, Optimiser, Recipe, RecipeDigest, RecipeError, Schedule, Stretch, Version};
pub use recipes::{Nature, RECIPES};
pub use training::{End, Epoch, Event, Progress, Summary, Task, TrainError, Trained, Trainer, Wish, check};
pub use worker::{Cause, Conditions, Event as WorkerEvent, PROTOCOL, Request, Splitting, WorkerError, work};
