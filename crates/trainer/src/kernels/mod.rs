//! The inner loops of training on a CPU, for maps of float32 with channels last.
//!
//! Each is written once over vectors ([`lanes`]) and compiled for each kind of processor. What they read and write is
//! checked once a call; inside there are only pointers.

#![expect(unsafe_code, reason = "vectors are loaded and stored by pointers, within what is checked once a call")]

mod activation;
mod depthwise;
mod lanes;
mod outer;
mod products;
mod sweep;

pub use lanes::Isa;

pub(crate) use depthwise::{Depthwise, DepthwiseWeights, Taps};
pub(crate) use outer::Outer;
pub(crate) use products::{Panel, Places, Products, Steps, Window};
pub(crate) use sweep::{Affine, Collect, Constants, Field, Moments, Present, Pull, Tally, Withdraw, fold};
