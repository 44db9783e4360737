//! Programs that tests need from outside. The list is data (`needs.toml`); `cargo xtask test` sets them up, tests ask for them.

mod ask;
mod list;
mod record;

pub use ask::{need, need_from};
pub use list::{Need, NeedsError, Origin, needs};
pub use record::{Record, Skip};
