//! What users look at.

use std::sync::atomic::Ordering;

use automcu_api::{
    CandidateId, Client, ClientError, JobId, LogLevel, Order, PROTOCOL, ProblemKind, Source, Verdict, What,
};
use automcu_history::{self as history, JobState};
use automcu_model::{ArtifactId, AttemptId, CandidateId as Candidate, DataType, Provenance};

use crate::support::World;

/// A job with three candidates: refused, trained, and shipped.
fn searched(world: &World) -> ArtifactId {
    world.submitted(1);
    let list = world.store.put(b"list").expect("kept");
    let metric = |value| history::Metric {
        value,
        low: value - 0.1,
        high: value + 0.1,
        dtype: DataType::Int8,
        provenance: Provenance::Host,
    };
    for number in 1..=3 {
        let (candidate, artifact) = (Candidate(number), ArtifactId::of(&number.to_le_bytes()));
        world.happens(
            1,
            history::What::CandidateProposed {
                candidate,
                spec: artifact,
                digest: format!("graph {number}"),
                source: history::Source::Evolution,
                rationale: "why not".into(),
                round: 1,
                evidence: Vec::new(),
            },
        );
        let verdict = if number == 1 {
            history::Verdict::OverBudget { reason: "9 KiB too much".into() }
        } else {
            history::Verdict::Fits
        };
        let judge = "own 1".to_owned();
        world.happens(1, history::What::CandidateScreened { candidate, judge, verdict, footprint: None, report: None });
        if number == 1 {
            continue;
        }
        let (attempt, conditions) = (AttemptId(1), ArtifactId::of(b"conditions"));
        world.happens(
            1,
            history::What::TrainingStarted { candidate, attempt, conditions, seed: 7, from: None, rung: 0 },
        );
        world.happens(
            1,
            history::What::TrainingEnded {
                candidate,
                attempt,
                end: history::TrainingEnd::Finished,
                metric: Some(metric(0.5 + 0.1 * f64::from(u8::try_from(number).expect("small")))),
                epochs: 3,
                duration_ms: 5,
                energy_mj: None,
                checkpoint: Some(artifact),
            },
        );
    }
    world.happens(
        1,
        history::What::CandidateVerified {
            candidate: Candidate(3),
            judge: "own 1".into(),
            verdict: history::Verdict::Fits,
            footprint: None,
            metric: Some(metric(0.75)),
            bundle: Some(list),
            test: None,
            as_winner: true,
            attempt: None,
            duration_ms: Some(9),
        },
    );
    world.happens(1, history::What::WinnerChosen { candidate: Candidate(3), reason: "the best".into() });
    list
}

fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> (ProblemKind, String) {
    match answer {
        Err(ClientError::Refused(problem)) => (problem.kind, problem.detail),
        other => panic!("{other:?}"),
    }
}

#[actix::test]
async fn a_job_its_candidates_and_its_files_are_shown() {
    let world = World::new();
    let list = searched(&world);
    let client = world.client();
    let detail = client.job(JobId(1)).await.expect("a job");
    assert_eq!((detail.job.candidates, detail.job.trained, detail.job.winner), (3, 2, Some(CandidateId(3))));
    assert_eq!((detail.job.data.as_str(), detail.job.budget.ram_bytes), ("synthetic", Some(64_000)));
    assert_eq!(detail.document["data"], "synthetic");
    assert_eq!(detail.winner.expect("a winner").metric.map(|metric| metric.value), Some(0.75));

    let all = client.candidates(JobId(1), Order::Number, None, Some(2)).await.expect("a page");
    let more = client.candidates(JobId(1), Order::Number, all.next.as_deref(), Some(2)).await.expect("a page");
    let ids: Vec<u64> = all.items.iter().chain(&more.items).map(|candidate| candidate.id.0).collect();
    assert_eq!((ids, more.next), (vec![1, 2, 3], None));
    assert_eq!(all.items[0].source, Source::Evolution);
    assert_eq!(all.items[0].screenings[0].verdict, Verdict::OverBudget { reason: "9 KiB too much".into() });
    let best = client.candidates(JobId(1), Order::Best, None, None).await.expect("a page");
    assert_eq!(best.items.iter().map(|candidate| candidate.id.0).collect::<Vec<_>>(), [3, 2]);

    let bundle = client.bundle(JobId(1), None).await.expect("a bundle");
    assert_eq!((bundle.candidate, bundle.digest.to_string()), (CandidateId(3), list.to_string()));
    assert_eq!(bundle.files[0].path, "src/network.c");
    assert_eq!(client.artifact(&bundle.digest, 10).await.expect("a file"), b"list");
    assert_eq!(refused(client.bundle(JobId(1), Some(CandidateId(2))).await).0, ProblemKind::NotThere);
    let absent = "0".repeat(64).parse().expect("a digest");
    assert_eq!(refused(client.artifact(&absent, 10).await).0, ProblemKind::NotThere);
}

#[actix::test]
async fn jobs_and_events_come_in_pages() {
    let world = World::new();
    for job in 1..=3 {
        world.submitted(job);
    }
    for text in ["a", "b", "c"] {
        world.note(2, text);
    }
    let client = world.client();
    let mut jobs = Vec::new();
    let mut cursor = None;
    loop {
        let page = client.jobs(cursor.as_deref(), Some(2)).await.expect("a page");
        jobs.extend(page.items.iter().map(|job| job.id.0));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(jobs, [3, 2, 1], "the newest first");

    let first = client.events(JobId(2), 1, Some(2)).await.expect("a page");
    let told = |event: &automcu_api::EventView| match &event.what {
        What::Note { text, .. } => (event.n, text.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(first.items.iter().map(told).collect::<Vec<_>>(), [(2, "a".into()), (3, "b".into())]);
    let next = first.next.expect("more").parse().expect("a number");
    let rest = client.events(JobId(2), next, Some(2)).await.expect("a page");
    assert_eq!((rest.items.iter().map(told).collect::<Vec<_>>(), rest.next), (vec![(4, "c".into())], None));
    assert_eq!(
        refused(client.events(JobId(9), 0, None).await),
        (ProblemKind::NotThere, "there is no j9 in the history".into())
    );
}

#[actix::test]
async fn the_daemon_says_who_and_how_it_is() {
    let world = World::new();
    let client = world.client();
    assert_eq!(client.version().await.expect("a version").protocol, PROTOCOL);
    assert!(client.health().await.expect("health").is_well);
    world.is_ill.store(true, Ordering::Relaxed);
    let health = client.health().await.expect("health");
    assert_eq!((health.is_well, health.troubles), (false, vec!["an agent is gone".to_owned()]));
    let (status, ..) = world.asked("GET /healthz", "", "").await;
    assert_eq!(status, 503);

    assert_eq!(client.log_level().await.expect("a level").level, "info");
    let wanted = LogLevel { level: "debug".into() };
    assert_eq!(client.set_log_level(&wanted).await.expect("set"), wanted);
    let wrong = LogLevel { level: "very loud".into() };
    assert_eq!(refused(client.set_log_level(&wrong).await).1, "level: \"very loud\" is no filter");
    assert_eq!(client.log_level().await.expect("a level"), wanted);
}

#[actix::test]
async fn figures_count_what_happened() {
    let world = World::new();
    searched(&world);
    world.submitted(2);
    let (from, cause) = (JobState::Queued, "asked for".to_owned());
    world.happens(2, history::What::JobStateChanged { from, to: JobState::Cancelled, cause });
    let client: Client = world.client();
    assert!(client.job(JobId(9)).await.is_err());
    let text = client.metrics().await.expect("figures");
    for line in [
        "automcu_jobs{state=\"queued\"} 1",
        "automcu_jobs_submitted_total 2",
        "automcu_jobs_over_total{state=\"cancelled\"} 1",
        "automcu_candidates_total{source=\"evolution\"} 3",
        "automcu_verdicts_total{stage=\"screening\",says=\"fits\"} 2",
        "automcu_verdicts_total{stage=\"screening\",says=\"over_budget\"} 1",
        "automcu_verdicts_total{stage=\"verification\",says=\"fits\"} 1",
        "automcu_trainings_total{how=\"finished\"} 2",
        "automcu_events_total 15",
        "automcu_history_writable 1",
        "automcu_watchers 0",
        "automcu_requests_total{endpoint=\"ShowJob\",status=\"404\"} 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} in {text}");
    }
}
