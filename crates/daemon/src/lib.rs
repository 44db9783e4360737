//! The daemon: composes the agents, plans jobs, and speaks with users.

pub mod http;
pub mod views;
