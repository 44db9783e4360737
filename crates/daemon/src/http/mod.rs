//! The socket: HTTP over a Unix socket, as `automcu_api` lists it. What users ask goes to the supervisor; what they look at comes from
//! the history and the store; what happens is handed on to those who watch.
//!
//! ```text
//! user ──► Socket ──► gate, protocol ──► handlers ──► ControlPort (commands)
//!                                           ├───────► History, Store (reads, on threads that may block)
//!                                           └───────► Hub ◄── events and progress
//! ```
//!
//! What is absent: decisions about jobs, and writing of history.

mod access;
mod answers;
mod commands;
mod counters;
mod desk;
mod hub;
mod reading;
mod refusal;
mod routes;
mod server;
mod socket;
mod streams;

pub use access::{Gate, Peer};
pub use desk::{Desk, EventPart, ListFiles, LogLevel, LogLevelError, Past, PlanJob, Planned, Pulse};
pub use hub::Hub;
pub use server::{Serving, Stopper, serve};
pub use socket::{Socket, SocketError};
