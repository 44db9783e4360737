//! The daemon: composes the agents, plans jobs, and speaks with users.

mod alone;
mod archive;
mod compose;
pub mod http;
mod language;
mod plan;
mod searched;
mod service;
pub mod views;

pub use alone::{AloneError, End, Errand, Watcher, lay_out, run_alone};
pub use archive::{Archive, ArchiveError, Removed};
pub use automcu_artifacts::BundleError;
pub use automcu_history::{HistoryError, Imported, Keep, Replayed};
pub use automcu_llm::{Endpoint, LlmError, Price, Secret, Structured, Temperature};
pub use compose::{Capacity, Clocks, House, Running, StartError};
pub use plan::{FindData, PlanError, Planned, Planner};
pub use service::{Listen, Manager, Service, ServiceError};
