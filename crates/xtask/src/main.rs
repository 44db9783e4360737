//! The repository's own chores. `cargo xtask` is all the automation there is.

mod check;
mod code_size;
mod latency;
mod layers;
mod llama;
mod loop_run;
mod nightly;
mod process;
mod purity;
mod rivals;
mod schemas;
mod setup;
mod test;
mod tidy;
mod unit;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};

/// The repository's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything a commit must pass: format, clippy, layers, schemas, tests; reports every failure
    Check,
    /// Sets up what tests need where it may, then runs all tests
    Test(test::Arguments),
    /// Writes the JSON Schemas in schemas/ from the Rust types
    Schemas {
        /// Only say which are stale
        #[arg(long)]
        check: bool,
    },
    /// Says which crates know what they may not
    Layers,
    /// Runs the long suites; each prints a table
    Nightly(nightly::Arguments),
}

fn main() -> ExitCode {
    let done = repository().and_then(|root| match Cli::parse().chore {
        Chore::Check => check::run(&root),
        Chore::Test(arguments) => test::run(&root, &arguments),
        Chore::Schemas { check } => schemas::run(&root, check),
        Chore::Layers => layers::run(&root),
        Chore::Nightly(arguments) => nightly::run(&root, &arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn repository() -> anyhow::Result<PathBuf> {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(ToOwned::to_owned)
        .context("this crate stands two folders below the workspace")
}

/// Tells the person at the terminal.
#[expect(clippy::print_stdout, reason = "the one place where chores speak")]
fn say(text: &str) {
    println!("{text}");
}
