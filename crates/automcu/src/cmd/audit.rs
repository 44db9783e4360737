//! `automcu audit`.

mod job;
mod opinion;
mod show;
mod training;

use std::{path::Path, time::Duration};

use automcu_api::Surroundings;
use automcu_model::{DataType, Provenance};
use automcu_target::{Budget, Footprint};
use automcu_toolchain::Choice;
use serde::Serialize;

use super::{
    screen::asked::{ALL, Absent, Judges},
    write_json,
};
use crate::{
    Said,
    audit::{self, DataTypes, Threshold},
    cli::Audit,
    daemon::Daemon,
    input,
    judges::{Setting, Workshop},
    outcome::{Failure, Outcome},
    record::{self, Candidate, Cause, Record, Standing},
};
use opinion::{Bench, Group};
use training::{Conditions, Training};

/// What the float32 table counts.
const ACCOUNTING: &str = "estimated from the graph: the peak of activations op by op, and all weights and biases; runtime, stack, \
                          tables and code not counted";

pub(crate) fn run(
    arguments: &Audit,
    home: &Path,
    program: &Path,
    workshop: &Workshop<'_>,
    sockets: &Surroundings,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let record = record(arguments, sockets)?;
    let conditions = arguments.train.map(|count| Conditions::of(count, arguments, home, program)).transpose()?;
    let (candidates, repeated) = record::distinct(record.candidates);
    let (counts, limits) = (Counts::of(&candidates), Limits::of(&candidates));
    let data_types = Accounted::of(&candidates);
    let configured = workshop.configured();
    let setting = Setting {
        deadline: arguments.deadline.map_or(configured.deadline, Duration::from_secs_f64),
        accelerator: arguments.accelerator.clone().unwrap_or_else(|| configured.accelerator.clone()),
        accelerated: Vec::new(),
        remembers: true,
        afresh: arguments.afresh,
        choice: Choice::Either,
        runs_code: false,
        vendor: configured.vendor.clone(),
    };
    let bench = Bench {
        judges: Judges::of(&[ALL.to_owned()], None, &setting, workshop)?,
        catalogue: input::catalogue(arguments.catalogue.targets_dir.as_deref())?,
    };
    let sample = Sample { count: arguments.sample.max(arguments.train.unwrap_or(0)), seed: arguments.seed };
    let (refused, retained) = sample.of(candidates);
    let refused = bench.reviews(refused)?;
    let retained = bench.reviews(retained)?;
    let training = conditions.map(|conditions| conditions.train(&refused, &retained, workshop)).transpose()?;
    let answer = Answer {
        version: 1,
        record: arguments.record.display().to_string(),
        torn_lines: record.torn,
        repeated,
        counts,
        sample,
        remarks: bench.remarks(&refused),
        refused: Group::of(refused),
        retained: Group::of(retained),
        data_types,
        limits,
        training,
        absent: bench.judges.absent,
    };
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(if answer.refused.otherwise.count > 0 { Outcome::No } else { Outcome::Yes })
}

/// The record that is asked about: of a job, where there is no such file.
fn record(arguments: &Audit, sockets: &Surroundings) -> Result<Record, Failure> {
    let named = arguments.record.to_str().and_then(|name| name.parse().ok());
    match named.filter(|_| !arguments.record.exists()) {
        Some(job) => job::record(&Daemon::find(arguments.socket.as_deref(), sockets)?, job),
        None => Ok(Record::read(&arguments.record)?),
    }
}

/// Whom the sample takes.
#[derive(Clone, Copy, Serialize)]
struct Sample {
    /// Of the refused ones, and of the retained ones.
    count: u32,
    seed: u64,
}

impl Sample {
    /// The refused ones and the retained ones about which others can be asked.
    fn of(self, candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<Candidate>) {
        let (mut refused, mut retained) = (Vec::new(), Vec::new());
        for candidate in candidates.into_iter().filter(|candidate| candidate.spec.is_some()) {
            match candidate.standing() {
                Standing::Refused { cause: Cause::NotConstructible, .. } | Standing::Undecided => {}
                Standing::Refused { .. } => refused.push(candidate),
                Standing::Retained => retained.push(candidate),
            }
        }
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        (audit::sampled(refused, count, self.seed), audit::sampled(retained, count, !self.seed))
    }
}

/// What the record holds.
#[derive(Default, Serialize)]
struct Counts {
    candidates: usize,
    retained: usize,
    /// By a judge.
    refused: usize,
    not_constructible: usize,
    undecided: usize,
    /// Of which there is no architecture that could be built again, as int8 networks were handed in.
    without_spec: usize,
}

impl Counts {
    fn of(candidates: &[Candidate]) -> Self {
        let mut counts = Self { candidates: candidates.len(), ..Self::default() };
        for candidate in candidates {
            *match candidate.standing() {
                Standing::Refused { cause: Cause::NotConstructible, .. } => &mut counts.not_constructible,
                Standing::Refused { .. } => &mut counts.refused,
                Standing::Retained => &mut counts.retained,
                Standing::Undecided => &mut counts.undecided,
            } += 1;
            counts.without_spec += usize::from(candidate.spec.is_none() && candidate.refusals.is_empty());
        }
        counts
    }
}

/// How many fit at which data type.
#[derive(Serialize)]
struct Accounted {
    accounting: &'static str,
    provenance: Provenance,
    #[serde(flatten)]
    fit: DataTypes,
    /// What has no graph.
    not_counted: usize,
}

impl Accounted {
    fn of(candidates: &[Candidate]) -> Self {
        let graphs = candidates.iter().filter_map(|candidate| Some((candidate.graph()?, candidate.budget)));
        let fits: Vec<_> = graphs
            .map(|(graph, budget)| {
                let fits = |dtype| audit::fits_at(&graph, dtype, budget);
                (fits(DataType::Int8), fits(DataType::Float32))
            })
            .collect();
        Self {
            accounting: ACCOUNTING,
            provenance: Provenance::Estimated,
            not_counted: candidates.len() - fits.len(),
            fit: DataTypes::of(fits.into_iter()),
        }
    }
}

/// What other limits would have kept, by the figures of the record.
#[derive(Serialize)]
struct Limits {
    figures: Vec<Source>,
    /// Candidates of which the judge whose word counts had no figures.
    without_figures: usize,
    thresholds: Vec<Threshold>,
}

/// Whose figures they are.
#[derive(PartialEq, Serialize)]
struct Source {
    judge: String,
    dtype: DataType,
    provenance: Provenance,
    count: usize,
}

impl Limits {
    fn of(candidates: &[Candidate]) -> Self {
        let mut figures: Vec<(Footprint, Budget)> = Vec::new();
        let mut sources: Vec<Source> = Vec::new();
        for candidate in candidates {
            let Some(first) = candidate.judges.first() else { continue };
            let Some(measurement) = &first.measurement else { continue };
            let Footprint { dtype, provenance, .. } = measurement.footprint;
            figures.push((measurement.footprint, candidate.budget));
            let is_same = |source: &&mut Source| {
                (source.judge.as_str(), source.dtype, source.provenance) == (&first.judge, dtype, provenance)
            };
            match sources.iter_mut().find(is_same) {
                Some(source) => source.count += 1,
                None => sources.push(Source { judge: first.judge.clone(), dtype, provenance, count: 1 }),
            }
        }
        Self {
            figures: sources,
            without_figures: candidates.len() - figures.len(),
            thresholds: audit::thresholds(&figures).into(),
        }
    }
}

/// All that is said.
#[derive(Serialize)]
struct Answer {
    version: u32,
    record: String,
    torn_lines: Vec<usize>,
    /// Lines of candidates that are told of again further down.
    repeated: usize,
    counts: Counts,
    sample: Sample,
    refused: Group,
    retained: Group,
    data_types: Accounted,
    limits: Limits,
    training: Option<Training>,
    absent: Vec<Absent>,
    remarks: Vec<String>,
}
