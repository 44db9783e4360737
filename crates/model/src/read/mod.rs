//! Reads a spec out of untrusted text: first a bounded JSON tree, then the typed spec, with every mistake named by its path.
//!
//! Serde's derived readers stop at the first mistake and lose the path inside tagged enums; a proposer that is to mend
//! its answer in one turn needs all of them, each with its path.

mod document;
mod field;

pub(crate) use document::{Json, parse};
pub(crate) use field::{At, Fields, Read, expected, near_miss, one_of};
