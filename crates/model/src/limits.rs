//! The bounds of a constructible candidate. Far above any microcontroller, low enough that no document can exhaust this computer.

/// The longest document.
pub const DOCUMENT_BYTES: usize = 256 * 1024;
/// The deepest nesting of lists and objects in a document.
pub const NESTING: usize = 16;
/// The most modules in a backbone.
pub const MODULES: usize = 64;
/// The most operations that a spec may lower to.
pub const OPERATIONS: usize = 1024;
/// The most channels of any map.
pub const CHANNELS: u32 = 8192;
/// The most elements of any tensor.
pub const TENSOR_ELEMENTS: u64 = 1 << 24;
/// The most trainable parameters.
pub const PARAMETERS: u64 = 50_000_000;
/// The most multiply-accumulates of one inference.
pub const MACS: u64 = 20_000_000_000;
