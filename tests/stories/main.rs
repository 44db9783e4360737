//! Whole stories, told to the program as a user would.

#[path = "../../crates/model/tests/support/mod.rs"]
mod any_spec;
mod check;
mod documents;
mod inspect;
mod interpreter;
mod manual;
mod schemas;
mod targets;
