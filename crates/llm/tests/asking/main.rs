//! Clients against servers that lie, stall, break and refuse.

mod broken;
mod cassettes;
mod hostile;
mod learning;
mod rows;
mod schemas;
mod secrets;
mod support;
