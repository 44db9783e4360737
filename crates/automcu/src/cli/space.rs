//! `automcu spaces` and `automcu largest`, as they are typed.

use std::path::PathBuf;

use automcu_search::{CHOICE_DRAWS, MOST_LARGEST};
use clap::Args;

use super::{BudgetArgs, OUTCOMES};

/// Lists the spaces of architectures, describes one, or chooses among several.
///
/// A space is named (`mixed`, `free`, `stages`, `mobile`, `residual`, `signal`) or described by a file (TOML or JSON). With --choose
/// members are drawn of each, at each side and width that it offers, and the one whose members that fit compute the most is
/// chosen: what computes more within the same memory learns better, as TinyNAS has it. The figures are estimated, at int8.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Spaces {
    /// Spaces by their names, or files
    #[arg(value_name = "SPACE")]
    pub(crate) spaces: Vec<String>,
    /// Choose among these and their sides and widths; without a name those of `mobile`
    #[arg(long)]
    pub(crate) choose: bool,
    /// How many members are drawn of each
    #[arg(long, value_name = "COUNT", requires = "choose", value_parser = clap::value_parser!(u32).range(1..=10_000),
        default_value_t = CHOICE_DRAWS)]
    pub(crate) draws: u32,
    /// Decides what is drawn
    #[arg(long, value_name = "NUMBER", requires = "choose", default_value = "1")]
    pub(crate) seed: u64,
    /// Write the space that is chosen to this file, for `space` of a job
    #[arg(short, long, value_name = "FILE", requires = "choose")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shape: ShapeArgs,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Finds the largest networks of a space that fit, by the planner that decides.
///
/// Families are looked at: the seed library, and ladders of each module at several depths and with maps halved early or late. Each is
/// scaled by its width, narrowed down by glances, and planned at the end. Sizes are those of int8, estimated, with code for the target's core.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Largest {
    /// The space, by its name, or a file that describes one
    #[arg(long, value_name = "SPACE", default_value = "mixed")]
    pub(crate) space: String,
    /// How many are found by each measure
    #[arg(long, value_name = "COUNT", default_value = "1",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=MOST_LARGEST as u64))]
    pub(crate) count: usize,
    #[command(flatten)]
    pub(crate) shape: ShapeArgs,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Answer in JSON, with the architectures
    #[arg(long)]
    pub(crate) json: bool,
}

/// What networks take, and tell apart.
#[derive(Args)]
pub(crate) struct ShapeArgs {
    /// The data set whose samples they take: a prepared or built-in one by its name, or a folder with one
    #[arg(long, value_name = "DATA", conflicts_with_all = ["input", "classes"])]
    pub(crate) data: Option<PathBuf>,
    /// Rows, columns and values of an input, like 32x32x3; without it 32x32x3, or 1x128x6 for a space of signals
    #[arg(long, value_name = "HxWxC", value_parser = shape)]
    pub(crate) input: Option<[u32; 3]>,
    /// How many classes are told apart
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(2..=1024), default_value = "10")]
    pub(crate) classes: u32,
}

/// `32x32x3`.
fn shape(text: &str) -> Result<[u32; 3], String> {
    let numbers: Option<Vec<u32>> = text.split('x').map(|number| number.parse().ok()).collect();
    let numbers: Option<[u32; 3]> = numbers.and_then(|numbers| numbers.try_into().ok());
    numbers
        .filter(|numbers| !numbers.contains(&0))
        .ok_or_else(|| "give rows, columns and values, like 32x32x3".to_owned())
}
