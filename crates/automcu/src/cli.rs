//! The command line.

mod audit;
mod bench;
mod config;
mod data;
mod history;
mod job;
mod run;
mod serve;
mod space;
mod vendor;

use std::path::PathBuf;

use automcu_deployment::RangeChoice;
use automcu_model::{Bytes, DataType};
use automcu_settings::JUDGES;
use automcu_toolchain::{Choice, vela::Accelerator};
use clap::{Args, Parser, Subcommand, builder::PossibleValue};

pub(crate) use audit::Audit;
pub(crate) use bench::{Bench, BenchCells, BenchSearch, BenchTrain, BenchVerb};
pub(crate) use config::{Config, ConfigCheck, ConfigShow, ConfigVerb};
pub(crate) use data::{Data, DataInspect, DataList, DataPrepare, DataVerb};
pub(crate) use history::{History, HistoryExport, HistoryGc, HistoryImport, HistoryRebuild, HistoryVerb, Kept};
pub(crate) use job::{
    Bound, Export, JobVerb, LogLevel, Logs, Ls, Metrics, Replay, Set, Several, Show, Submit, Via, Wait, Watch,
};
pub(crate) use run::Run;
pub(crate) use serve::Serve;
pub(crate) use space::{Largest, ShapeArgs, Spaces};
pub(crate) use vendor::{Place, Validate, VendorArgs, VendorReport};

/// Neural networks that fit a microcontroller.
#[derive(Parser)]
#[command(name = "automcu", version, about, max_term_width = 110, arg_required_else_help = true)]
#[command(
    long_about = "AutoMCU finds neural networks that fit a microcontroller.\n\n\
        `automcu run` searches one: from what is wanted to proven C code; `automcu submit` has the daemon do it, `ls`, `watch`, `show`, `wait` and `export` say what comes of it. An architecture is a JSON file: the input's shape, a backbone of modules, a head. `automcu check` says what it \
        costs and whether it fits; `automcu inspect` says the same of an int8 .tflite file; `automcu compile` writes one \
        as C code, `automcu build` as firmware for a microcontroller, `automcu verify` proves either; `automcu data` lists, fetches and examines data sets; `automcu targets` lists the microcontrollers; `automcu spaces` lists, describes and chooses spaces of architectures, and `automcu largest` finds the largest networks that fit; \
        `automcu doctor` tries every tool that AutoMCU uses; `automcu config` shows and checks the configuration; \
        `automcu validate` has the vendor's tool compute a network, and \
        `automcu vendor-report` reads what STM32Cube.AI and ST Edge AI Core report.",
    after_help = "Examples:\n  \
        automcu run\n  \
        automcu run \"MNIST on an RP2040, at least 98 %, 32 KB RAM, within 10 minutes\"\n  \
        automcu submit job.toml --watch\n  \
        automcu check arch.json --target STM32F407\n  \
        automcu check - --ram 64KiB --flash 128KiB --json < arch.json\n  \
        automcu targets --fits arch.json\n  \
        automcu compile model.tflite -o build && automcu verify build --target STM32F407\n\n\
        `automcu help VERB` explains a verb.",
    after_long_help = OUTCOMES
)]
pub(crate) struct Cli {
    /// The configuration file, instead of AUTOMCU_CONFIG or the one in its usual place
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const OUTCOMES: &str = "Exit status:\n  \
    0   yes: constructible or proven and, where a budget was given, it fits; the job has an answer\n  \
    1   no: it does not fit, no target fits, answers differ, a refusal is false, or a tool does not work; the job was \
        cancelled or has no answer, or is in a state that does not allow it\n  \
    2   the command line is not understood, or names a target that is not there; words that nobody confirmed\n  \
    65  the architecture, the model, the job, a report or a file of targets is refused\n  \
    66  a file cannot be read, or a job is not there\n  \
    69  nothing could be run: no compiler, no emulator; no daemon answers\n  \
    70  a program that was started failed; the job failed\n  \
    73  a folder or file cannot be written\n  \
    74  the answer cannot be written\n  \
    75  not now: the job is not over in time, the daemon has no room, or it keeps the history that is asked for\n  \
    76  the daemon speaks another protocol\n  \
    77  this user may not\n  \
    78  the configuration is refused\n  \
    130 interrupted; what was done is kept";

/// What is asked.
#[derive(Subcommand)]
pub(crate) enum Verb {
    Run(Run),
    #[command(flatten)]
    Job(JobVerb),
    History(History),
    Serve(Serve),
    Check(Check),
    Inspect(Inspect),
    Fit(Fit),
    Compile(Compile),
    Build(Build),
    Verify(Verify),
    Eval(Eval),
    Train(Train),
    Bench(Bench),
    #[command(hide = true)]
    Worker(Worker),
    Data(Data),
    Doctor(Doctor),
    Screen(Screen),
    Audit(Audit),
    Validate(Validate),
    Targets(Targets),
    Spaces(Spaces),
    Largest(Largest),
    VendorReport(VendorReport),
    Config(Config),
    Completions(Completions),
    Man(Man),
}

/// Says whether an architecture can be built, what it costs layer by layer, and whether it fits.
///
/// Memory is estimated from the graph: weights with tables and code not counted, activations op by
/// op with stack and runtime not counted.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Check {
    /// The architecture, a JSON file; `-` reads standard input
    #[arg(value_name = "ARCH")]
    pub(crate) architecture: PathBuf,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// The type of weights and activations
    #[arg(long, value_name = "TYPE", default_value = "int8")]
    pub(crate) dtype: Dtype,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Describes an int8 network in a .tflite file: its operations, what their integers mean, what it costs, and whether it fits.
///
/// What AutoMCU does not support is refused by name, with the operator.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Inspect {
    /// The network, a .tflite file; `-` reads standard input
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Says whether the code of an int8 network fits, what takes the memory where it does not, and the smallest changes of the
/// network that would make it fit.
///
/// RAM is the very arena that `automcu compile` plans, Flash the very weights and tables that it writes; instructions and
/// stack are not counted before they are linked.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Fit {
    /// The network, a .tflite file; `-` reads standard input
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Every microcontroller, cheapest class first
    #[arg(long, conflicts_with_all = ["target", "ram", "flash"])]
    pub(crate) all: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Writes an int8 network as C code without heap or library, with its memory planned to the byte.
///
/// The folder gets the code (NAME.h, NAME.c), a program that checks it (main.c, vectors.h, Makefile, CMakeLists.txt), the
/// network itself (NAME.tflite, NAME.onnx) and what was planned (automcu.json). `automcu verify` proves it.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Compile {
    /// The network, a .tflite file or a checkpoint of `automcu train`; `-` reads standard input
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The data set whose training part shows a checkpoint's ranges, instead of the one that it was trained on
    #[arg(long, value_name = "DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The folder to write: one that is not there yet, is empty, or was written by this verb
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// What files, functions and macros are called, instead of after the file
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What the outputs are called: a text file, one label a line, instead of what the model says
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Whether the first layers are computed in strips of columns, which takes less RAM and more work
    #[arg(long, value_enum, default_value_t = Patching::Auto)]
    pub(crate) patches: Patching,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Writes a firmware project for a microcontroller: an int8 network as C code, and all that tests it on that very part.
///
/// The folder gets what `automcu compile` writes, a linker script of the part's own memory (a --ram or --flash that is tighter
/// shrinks it), start-up code, a self-test that reports by semihosting and UART (main.c, board.c), a Makefile, a
/// CMakeLists.txt and a README.md that says how to build, flash and use it. `make run` runs it in QEMU where a board stands in
/// for the part; `automcu verify` proves it. The part has a Cortex-M.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) compile: Compile,
}

/// When the first layers are computed in patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Patching {
    /// Where the RAM that is allowed takes it, with as little more work as suffices
    Auto,
    /// Never
    Never,
    /// Wherever that takes less RAM, however much more work it is
    Least,
}

/// Proves what `automcu compile` or `automcu build` wrote: runs the code here and in an emulator, and compares every byte with
/// the reference.
///
/// Firmware is linked by its own linker script, its map file is held against what was promised, and its self-test is run on
/// the board that stands in for the part. The reference is the integer interpreter on the network in the folder. Inputs are drawn at random, the same every time.
/// Where a compiler or the emulator is not there, that is said and left out.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Verify {
    /// The folder that `automcu compile` or `automcu build` wrote
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// How many inputs are run
    #[arg(long, value_name = "COUNT", default_value = "16", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) inputs: u32,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Says how many samples of a data set an int8 network gets right, computed in the very integers that ship.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Eval {
    /// The network, a .tflite file; `-` reads standard input
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// A data set by its name (`automcu data list`), or a folder or file of your own; `synthetic` and `signals` are built in
    #[arg(long, value_name = "NAME|PATH")]
    pub(crate) data: PathBuf,
    /// Which part of it
    #[arg(long, value_name = "PART", default_value = "test")]
    pub(crate) part: PartName,
    /// What a network takes the bytes of a picture for
    #[arg(long, value_name = "RANGE", default_value = "auto")]
    pub(crate) range: RangeName,
    /// Take this group (person, speaker) for the test part, and all others for the training part, as `train --leave-out` does
    #[arg(long, value_name = "GROUP")]
    pub(crate) leave_out: Option<u32>,
    /// Bring pictures to the size that the network takes, as a recipe with `resize` does
    #[arg(long)]
    pub(crate) resize: bool,
    /// Only the first so many samples
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: Option<u32>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Trains an architecture on a data set, by a recipe, and makes it int8.
///
/// The folder gets the checkpoint (checkpoint.safetensors), the int8 network (NAME.tflite) and what came of it (train.json).
/// What validates is a part of the training samples that is never learnt from; the test part stays closed unless --test asks
/// for it.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Train {
    /// The architecture, a JSON file; `-` reads standard input
    #[arg(value_name = "ARCH")]
    pub(crate) architecture: PathBuf,
    /// A prepared or built-in data set by its name, or a folder with one
    #[arg(long, value_name = "DATA", default_value = "synthetic")]
    pub(crate) data: PathBuf,
    /// How: paper, lmanet-mini, lmanet-full, fast, rung-0 to rung-5, or a JSON file
    #[arg(long, value_name = "RECIPE", default_value = "fast")]
    pub(crate) recipe: String,
    /// How long, like 90s, 10m or 1.5h, instead of what the recipe says
    #[arg(long, value_name = "TIME", value_parser = seconds, conflicts_with = "epochs")]
    pub(crate) time: Option<f64>,
    /// How often through all samples, instead of what the recipe says
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: Option<u32>,
    /// Decides initial weights, order and augmentation
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(crate) seed: u64,
    /// Let a person or speaker be both learnt from and validated on, as where the test part has the same ones
    #[arg(long)]
    pub(crate) mix_groups: bool,
    /// Learn from all groups (people, speakers) but this one, and take it as the test part instead of the published one
    #[arg(long, value_name = "GROUP")]
    pub(crate) leave_out: Option<u32>,
    /// Threads that compute
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) threads: u32,
    /// The folder to write, instead of one called like the architecture
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Go on from the folder's checkpoint
    #[arg(long, conflicts_with_all = ["from"])]
    pub(crate) resume: bool,
    /// Begin with the weights of this checkpoint of the same architecture
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Open the test part once, at the end
    #[arg(long)]
    pub(crate) test: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Does one attempt of training for whoever started it: a request on standard input, events as lines of JSON.
#[derive(Args)]
pub(crate) struct Worker {
    /// Where events go, such as /dev/fd/3
    #[arg(long, value_name = "FILE")]
    pub(crate) events: PathBuf,
}

/// `90`, `90s`, `10m` or `1.5h` in seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1.0),
        Some((at, 'm')) => (&text[..at], 60.0),
        Some((at, 'h')) => (&text[..at], 3600.0),
        _ => (text, 1.0),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && (1.0..=1e7).contains(&(number * unit)) => Ok(number * unit),
        _ => Err("give a time of 1 second or more, like 90s, 10m or 1.5h".to_owned()),
    }
}

/// A part of a data set on the command line.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum PartName {
    /// What may be learnt from
    Train,
    /// What is only for the last word
    Test,
}

/// How bytes become numbers, on the command line.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RangeName {
    /// Whichever the network's input comes closest to
    Auto,
    /// 0 to 1
    Unit,
    /// -1 to 1
    Signed,
    /// 0 to 255
    Bytes,
    /// The byte less 128, by 128: what `automcu train` makes of them
    Centred,
}

impl From<RangeName> for RangeChoice {
    fn from(name: RangeName) -> Self {
        match name {
            RangeName::Auto => Self::Auto,
            RangeName::Unit => Self::Unit,
            RangeName::Signed => Self::Signed,
            RangeName::Bytes => Self::Bytes,
            RangeName::Centred => Self::Centred,
        }
    }
}

/// Tries every tool that AutoMCU uses on a small network of its own, and says what is missing and where it comes from.
///
/// Nothing is remembered and nothing is fetched. Without any tool networks are still searched, trained, planned and written as C;
/// what is missing cannot prove or judge them. No tool that is missing makes the answer no, but one that is there and does not
/// work.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Doctor {
    /// How long each program may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds)]
    pub(crate) deadline: f64,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Asks deployment tools whether a network fits, before it is trained, and shows what each of them says side by side.
///
/// An architecture is judged with weights that are drawn: what it takes does not depend on them. Without --backend our own code
/// is judged: linked where there is a compiler for the target, planned and estimated where there is none. The exit status
/// follows the first judge of the table. What other tools said before is remembered.
///
/// Of several candidates each one's verdict by the first judge is told in one table, and how many are refused for what; the exit
/// status is 0 where any is retained. `automcu audit` asks others about what was refused.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Screen {
    /// Architectures (JSON), int8 networks (.tflite), or folders of architectures; `-` reads an architecture from standard input
    #[arg(value_name = "ARCH|MODEL|DIR", required = true, num_args = 1..)]
    pub(crate) models: Vec<PathBuf>,
    /// Who is asked: `plan`, `gcc`, `tflm`, `vela`, `stedgeai` or `all`; may be given several times
    #[arg(long, value_name = "JUDGE", value_parser = JUDGES)]
    pub(crate) backend: Vec<String>,
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// Run the code, too, in an emulator where there is one, and compare every byte
    #[arg(long)]
    pub(crate) run: bool,
    /// The seed of weights that are drawn
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub(crate) seed: u64,
    /// What `vela` compiles for, such as `ethos-u55-128`; the target is then taken to have it
    #[arg(long, value_name = "ACCELERATOR")]
    pub(crate) accelerator: Option<Accelerator>,
    /// What compiles our own code, instead of GCC where it is there and Clang where it is not
    #[arg(long, value_name = "COMPILER", value_enum)]
    pub(crate) compiler: Option<CompilerName>,
    #[command(flatten)]
    pub(crate) vendor: VendorArgs,
    /// Ask again, whatever was said before
    #[arg(long)]
    pub(crate) afresh: bool,
    /// Add a line of JSON for each candidate to this file: its architecture, and what every judge said
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// How long each program may take, instead of what is configured (usually 5m)
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) deadline: Option<f64>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A compiler for microcontrollers on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CompilerName {
    /// arm-none-eabi-gcc, riscv64-unknown-elf-gcc
    Gcc,
    /// clang, with ld.lld or a linker of GNU's
    Clang,
}

impl From<CompilerName> for Choice {
    fn from(name: CompilerName) -> Self {
        match name {
            CompilerName::Gcc => Self::Gcc,
            CompilerName::Clang => Self::Clang,
        }
    }
}

/// Lists microcontrollers, describes one, or says which could hold an architecture.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Targets {
    /// Describe this one
    #[arg(value_name = "TARGET", conflicts_with = "fits")]
    pub(crate) target: Option<String>,
    /// Only those that could hold this architecture, cheapest class first; `-` reads standard input
    #[arg(long, value_name = "ARCH")]
    pub(crate) fits: Option<PathBuf>,
    /// The type of weights and activations
    #[arg(long, value_name = "TYPE", default_value = "int8", requires = "fits", conflicts_with = "target")]
    pub(crate) dtype: Dtype,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The memory that is allowed.
#[derive(Args)]
pub(crate) struct BudgetArgs {
    /// The microcontroller; with --ram or --flash the tighter figure counts
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// RAM allowed, like 64KiB (65,536 bytes) or 64KB (64,000 bytes)
    #[arg(long, value_name = "SIZE")]
    pub(crate) ram: Option<Bytes>,
    /// Flash allowed
    #[arg(long, value_name = "SIZE")]
    pub(crate) flash: Option<Bytes>,
    #[command(flatten)]
    pub(crate) catalogue: CatalogueArgs,
}

/// Where targets come from.
#[derive(Args)]
pub(crate) struct CatalogueArgs {
    /// A folder of family files (*.toml) that are added to the built-in targets, instead of the one that is configured
    #[arg(long, value_name = "DIR")]
    pub(crate) targets_dir: Option<PathBuf>,
}

/// Prints a script that lets a shell complete the command line.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Prints the manual page of the program or of one verb, for `man -l`.
#[derive(Args)]
pub(crate) struct Man {
    /// The verb
    pub(crate) verb: Option<String>,
}

/// A data type on the command line.
#[derive(Clone, Copy)]
pub(crate) struct Dtype(pub(crate) DataType);

impl clap::ValueEnum for Dtype {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(DataType::Int8), Self(DataType::Float32)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}
