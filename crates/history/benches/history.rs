//! Appends a second, and how long a page takes among a hundred thousand records.

use std::{hint::black_box, path::Path, time::Duration};

use automcu_history::{Budget, Event, History, Source, What};
use automcu_model::{ArtifactId, CandidateId, JobId};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const PATIENCE: Duration = Duration::from_secs(60);

fn submitted(job: u64) -> Event {
    let what = What::JobSubmitted {
        spec: serde_json::json!({ "goal": "gestures at 90 %", "number": job }),
        digest: job.to_string(),
        tags: Vec::new(),
        dataset: "gestures".to_owned(),
        target: None,
        budget: Budget::default(),
    };
    Event { job: JobId(job), at_ms: job, what }
}

fn proposed(job: u64, candidate: u64) -> Event {
    let what = What::CandidateProposed {
        candidate: CandidateId(candidate),
        spec: ArtifactId::of(&candidate.to_le_bytes()),
        digest: ArtifactId::of(b"graph").to_string(),
        source: Source::Random,
        rationale: "a draw".to_owned(),
        round: 1,
        evidence: Vec::new(),
    };
    Event { job: JobId(job), at_ms: job, what }
}

fn note() -> Event {
    Event { job: JobId(1), at_ms: 1, what: What::Note { text: "x".repeat(300), candidate: None } }
}

fn filled(folder: &Path, jobs: u64, candidates: u64) -> History {
    let (history, _) = History::open(folder).expect("opens");
    for job in 1..=jobs {
        let of = (1..=candidates).map(|candidate| proposed(job, candidate));
        let events = [submitted(job)].into_iter().chain(of).collect();
        history.append(events).expect("taken").wait(PATIENCE).expect("flushed");
    }
    history
}

fn appends(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let history = filled(folder.path(), 1, 0);
    let mut group = c.benchmark_group("append");
    for at_once in [1, 16, 256] {
        group.throughput(Throughput::Elements(at_once));
        group.bench_function(format!("{at_once} at a time"), |b| {
            b.iter(|| {
                let tickets: Vec<_> = (0..at_once).map(|_| history.append(vec![note()]).expect("taken")).collect();
                tickets.into_iter().for_each(|ticket| _ = ticket.wait(PATIENCE).expect("flushed"));
            });
        });
    }
}

fn pages(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let history = filled(folder.path(), 1_000, 99);
    c.bench_function("page of 50 jobs", |b| b.iter(|| black_box(history.jobs(None, 50).expect("readable"))));
    c.bench_function("page of 50 candidates", |b| {
        b.iter(|| black_box(history.candidates(JobId(500), None, 50).expect("readable")));
    });
    c.bench_function("one job", |b| b.iter(|| black_box(history.job(JobId(777)).expect("there"))));
    c.bench_function("50 events", |b| b.iter(|| black_box(history.events(JobId(500), 20, 50).expect("readable"))));
    c.bench_function("all events of 10 jobs", |b| {
        b.iter(|| history.events_of((1..=10).map(JobId), |_, event| _ = black_box(event)).expect("readable"));
    });
    drop(history);
    let mut group = c.benchmark_group("open");
    group.sample_size(10);
    group.bench_function("100,000 events", |b| b.iter(|| History::open(folder.path()).expect("opens")));
    let (history, _) = History::open(folder.path()).expect("opens");
    group.bench_function("rebuild of 100,000 events", |b| b.iter(|| history.rebuild().expect("rebuilt")));
}

criterion_group!(benches, appends, pages);
criterion_main!(benches);
