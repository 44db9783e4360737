//! The worker as a process: it answers on a descriptor of its own, stops with a checkpoint, dies with whoever started it, and what
//! was killed goes on to the same weights.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use automcu_trainer::{Cause, Checkpoint, Conditions, Nature, Recipe, Request, Splitting, State, WorkerEvent};
use automcu_workers::{Bounds, Ending, Executor, Heard, Local, Loss};

const NETWORK: &str = r#"{"version":1,"input":{"height":32,"width":32,"channels":3},
    "backbone":[{"op":"conv","channels":4,"stride":4},{"op":"depthwise_separable","channels":8,"stride":2}],
    "head":{"op":"classifier","classes":10}}"#;

fn request(folder: &Path, epochs: u32) -> Request {
    let recipe = Recipe::named("rung-0", Nature::Colour).expect("built in");
    Request {
        version: automcu_trainer::PROTOCOL,
        spec: serde_json::from_str(NETWORK).expect("JSON"),
        seed: 4,
        conditions: Conditions {
            data: "synthetic".into(),
            left_out: None,
            split: Splitting::default(),
            recipe: Recipe { length: automcu_trainer::Length::Epochs(epochs), ..recipe },
            threads: 1,
            memory_bytes: None,
            deadline_s: 600.0,
            checkpoint_every_s: 1e-6,
        },
        checkpoint: folder.join("checkpoint.safetensors"),
        from: None,
        grace_s: 60.0,
    }
}

struct Worker {
    child: Child,
    events: PathBuf,
}

impl Worker {
    /// Starts a worker whose events go to its third descriptor, a pipe with a name.
    #[expect(clippy::disallowed_methods, reason = "the worker is a process")]
    fn start(folder: &Path, line: &str) -> Self {
        let events = folder.join("events");
        let _ = fs::remove_file(&events);
        assert!(Command::new("mkfifo").arg(&events).status().expect("a pipe with a name").success());
        let script = r#"exec "$1" worker --events /dev/fd/3 3>"$2""#;
        let mut child = Command::new("sh")
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_automcu")])
            .arg(&events)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        writeln!(child.stdin.as_mut().expect("a pipe"), "{line}").expect("it reads");
        Self { child, events }
    }

    fn events(&self) -> impl Iterator<Item = WorkerEvent> + use<> {
        let file = fs::File::open(&self.events).expect("the pipe");
        let lines = BufReader::new(file).lines().map_while(Result::ok);
        lines.map(|line| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    fn end(mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends")
    }
}

fn run(folder: &Path, request: &Request) -> (Vec<WorkerEvent>, ExitStatus) {
    let worker = Worker::start(folder, &serde_json::to_string(request).expect("JSON"));
    let events = worker.events().collect();
    (events, worker.end())
}

fn handed_out(request: &Request) -> State {
    Checkpoint::read(&request.checkpoint).expect("written").handed_out().clone()
}

#[test]
fn an_attempt_says_hello_how_far_it_is_and_what_came_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(folder.path(), 2);
    let (events, status) = run(folder.path(), &request);
    assert!(status.success(), "{events:?}");
    assert!(matches!(events.first(), Some(WorkerEvent::Hello { version: 1, .. })), "{events:?}");
    let epochs = events.iter().filter(|event| matches!(event, WorkerEvent::Epoch { .. })).count();
    let checkpoints = events.iter().filter(|event| matches!(event, WorkerEvent::Checkpoint { .. })).count();
    assert_eq!((epochs, checkpoints), (2, 3), "{events:?}");
    let Some(WorkerEvent::Result { summary, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(Checkpoint::read(&request.checkpoint).expect("written").summary.as_ref(), Some(summary));
}

#[test]
fn what_was_stopped_or_killed_goes_on_to_the_same_weights() {
    let whole = tempfile::tempdir().expect("a folder");
    let asked = request(whole.path(), 4);
    assert!(run(whole.path(), &asked).1.success());
    let expected = handed_out(&asked);
    for how in ["stop", "close", "kill"] {
        let folder = tempfile::tempdir().expect("a folder");
        let request = request(folder.path(), 4);
        let mut worker = Worker::start(folder.path(), &serde_json::to_string(&request).expect("JSON"));
        let mut events = worker.events();
        // After the first checkpoint, somewhere on the way.
        assert!(events.any(|event| matches!(event, WorkerEvent::Checkpoint { .. })));
        match how {
            "stop" => writeln!(worker.child.stdin.as_mut().expect("a pipe"), "stop").expect("it reads"),
            "close" => drop(worker.child.stdin.take()),
            _ => worker.child.kill().expect("it runs"),
        }
        let rest: Vec<WorkerEvent> = events.collect();
        let status = worker.end();
        assert_eq!(status.success(), how != "kill", "{how}: {rest:?}");
        if how != "kill" {
            let Some(WorkerEvent::Result { summary, .. }) = rest.last() else { panic!("{how}: {rest:?}") };
            assert!(summary.epochs < 4 || summary.end == automcu_trainer::End::Completed, "{how}: {summary:?}");
        }
        let (events, status) = run(folder.path(), &request);
        assert!(status.success(), "{how}: {events:?}");
        assert_eq!(handed_out(&request), expected, "{how}");
    }
}

#[test]
fn a_request_that_is_wrong_is_told_as_an_event_and_by_the_exit_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = request(folder.path(), 1);
    let text = serde_json::to_string(&good).expect("JSON");
    for (line, blamed, said) in [
        ("nonsense".to_owned(), Cause::Request, "request: expected"),
        (text.replace("\"version\":1,\"spec\"", "\"version\":7,\"spec\""), Cause::Request, "version 7 of the protocol"),
        (text.replace("\"seed\":4", "\"sed\":4"), Cause::Request, "unknown field `sed`"),
        (text.replace("\"channels\":8", "\"channels\":0"), Cause::Request, "architecture: "),
        (text.replace("\"data\":\"synthetic\"", "\"data\":\"nowhere\""), Cause::Data, "nowhere"),
        (text.replace("\"deadline_s\":600.0", "\"deadline_s\":-1"), Cause::Request, "give times above 0"),
        (text.replace("\"grace_s\":60.0", "\"grace_s\":4e9"), Cause::Request, "an hour of grace at most"),
    ] {
        assert_ne!(line, text);
        let worker = Worker::start(folder.path(), &line);
        let events: Vec<WorkerEvent> = worker.events().collect();
        assert!(!worker.end().success());
        let Some(WorkerEvent::Error { cause, message }) = events.last() else { panic!("{events:?}") };
        assert!(message.contains(said) && *cause == blamed, "{cause:?}: {message}");
        assert!(!good.checkpoint.exists());
    }
}

#[test]
fn an_attempt_that_is_late_stops_with_a_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(folder.path(), 50);
    request.conditions.deadline_s = 1e-3;
    let (events, status) = run(folder.path(), &request);
    assert!(status.success());
    let Some(WorkerEvent::Result { summary, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(summary.end, automcu_trainer::End::Stopped);
    assert!(Checkpoint::read(&request.checkpoint).expect("written").summary.is_none());
}

fn attempt(folder: &Path, request: &Request) -> Ending {
    let local = Local::new(env!("CARGO_BIN_EXE_automcu"), Bounds::default());
    let mut started = local.start(request, folder).expect("started");
    loop {
        if let Heard::Ended(ending) = started.heard.blocking_recv().expect("there is always an ending") {
            return ending;
        }
    }
}

#[test]
fn memory_beyond_the_limit_ends_this_attempt_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(folder.path(), 1);
    request.conditions.memory_bytes = Some(24 << 20);
    let ending = attempt(folder.path(), &request);
    assert!(matches!(ending, Ending::Lost { loss: Loss::OutOfMemory, .. }), "{ending:?}");
    assert!(ending.to_string().contains("allow more, or take a smaller batch"), "{ending}");
    request.conditions.memory_bytes = Some(2 << 30);
    let ending = attempt(folder.path(), &request);
    assert!(matches!(ending, Ending::Done { .. }), "{ending:?}");
}

#[test]
fn two_do_not_write_the_same_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = request(folder.path(), 50);
    let mut worker = Worker::start(folder.path(), &serde_json::to_string(&first).expect("JSON"));
    let mut events = worker.events();
    assert!(events.any(|event| matches!(event, WorkerEvent::Checkpoint { .. })));
    let ending = attempt(folder.path(), &first);
    let Ending::Failed { cause: Cause::Storage, message } = ending else { panic!("{ending:?}") };
    assert!(message.contains("another training writes here"), "{message}");
    writeln!(worker.child.stdin.as_mut().expect("a pipe"), "stop").expect("it reads");
    assert!(matches!(events.last(), Some(WorkerEvent::Result { .. })), "the first is not disturbed");
    assert!(worker.end().success());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the worker is a process")]
fn a_disk_that_is_full_is_told_and_leaves_the_checkpoint_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut request = request(folder.path(), 1);
    assert!(run(folder.path(), &request).1.success());
    let before = fs::read(&request.checkpoint).expect("written");
    request.conditions.recipe.length = automcu_trainer::Length::Epochs(2);
    let finished = folder.path().join("finished");
    fs::rename(&request.checkpoint, &finished).expect("ours");
    request.from = Some(finished.clone());
    // No file may grow beyond 4 KiB: what a full disk says, an error in the middle of writing.
    let script = r#"trap '' XFSZ; ulimit -f 8; exec "$0" worker --events /dev/stdout"#;
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_automcu")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = child.stdin.take().expect("a pipe");
    writeln!(input, "{}", serde_json::to_string(&request).expect("JSON")).expect("it reads");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let last: WorkerEvent = serde_json::from_str(&lines.last().expect("a line")).expect("an event");
    assert!(!child.wait().expect("it ends").success());
    let WorkerEvent::Error { cause: Cause::Storage, message } = last else { panic!("{last:?}") };
    assert!(message.contains("checkpoint.safetensors: cannot be written"), "{message}");
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("there").file_name()).collect();
    left.sort();
    assert_eq!(left, ["events", "finished"], "nothing is left of the attempt to write");
    assert_eq!(fs::read(finished).expect("there"), before);
}

#[test]
fn a_worker_that_hangs_when_nobody_is_left_ends_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let never = folder.path().join("never");
    #[expect(clippy::disallowed_methods, reason = "there is no other way to make a pipe with a name")]
    let made = Command::new("mkfifo").arg(&never).status().expect("a pipe with a name");
    assert!(made.success());
    let mut request = request(folder.path(), 1);
    (request.from, request.grace_s) = (Some(never), 0.1);
    let worker = Worker::start(folder.path(), &serde_json::to_string(&request).expect("JSON"));
    let mut events = worker.events();
    assert!(matches!(events.next(), Some(WorkerEvent::Hello { .. })));
    let next = events.next();
    assert!(matches!(next, Some(WorkerEvent::Heartbeat)), "it lives and hangs: {next:?}");
    assert_eq!(worker.end().code(), None, "ended by a signal: its own");
}
