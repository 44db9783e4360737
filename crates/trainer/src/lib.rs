//! Trains a graph on a CPU.

mod executor;
mod initial;
mod kernels;
mod plan;
mod random;

pub use executor::{Executor, ExecutorError, Loss, Setup, State};
pub use kernels::Isa;
pub use plan::{Held, Holder, NotTrained};
