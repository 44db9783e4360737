//! The daemon: composes the agents, plans jobs, and speaks with users.

mod plan;

pub use plan::{FindData, PlanError, Planned, Planner};
