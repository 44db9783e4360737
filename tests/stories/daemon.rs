//! Jobs from their submission to their end, through the real socket, with real workers and the real compiler; and what becomes of
//! them when the daemon is asked to end, or is killed.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use automcu_api::{
    Adjustment, Budget, CandidateView, ClientError, Goal, JobDetail, JobFile, JobId, JobState, Limits, Order,
    ProblemKind, Size, Span, What,
};
use automcu_tests::{Lair, automcu};

/// A small job on the built-in signals, whose outcome follows from its seed alone.
fn small() -> JobFile {
    JobFile {
        budget: Budget { ram: Size::new(8 << 10), flash: Size::new(16 << 10) },
        limits: Limits { candidates: Some(4), epochs: Some(2), ..Limits::default() },
        ..JobFile::new("signals")
    }
}

fn lair() -> (tempfile::TempDir, Lair) {
    let folder = tempfile::tempdir().expect("a folder");
    let lair = Lair::new(folder.path());
    (folder, lair)
}

async fn submitted(lair: &Lair, job: &JobFile) -> JobId {
    lair.client().submit(job, None).await.expect("taken").job
}

/// All that came of a job, and follows from its seed.
async fn outcome(lair: &Lair, job: JobId) -> (Option<String>, Vec<(u64, String, Option<f64>)>) {
    let detail = lair.client().job(job).await.expect("there");
    let candidates = lair.client().candidates(job, Order::Number, None, Some(64)).await.expect("there").items;
    let told = |of: &CandidateView| (of.id.0, of.graph.clone(), of.metric.map(|metric| metric.value));
    (detail.winner.map(|winner| winner.graph), candidates.iter().map(told).collect())
}

fn is_finished(detail: &JobDetail) {
    assert_eq!(detail.job.state, JobState::Finished, "{}", detail.job.cause);
    assert!(detail.winner.is_some(), "{}", detail.job.cause);
}

#[actix::test]
async fn a_job_ends_with_a_bundle_whose_code_is_proven() {
    let (folder, lair) = lair();
    let daemon = lair.awake().await;
    let client = lair.client();
    let shown = client.resolve(&small()).await.expect("a plan");
    assert_eq!((shown.input, shown.classes), ([128, 1, 3], 8), "{shown:?}");
    let job = submitted(&lair, &small()).await;
    let detail = lair.over(job).await;
    is_finished(&detail);
    let verified = detail.winner.as_ref().and_then(|winner| winner.verification.as_ref()).expect("verified");
    let (metric, test) = (verified.metric.expect("measured"), verified.test.expect("tested once"));
    assert!(metric.value > 0.3 && test.value > 0.3, "{verified:?}");
    // The files are what their list says, and the code in them holds.
    let bundle = client.bundle(job, None).await.expect("a bundle");
    let laid_out = folder.path().join("bundle");
    for file in &bundle.files {
        let content = client.artifact(&file.digest, 64 << 20).await.expect("kept");
        assert_eq!(content.len() as u64, file.bytes, "{}", file.path);
        let path = laid_out.join(&file.path);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("writable");
        fs::write(path, content).expect("writable");
    }
    let proven = automcu(&["verify", laid_out.to_str().expect("text")]);
    assert_eq!(proven.outcome, automcu::Outcome::Yes, "{}{}", proven.output, proven.errors);
    // Whether what was refused should have been can be asked of a job as of a record.
    let (name, socket) = (job.to_string(), lair.socket());
    let audited = tokio::task::spawn_blocking(move || {
        automcu(&["audit", &name, "--socket", socket.to_str().expect("text"), "--sample", "2", "--json"]).output
    });
    let audited: serde_json::Value = serde_json::from_str(&audited.await.expect("asked")).expect("JSON");
    assert_eq!(audited["counts"]["candidates"], detail.job.candidates, "{audited}");
    assert_eq!(daemon.end(), Some(0));
    assert!(!lair.socket().exists(), "an ended daemon leaves no socket");
    transitions_are_told(&lair.log());
    each_candidate_has_its_story(&lair.log(), detail.job.candidates);
}

/// By job and candidate alone, wherever a line has them, it can be told what became of each.
fn each_candidate_has_its_story(log: &str, candidates: u64) {
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let about = |line: &serde_json::Value, key: &str| -> Option<String> {
        line[key].as_str().or_else(|| line["span"][key].as_str()).map(ToOwned::to_owned)
    };
    for number in 1..=candidates {
        let name = format!("c{number}");
        let story = lines.iter().filter(|line| about(line, "candidate").as_deref() == Some(&name));
        let agents: std::collections::BTreeSet<String> = story.filter_map(|line| about(line, "agent")).collect();
        assert!(agents.contains("evaluation") && agents.contains("supervisor"), "{name}: {agents:?}");
    }
}

/// A person can follow a job by the log alone: who went from where to where, and why.
fn transitions_are_told(log: &str) {
    let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON"));
    let changes: Vec<_> = lines.filter(|line| line["message"] == "state changed").collect();
    let text = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    for agent in ["supervisor", "proposal", "training", "evaluation"] {
        assert!(changes.iter().any(|line| text(line, "agent") == agent), "{agent} says nothing of itself");
    }
    for line in &changes {
        assert!(["job", "from", "to", "cause"].iter().all(|key| !text(line, key).is_empty()), "{line}");
    }
    let of_job: Vec<_> =
        changes.iter().filter(|line| text(line, "agent") == "supervisor" && line["candidate"].is_null()).collect();
    for pair in of_job.windows(2) {
        assert_eq!(text(pair[0], "to"), text(pair[1], "from"), "nothing is left out");
    }
    assert_eq!(of_job.last().map(|line| text(line, "to")), Some("Finished".to_owned()));
}

#[actix::test]
async fn a_daemon_that_is_killed_at_any_moment_comes_to_the_same_end() {
    const KILLS: u64 = 50;
    let (_other, undisturbed) = lair();
    let _daemon = undisturbed.awake().await;
    let longer = JobFile { limits: Limits { candidates: Some(5), epochs: Some(8), ..Limits::default() }, ..small() };
    let plain = submitted(&undisturbed, &longer).await;
    is_finished(&undisturbed.over(plain).await);
    let expected = outcome(&undisturbed, plain).await;

    let (_folder, lair) = lair();
    let mut daemon = lair.awake().await;
    let job = submitted(&lair, &longer).await;
    for kill in 0..KILLS {
        // From before it listens to well into a training.
        let lives_ms = 100 + kill * 7919 % 1_000;
        tokio::time::sleep(Duration::from_millis(lives_ms)).await;
        daemon.kill();
        daemon = lair.start();
    }
    lair.health().await;
    let detail = lair.over(job).await;
    is_finished(&detail);
    assert_eq!(outcome(&lair, job).await, expected);
    // Nothing was trained twice to its end.
    let events = lair.client().events(job, 0, Some(256)).await.expect("kept").items;
    let ended = events.iter().filter(|event| matches!(event.what, What::TrainingEnded { .. })).count();
    assert_eq!(ended as u64, detail.job.trained);
    let taken_up = events.iter().filter(|event| matches!(event.what, What::JobTakenUp {})).count();
    assert!(taken_up > 0, "the job was over before the first kill");
    drop(daemon);
    nobody_is_left(&lair.state()).await;
}

/// No worker goes on in this folder.
async fn nobody_is_left(state: &Path) {
    let name = state.to_str().expect("text");
    let of = |process: &Path| fs::read(process.join("cmdline")).map(|line| String::from_utf8_lossy(&line).into_owned());
    for _ in 0..200 {
        let processes = fs::read_dir("/proc").expect("a Linux").filter_map(Result::ok).map(|entry| entry.path());
        let left = processes.filter(|process| of(process).is_ok_and(|line| line.contains(name))).count();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a worker is left in {name}");
}

#[actix::test]
async fn a_daemon_that_is_asked_to_end_goes_on_with_its_jobs_when_it_is_back() {
    let (_folder, lair) = lair();
    let daemon = lair.awake().await;
    let long = JobFile { limits: Limits { candidates: Some(2), epochs: Some(12), ..Limits::default() }, ..small() };
    let job = submitted(&lair, &long).await;
    lair.reaches(job, |detail| detail.job.state == JobState::Training).await;
    assert_eq!(daemon.end(), Some(0));
    let _next = lair.awake().await;
    is_finished(&lair.over(job).await);
}

#[actix::test]
async fn jobs_go_side_by_side_and_each_can_be_paused_resumed_and_cancelled() {
    let (_folder, lair) = lair();
    let _daemon = lair.awake().await;
    let client = lair.client();
    let long = JobFile { limits: Limits { epochs: Some(60), candidates: Some(40), ..Limits::default() }, ..small() };
    let [first, second] = [submitted(&lair, &small()).await, submitted(&lair, &long).await];
    lair.reaches(second, |detail| detail.job.state == JobState::Training).await;
    client.pause(second).await.expect("at work");
    let refused = client.pause(second).await;
    let Err(ClientError::Refused(problem)) = refused else { panic!("{refused:?}") };
    assert_eq!(problem.kind, ProblemKind::WrongState);
    is_finished(&lair.over(first).await);
    assert_eq!(lair.client().job(second).await.expect("there").job.state, JobState::Paused);
    client.adjust(second, &Adjustment { candidates: Some(3), ..Adjustment::default() }).await.expect("not over");
    client.resume(second).await.expect("paused");
    lair.reaches(second, |detail| detail.job.state == JobState::Training).await;
    client.cancel(second).await.expect("at work");
    let detail = lair.over(second).await;
    assert_eq!((detail.job.state, detail.job.cause.as_str()), (JobState::Cancelled, "the user cancelled it"));
    let jobs = client.jobs(None, Some(10)).await.expect("there").items;
    assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [second, first], "the newest first");
}

#[actix::test]
async fn a_goal_that_is_met_ends_the_job_at_once() {
    let (_folder, lair) = lair();
    let _daemon = lair.awake().await;
    let easy = JobFile {
        goal: Goal::new(0.2),
        limits: Limits { candidates: Some(40), epochs: Some(12), ..Limits::default() },
        ..small()
    };
    let job = submitted(&lair, &easy).await;
    let detail = lair.over(job).await;
    is_finished(&detail);
    assert_eq!(detail.job.cause, "the goal is met");
    assert!(detail.job.trained < 40, "{} trainings", detail.job.trained);
}

#[actix::test]
async fn what_cannot_be_is_refused_before_it_costs_anything() {
    let (_folder, lair) = lair();
    let _daemon = lair.awake().await;
    let tiny = Budget { ram: Size::new(64), flash: Size::new(64) };
    for (job, field) in [
        (JobFile { budget: tiny, ..small() }, "budget"),
        (JobFile { data: "/nowhere/at/all".to_owned(), ..small() }, "data"),
        (JobFile { target: Some("STM32F9999".to_owned()), ..small() }, "target"),
        (JobFile { recipe: "none".to_owned(), ..small() }, "recipe"),
        (JobFile { judges: Some(vec!["nobody".to_owned()]), ..small() }, "judges"),
    ] {
        let refused = lair.client().submit(&job, None).await;
        let Err(ClientError::Refused(problem)) = refused else { panic!("{field}: {refused:?}") };
        assert_eq!((problem.kind, problem.field.as_deref()), (ProblemKind::JobRefused, Some(field)), "{problem:?}");
    }
    assert!(lair.client().jobs(None, Some(10)).await.expect("there").items.is_empty());
}

#[actix::test]
async fn figures_are_handed_out_at_an_address_and_nothing_else_is() {
    let (_folder, lair) = lair();
    let _daemon = lair.awake().await;
    let address = lair.figures();
    let asked = move |path: &'static str| {
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).expect("it listens");
            write!(stream, "GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("text");
            answer
        })
    };
    let figures = asked("/metrics").await.expect("asked");
    assert!(figures.starts_with("HTTP/1.1 200") && figures.contains("automcu_history_writable 1"), "{figures}");
    let jobs = asked("/v1/jobs").await.expect("asked");
    assert!(jobs.starts_with("HTTP/1.1 404"), "{jobs}");
}

#[actix::test]
async fn a_second_daemon_is_told_who_is_there() {
    let (_folder, lair) = lair();
    let first = lair.awake().await;
    let second = lair.start();
    let status = tokio::task::spawn_blocking(|| second.ended()).await.expect("it ends");
    assert_eq!(status, Some(73));
    assert!(lair.log().contains(&format!("process {}", first.process())), "{}", lair.log());
    assert!(lair.client().health().await.expect("the first is there").is_well);
}

#[actix::test]
async fn a_socket_that_somebody_else_has_bound_is_taken_over_and_left() {
    let (_folder, lair) = lair();
    let listener = std::os::unix::net::UnixListener::bind(lair.socket()).expect("free");
    let daemon = lair.activated(&listener);
    assert!(lair.health().await.is_well);
    assert_eq!(daemon.end(), Some(0));
    assert!(lair.socket().exists(), "the next one who asks starts it again");
}

#[test]
fn a_job_runs_from_a_file_without_a_daemon_and_what_is_interrupted_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    fs::write(at("job.toml"), small().to_toml()).expect("writable");
    let ran = automcu(&["run", &at("job.toml"), "--yes", "--state", &at("state"), "-o", &at("out"), "--json"]);
    assert_eq!(ran.outcome, automcu::Outcome::Yes, "{}{}", ran.output, ran.errors);
    let answer: serde_json::Value = serde_json::from_str(&ran.output).expect("JSON");
    assert_eq!(answer["job"]["state"], "finished");
    assert_eq!(answer["bundle"], at("out"));
    for file in ["REPORT.md", "HOW.md", "model.c", "SHA256SUMS", "checkpoint.safetensors"] {
        assert!(Path::new(&at("out")).join(file).is_file(), "{file}");
    }
    // A second one takes another folder, and begins with what is known where that is asked for.
    let warm = ["run", &at("job.toml"), "--yes", "--warm", "--state", &at("state"), "-o", &at("out"), "--json"];
    let again = automcu(&warm);
    assert_eq!(again.outcome, automcu::Outcome::Yes, "{}{}", again.output, again.errors);
    let second: serde_json::Value = serde_json::from_str(&again.output).expect("JSON");
    assert_eq!((&second["job"]["id"], &second["bundle"]), (&"j2".into(), &format!("{}-2", at("out")).into()));
    let nothing = automcu(&["run", "--resume", "--state", &at("state")]);
    assert_eq!(nothing.outcome, automcu::Outcome::Misused, "{}", nothing.errors);
}

#[test]
fn a_run_with_a_time_keeps_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let timed = JobFile { limits: Limits { time: Span::new(45), ..Limits::default() }, ..small() };
    fs::write(at("job.toml"), timed.to_toml()).expect("writable");
    let ran = automcu(&["run", &at("job.toml"), "--yes", "--state", &at("state"), "-o", &at("out"), "--json"]);
    assert_eq!(ran.outcome, automcu::Outcome::Yes, "{}{}", ran.output, ran.errors);
    let answer: serde_json::Value = serde_json::from_str(&ran.output).expect("JSON");
    assert_eq!(answer["job"]["cause"], "the time is over");
}
