//! The command line of `automcu audit`.

use std::path::PathBuf;

use automcu_toolchain::vela::Accelerator;
use clap::Args;

use super::{CatalogueArgs, OUTCOMES, seconds};

/// Asks of a record of `automcu screen`, or of a job, whether what was refused should have been: other judges are asked about a random
/// sample. Of a job that are the candidates that judges refused; what its proposer passed over is counted by `automcu show`.
///
/// Each candidate of the sample is linked without the limit, and every other judge that is there is asked; the judge that
/// refused it does not judge itself. A refusal is false where another judge's figures fit. Also told: how many fit at int8 but
/// not at float32, how many other limits would have kept, and with --train, whether a refused one would have learnt more than
/// the retained ones. Nothing of the test part is seen. The exit status is 1 where a refusal is false.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Audit {
    /// What `automcu screen --record` wrote, or a job of the daemon, such as j3
    #[arg(value_name = "RECORD|JOB")]
    pub(crate) record: PathBuf,
    /// The daemon's socket, instead of AUTOMCU_SOCKET or the one in its usual place
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// So many of the refused ones are asked about, and of the retained ones; all where there are fewer
    #[arg(long, value_name = "COUNT", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) sample: u32,
    /// Decides the sample, and initial weights
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(crate) seed: u64,
    /// Train so many refused ones of the sample and so many retained ones, under the same conditions
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) train: Option<u32>,
    /// What they are trained on: a prepared or built-in data set by its name, or a folder with one
    #[arg(long, value_name = "DATA", default_value = "synthetic", requires = "train")]
    pub(crate) data: PathBuf,
    /// How long each is trained
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds, requires = "train")]
    pub(crate) time: f64,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueArgs,
    /// What `vela` compiles for, instead of what is configured (usually ethos-u55-128)
    #[arg(long, value_name = "ACCELERATOR")]
    pub(crate) accelerator: Option<Accelerator>,
    /// Ask again, whatever was said before
    #[arg(long)]
    pub(crate) afresh: bool,
    /// How long each deployment tool may take, instead of what is configured (usually 5m)
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) deadline: Option<f64>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
