//! A server over a real socket, with a real history, a supervisor that says what a test lets it say, and a client.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix::{Actor, Context, Handler};
use automcu_api::{BundleFile, Client, Place, Problem, ProblemKind, Resolved};
use automcu_artifacts::Store;
use automcu_contract::{
    Beat, Brief, CommandJob, ControlError, ControlPort, DOCUMENTS, Drain, JobPlan, Rung, SubmitJob,
};
use automcu_daemon::http::{
    Desk, EventPart, Gate, Hub, LogLevel, LogLevelError, Past, PlanJob, Planned, Socket, Stopper, serve,
};
use automcu_history::{Budget, Event, History, HistoryError, What};
use automcu_model::{ArtifactId, JobId};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

/// Longer than anything takes that works.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What the supervisor was asked, and what it says next.
#[derive(Clone, Default)]
pub(crate) struct Supervisor {
    pub(crate) submitted: Arc<Mutex<Vec<SubmitJob>>>,
    pub(crate) commanded: Arc<Mutex<Vec<CommandJob>>>,
    pub(crate) refuses: Arc<Mutex<Option<ControlError>>>,
}

impl Supervisor {
    fn says<T>(&self, yes: T) -> Result<T, ControlError> {
        self.refuses.lock().expect("whole").clone().map_or(Ok(yes), Err)
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;
}

impl Handler<SubmitJob> for Supervisor {
    type Result = Result<JobId, ControlError>;

    fn handle(&mut self, asked: SubmitJob, _: &mut Self::Context) -> Self::Result {
        self.submitted.lock().expect("whole").push(asked);
        self.says(JobId(1))
    }
}

impl Handler<Drain> for Supervisor {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

impl Handler<Beat> for Supervisor {
    type Result = Result<(), Brief>;

    fn handle(&mut self, _: Beat, _: &mut Self::Context) -> Self::Result {
        Ok(())
    }
}

impl Handler<CommandJob> for Supervisor {
    type Result = Result<(), ControlError>;

    fn handle(&mut self, asked: CommandJob, _: &mut Self::Context) -> Self::Result {
        self.commanded.lock().expect("whole").push(asked);
        self.says(())
    }
}

/// All that happened.
#[derive(Default)]
struct Happened(Mutex<Vec<(u64, Event)>>);

impl Past for Happened {
    fn events(&self, job: JobId, after: u64, limit: usize) -> Result<EventPart, HistoryError> {
        let all = self.0.lock().expect("whole");
        let own = all.iter().filter(|(n, event)| event.job == job && *n > after);
        let items: Vec<_> = own.take(limit).cloned().collect();
        let next = items.last().map(|(n, _)| *n).filter(|_| items.len() == limit);
        Ok(EventPart { items, next })
    }
}

struct Level(Mutex<String>);

impl LogLevel for Level {
    fn level(&self) -> String {
        self.0.lock().expect("whole").clone()
    }

    fn set(&self, level: &str) -> Result<(), LogLevelError> {
        if level.contains(' ') {
            return Err(LogLevelError(format!("{level:?} is no filter")));
        }
        level.clone_into(&mut self.0.lock().expect("whole"));
        Ok(())
    }
}

/// A daemon without agents.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) history: Arc<History>,
    happened: Arc<Happened>,
    pub(crate) supervisor: Supervisor,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) is_ill: Arc<AtomicBool>,
    pub(crate) stopper: Stopper,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Gate::Everyone, Hub::default())
    }

    pub(crate) fn with(gate: Gate, hub: Hub) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (history, _) = History::open(&folder.path().join("history")).expect("a history");
        let store = Store::open(folder.path().join("store")).expect("a store");
        let (history, happened, supervisor) = (Arc::new(history), Arc::<Happened>::default(), Supervisor::default());
        let address = supervisor.clone().start();
        let is_ill = Arc::new(AtomicBool::new(false));
        let ill = Arc::clone(&is_ill);
        let ailing = move || if ill.load(Ordering::Relaxed) { Err("an agent is gone".to_owned()) } else { Ok(()) };
        let desk = Desk {
            history: Arc::clone(&history),
            past: Arc::clone(&happened) as Arc<dyn Past>,
            control: ControlPort {
                submit: address.clone().recipient(),
                command: address.clone().recipient(),
                drain: address.clone().recipient(),
                beat: address.recipient(),
            },
            store: store.clone(),
            hub: hub.clone(),
            planner: planner(),
            files: Arc::new(|list| Ok(vec![file(list)])),
            pulse: Arc::new(move || Box::pin(std::future::ready(ailing()))),
            log_level: Arc::new(Level(Mutex::new("info".to_owned()))),
        };
        let socket = Socket::claim(&Place { path: socket_in(&folder), is_shared_ground: false }).expect("a socket");
        let serving = serve(socket, desk, gate, None).expect("a server");
        let stopper = serving.stopper();
        actix::spawn(serving.run());
        Self { folder, history, happened, supervisor, store, hub, is_ill, stopper }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket_in(&self.folder)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.socket()).with_patience(SOON)
    }

    /// Something happens: it is written, remembered, told.
    pub(crate) fn happens(&self, job: u64, what: What) {
        let (n, event) = self.written(job, what);
        self.hub.recorded(n, &event);
    }

    /// Something happens, and the telling of it is lost.
    pub(crate) fn written(&self, job: u64, what: What) -> (u64, Event) {
        let mut all = self.happened.0.lock().expect("whole");
        let n = 1 + all.iter().filter(|(_, event)| event.job == JobId(job)).count() as u64;
        let event = Event { job: JobId(job), at_ms: 1000 + n, what };
        let ticket = self.history.append(vec![event.clone()]).expect("taken");
        ticket.wait(SOON).expect("written");
        all.push((n, event.clone()));
        (n, event)
    }

    pub(crate) fn submitted(&self, job: u64) {
        let what = What::JobSubmitted {
            spec: serde_json::json!({ "data": "synthetic" }),
            digest: "d".into(),
            tags: vec!["night".into()],
            dataset: "synthetic".into(),
            target: None,
            budget: Budget { ram_bytes: Some(64_000), flash_bytes: None },
        };
        self.happens(job, what);
    }

    pub(crate) fn note(&self, job: u64, text: &str) {
        self.happens(job, What::Note { text: text.to_owned(), candidate: None });
    }

    /// What a server answers to this text, until it hangs up: status, head, body.
    pub(crate) async fn raw(&self, request: &str) -> (u16, String, String) {
        let mut stream = UnixStream::connect(self.socket()).await.expect("a server");
        // One that refuses may hang up before it has read all.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(SOON, stream.read_to_end(&mut answer)).await.expect("in time");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, head.to_lowercase(), body.to_owned())
    }

    /// The same of a request with these parts.
    pub(crate) async fn asked(&self, line: &str, headers: &str, body: &str) -> (u16, String, String) {
        let length = body.len();
        self.raw(&format!(
            "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ))
        .await
    }
}

fn socket_in(folder: &TempDir) -> PathBuf {
    folder.path().join("run/automcu.sock")
}

fn file(list: ArtifactId) -> BundleFile {
    let digest = list.to_string().parse().expect("a digest");
    BundleFile { path: "src/network.c".into(), digest, bytes: 7 }
}

/// Takes whatever does not ask for the target `none`.
fn planner() -> PlanJob {
    Arc::new(|job, key| {
        if job.target.as_deref() == Some("none") {
            return Err(Problem::new(ProblemKind::JobRefused, "there is no target \"none\"").about("target"));
        }
        let asked = serde_json::to_value(&job).expect("json");
        let conditions = ArtifactId::of(b"conditions");
        let plan = JobPlan {
            version: DOCUMENTS,
            asked,
            tags: job.tags.clone(),
            dataset: job.data.clone(),
            target: job.target.clone(),
            budget: automcu_target::Budget::default(),
            goal: None,
            time_s: None,
            priority: job.priority,
            seed: job.seed,
            key,
            assignment: ArtifactId::of(b"assignment"),
            a_round: 8,
            rungs: vec![Rung { conditions, entrants: 8, seeds: 1, warm: false }],
            exploring: 0.5,
            screens_first: true,
            judge: None,
            shows_transcript: false,
        };
        let shown = Resolved {
            data: job.data.clone(),
            input: [8, 8, 1],
            classes: 10,
            target: job.target.clone(),
            budget: automcu_api::MemoryBudget::default(),
            rungs: Vec::new(),
            judges: vec!["own".into()],
            assumed: vec!["8 candidates".into()],
            job,
        };
        Ok(Planned { plan, shown })
    })
}
