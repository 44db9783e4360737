//! `automcu bench nas-bench-201`: strategies held against each other on a table of accuracies.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    sync::Arc,
};

use automcu_search::{Cells, Data, Proposer, Table as Accuracies, Task, arena};
use automcu_target::{Budget, Core};
use serde::{Deserialize, Serialize};

use super::{
    lines::{self, Lines},
    plot::{self, Curve},
    search::spread,
};
use crate::{
    Live, Said,
    cli::BenchCells,
    cmd::write_json,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, Table, styled},
};

/// A run that is over: what tells it from others, and the test accuracy of the best by validation after each evaluation.
#[derive(Clone, Serialize, Deserialize)]
struct Done {
    version: u32,
    proposer: String,
    data: String,
    pool: u32,
    evaluations: u32,
    seed: u64,
    test: Vec<f64>,
}

/// What tells a run from others.
type Key = (String, String, u32, u32, u64);

#[derive(Serialize)]
struct Answer {
    version: u32,
    cells: usize,
    pool: u32,
    evaluations: u32,
    runs: u32,
    seed: u64,
    rows: Vec<Row>,
}

/// What came of one strategy's runs on one data set, in percent.
#[derive(Serialize)]
struct Row {
    proposer: Proposer,
    track: &'static str,
    data: Data,
    mean: f64,
    deviation: f64,
    /// After each evaluation.
    means: Vec<f64>,
}

/// Where runs are kept.
struct Kept {
    done: BTreeMap<Key, Vec<f64>>,
    file: Option<Lines>,
}

impl Kept {
    fn open(arguments: &BenchCells) -> Result<Self, Failure> {
        let Some(path) = &arguments.resume else { return Ok(Self { done: BTreeMap::new(), file: None }) };
        let lines: Vec<Done> = lines::read(path)?;
        let key = |done: Done| ((done.proposer, done.data, done.pool, done.evaluations, done.seed), done.test);
        Ok(Self { done: lines.into_iter().map(key).collect(), file: Some(Lines::open(path)?) })
    }
}

pub(super) fn run(arguments: &BenchCells, live: &mut Live<'_>, said: &mut Said) -> Result<Outcome, Failure> {
    let path = &arguments.table;
    let text = fs::read_to_string(path).map_err(|error| Failure::Read { path: path.clone(), error })?;
    let table =
        Accuracies::read(&text).map_err(|error| Failure::Lines { path: path.clone(), problem: error.to_string() })?;
    let cells = table.cells();
    let count = cells.len();
    let empty = || Failure::Lines { path: path.clone(), problem: "there are no cells in it".to_owned() };
    let space = Cells::of(cells).ok_or_else(empty)?;
    let mut kept = Kept::open(arguments)?;
    let mut rows = Vec::new();
    for &proposer in &arguments.proposer.0 {
        for &data in &arguments.data.0 {
            let _ = writeln!(live.sink, "{} on {}", proposer.word(), data.word());
            rows.push(row(arguments, (proposer, data), &space, &table, &mut kept)?);
        }
    }
    if let Some(path) = &arguments.plot {
        draw(&rows, arguments, path)?;
    }
    let BenchCells { pool, evaluations, runs, seed, .. } = *arguments;
    let answer = Answer { version: 1, cells: count, pool, evaluations, runs, seed, rows };
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(Outcome::Yes)
}

fn row(
    arguments: &BenchCells,
    (proposer, data): (Proposer, Data),
    space: &Cells,
    table: &Accuracies,
    kept: &mut Kept,
) -> Result<Row, Failure> {
    let mut curves: Vec<Vec<f64>> = Vec::new();
    for run in 0..arguments.runs {
        let seed = arguments.seed.wrapping_add(run.into());
        let key = (proposer.word().to_owned(), data.word().to_owned(), arguments.pool, arguments.evaluations, seed);
        if let Some(test) = kept.done.get(&key) {
            curves.push(test.clone());
            continue;
        }
        let space = if arguments.pool == 0 { space.clone() } else { space.pool(arguments.pool as usize, seed) };
        let task = Task { space, budget: Budget::default(), core: Core::CortexM4, most_macs: None };
        let mut strategy = proposer.made(Arc::new(task), seed);
        let reached = arena::run_cells(strategy.as_mut(), table, data, arguments.evaluations as usize, 1);
        let test: Vec<f64> = reached.into_iter().map(|reached| reached.test).collect();
        if let Some(file) = &mut kept.file {
            let (proposer, data, pool, evaluations, seed) = key;
            file.add(&Done { version: 1, proposer, data, pool, evaluations, seed, test: test.clone() })?;
        }
        curves.push(test);
    }
    Ok(Row::of(proposer, data, &curves, arguments.evaluations))
}

impl Row {
    /// Where a run ended early, its last stands for the rest.
    fn of(proposer: Proposer, data: Data, curves: &[Vec<f64>], evaluations: u32) -> Self {
        let after = |place: usize| -> Vec<f64> {
            curves.iter().filter_map(|curve| curve.get(place).or(curve.last()).copied()).collect()
        };
        let means: Vec<f64> = (0..evaluations as usize).map(|place| spread(&after(place)).0).collect();
        let (mean, deviation) = spread(&after(evaluations.saturating_sub(1) as usize));
        Self { proposer, track: proposer.track(), data, mean, deviation, means }
    }
}

/// A drawing a data set, one below the other: where several were asked for, the name gets a word more.
fn draw(rows: &[Row], arguments: &BenchCells, path: &std::path::Path) -> Result<(), Failure> {
    for &data in &arguments.data.0 {
        let own = rows.iter().filter(|row| row.data == data);
        let curves: Vec<Curve> =
            own.map(|row| Curve { name: row.proposer.word().to_owned(), values: row.means.clone() }).collect();
        let title = format!("NAS-Bench-201, {}: test accuracy in %, mean of {} runs", data.word(), arguments.runs);
        let path = if arguments.data.0.len() == 1 {
            path.to_owned()
        } else {
            path.with_extension(format!("{}.svg", data.word()))
        };
        fs::write(&path, plot::drawn(&title, &curves)).map_err(|error| Failure::Create { path, error })?;
    }
    Ok(())
}

impl Answer {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("proposer", Left),
            ("track", Left),
            ("data", Left),
            ("test %, mean", Right),
            ("deviation", Right),
        ]);
        for row in &self.rows {
            let cells = [
                row.proposer.word().to_owned(),
                row.track.to_owned(),
                row.data.word().to_owned(),
                format!("{:.2}", row.mean),
                format!("{:.2}", row.deviation),
            ];
            table.row(cells, anstyle::Style::new());
        }
        table.write(sink)?;
        let pool = if self.pool == 0 {
            format!("all {} cells", self.cells)
        } else {
            format!(
                "a pool of {} of {} cells a run",
                self.pool.min(u32::try_from(self.cells).unwrap_or(u32::MAX)),
                self.cells
            )
        };
        let note = format!(
            "the test accuracy of the best by validation accuracy, after {} evaluations; {} runs from seed {}; {pool}",
            self.evaluations, self.runs, self.seed
        );
        writeln!(sink, "\n{}", styled(note, FAINT))
    }
}
