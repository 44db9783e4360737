//! `automcu run`, as it is typed.

use std::path::PathBuf;

use clap::Args;

use super::{CatalogueArgs, OUTCOMES};

/// Searches a network for a microcontroller, from the wish to the proven code, here and now.
///
/// What is wanted stands in a job file (TOML or JSON), or is said in plain words: `automcu run "Fashion-MNIST on an STM32F407, at
/// least 91 %, 64 KB RAM and 128 KB Flash, within two hours"`. It is shown back first, and on a terminal you are asked whether it was
/// meant; words need --yes where nobody can be asked. Without either the built-in pictures are learnt within 64 KiB of RAM and 64 KiB
/// of Flash, up to 90 %, in at most four minutes. Nothing but this program is needed; where an Arm compiler and QEMU are there, they
/// are used. The folder gets the bundle: C code, .tflite, ONNX, weights, test vectors, reports.
///
/// The first interruption (Ctrl-C) keeps how far it is, and --resume goes on.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Run {
    /// The job file, `-` for standard input, or words
    #[arg(value_name = "JOB|WORDS")]
    pub(crate) job: Vec<String>,
    /// The folder to write the bundle to
    #[arg(short, long, value_name = "DIR", default_value = "automcu-bundle")]
    pub(crate) output: PathBuf,
    /// Where histories, weights and files of trainings are kept, instead of the user's folder for such
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// Go on with the last job that is not over
    #[arg(long, conflicts_with = "job")]
    pub(crate) resume: bool,
    /// Begin with what did well in earlier runs on the same data for the same target
    #[arg(long, conflicts_with = "resume")]
    pub(crate) warm: bool,
    /// Decides all that is random, instead of what the job file says
    #[arg(long, value_name = "NUMBER", conflicts_with = "resume")]
    pub(crate) seed: Option<u64>,
    /// Do not ask whether the job was understood
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
