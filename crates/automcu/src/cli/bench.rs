//! `automcu bench`.

use std::path::PathBuf;

use automcu_model::Bytes;
use automcu_search::{Data, Proposer};
use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::seconds;

/// Measures how fast this computer is, and how well searches do.
#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) verb: BenchVerb,
}

/// What is measured.
#[derive(Subcommand)]
pub(crate) enum BenchVerb {
    Train(BenchTrain),
    #[command(name = "nas-bench-201")]
    Cells(BenchCells),
    Search(BenchSearch),
}

/// Says how many images a second are trained, by the program's own executor and, where a Python has it, by PyTorch, in turns.
#[derive(Args)]
pub(crate) struct BenchTrain {
    /// How long each measurement takes
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = seconds)]
    pub(crate) seconds: f64,
    /// How often each is measured
    #[arg(long, value_name = "COUNT", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// The Python that has PyTorch, instead of the first on the path
    #[arg(long, value_name = "FILE")]
    pub(crate) python: Option<PathBuf>,
    /// Measure torch.compile as well
    #[arg(long)]
    pub(crate) compile: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which strategies are held against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposers(pub(crate) Vec<Proposer>);

fn proposers() -> impl TypedValueParser<Value = Proposers> {
    let names = Proposer::ALL.iter().map(|proposer| proposer.word()).chain(["all"]);
    PossibleValuesParser::new(names).map(|name| {
        Proposers(Proposer::ALL.into_iter().filter(|proposer| name == "all" || proposer.word() == name).collect())
    })
}

/// What is learnt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Learnt(pub(crate) Vec<Data>);

fn learnt() -> impl TypedValueParser<Value = Learnt> {
    let names = Data::ALL.iter().map(|data| data.word()).chain(["all"]);
    PossibleValuesParser::new(names)
        .map(|name| Learnt(Data::ALL.into_iter().filter(|data| name == "all" || data.word() == name).collect()))
}

/// Says how well strategies search NAS-Bench-201: the test accuracy of the cell with the best validation accuracy, over many runs.
///
/// A strategy sees validation accuracies alone. Each run searches a pool of its own, drawn by the run's seed.
#[derive(Args)]
pub(crate) struct BenchCells {
    /// The table of accuracies after 200 epochs, with a row a cell
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) table: PathBuf,
    /// Who searches
    #[arg(long, value_name = "PROPOSER", default_value = "all", value_parser = proposers())]
    pub(crate) proposer: Proposers,
    /// What is learnt
    #[arg(long, value_name = "DATA", default_value = "all", value_parser = learnt())]
    pub(crate) data: Learnt,
    /// How many cells a run may try
    #[arg(long, value_name = "COUNT", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) evaluations: u32,
    /// How many runs
    #[arg(long, value_name = "COUNT", default_value = "500", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) runs: u32,
    /// How many cells of the table a run can choose from; 0 for all
    #[arg(long, value_name = "COUNT", default_value = "1000", value_parser = clap::value_parser!(u32).range(0..=15_625))]
    pub(crate) pool: u32,
    /// The seed of the first run; each has the next
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(crate) seed: u64,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the mean after each evaluation
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// Where finished runs are kept, a line each; those that are there are not run again
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) resume: Option<PathBuf>,
}

/// Says how well strategies search networks that were really trained, and trains such.
#[derive(Args)]
pub(crate) struct BenchSearch {
    /// Networks with what they came to, a line each
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) record: PathBuf,
    /// Who searches
    #[arg(long, value_name = "PROPOSER", default_value = "all", value_parser = proposers())]
    pub(crate) proposer: Proposers,
    /// How many networks a run may try
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) evaluations: u32,
    /// How many runs
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) runs: u32,
    /// The seed of the first run; each has the next. It also decides what is drawn to be trained
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(crate) seed: u64,
    /// Draw and train so many networks first, and add them to the record
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) train: Option<u32>,
    /// How often each sees all samples
    #[arg(long, value_name = "COUNT", default_value = "4", value_parser = clap::value_parser!(u32).range(1..=100), requires = "train")]
    pub(crate) epochs: u32,
    /// RAM that each may take
    #[arg(long, value_name = "SIZE", default_value = "64KiB", requires = "train")]
    pub(crate) ram: Bytes,
    /// Flash that each may take
    #[arg(long, value_name = "SIZE", default_value = "64KiB", requires = "train")]
    pub(crate) flash: Bytes,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}
