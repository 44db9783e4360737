//! Events to tell stories with.

use std::{fs, path::Path, path::PathBuf, time::Duration};

use automcu_history::{
    Budget, Change, Event, Footprint, History, JobState, Metric, Opened, Receipt, Source, TrainingEnd, Verdict, What,
};
use automcu_model::{ArtifactId, AttemptId, CandidateId, DataType, JobId, Provenance};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn open(folder: &Path) -> (History, Opened) {
    History::open(folder).expect("opens")
}

pub(crate) fn put(history: &History, events: Vec<Event>) -> Receipt {
    history.append(events).expect("taken").wait(PATIENCE).expect("flushed")
}

pub(crate) fn artifact(name: &str) -> ArtifactId {
    ArtifactId::of(name.as_bytes())
}

pub(crate) fn event(job: u64, at_ms: u64, what: What) -> Event {
    Event { job: JobId(job), at_ms, what }
}

pub(crate) fn submitted(job: u64) -> Event {
    let spec =
        serde_json::json!({ "goal": { "accuracy": 0.9 }, "number": job, "brief": artifact("brief").to_string() });
    let budget = Budget { ram_bytes: Some(128 << 10), flash_bytes: Some(1 << 20) };
    let what = What::JobSubmitted {
        spec,
        digest: artifact(&format!("job {job}")).to_string(),
        tags: vec![format!("tag{}", job % 3)],
        dataset: "gestures".to_owned(),
        target: Some("stm32h743".to_owned()),
        budget,
    };
    event(job, 1_000 * job, what)
}

pub(crate) fn state(job: u64, from: JobState, to: JobState) -> Event {
    event(job, 1_000 * job + 1, What::JobStateChanged { from, to, cause: "it was time".to_owned() })
}

pub(crate) fn proposed(job: u64, candidate: u64) -> Event {
    let what = What::CandidateProposed {
        candidate: CandidateId(candidate),
        spec: artifact(&format!("spec {job} {candidate}")),
        digest: artifact(&format!("graph {candidate}")).to_string(),
        source: Source::Seed,
        rationale: "small, with \"quotes\"\nand lines".to_owned(),
        round: 1,
        evidence: Vec::new(),
    };
    event(job, 1_000 * job + 2, what)
}

pub(crate) fn footprint() -> Footprint {
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Linked,
        activations_bytes: 40_000,
        runtime_bytes: Some(512),
        stack_bytes: None,
        weights_bytes: 90_000,
        tables_bytes: Some(1_024),
        code_bytes: Some(12_345),
    }
}

pub(crate) fn metric(value: f64) -> Metric {
    Metric { value, low: value / 2.0, high: 1.0, dtype: DataType::Int8, provenance: Provenance::Host }
}

pub(crate) fn screened(job: u64, candidate: u64) -> Event {
    let what = What::CandidateScreened {
        candidate: CandidateId(candidate),
        judge: "analytic 1".to_owned(),
        verdict: Verdict::Fits,
        footprint: Some(footprint()),
        report: Some(artifact("report")),
    };
    event(job, 1_000 * job + 3, what)
}

pub(crate) fn started(job: u64, candidate: u64, attempt: u64) -> Event {
    let what = What::TrainingStarted {
        candidate: CandidateId(candidate),
        attempt: AttemptId(attempt),
        conditions: artifact("conditions"),
        seed: 7,
        from: None,
        rung: 0,
    };
    event(job, 1_000 * job + 4, what)
}

pub(crate) fn progressed(job: u64, candidate: u64, attempt: u64, epochs: u32) -> Event {
    let what = What::TrainingProgressed {
        candidate: CandidateId(candidate),
        attempt: AttemptId(attempt),
        epochs,
        checkpoint: artifact(&format!("checkpoint {job} {candidate} {epochs}")),
    };
    event(job, 1_000 * job + 5, what)
}

pub(crate) fn ended(job: u64, candidate: u64, attempt: u64, value: f64) -> Event {
    let what = What::TrainingEnded {
        candidate: CandidateId(candidate),
        attempt: AttemptId(attempt),
        end: TrainingEnd::Finished,
        metric: Some(metric(value)),
        epochs: 30,
        duration_ms: 60_000,
        energy_mj: None,
        checkpoint: Some(artifact(&format!("weights {job} {candidate}"))),
    };
    event(job, 1_000 * job + 6, what)
}

pub(crate) fn verified(job: u64, candidate: u64, value: f64) -> Event {
    let what = What::CandidateVerified {
        candidate: CandidateId(candidate),
        judge: "gcc 13 and qemu 8".to_owned(),
        verdict: Verdict::Fits,
        footprint: Some(footprint()),
        metric: Some(metric(value)),
        test: None,
        as_winner: false,
        attempt: None,
        bundle: Some(artifact(&format!("bundle {job} {candidate}"))),
        duration_ms: Some(1_500),
    };
    event(job, 1_000 * job + 7, what)
}

/// The proof of a winner, by the weights of that try.
pub(crate) fn verified_of(job: u64, candidate: u64, of: u64) -> Event {
    let mut proof = verified(job, candidate, 0.8);
    let What::CandidateVerified { test, attempt, .. } = &mut proof.what else { unreachable!("a verification") };
    (*test, *attempt) = (Some(metric(0.79)), Some(AttemptId(of)));
    proof
}

/// What ships does not fit after all.
pub(crate) fn misfit(job: u64, candidate: u64) -> Event {
    let mut misfit = verified(job, candidate, 0.96);
    let What::CandidateVerified { verdict, .. } = &mut misfit.what else { unreachable!("a verification") };
    *verdict = Verdict::OverBudget { reason: "1 KiB of Flash too much".to_owned() };
    misfit
}

pub(crate) fn refused(job: u64, candidate: u64) -> Event {
    let what = What::CandidateScreened {
        candidate: CandidateId(candidate),
        judge: "analytic 1".to_owned(),
        verdict: Verdict::OverBudget { reason: "3 KiB of RAM too much".to_owned() },
        footprint: None,
        report: None,
    };
    event(job, 1_000 * job + 3, what)
}

pub(crate) fn round(job: u64, round: u32) -> Event {
    let what = What::RoundProposed { round, candidates: 2, refused: 5, ends: None };
    event(job, 1_000 * job + 3, what)
}

pub(crate) fn adjusted(job: u64, change: Change) -> Event {
    event(job, 1_000 * job + 3, What::JobAdjusted { change })
}

/// A job that has been through all else that can happen, and is under way.
pub(crate) fn eventful_job(job: u64) -> Vec<Event> {
    let mut next_rung = started(job, 1, 2);
    let What::TrainingStarted { rung, .. } = &mut next_rung.what else { unreachable!("a start") };
    *rung = 1;
    vec![
        submitted(job),
        proposed(job, 1),
        proposed(job, 2),
        round(job, 1),
        screened(job, 1),
        refused(job, 2),
        started(job, 1, 1),
        progressed(job, 1, 1, 5),
        ended(job, 1, 1, 0.75),
        event(job, 1_000 * job + 6, What::JobTakenUp {}),
        adjusted(job, Change::Priority(-3)),
        adjusted(job, Change::TimeS(Some(3_600))),
        adjusted(job, Change::Candidates(40)),
        adjusted(job, Change::Goal(None)),
        event(
            job,
            1_000 * job + 6,
            What::RoundProposed { round: 2, candidates: 0, refused: 64, ends: Some("nothing new".to_owned()) },
        ),
        next_rung,
        ended(job, 1, 2, 0.8),
        verified_of(job, 1, 2),
        started(job, 1, 3),
    ]
}

/// A job from its submission to its end.
pub(crate) fn whole_job(job: u64) -> Vec<Event> {
    use JobState::{Finished, Proposing, Queued, Training};
    vec![
        submitted(job),
        state(job, Queued, Proposing),
        proposed(job, 1),
        proposed(job, 2),
        event(job, 1_000 * job + 2, What::Cost { tokens: 1_200, money_micros: Some(3_400), requests: 0, failures: 0 }),
        screened(job, 1),
        state(job, Proposing, Training),
        started(job, 1, 1),
        started(job, 2, 2),
        progressed(job, 1, 1, 10),
        ended(job, 1, 1, 0.75),
        ended(job, 2, 2, 0.5),
        verified(job, 1, 0.71),
        event(job, 1_000 * job + 8, What::Note { text: "well".to_owned(), candidate: Some(CandidateId(1)) }),
        event(
            job,
            1_000 * job + 8,
            What::WinnerChosen { candidate: CandidateId(1), reason: "the best that fits".to_owned() },
        ),
        state(job, Training, Finished),
    ]
}

/// All that a reader can see.
pub(crate) fn seen(history: &History) -> String {
    let mut all = String::new();
    let mut after = None;
    loop {
        let page = history.jobs(after.as_ref(), 100).expect("readable");
        for job in page.items {
            let document = history.document(job.id).expect("there");
            let candidates = history.candidates(job.id, None, 200).expect("readable");
            let best = history.best(job.id, None, 200).expect("readable");
            let under_way = history.open_attempts(job.id, None, 200).expect("readable");
            all.push_str(&format!("{job:#?}\n{document}\n{candidates:#?}\n{best:?}\n{under_way:?}\n"));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let running = history.running(None, 200).expect("readable");
    format!("{all}\n{running:?}\n{}", history.next_job().expect("readable"))
}

pub(crate) fn exported(history: &History) -> String {
    let mut bytes = Vec::new();
    history.export(&mut bytes).expect("exported");
    String::from_utf8(bytes).expect("text")
}

/// The files of the journal's newest generation, in order.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut generations: Vec<_> =
        fs::read_dir(folder.join("journal")).expect("there").map(|entry| entry.expect("readable").path()).collect();
    generations.sort();
    let newest = generations.pop().expect("a generation");
    let mut files: Vec<_> = fs::read_dir(newest).expect("there").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}
