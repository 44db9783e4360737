//! `automcu bench search`: strategies held against each other on networks that were really trained.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

use automcu_model::GraphDigest;
use automcu_search::{Proposer, Recorded, Space as _, Staged, Task, arena};
use automcu_target::{Budget, Core};
use serde::Serialize;

use super::record;
use crate::{
    Host, Live, Said,
    cli::BenchSearch,
    cmd::write_json,
    judges::Workshop,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, Table, styled},
};

const CORE: Core = Core::CortexM4;

#[derive(Serialize)]
struct Answer {
    version: u32,
    networks: usize,
    trained: usize,
    /// The best of the whole record.
    best: f64,
    evaluations: u32,
    runs: u32,
    seed: u64,
    rows: Vec<Row>,
}

/// What came of one strategy's runs.
#[derive(Serialize)]
struct Row {
    proposer: Proposer,
    track: &'static str,
    /// The best of each run, as a share.
    bests: Vec<f64>,
    mean: f64,
    deviation: f64,
    /// After how many evaluations each run reached what random draws came to by their end, in the run of the same seed.
    as_random: Vec<Option<usize>>,
    /// The middle of these; none where half of the runs never did.
    median_as_random: Option<usize>,
}

pub(super) fn run(
    arguments: &BenchSearch,
    host: &Host<'_>,
    workshop: &Workshop<'_>,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    if let Some(count) = arguments.train {
        record::train(arguments, count, host.program, workshop, live)?;
    }
    let record = record::read(&arguments.record)?;
    let mut scores = BTreeMap::new();
    for (member, score) in &record.members {
        if let Ok(id) = record.space.id(member) {
            scores.insert(id, *score);
        }
    }
    let members: Vec<Staged> = record.members.iter().map(|(member, _)| member.clone()).collect();
    let refused = || Failure::Lines { path: arguments.record.clone(), problem: "no network can be built".to_owned() };
    let space = Recorded::of(record.space, members, CORE).ok_or_else(refused)?;
    let task = Arc::new(Task { space, budget: Budget::default(), core: CORE, most_macs: None });
    let bests = |proposer: Proposer| -> Vec<Vec<f64>> {
        (0..arguments.runs).map(|run| curve(proposer, &task, &scores, arguments, u64::from(run))).collect()
    };
    let random = bests(Proposer::Random);
    let row = |proposer: &Proposer| {
        let own = if *proposer == Proposer::Random { random.clone() } else { bests(*proposer) };
        Row::of(*proposer, &own, &random)
    };
    let all: Vec<f64> = scores.values().copied().flatten().collect();
    let answer = Answer {
        version: 1,
        networks: scores.len(),
        trained: all.len(),
        best: all.iter().copied().fold(0.0, f64::max),
        evaluations: arguments.evaluations,
        runs: arguments.runs,
        seed: arguments.seed,
        rows: arguments.proposer.0.iter().map(row).collect(),
    };
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(Outcome::Yes)
}

/// The best so far after each evaluation of a run; 0 before the first score.
fn curve(
    proposer: Proposer,
    task: &Arc<Task<Recorded<automcu_search::Stages>>>,
    scores: &BTreeMap<GraphDigest, Option<f64>>,
    arguments: &BenchSearch,
    run: u64,
) -> Vec<f64> {
    let mut strategy = proposer.made(Arc::clone(task), arguments.seed.wrapping_add(run));
    let score = |member: &Staged| scores.get(&task.space.id(member).ok()?).copied().flatten();
    let run = arena::run(strategy.as_mut(), &score, arguments.evaluations as usize, 1);
    run.best.into_iter().map(Option::unwrap_or_default).collect()
}

/// The mean, and the deviation of a sample.
pub(super) fn spread(values: &[f64]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "a count of runs")]
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

impl Row {
    fn of(proposer: Proposer, own: &[Vec<f64>], random: &[Vec<f64>]) -> Self {
        let last = |curve: &Vec<f64>| curve.last().copied().unwrap_or_default();
        let bests: Vec<f64> = own.iter().map(last).collect();
        let reached = |(own, random): (&Vec<f64>, &Vec<f64>)| {
            own.iter().position(|best| *best >= last(random)).map(|place| place + 1)
        };
        let as_random: Vec<Option<usize>> = own.iter().zip(random).map(reached).collect();
        let mut order = as_random.clone();
        order.sort_by_key(|place| place.unwrap_or(usize::MAX));
        let (mean, deviation) = spread(&bests);
        let median_as_random = order.get(order.len() / 2).copied().flatten();
        Self { proposer, track: proposer.track(), bests, mean, deviation, as_random, median_as_random }
    }
}

impl Answer {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("proposer", Left),
            ("track", Left),
            ("best %, mean", Right),
            ("deviation", Right),
            ("as random's last, after", Right),
        ]);
        for row in &self.rows {
            let cells = [
                row.proposer.word().to_owned(),
                row.track.to_owned(),
                format!("{:.2}", 100.0 * row.mean),
                format!("{:.2}", 100.0 * row.deviation),
                row.median_as_random.map_or_else(|| "never".to_owned(), |place| place.to_string()),
            ];
            table.row(cells, anstyle::Style::new());
        }
        table.write(sink)?;
        let note = format!(
            "{} networks, {} of them trained, the best at {:.2} %; {} runs of {} evaluations from seed {}; the last column is the median",
            self.networks,
            self.trained,
            100.0 * self.best,
            self.runs,
            self.evaluations,
            self.seed
        );
        writeln!(sink, "\n{}", styled(note, FAINT))
    }
}
