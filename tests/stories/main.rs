//! Whole stories, told to the program as a user would.

mod agent;
#[path = "../../crates/model/tests/support/mod.rs"]
mod any_spec;
mod audit;
mod build;
mod check;
mod code;
mod code_size;
mod compile;
mod data;
mod doctor;
mod documents;
mod draw;
mod eval;
mod fit;
mod gcc;
mod history;
mod inspect;
mod interpreter;
mod jobs;
mod judges;
mod manual;
mod onnx;
mod patches;
mod plan;
mod quantise;
mod schemas;
mod screen;
mod targets;
mod train;
mod vendor;
mod windows;
