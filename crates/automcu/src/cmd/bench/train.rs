//! `automcu bench train`: how many images a second, network by network, beside PyTorch.

use std::{
    io::{self, Write},
    path::PathBuf,
    thread,
    time::Duration,
};

use automcu_dataset::Target;
use automcu_model::{Graph, Spec};
use automcu_trainer::{Executor, Isa, Loss, Setup};
use serde::Serialize;

use super::rival::Torch;
use crate::{
    Live, Said,
    cli::BenchTrain,
    cmd::write_json,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, Table, styled, thousands},
};

/// What is trained: the name, and the architecture.
const NETWORKS: [(&str, &str); 2] = [
    (
        "separable",
        r#"{"version":1,"input":{"height":32,"width":32,"channels":3},"backbone":[{"op":"conv","channels":16},
        {"op":"depthwise_separable","channels":32},{"op":"depthwise_separable","channels":32},
        {"op":"depthwise_separable","channels":64,"stride":2},{"op":"depthwise_separable","channels":64},
        {"op":"depthwise_separable","channels":64,"stride":2},{"op":"depthwise_separable","channels":64}],
        "head":{"op":"classifier","classes":10}}"#,
    ),
    (
        "resnet8",
        r#"{"version":1,"input":{"height":32,"width":32,"channels":3},"backbone":[{"op":"conv","channels":16},
        {"op":"residual","channels":16},{"op":"residual","channels":32,"stride":2},{"op":"residual","channels":64,"stride":2}],
        "head":{"op":"classifier","classes":10}}"#,
    ),
];
const BATCH: usize = 64;

/// How work is shared out: so many workers side by side, each with so many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Shape {
    workers: usize,
    threads: usize,
}

const SHAPES: [Shape; 3] =
    [Shape { workers: 1, threads: 1 }, Shape { workers: 2, threads: 1 }, Shape { workers: 1, threads: 2 }];

/// Images a second of one executor, in each round.
#[derive(Serialize)]
struct Row {
    network: &'static str,
    macs: u64,
    executor: String,
    #[serde(flatten)]
    shape: Shape,
    rounds: Vec<f64>,
    median: f64,
    /// The median over rounds of the ratio to PyTorch, eager, in the same round and shape.
    times_torch: Option<f64>,
}

#[derive(Serialize)]
struct Answer {
    version: u32,
    batch: usize,
    seconds: f64,
    torch: Option<String>,
    rows: Vec<Row>,
}

/// Who trains.
#[derive(Clone, PartialEq)]
enum Who {
    Own(Isa),
    Torch(&'static str),
}

impl Who {
    fn name(&self) -> String {
        match self {
            Self::Own(isa) => format!("native, {}", isa.name()),
            Self::Torch(mode) => format!("PyTorch, {mode}"),
        }
    }
}

pub(super) fn run(
    arguments: &BenchTrain,
    folders: &[PathBuf],
    clock: fn() -> Duration,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let torch = Torch::found(arguments.python.as_deref(), folders);
    let seconds = arguments.seconds;
    let mut rows = Vec::new();
    for (network, spec) in NETWORKS {
        let graph = Spec::from_json(spec.as_bytes()).and_then(|spec| spec.lower()).expect("it is built in");
        for shape in SHAPES {
            let mut rivals: Vec<(Who, Vec<f64>)> =
                rivals(arguments, shape, torch.is_some()).into_iter().map(|who| (who, Vec::new())).collect();
            for round in 0..arguments.rounds {
                for (who, paces) in &mut rivals {
                    let _ = writeln!(live.sink, "{network}, {shape:?}, round {}: {}", round + 1, who.name());
                    paces.extend(pace(who, &graph, network, shape, seconds, torch.as_ref(), clock));
                }
            }
            rows.extend(summed(network, &graph, shape, rivals));
        }
    }
    let answer = Answer { version: 1, batch: BATCH, seconds, torch: torch.map(|torch| torch.version), rows };
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(Outcome::Yes)
}

/// Who is compared: all kinds of vectors only where one thread works alone.
fn rivals(arguments: &BenchTrain, shape: Shape, has_torch: bool) -> Vec<Who> {
    let alone = shape.workers * shape.threads == 1;
    let kinds = Isa::available().len();
    let own = Isa::available().into_iter().take(if alone { kinds } else { 1 }).map(Who::Own);
    let modes: &[&str] = match (has_torch, arguments.compile && alone) {
        (false, _) => &[],
        (true, false) => &["eager"],
        (true, true) => &["eager", "compile"],
    };
    own.chain(modes.iter().map(|mode| Who::Torch(mode))).collect()
}

/// Images a second of all workers together.
fn pace(
    who: &Who,
    graph: &Graph,
    network: &str,
    shape: Shape,
    seconds: f64,
    torch: Option<&Torch>,
    clock: fn() -> Duration,
) -> Option<f64> {
    thread::scope(|scope| {
        let workers: Vec<_> = (0..shape.workers)
            .map(|_| {
                scope.spawn(move || match who {
                    Who::Own(isa) => own_pace(graph, *isa, shape.threads, seconds, clock),
                    Who::Torch(mode) => torch?.pace(network, shape.threads, BATCH, seconds, mode),
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().ok().flatten()).sum()
    })
}

#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
fn own_pace(graph: &Graph, isa: Isa, threads: usize, seconds: f64, clock: fn() -> Duration) -> Option<f64> {
    let mut executor = Executor::new(graph, Setup { batch: BATCH, threads, isa }).ok()?;
    let mut state = executor.initial(graph, 1);
    let values: Vec<f32> = (0..BATCH * 32 * 32 * 3).map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0).collect();
    let targets: Vec<Target> = (0..10).cycle().take(BATCH).map(Target::of).collect();
    let mut momentum = vec![0.0_f32; state.parameters.len()];
    let (mut times, mut begun) = (Vec::new(), None);
    while begun.is_none_or(|begun: Duration| (clock() - begun).as_secs_f64() < seconds) {
        let start = clock();
        executor.step(&mut state, &values, &Loss { targets: &targets, smoothing: 0.0 }, 0);
        for ((parameter, gradient), momentum) in state.parameters.iter_mut().zip(executor.gradient()).zip(&mut momentum)
        {
            *momentum = 0.9 * *momentum + gradient + 5e-4 * *parameter;
            *parameter -= 0.01 * (gradient + 0.9 * *momentum);
        }
        times.push((clock() - start).as_secs_f64());
        if times.len() == 3 && begun.is_none() {
            times.clear();
            begun = Some(clock());
        }
    }
    Some(BATCH as f64 / median(&mut times)?)
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn summed(network: &'static str, graph: &Graph, shape: Shape, rivals: Vec<(Who, Vec<f64>)>) -> Vec<Row> {
    let torch = rivals.iter().find(|(who, _)| *who == Who::Torch("eager")).map(|(_, rounds)| rounds.clone());
    let row = |(who, rounds): (Who, Vec<f64>)| {
        let ratios = torch.iter().flat_map(|torch| rounds.iter().zip(torch).map(|(own, torch)| own / torch));
        let mut ratios: Vec<f64> = ratios.collect();
        let median_of_all = median(&mut rounds.clone())?;
        Some(Row {
            network,
            macs: graph.deployed().cost().macs,
            executor: who.name(),
            shape,
            rounds,
            median: median_of_all,
            times_torch: median(&mut ratios),
        })
    };
    rivals.into_iter().filter_map(row).collect()
}

impl Answer {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("network", Left),
            ("MACs", Right),
            ("workers x threads", Right),
            ("executor", Left),
            ("images/s", Right),
            ("x PyTorch", Right),
        ]);
        for row in &self.rows {
            let cells = [
                row.network.to_owned(),
                thousands(row.macs),
                format!("{} x {}", row.shape.workers, row.shape.threads),
                row.executor.clone(),
                format!("{:.0}", row.median),
                row.times_torch.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            ];
            table.row(cells, anstyle::Style::new());
        }
        table.write(sink)?;
        let rounds = self.rows.first().map_or(0, |row| row.rounds.len());
        let torch = self.torch.as_ref().map_or_else(
            || "no Python with PyTorch was found; --python names one".to_owned(),
            |version| format!("PyTorch {version}, channels last"),
        );
        let note = format!(
            "training steps of {} images, {} s each, the median of {rounds} interleaved rounds; {torch}",
            self.batch, self.seconds
        );
        writeln!(sink, "\n{}", styled(note, FAINT))
    }
}
