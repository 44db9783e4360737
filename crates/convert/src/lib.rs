//! int8 networks: read from .tflite files, and computed exactly as a microcontroller computes them.
//!
//! The arithmetic is the contract "tflm-double" (`docs/ARITHMETIC.md`): bit for bit that of TensorFlow Lite Micro.
//! Nothing here reads a file, a clock or the environment, or draws a random number.

mod arithmetic;
mod emit;
mod fixed;
mod form;
mod interpret;
mod network;
mod ops;
mod plan;
mod range;
mod simd;
mod tflite;

pub use emit::{Code, File, Name, Project, Vectors, WrongName, memory_map};
pub use form::integer_form;
pub use interpret::{Interpreter, WrongLength};
pub use network::{End, Network, NetworkError, Quantisation, Weights, keeps_step};
pub use ops::NotComputed;
pub use plan::{Layout, Plan, Region};
pub use tflite::{FlatError, LONGEST, NotWritten, TfliteError};
