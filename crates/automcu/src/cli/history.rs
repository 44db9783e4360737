//! `automcu history`, as it is typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OUTCOMES;

/// Works at what a daemon has kept, while it does not run: carries its history elsewhere and back, and removes what is old.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct History {
    #[command(subcommand)]
    pub(crate) verb: HistoryVerb,
}

/// What is done with a history.
#[derive(Subcommand)]
pub(crate) enum HistoryVerb {
    Export(HistoryExport),
    Import(HistoryImport),
    Rebuild(HistoryRebuild),
    Gc(HistoryGc),
}

/// Where a history is, and how it is told.
#[derive(Args)]
pub(crate) struct Kept {
    /// The folder that it is kept in, instead of the daemon's; that of `automcu run` is `run` within
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Writes all events as lines of JSON, in the order in which they came.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct HistoryExport {
    /// A file that is not there yet; `-` writes to standard output
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) kept: Kept,
}

/// Takes over what is not here yet of what was exported. Artifacts that events name are not in it.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct HistoryImport {
    /// What was exported; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) kept: Kept,
}

/// Makes the index anew from the journal.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct HistoryRebuild {
    #[command(flatten)]
    pub(crate) kept: Kept,
}

/// Drops jobs that are over, and removes the artifacts that nobody names any more.
///
/// A job stays that is not over, or is among the newest so many, or not older than so many days, or has one of the tags: any of these
/// is enough. What is not said is as configured (`history.keep_jobs`, `history.keep_days`); where nobody says anything of jobs, all
/// stay, and only artifacts go that none of them names.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct HistoryGc {
    /// Keep the newest so many of those that are over
    #[arg(long, value_name = "COUNT")]
    pub(crate) keep_jobs: Option<usize>,
    /// Keep those in which something happened within so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(..=36_600))]
    pub(crate) keep_days: Option<u32>,
    /// Keep those with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) kept: Kept,
}
