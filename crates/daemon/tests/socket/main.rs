//! The server over a real socket: every endpoint, what is refused, and streams.

mod commands;
mod looks;
mod refusals;
mod streams;
mod support;
