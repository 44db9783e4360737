//! Trains a graph on a CPU.

mod executor;
mod initial;
mod kernels;
mod plan;
mod random;
mod target;

pub use executor::{Executor, ExecutorError, Loss, Setup, State};
pub use kernels::Isa;
pub use plan::{Held, Holder, NotTrained};
pub use target::Target;
