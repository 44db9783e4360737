//! The daemon: composes the agents, plans jobs, and speaks with users.

mod alone;
mod compose;
pub mod http;
mod plan;
mod service;
pub mod views;

pub use alone::{AloneError, End, Errand, Watcher, lay_out, run_alone};
pub use automcu_artifacts::BundleError;
pub use compose::{Capacity, Clocks, House, Running, StartError};
pub use plan::{FindData, PlanError, Planned, Planner};
pub use service::{Listen, Manager, Service, ServiceError};
