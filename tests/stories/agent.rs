//! The Training agent with workers that are processes.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix::{Actor, Arbiter, Context, Handler};
use automcu_artifacts::Store;
use automcu_contract::{
    AttemptId, Beginning, CandidateId, JobId, ProposalSummary, ScreeningSummary, SupervisorPort, Ticket,
    TrainCandidate, TrainingEnd, TrainingProgress, TrainingSummary, VerificationSummary,
};
use automcu_tests::program;
use automcu_trainer::{Checkpoint, Conditions, Length, Nature, Recipe, Request, Splitting, WorkerEvent};
use automcu_training::{Config, Hands, spawn};
use automcu_workers::{Bounds, Executor, Heard, Local, NotStarted, Started};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

const NETWORK: &[u8] = br#"{"version":1,"input":{"height":32,"width":32,"channels":3},
    "backbone":[{"op":"conv","channels":8,"stride":2}],"head":{"op":"classifier","classes":10}}"#;

/// Starts workers on this computer, and kills the first one after its first checkpoint, as an administrator or a lack of memory
/// does.
#[derive(Debug)]
struct Murderous {
    local: Local,
    victim: Mutex<Option<u32>>,
    starts: AtomicU32,
}

impl Executor for Murderous {
    fn start(&self, request: &Request, folder: &Path) -> Result<Started, NotStarted> {
        self.starts.fetch_add(1, Ordering::Relaxed);
        let Started { mut heard, stop } = self.local.start(request, folder)?;
        let (sender, relayed) = mpsc::channel(16);
        let mut is_to_die = self.victim.lock().expect("whole").is_none();
        let (told, process) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut process = None;
            while let Some(event) = heard.blocking_recv() {
                match &event {
                    Heard::Said(WorkerEvent::Hello { process: id, .. }) => {
                        process = Some(*id);
                        let _ = told.send(*id);
                    }
                    Heard::Said(WorkerEvent::Checkpoint { .. }) if is_to_die => {
                        let id = i32::try_from(process.expect("it said hello")).expect("a process");
                        kill_process(Pid::from_raw(id).expect("a process"), Signal::KILL).expect("it runs");
                        is_to_die = false;
                    }
                    _ => {}
                }
                if sender.blocking_send(event).is_err() {
                    return;
                }
            }
        });
        *self.victim.lock().expect("whole") = process.recv().ok();
        Ok(Started { heard: relayed, stop })
    }
}

struct Supervisor(mpsc::UnboundedSender<TrainingSummary>);

impl Actor for Supervisor {
    type Context = Context<Self>;
}

impl Handler<TrainingSummary> for Supervisor {
    type Result = ();
    fn handle(&mut self, summary: TrainingSummary, _: &mut Self::Context) {
        self.0.send(summary).expect("heard");
    }
}

macro_rules! ignores {
    ($($message:ty),*) => {
        $( impl Handler<$message> for Supervisor {
               type Result = ();
               fn handle(&mut self, _: $message, _: &mut Self::Context) {}
           } )*
    };
}
ignores!(TrainingProgress, ProposalSummary, ScreeningSummary, VerificationSummary);

#[actix::test]
async fn candidates_are_trained_side_by_side_and_one_whose_worker_is_killed_comes_to_the_same_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path().join("artifacts")).expect("made");
    let (sender, mut trained) = mpsc::unbounded_channel();
    let supervisor = Supervisor(sender).start();
    let port = SupervisorPort {
        proposed: supervisor.clone().recipient(),
        screened: supervisor.clone().recipient(),
        progressed: supervisor.clone().recipient(),
        trained: supervisor.clone().recipient(),
        verified: supervisor.recipient(),
    };
    let config = Config {
        slots: 2,
        most_waiting: 8,
        retries: 1,
        pause: Duration::from_millis(10),
        grace_s: 60.0,
        folder: folder.path().join("attempts"),
    };
    let executor = Arc::new(Murderous {
        local: Local::new(program(), Bounds::default()),
        victim: Mutex::new(None),
        starts: AtomicU32::new(0),
    });
    let start = tokio::time::Instant::now();
    let clock = Arc::new(move || start.elapsed());
    let hands = Hands { executor: Arc::clone(&executor) as Arc<dyn Executor>, store: store.clone(), clock };
    let agent = spawn(&Arbiter::new().handle(), config, hands, port);

    let recipe = Recipe::named("rung-0", Nature::Colour).expect("built in");
    let conditions = Conditions {
        data: "synthetic".into(),
        left_out: None,
        split: Splitting::default(),
        recipe: Recipe { length: Length::Epochs(3), ..recipe },
        threads: 1,
        memory_bytes: Some(2 << 30),
        deadline_s: 600.0,
        checkpoint_every_s: 1e-6,
    };
    let conditions = store.put(&serde_json::to_vec(&conditions).expect("JSON")).expect("put");
    let spec = store.put(NETWORK).expect("put");
    for candidate in 1..=3 {
        let ticket = Ticket { job: JobId(1), candidate: CandidateId(candidate), attempt: AttemptId(1) };
        let asked = TrainCandidate { ticket, spec, conditions, seed: 5, beginning: Beginning::Fresh };
        agent.train.send(asked).await.expect("it lives").expect("accepted");
    }
    let mut weights = Vec::new();
    for _ in 1..=3 {
        let summary = trained.recv().await.expect("an outcome");
        assert_eq!(summary.end, TrainingEnd::Finished, "{summary:?}");
        assert!(summary.metric.is_some_and(|metric| metric.value.get() > 0.1), "{summary:?}");
        let file = store.file(summary.checkpoint.expect("kept")).expect("there");
        weights.push(Checkpoint::read(&file).expect("whole").handed_out().clone());
    }
    assert_eq!(executor.starts.load(Ordering::Relaxed), 4, "three candidates, one of them begun again");
    assert!(
        weights.iter().all(|other| *other == weights[0]),
        "the same task three times, one of them killed on the way"
    );
}
