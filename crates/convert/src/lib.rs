//! int8 networks: read from .tflite files, and computed exactly as a microcontroller computes them.
//!
//! The arithmetic is the contract "tflm-double" (`docs/ARITHMETIC.md`): bit for bit that of TensorFlow Lite Micro.
//! Nothing here reads a file, a clock or the environment, or draws a random number.

mod arithmetic;
mod edit;
mod emit;
mod fixed;
mod float;
mod form;
mod interpret;
mod need;
mod network;
mod onnx;
mod ops;
mod patch;
mod plan;
mod quantise;
mod range;
mod simd;
mod size;
mod tflite;
mod vectors;

pub use edit::{Edit, Room, edits};
pub use emit::{Code, File, Name, Project, Vectors, WrongName, memory_map};
pub use float::{FloatError, FloatInterpreter, FloatNetwork, FloatWeights, Learnt, Norm, UntrainedError};
pub use form::integer_form;
pub use interpret::{Interpreter, WrongLength, largest};
pub use need::{Glance, Need};
pub use network::{End, Network, NetworkError, Quantisation, Weights, keeps_step};
pub use onnx::NotInOnnx;
pub use ops::NotComputed;
pub use patch::Patches;
pub use plan::{Holder, Layout, Moment, Plan, Region};
pub use quantise::{Choice, Closeness, LayerReport, Method, Options, QuantiseError, Range, Report};
pub use size::{Anatomy, FUNCTION_TRAITS, Function, REST_TRAITS, Shared};
pub use tflite::{FlatError, LONGEST, NotWritten, TfliteError};
