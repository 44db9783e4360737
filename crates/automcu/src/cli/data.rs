//! `automcu data` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OUTCOMES;

/// Lists data sets, fetches them, and looks at what is in them.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Data {
    #[command(subcommand)]
    pub(crate) verb: DataVerb,
}

/// What is asked of data sets.
#[derive(Subcommand)]
pub(crate) enum DataVerb {
    List(DataList),
    Prepare(DataPrepare),
    Inspect(DataInspect),
}

/// Lists the data sets that are known by name: what they are, where they come from, and where they lie here.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct DataList {
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Fetches a data set from its publisher, checks it, and unpacks it, so that its name can be used as data.
///
/// What was broken off is resumed. Files that are there and right are left as they are.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct DataPrepare {
    /// The data set; `automcu data list` names all
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Take the publisher's files from this folder instead
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// The folder to put it into, instead of the place where its name is looked up
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Where the files lie, instead of at the publisher's
    #[arg(long, value_name = "URL", hide = true, conflicts_with = "from")]
    pub(crate) base_url: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Says what is in a data set: classes, channels, samples that are there twice or nearly, and labels that are doubtful.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct DataInspect {
    /// A data set by its name, or a folder or file of your own
    #[arg(value_name = "NAME|PATH")]
    pub(crate) data: PathBuf,
    /// Write some samples of each class into a picture, a PNG file
    #[arg(long, value_name = "FILE")]
    pub(crate) montage: Option<PathBuf>,
    /// Rows of a sample, where recordings are tables
    #[arg(long, value_name = "ROWS", default_value = "128", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) window: u32,
    /// Rows from one sample to the next, where recordings are tables
    #[arg(long, value_name = "ROWS", default_value = "64", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) step: u32,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
