//! Files by the digest of what is in them: specs, weights, reports. Agents hand on an [`ArtifactId`] instead of what it names.
//!
//! Nothing here is ever half there: a file is [written whole](write_whole) or not at all, and what is read is held against its
//! digest.

mod bundle;
mod store;
mod whole;

pub use automcu_model::ArtifactId;
pub use bundle::{Bundle, BundleError, BundleFile};
pub use store::{Store, StoreError};
pub use whole::write_whole;
