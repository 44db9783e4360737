//! The vocabulary of AutoMCU and its pure heart: an architecture spec becomes a checked graph with exact shapes and costs.
//!
//! ```
//! use automcu_model::{DataType, Spec};
//!
//! let spec = Spec::from_json(br#"{
//!     "version": 1,
//!     "input": { "height": 32, "width": 32, "channels": 3 },
//!     "backbone": [{ "op": "conv", "channels": 16, "stride": 2 }],
//!     "head": { "op": "classifier", "classes": 10 }
//! }"#)?;
//! let graph = spec.lower()?.deployed();
//! assert_eq!(graph.cost().parameters(), 3 * 3 * 3 * 16 + 16 + 16 * 10 + 10);
//! assert_eq!(graph.peak().bytes(DataType::Int8).0, 32 * 32 * 3 + 16 * 16 * 16);
//! # Ok::<(), automcu_model::Refusals>(())
//! ```
//!
//! Nothing here reads a file, a clock or the environment, or draws a random number.

mod deploy;
mod digest;
mod graph;
mod ids;
pub mod limits;
mod lower;
mod memory;
mod read;
mod refusal;
pub mod spec;
mod units;

pub use digest::{DigestError, GraphDigest};
pub use graph::{Border, Cost, Edge, Extent, Graph, GraphBuilder, Node, Op, Origin, Shape, Slope, TensorId};
pub use ids::{ArtifactId, AttemptId, CandidateId, IdError, JobId};
pub use memory::{Peak, Step, Timeline};
pub use refusal::{Limit, Refusal, RefusalKind, Refusals};
pub use spec::Spec;
pub use units::{Bytes, DataType, Provenance, SizeError};
