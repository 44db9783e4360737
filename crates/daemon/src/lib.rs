//! The daemon: composes the agents, plans jobs, and speaks with users.

mod plan;
mod views;

pub use plan::{FindData, PlanError, Planned, Planner};
