//! Microcontrollers as data: one TOML file a family, checked by name, and the budgets that follow from them.
//!
//! ```
//! use automcu_target::Catalogue;
//!
//! let part = Catalogue::built_in().find("STM32F407").expect("in the catalogue").clone();
//! assert_eq!(part.ram().total().to_string(), "192 KiB");
//! assert_eq!(part.ram().largest_run().to_string(), "128 KiB");
//! ```
//!
//! Nothing here reads a file: the built-in families are part of the program, and a user's are handed in as text.

mod budget;
mod catalogue;
mod checks;
mod file;
pub mod latency;
mod part;

pub use budget::{Budget, Fit, FlashUse, Footprint, Margin, RamUse};
pub use catalogue::{BUILT_IN, Catalogue, TargetError, UnknownTarget};
pub use checks::CHECKS;
pub use file::family_schema;
pub use latency::{LatencyError, LatencyRange, NoLatency};
pub use part::{Class, Core, Fpu, Memory, Part, Region, Run, Sources, Use};
