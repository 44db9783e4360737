//! The configuration of the program. Every value is declared once, with its words, its default and its check; it is said by a flag, a
//! variable of the environment or the file, in this order, and knows by which.
//!
//! What is absent: files, the environment and the computer are not looked at here. What they say is handed in.

mod declare;
mod environment;
mod layers;
mod mistake;
mod show;
mod tables;
mod value;

pub use environment::{Environment, Files};
pub use layers::{ConfigFile, Flag};
pub use mistake::{Mistake, Mistakes, Origin};
pub use show::{Row, to_toml};
pub use tables::{History, Jobs, Judges, Llm, Log, Metrics, Places, Settings, Training, settings_schema};
pub use value::{
    Accelerator, Count, ExtraFields, FilterError, GivenName, HttpAddress, JUDGES, JudgeName, LogFilter, LogFormat,
    Proxy, StructuredOutput, VendorFormat, Warmth,
};

/// A value of the configuration, and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What it is.
    pub value: T,
    /// Who said it.
    pub origin: Origin,
}

/// The version of configuration files that is read.
pub const VERSION: u32 = 1;
/// The most bytes of a configuration file.
pub const MOST_BYTES: usize = 64 << 10;
/// The commented file with all defaults.
pub const DEFAULT_FILE: &str = include_str!("../../../deploy/config.toml");
