//! The long suites. Each prints a table; whoever adds one runs it once and commits what it printed to `docs/nightly/`.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use automcu_needs::Record;
use clap::Args;
use serde::Deserialize;

use crate::{process::Program, say, setup};

/// A long suite: its name, what it is for, its budget in minutes, and what runs it and gives its table.
struct Part {
    name: &'static str,
    about: &'static str,
    minutes: u64,
    run: fn(&Path, u64) -> anyhow::Result<String>,
}

const PARTS: &[Part] = &[
    Part {
        name: "screening-pace",
        about: "candidates screened a second, by criterion",
        minutes: 5,
        run: |root, minutes| pace(root, minutes, "model", "candidate"),
    },
    Part {
        name: "interpreter-pace",
        about: "inputs computed a second by the integer interpreter, by criterion",
        minutes: 5,
        run: |root, minutes| pace(root, minutes, "convert", "interpreter"),
    },
    Part {
        name: "interpreter",
        about: "networks drawn at random, computed by AutoMCU and by TensorFlow Lite Micro",
        minutes: 15,
        run: interpreter,
    },
    Part {
        name: "code",
        about: "emitted code beside other runtimes, on an emulated Cortex-M4",
        minutes: 10,
        run: crate::rivals::table,
    },
    Part {
        name: "code-random",
        about: "networks drawn at random, as emitted code here and on emulated boards",
        minutes: 30,
        run: code_random,
    },
    Part {
        name: "code-size",
        about: "bytes of code as promised beside those that are linked, on networks that they were not fitted to",
        minutes: 40,
        run: code_size,
    },
    Part {
        name: "train-pace",
        about: "images trained a second, by AutoMCU and by PyTorch in turns",
        minutes: 60,
        run: train_pace,
    },
    Part {
        name: "latency",
        about: "the latency model fitted anew to published runs, and its file written",
        minutes: 1,
        run: crate::latency::table,
    },
    Part {
        name: "run",
        about: "the whole loop on embedded defaults, on a computer that does nothing else",
        minutes: 30,
        run: crate::loop_run::table,
    },
    Part {
        name: "llm",
        about: "a hundred questions with a schema to a real server of random weights, which is built",
        minutes: 60,
        run: crate::llama::table,
    },
    Part { name: "unit", about: "the systemd units, read by systemd", minutes: 1, run: crate::unit::table },
    Part {
        name: "fuzz-spec",
        about: "hostile specs by libFuzzer, for two minutes",
        minutes: 20,
        run: |root, minutes| fuzz(root, minutes, "spec", "specs"),
    },
    Part {
        name: "fuzz-tflite",
        about: "hostile .tflite files by libFuzzer, for two minutes",
        minutes: 20,
        run: |root, minutes| fuzz(root, minutes, "tflite", "models"),
    },
];

/// Which suites are run.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these
    parts: Vec<String>,
    /// Say which there are
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.list {
        PARTS
            .iter()
            .for_each(|part| say(&format!("{:<16} {} (at most {} minutes)", part.name, part.about, part.minutes)));
        return Ok(());
    }
    if let Some(unknown) = arguments.parts.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        bail!("there is no suite {unknown:?}; `cargo xtask nightly --list` lists all");
    }
    let wanted = |part: &&Part| arguments.parts.is_empty() || arguments.parts.iter().any(|name| name == part.name);
    let mut failed = Vec::new();
    for part in PARTS.iter().filter(wanted) {
        say(&format!("## {}: {}\n", part.name, part.about));
        match (part.run)(root, part.minutes) {
            Ok(table) => say(&format!("\n{table}")),
            Err(error) => failed.push(format!("{}: {error:#}", part.name)),
        }
    }
    match failed.as_slice() {
        [] => Ok(()),
        failed => bail!("{}", failed.join("; ")),
    }
}

/// What criterion keeps of a benchmark.
#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Runs one benchmark of a crate, whose group of measurements has its name.
fn pace(root: &Path, minutes: u64, folder: &str, bench: &str) -> anyhow::Result<String> {
    let package = format!("automcu-{folder}");
    Program::cargo(&["bench", "--locked", "-p", &package, "--bench", bench], minutes).within(root).output()?;
    let folder = root.join("target/criterion").join(bench);
    let mut rows = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let Ok(text) = fs::read_to_string(path.join("new/estimates.json")) else { continue };
        let nanoseconds = serde_json::from_str::<Estimates>(&text)?.mean.point_estimate;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        rows.push(format!("| {name} | {:.1} | {:.0} |", nanoseconds / 1e3, 1e9 / nanoseconds));
    }
    rows.sort();
    Ok(format!("| {bench} | µs each | a second, one core |\n|---|---|---|\n{}", rows.join("\n")))
}

fn interpreter(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let name = "interpreter::networks_drawn_at_random_compute_what_the_reference_computes";
    let said = drawn(root, minutes, name, "300")?;
    let compared =
        said.lines().find_map(|line| line.strip_prefix("compared: ")).context("TensorFlow Lite Micro is not there")?;
    Ok(format!("| compared | bytes that differ |\n|---|---|\n| {compared} | 0 |"))
}

fn code_random(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let said = drawn(root, minutes, "code::the_code_of_networks_drawn_at_random_answers_the_same", "200")?;
    let run = said.lines().find_map(|line| line.strip_prefix("run: ")).context("no compiler is there")?;
    Ok(format!("| run | bytes that differ |\n|---|---|\n| {run} | 0 |"))
}

fn code_size(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let said = drawn(root, minutes, "code_size::the_size_of_code_follows_from_its_anatomy", "260")?;
    crate::code_size::fitted(root, &said)
}

/// What a test on networks drawn at random says, on more of them than it draws by itself.
fn drawn(root: &Path, minutes: u64, test: &str, networks: &str) -> anyhow::Result<String> {
    let record = Record::in_folder(&root.join("target/needs"));
    setup::all(root, &record, true)?;
    let test = ["test", "--locked", "-p", "automcu-tests", "--test", "stories", "--", "--nocapture", "--exact", test];
    let program = Program::cargo(&test, minutes).within(root).with(Record::VARIABLE, record.folder());
    program.with("AUTOMCU_NETWORKS", networks).output()
}

/// The PyTorch that is compared with.
const TORCH: &str = "torch==2.9.0";

/// Trains with AutoMCU and with PyTorch in turns; PyTorch comes from PyPI into a folder of its own.
fn train_pace(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let folder = root.join("target/needs/torch");
    let python = folder.join("bin/python");
    if !python.is_file() {
        Program::new("python3", &["-m", "venv", &folder.to_string_lossy()], minutes).output()?;
        Program::new(&python, &["-m", "pip", "install", "--quiet", TORCH, "numpy"], minutes).output()?;
    }
    let arguments =
        ["run", "--release", "--locked", "--", "bench", "train", "--seconds", "3s", "--compile", "--json", "--python"];
    let python = python.to_string_lossy();
    let arguments = [&arguments[..], &[&*python]].concat();
    let said = Program::cargo(&arguments, minutes).within(root).output()?;
    // After the answer comes what was said on the way.
    let mut answers = serde_json::Deserializer::from_str(&said).into_iter();
    let answer: Paces = answers.next().context("no answer")?.context("no JSON")?;
    let row = |row: &Pace| {
        let Pace { network, macs, executor, workers, threads, median, times_torch } = row;
        let ratio = times_torch.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        format!("| {network} | {macs} | {workers} x {threads} | {executor} | {median:.0} | {ratio} |")
    };
    let rows: Vec<String> = answer.rows.iter().map(row).collect();
    let torch = answer.torch.context("PyTorch is not there")?;
    Ok(format!(
        "PyTorch {torch}, batches of {}\n\n| network | MACs | workers x threads | executor | images a second | times PyTorch, eager |\n\
         |---|---|---|---|---|---|\n{}",
        answer.batch,
        rows.join("\n")
    ))
}

/// What `automcu bench train` says, as far as it goes into the table.
#[derive(Deserialize)]
struct Paces {
    batch: u32,
    torch: Option<String>,
    rows: Vec<Pace>,
}

#[derive(Deserialize)]
struct Pace {
    network: String,
    macs: u64,
    executor: String,
    workers: u32,
    threads: u32,
    median: f64,
    times_torch: Option<f64>,
}

/// Fuzzes one target for two minutes, from the fixtures in a folder.
fn fuzz(root: &Path, minutes: u64, target: &str, fixtures: &str) -> anyhow::Result<String> {
    const SECONDS: &str = "-max_total_time=120";
    let folder = root.join("tests/fuzz");
    let tools = root.join("target/needs/cargo");
    if !tools.join("bin/cargo-fuzz").is_file() {
        let tools = tools.to_string_lossy();
        Program::cargo(&["install", "cargo-fuzz", "--locked", "--root", &tools], minutes).output()?;
    }
    let seeds = root.join("tests/fixtures").join(fixtures);
    let corpus = format!("corpus/{target}");
    fs::create_dir_all(folder.join(&corpus))?;
    let fuzz = tools.join("bin/cargo-fuzz");
    let seeds = seeds.to_string_lossy();
    let arguments = ["run", target, &corpus, &*seeds, "--", SECONDS, "-print_final_stats=1", "-max_len=131072"];
    // Fuzzing takes the nightly compiler, whatever compiler runs this chore.
    let program = Program::new(&fuzz, &arguments, minutes).within(&folder).with("RUSTUP_TOOLCHAIN", "nightly");
    let said = program.without("CARGO").without("RUSTC").output().context("a finding, or no nightly compiler")?;
    let figure = |name: &str| {
        said.lines().find_map(|line| line.trim().strip_prefix(name)).map_or("unknown", str::trim).to_owned()
    };
    let coverage =
        said.lines().rev().find_map(|line| line.split("cov: ").nth(1)?.split(' ').next()).unwrap_or("unknown");
    Ok(format!(
        "| runs | new inputs kept | edges covered | findings |\n|---|---|---|---|\n| {} | {} | {coverage} | 0 |",
        figure("stat::number_of_executed_units:"),
        figure("stat::new_units_added:"),
    ))
}
