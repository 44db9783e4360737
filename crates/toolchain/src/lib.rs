//! Other people's programs: compilers, linkers and emulators, each started in a folder of its own, within bounds, and what
//! they say made into figures.
//!
//! Nothing here reads the environment: where programs lie is handed in.

mod board;
mod build;
mod compiler;
pub mod firmware;
pub mod folder;
pub mod gcc;
mod image;
pub mod judge;
mod own;
mod proof;
pub mod runs;
pub mod stedgeai;
mod subprocess;
#[cfg(test)]
mod testing;
pub mod tflm;
mod tools;
mod trial;
pub mod vela;
pub mod vendor;

pub use board::{Board, Cpu, Isa};
pub use build::BuildError;
pub use compiler::{Choice, Clang, Compiler};
pub use image::{Image, ImageError};
pub use own::Own;
pub use proof::{Emulated, Hosted, Linked, ProofError, Subject, emulate, host, link};
pub use tools::Tools;
pub use trial::{Cores, LeftOut, Trial, TrialRun, linked};
