//! The verbs that speak with a daemon, told to one that says what a story has it say.

use std::{fs, path::Path, time::Duration};

use automcu::Outcome;
use automcu_api::{
    Adjustment, Budget, Bundle, CandidateId, CandidateView, DataType, EventView, Footprint, Goal, JobDetail, JobFile,
    JobId, JobState, JobView, Limits, LogLevel, MemoryBudget, Metric, NoteView, Notice, Page, ProblemKind, Provenance,
    Resolved, RungView, ScreeningView, Size, Source, Span, Submitted, TrainingsView, Verdict, VerificationView, What,
};
use automcu_artifacts::Store;
use automcu_tests::{
    Ended, automcu, automcu_asked, automcu_reading,
    fake_daemon::{Answer, Asked, FakeDaemon},
};
use serde_json::{Value, json};

const JOB: &str = "data = 'fashion-mnist'\ntarget = 'STM32F407'\ngoal = '91 %'\nlimits.epochs = 6\n";

fn file() -> JobFile {
    JobFile {
        target: Some("STM32F407".to_owned()),
        goal: Goal::new(0.91),
        limits: Limits { epochs: Some(6), ..Limits::default() },
        ..JobFile::new("fashion-mnist")
    }
}

fn metric(value: f64) -> Metric {
    Metric { value, low: value - 0.01, high: value + 0.01, dtype: DataType::Int8, provenance: Provenance::Host }
}

fn footprint() -> Footprint {
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Linked,
        activations_bytes: 20_000,
        runtime_bytes: Some(0),
        stack_bytes: None,
        weights_bytes: 50_000,
        tables_bytes: Some(1_000),
        code_bytes: Some(9_000),
    }
}

fn job(id: u64, state: JobState) -> JobView {
    JobView {
        id: JobId(id),
        tags: Vec::new(),
        data: "fashion-mnist".to_owned(),
        target: Some("STM32F407".to_owned()),
        budget: MemoryBudget { ram_bytes: Some(65_536), flash_bytes: Some(131_072) },
        state,
        cause: "the goal is reached".to_owned(),
        submitted_ms: 1_795_301_883_000,
        changed_ms: 1_795_301_900_000,
        candidates: 3,
        trained: 2,
        verified: 1,
        rounds: 1,
        over_budget: 1,
        unsupported: 0,
        passed_over: 9,
        priority: None,
        winner: Some(CandidateId(2)).filter(|_| state == JobState::Finished),
        tokens: 1_200,
        money_micros: Some(3_400),
        requests: 3,
        failed_requests: 1,
        trainings: TrainingsView {
            attempts: 4,
            completed: 2,
            failed: 1,
            lost: 1,
            duration_ms: 90_000,
            energy_mj: Some(5_000),
            ..TrainingsView::default()
        },
        goal: None,
        notes: vec![NoteView { at_ms: 0, candidate: Some(CandidateId(1)), text: "took long".to_owned() }],
        events: 4,
    }
}

fn detail(id: u64, state: JobState, accuracy: f64) -> JobDetail {
    let job = job(id, state);
    let winner = job.winner.map(|_| candidate(2, Some(accuracy)));
    let document = json!({ "asked": file(), "goal": 0.91, "time_s": null });
    JobDetail { job, winner, document }
}

fn candidate(id: u64, accuracy: Option<f64>) -> CandidateView {
    let over = Verdict::OverBudget { reason: "RAM by 2 KiB; use 24 channels".to_owned() };
    let verdict = if accuracy.is_some() { Verdict::Fits } else { over };
    let (judge, at_ms) = ("gcc 13.2".to_owned(), 0);
    let screening = ScreeningView { at_ms, judge: judge.clone(), verdict, footprint: Some(footprint()), report: None };
    let verification = accuracy.map(|accuracy| VerificationView {
        at_ms,
        judge,
        verdict: Verdict::Fits,
        footprint: Some(footprint()),
        metric: Some(metric(accuracy)),
        test: Some(metric(accuracy - 0.01)),
        attempt: None,
        bundle: None,
        duration_ms: None,
    });
    CandidateView {
        job: JobId(7),
        id: CandidateId(id),
        round: 1,
        spec: "0".repeat(64).parse().expect("a digest"),
        graph: format!("{id}").repeat(64),
        source: Source::Seed,
        rationale: "a seed, scaled".to_owned(),
        evidence: Vec::new(),
        proposed_ms: 0,
        changed_ms: 0,
        metric: accuracy.map(metric),
        screenings: vec![screening],
        training: None,
        attempts: 0,
        verification,
    }
}

fn event(n: u64, what: What) -> Notice {
    Notice::Event(Box::new(EventView { job: JobId(7), n, at_ms: 1_795_301_883_000 + n * 1000, what }))
}

fn goes(from: JobState, to: JobState) -> What {
    What::JobStateChanged { from, to, cause: "it was time".to_owned() }
}

/// What happens to the job from its third event on.
fn rest() -> Vec<Notice> {
    let winner = What::WinnerChosen { candidate: CandidateId(2), reason: "the best".to_owned() };
    let over = Notice::Over(JobState::Finished);
    vec![event(3, winner), event(4, goes(JobState::Training, JobState::Finished)), over]
}

fn views(notices: &[Notice]) -> Vec<EventView> {
    let events = notices.iter().filter_map(|notice| match notice {
        Notice::Event(event) => Some((**event).clone()),
        _ => None,
    });
    events.collect()
}

fn beginning() -> Vec<EventView> {
    let submitted = What::JobSubmitted {
        tags: Vec::new(),
        data: "fashion-mnist".to_owned(),
        target: None,
        budget: MemoryBudget::default(),
    };
    views(&[event(1, submitted), event(2, goes(JobState::Queued, JobState::Training))])
}

fn resolved() -> Resolved {
    let size = Size::new(131_072);
    Resolved {
        job: JobFile { budget: Budget { ram: size, flash: size }, ..file() },
        assumed: vec!["recipe: fast, which suits short trainings".to_owned()],
        data: "fashion-mnist".to_owned(),
        input: [28, 28, 1],
        classes: 10,
        target: Some("STM32F407VET6".to_owned()),
        budget: MemoryBudget { ram_bytes: Some(131_072), flash_bytes: Some(131_072) },
        rungs: vec![RungView { entrants: 24, seeds: 1, epochs: Some(1) }],
        judges: vec!["own".to_owned(), "gcc".to_owned()],
    }
}

/// A daemon with one job, j7, that is in training when it is first asked for, and over after its stream.
fn usual(asked: &Asked) -> Option<Answer> {
    let over = detail(7, JobState::Finished, 0.93);
    Some(match asked.line.as_str() {
        "POST /v1/jobs?dry_run=true" => Answer::json(&resolved()),
        "POST /v1/jobs" => Answer::json(&Submitted { job: JobId(7) }),
        "GET /v1/jobs/j7" => Answer::json(&over),
        line if line.starts_with("GET /v1/jobs/j7/candidates?order=best") => {
            Answer::json(&Page { items: vec![candidate(2, Some(0.93))], next: None })
        }
        line if line.starts_with("GET /v1/jobs/j7/candidates") => {
            Answer::json(&Page { items: vec![candidate(1, None), candidate(2, Some(0.93))], next: None })
        }
        line if line.starts_with("GET /v1/jobs/j7/events") && asked.wants_stream() => Answer::stream(rest()),
        "GET /v1/jobs/j7/events?after=0&limit=256" => {
            Answer::json(&Page { items: beginning(), next: Some("2".to_owned()) })
        }
        "GET /v1/jobs/j7/events?after=2&limit=256" => Answer::json(&Page { items: views(&rest()), next: None }),
        _ => return None,
    })
}

/// The same while the job is under way: nothing is known of it but its beginning, until its stream has told the rest.
fn under_way() -> FakeDaemon {
    let has_told = std::sync::atomic::AtomicBool::new(false);
    FakeDaemon::new(move |asked| {
        use std::sync::atomic::Ordering::Relaxed;
        if asked.wants_stream() {
            has_told.store(true, Relaxed);
        }
        match asked.line.as_str() {
            "GET /v1/jobs/j7" if !has_told.load(Relaxed) => Some(Answer::json(&detail(7, JobState::Training, 0.0))),
            "GET /v1/jobs/j7/events?after=0&limit=256" => Some(Answer::json(&Page { items: beginning(), next: None })),
            _ => usual(asked),
        }
    })
}

fn said(daemon: &FakeDaemon, arguments: &[&str]) -> Ended {
    automcu(&with_socket(daemon, arguments).iter().map(String::as_str).collect::<Vec<_>>())
}

fn with_socket(daemon: &FakeDaemon, arguments: &[&str]) -> Vec<String> {
    let socket = daemon.socket().display().to_string();
    arguments.iter().map(ToString::to_string).chain(["--socket".to_owned(), socket]).collect()
}

fn parsed(said: &Ended) -> Value {
    serde_json::from_str(&said.output).unwrap_or_else(|error| panic!("{error}: {} {}", said.output, said.errors))
}

#[test]
fn a_job_file_is_shown_back_and_submitted() {
    let daemon = FakeDaemon::new(usual);
    let arguments = with_socket(&daemon, &["submit", "-", "--key", "once"]);
    let said = automcu_reading(JOB.as_bytes(), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((said.outcome, said.output.as_str()), (Outcome::Yes, "j7\n"), "{}", said.errors);
    for line in [
        "target = \"STM32F407\"",
        "recipe: fast, which suits",
        "10 classes of 28x28x1 samples",
        "128 KiB of RAM, 128 KiB of Flash of STM32F407VET6",
        "rung 0: at most 24 candidates, 1 epochs",
        "judged by own, gcc",
        "`automcu watch j7`",
    ] {
        assert!(said.errors.contains(line), "{line} in {}", said.errors);
    }
    let [rehearsed, submitted] = &daemon.asked_by("POST")[..] else { panic!("{:?}", daemon.asked()) };
    assert_eq!(rehearsed.body, submitted.body);
    assert_eq!(JobFile::read("it", automcu_api::Format::Json, submitted.body.as_bytes()), Ok(file()));
    assert!(submitted.headers.iter().any(|header| header == "idempotency-key: once"));
    let json = parsed(&automcu_with_file(&daemon, &["--json"]));
    assert_eq!((&json["job"], &json["resolved"]["classes"]), (&"j7".into(), &10.into()));
}

fn automcu_with_file(daemon: &FakeDaemon, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("job.toml");
    fs::write(&path, JOB).expect("writable");
    said(daemon, &[&["submit", path.to_str().expect("text")], more].concat())
}

#[test]
fn words_are_submitted_only_where_somebody_says_that_they_were_understood() {
    let words = ["submit", "Fashion-MNIST on an STM32F407,", "at least 91 %, 6 epochs"];
    let daemon = FakeDaemon::new(usual);
    let unasked = said(&daemon, &words);
    assert_eq!(unasked.outcome, Outcome::Misused);
    assert!(unasked.errors.contains("The job:\n"), "{}", unasked.errors);
    assert!(unasked.errors.contains("nobody can be asked") && unasked.errors.contains("--yes"), "{}", unasked.errors);
    let arguments = with_socket(&daemon, &words);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let declined = automcu_asked("No\n", &arguments);
    assert_eq!(declined.outcome, Outcome::No);
    assert!(declined.errors.contains("Submit? [Y/n]"), "{}", declined.errors);
    assert!(daemon.asked_by("POST").iter().all(|asked| asked.line.ends_with("dry_run=true")), "nothing is submitted");
    assert_eq!(automcu_asked("\n", &arguments).output, "j7\n");
    assert_eq!(said(&daemon, &[&words[..], &["--yes"]].concat()).output, "j7\n");
    let last = daemon.asked().pop().expect("asked");
    assert_eq!(JobFile::read("it", automcu_api::Format::Json, last.body.as_bytes()), Ok(file()));
    let unknown = said(&daemon, &["submit", "mnist", "on", "the", "moon"]);
    assert_eq!(unknown.outcome, Outcome::Refused);
    assert!(unknown.errors.contains("not understood") && unknown.errors.contains("moon"), "{}", unknown.errors);
}

#[test]
fn run_takes_words_as_unwillingly() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let said =
        automcu(&["run", "synthetic, 64 KiB RAM, 64 KiB Flash, 1 epoch", "--state", &at("state"), "-o", &at("out")]);
    assert_eq!(said.outcome, Outcome::Misused, "{}", said.errors);
    assert!(said.errors.contains("epochs = 1"), "{}", said.errors);
    assert!(said.errors.ends_with("--yes takes the job that is shown\n"), "{}", said.errors);
    assert!(!Path::new(&at("out")).exists());
}

#[test]
fn a_submission_that_is_watched_ends_as_the_job_does() {
    let daemon = under_way();
    let said = automcu_with_file(&daemon, &["--watch"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    for line in
        ["0:01  training: it was time", "0:02  c2 is the answer", "finished: it was time", "test        92.00 %"]
    {
        assert!(said.output.contains(line), "{line} in {}", said.output);
    }
    let daemon = under_way();
    let said = automcu_with_file(&daemon, &["--wait", "--json"]);
    assert_eq!(parsed(&said)["winner"]["id"], "c2", "{}", said.errors);
}

#[test]
fn jobs_are_listed_page_by_page_with_their_best_against_the_goal() {
    let daemon = FakeDaemon::new(|asked| {
        let page =
            |items: Vec<JobView>, next: Option<&str>| Answer::json(&Page { items, next: next.map(str::to_owned) });
        Some(match asked.line.as_str() {
            "GET /v1/jobs?limit=2" => page(vec![job(9, JobState::Cancelled), job(7, JobState::Training)], Some("a")),
            "GET /v1/jobs?cursor=a&limit=1" => page(vec![job(6, JobState::Finished)], Some("b")),
            "GET /v1/jobs?cursor=b&limit=1" => page(vec![job(5, JobState::Queued)], Some("c")),
            "GET /v1/jobs?limit=50" => page(Vec::new(), None),
            line if line.ends_with("candidates?order=best&limit=1") => {
                Answer::json(&Page { items: vec![candidate(2, Some(0.9012))], next: None })
            }
            _ => Answer::json(&detail(7, JobState::Training, 0.9)),
        })
    });
    let listed = said(&daemon, &["ls", "--limit", "2"]);
    assert_eq!(listed.outcome, Outcome::Yes, "{}", listed.errors);
    let lines: Vec<&str> = listed.output.lines().collect();
    assert_eq!(lines.len(), 4, "{}", listed.output);
    assert!(lines[1].contains("j7   training  fashion-mnist  STM32F407  64 KiB  128 KiB  90.12 % of 91.00 %"));
    assert!(lines[2].contains("j5   queued"), "{}", listed.output);
    assert!(lines[3].contains("--after c"), "{}", listed.output);
    let json = parsed(&said(&daemon, &["ls", "--limit", "2", "--all", "--json"]));
    assert_eq!(
        (&json["jobs"][0]["id"], &json["jobs"][0]["goal"], &json["next"]),
        (&"j9".into(), &0.91.into(), &"a".into())
    );
    let json = parsed(&said(&daemon, &["ls", "--limit", "2", "--state", "training", "--state", "finished", "--json"]));
    assert_eq!(json["jobs"].as_array().map(Vec::len), Some(2), "{json}");
    assert!(said(&daemon, &["ls"]).output.contains("`automcu ls --all`"));
    assert_eq!(said(&daemon, &["ls", "--state", "happy"]).outcome, Outcome::Misused);
}

#[test]
fn all_that_is_known_of_a_job_is_shown() {
    let daemon = FakeDaemon::new(usual);
    let shown = said(&daemon, &["show", "j7"]);
    assert_eq!(shown.outcome, Outcome::Yes, "{}", shown.errors);
    for line in [
        "j7 is finished: the goal is reached",
        "3 candidates were proposed (9 passed over before), 1 refused by judges, 2 trainings, 1 verifications",
        "gcc 13.2: 1 need too much",
        "submitted 2026-11-21 22:58:03Z",
        "goal = \"91 %\"",
        "c2 (a seed, scaled)",
        "60,000 bytes",
        "int8, linked",
        "took long",
        "training attempts: 4 (2 completed, 1 failed, 1 lost), 1 min, 5 J",
        "language models: 3 requests (1 came to nothing), 1200 tokens, 0.003400",
    ] {
        assert!(shown.output.contains(line), "{line} in {}", shown.output);
    }
    assert!(!shown.output.contains("c1  "), "{}", shown.output);
    let all = said(&daemon, &["show", "j7", "--candidates"]);
    assert!(all.output.contains("RAM by 2 KiB; use 24 channels"), "{}", all.output);
    let json = parsed(&said(&daemon, &["show", "j7", "--json"]));
    assert_eq!((&json["job"]["id"], &json["refused"]["gcc 13.2"]["over_budget"]), (&"j7".into(), &1.into()));
    let missing = said(&daemon, &["show", "j8"]);
    assert_eq!((missing.outcome, missing.errors.as_str()), (Outcome::Unreadable, "automcu: nothing is here\n"));
    assert_eq!(said(&daemon, &["show", "8"]).outcome, Outcome::Misused);
}

#[test]
fn a_job_that_is_watched_is_told_line_by_line_and_its_outcome_is_the_exit_status() {
    let watched = said(&under_way(), &["watch", "j7"]);
    assert_eq!(watched.outcome, Outcome::Yes, "{}", watched.errors);
    assert!(watched.output.starts_with("   0:00  submitted: fashion-mnist\n   0:01  training"), "{}", watched.output);
    assert!(watched.output.contains("automcu export j7 DIR"), "{}", watched.output);
    let json = said(&under_way(), &["watch", "j7", "--json"]);
    let lines: Vec<Value> = json.output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(kinds, ["event", "event", "event", "event", "over"], "{}", json.output);
    assert_eq!(json.outcome, Outcome::Yes);
}

#[test]
fn waiting_ends_with_the_outcome_of_the_job() {
    for (state, outcome) in
        [(JobState::Finished, Outcome::Yes), (JobState::Cancelled, Outcome::No), (JobState::Failed, Outcome::Broken)]
    {
        let daemon = FakeDaemon::new(move |_| Some(Answer::json(&detail(7, state, 0.9))));
        let waited = said(&daemon, &["wait", "j7"]);
        assert_eq!(waited.outcome, outcome, "{state:?}: {}", waited.errors);
        assert!(waited.output.starts_with("j7 is "), "{}", waited.output);
    }
    let silent = FakeDaemon::new(|asked| {
        let is_stream = asked.wants_stream();
        let stream = || Answer::Stream(Vec::new(), Duration::from_secs(30));
        Some(if is_stream { stream() } else { Answer::json(&detail(7, JobState::Training, 0.9)) })
    });
    let late = said(&silent, &["wait", "j7", "--timeout", "1 s"]);
    assert_eq!(late.outcome, Outcome::Later);
    assert_eq!(late.errors, "automcu: j7 is not over yet, it is training; `automcu wait j7` waits on\n");
}

#[test]
fn everything_that_happened_is_a_line() {
    let daemon = FakeDaemon::new(usual);
    let logs = said(&daemon, &["logs", "j7"]);
    let lines: Vec<&str> = logs.output.lines().collect();
    assert_eq!(lines.len(), 4, "{}{}", logs.output, logs.errors);
    assert_eq!(lines[3], "   4  2026-11-21 22:58:07Z  finished after training: it was time");
    let json = said(&daemon, &["logs", "j7", "--json", "--after", "2"]);
    let first: EventView = serde_json::from_str(json.output.lines().next().expect("a line")).expect("an event");
    assert_eq!((first.n, json.output.lines().count()), (3, 2));
    let followed = said(&under_way(), &["logs", "j7", "-f"]);
    assert_eq!((followed.outcome, followed.output.lines().count()), (Outcome::Yes, 4), "{}", followed.errors);
}

#[test]
fn several_jobs_are_commanded_and_each_refusal_is_told() {
    let daemon = FakeDaemon::new(|asked| {
        let refusal = || Answer::refusal(ProblemKind::WrongState, "j2 is finished, and nothing of it changes");
        Some(if asked.line.contains("/j2/") { refusal() } else { Answer::accepted() })
    });
    let cancelled = said(&daemon, &["cancel", "j1", "j2", "j3"]);
    assert_eq!(cancelled.outcome, Outcome::No);
    assert_eq!(cancelled.output, "j1 is being cancelled\nj3 is being cancelled\n");
    assert_eq!(cancelled.errors, "automcu: j2: j2 is finished, and nothing of it changes\n");
    let paused = parsed(&said(&daemon, &["pause", "j1", "j2", "--json"]));
    assert_eq!((&paused[0]["is_accepted"], &paused[1]["is_accepted"]), (&true.into(), &false.into()));
    assert_eq!(said(&daemon, &["resume", "j1"]).output, "j1 goes on\n");
    let lines: Vec<String> = daemon.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!((lines[0].as_str(), lines[5].as_str()), ("POST /v1/jobs/j1/cancel", "POST /v1/jobs/j1/resume"));
}

#[test]
fn what_is_allowed_is_changed_and_bounds_are_taken_away() {
    let daemon = FakeDaemon::new(|_| Some(Answer::accepted()));
    let set = said(&daemon, &["set", "j7", "--priority", "-5", "--time", "none", "--goal", "92 %"]);
    assert_eq!((set.outcome, set.output.as_str()), (Outcome::Yes, "j7 is changed\n"), "{}", set.errors);
    let body: Adjustment = serde_json::from_str(&daemon.asked()[0].body).expect("an adjustment");
    assert_eq!(
        (body.priority, body.time, body.candidates, body.goal),
        (Some(-5), Some(None), None, Some(Goal::new(0.92)))
    );
    said(&daemon, &["set", "j7", "--time", "2 h", "--candidates", "40"]);
    let body: Adjustment = serde_json::from_str(&daemon.asked()[1].body).expect("an adjustment");
    assert_eq!((body.time, body.candidates), (Some(Span::new(7200)), Some(40)));
    assert_eq!(said(&daemon, &["set", "j7"]).outcome, Outcome::Misused);
    let wrong = said(&daemon, &["set", "j7", "--time", "2 hurs"]);
    assert!(wrong.errors.contains("is no time; write a time like"), "{}", wrong.errors);
}

/// A daemon that hands out this store, and the bundle with this list.
fn handing_out(store: Store, list: automcu_artifacts::ArtifactId) -> FakeDaemon {
    let digest = |id: automcu_artifacts::ArtifactId| id.to_string().parse().expect("a digest");
    let bundle = Bundle { job: JobId(7), candidate: CandidateId(2), digest: digest(list), files: Vec::new() };
    FakeDaemon::new(move |asked| {
        let id = asked.line.strip_prefix("GET /v1/artifacts/");
        Some(match id.and_then(|id| id.parse().ok()) {
            // Whatever is in the file, damaged or not.
            Some(id) => Answer::Bytes(200, store.beginning(id, u64::MAX).ok()?),
            None => Answer::json(&bundle),
        })
    })
}

#[test]
fn a_bundle_is_laid_out_and_nothing_of_one_that_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path().join("store")).expect("made");
    let files = vec![("REPORT.md".to_owned(), b"good".to_vec()), ("vectors/inputs.bin".to_owned(), vec![1, 2])];
    let (bundle, list) = automcu_artifacts::Bundle::keep(&store, files).expect("kept");
    let daemon = handing_out(store.clone(), list);
    let there = folder.path().join("out");
    let path = there.to_str().expect("text");
    let exported = said(&daemon, &["export", "j7", path]);
    assert_eq!(exported.outcome, Outcome::Yes, "{}", exported.errors);
    assert_eq!(fs::read(there.join("vectors/inputs.bin")).expect("there"), [1, 2]);
    let taken = said(&daemon, &["export", "j7", path]);
    assert_eq!(taken.outcome, Outcome::NotCreated);
    assert!(taken.errors.contains("the folder is not empty"), "{}", taken.errors);
    let damaged = store.file(bundle.files[0].artifact).expect("there");
    fs::write(damaged, b"g00d").expect("writable");
    let other = folder.path().join("other");
    let refused = said(&daemon, &["export", "j7", other.to_str().expect("text"), "--candidate", "c2"]);
    assert_eq!(refused.outcome, Outcome::Broken);
    assert!(refused.errors.contains("REPORT.md: the content has another digest"), "{}", refused.errors);
    assert!(!other.exists());
    assert!(daemon.asked().iter().any(|asked| asked.line == "GET /v1/jobs/j7/bundle?candidate=c2"));
}

/// A daemon whose job j8 came out with this accuracy, where j7 had 93 %.
fn replaying(accuracy: f64) -> FakeDaemon {
    FakeDaemon::new(move |asked| match asked.line.as_str() {
        "POST /v1/jobs" => Some(Answer::json(&Submitted { job: JobId(8) })),
        "GET /v1/jobs/j8" => Some(Answer::json(&detail(8, JobState::Finished, accuracy))),
        _ => usual(asked),
    })
}

#[test]
fn a_replay_is_the_same_job_and_what_differs_is_told() {
    let same = replaying(0.93);
    let replayed = said(&same, &["replay", "j7", "--wait"]);
    assert_eq!(replayed.outcome, Outcome::Yes, "{}", replayed.errors);
    assert!(replayed.output.contains("j8 came out as j7 did"), "{}", replayed.output);
    let body = &same.asked_by("POST")[0].body;
    assert_eq!(JobFile::read("it", automcu_api::Format::Json, body.as_bytes()), Ok(file()));
    let other = said(&replaying(0.95), &["replay", "j7", "--wait"]);
    assert_eq!(other.outcome, Outcome::No);
    assert!(other.output.contains("95.00 % (94.00 to 96.00, int8, host), and before 93.00 %"), "{}", other.output);
    assert!(other.output.contains("j8 should have come out as j7 did"), "{}", other.output);
    let seeded = parsed(&said(&replaying(0.95), &["replay", "j7", "--seed", "5", "--wait", "--json"]));
    assert_eq!((&seeded["is_reproducible"], &seeded["outcome"]["is_same"]), (&false.into(), &false.into()));
    assert_eq!(said(&same, &["replay", "j7"]).output, "j8\n");
    // What is still to come cannot be compared with.
    let early = FakeDaemon::new(|asked| match asked.line.as_str() {
        "GET /v1/jobs/j7" => Some(Answer::json(&detail(7, JobState::Training, 0.9))),
        _ => None,
    });
    let refused = said(&early, &["replay", "j7", "--wait"]);
    assert_eq!(refused.outcome, Outcome::Later, "{}", refused.errors);
    assert!(early.asked_by("POST").is_empty(), "nothing is submitted");
}

#[test]
fn the_goal_of_a_list_is_the_one_that_counts_now() {
    for (changed, said_of_it) in [(None, "of 91.00 %"), (Some(Some(0.5)), "of 50.00 %"), (Some(None), " - ")] {
        let daemon = FakeDaemon::new(move |asked| {
            let mut detail = detail(7, JobState::Training, 0.9);
            detail.job.goal = changed;
            Some(match asked.line.split('?').next().unwrap_or_default() {
                "GET /v1/jobs" => Answer::json(&Page { items: vec![detail.job], next: None }),
                "GET /v1/jobs/j7" => Answer::json(&detail),
                _ => Answer::json(&Page { items: Vec::<CandidateView>::new(), next: None }),
            })
        });
        let listed = said(&daemon, &["ls"]);
        assert!(listed.output.contains(said_of_it), "{said_of_it} in {}{}", listed.output, listed.errors);
    }
}

#[test]
fn what_is_logged_and_counted_is_told() {
    let daemon = FakeDaemon::new(|asked| {
        Some(match asked.line.as_str() {
            "PUT /v1/log-level" => Answer::Bytes(200, asked.body.clone().into_bytes()),
            "GET /v1/log-level" => Answer::json(&LogLevel { level: "info".to_owned() }),
            _ => Answer::Bytes(200, b"# TYPE automcu_jobs gauge\nautomcu_jobs{state=\"queued\"} 2\n".to_vec()),
        })
    });
    assert_eq!(said(&daemon, &["log-level"]).output, "info\n");
    assert_eq!(said(&daemon, &["log-level", "debug"]).output, "debug\n");
    assert!(said(&daemon, &["metrics"]).output.contains("automcu_jobs{state=\"queued\"} 2\n"));
    let json = parsed(&said(&daemon, &["metrics", "--json"]));
    assert_eq!(json["figures"]["automcu_jobs{state=\"queued\"}"], 2);
}

#[test]
fn a_daemon_that_is_not_there_or_of_another_kind_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("socket");
    let nobody = automcu(&["ls", "--socket", socket.to_str().expect("text")]);
    assert_eq!(nobody.outcome, Outcome::Unavailable);
    assert!(nobody.errors.contains("start one with `automcu serve`"), "{}", nobody.errors);
    let foreign = FakeDaemon::new(|_| Some(Answer::Foreign("99".to_owned())));
    let told = said(&foreign, &["ls"]);
    assert_eq!(told.outcome, Outcome::Foreign);
    assert!(told.errors.contains("speaks protocol 99, and this program protocol 1"), "{}", told.errors);
    for (kind, outcome) in [
        (ProblemKind::NotAllowed, Outcome::NotAllowed),
        (ProblemKind::Full, Outcome::Later),
        (ProblemKind::JobRefused, Outcome::Refused),
        (ProblemKind::Broken, Outcome::Broken),
    ] {
        let daemon = FakeDaemon::new(move |_| Some(Answer::refusal(kind, "so it is")));
        let refused = said(&daemon, &["cancel", "j1"]);
        assert_eq!((refused.outcome, refused.errors.as_str()), (outcome, "automcu: j1: so it is\n"));
    }
}
