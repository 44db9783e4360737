//! Attempts of training, each in a process of its own, wherever that runs: an [`Executor`] starts one and tells what it does.
//!
//! [`Local`] starts them on this computer. Whoever asks sees the same events and the same [`Ending`]s from any executor, and never
//! a process.

mod executor;
mod local;

pub use executor::{Ending, Executor, Heard, Loss, NotStarted, Started};
pub use local::{Bounds, Local};
