//! The agent, with an executor that does as it is told.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use actix::{Actor, Arbiter, Context, Handler};
use automcu_artifacts::Store;
use automcu_contract::{
    ArtifactId, AttemptId, Beginning, CandidateId, JobId, ProposalSummary, RequestError, ScreeningSummary, StopAttempt,
    StopCause, SupervisorPort, Ticket, TrainCandidate, TrainingEnd, TrainingPort, TrainingProgress, TrainingSummary,
    VerificationSummary,
};
use automcu_trainer::{
    Accuracy, Cause, Conditions, End, Length, Measured, Nature, Recipe, Request, Splitting, Summary, WorkerEvent,
};
use automcu_training::{Config, Hands, spawn};
use automcu_workers::{Ending, Executor, Heard, Loss, NotStarted, Started};
use tokio::sync::mpsc;

/// What an attempt will do.
#[derive(Clone, Debug)]
enum Plan {
    /// Leave a checkpoint with this in it, and end so.
    End(&'static str, Ending),
    /// Train until it is asked to stop.
    UntilStopped,
    /// Refuse to start.
    Refuse,
}

/// Carries out one plan after the other, and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    plans: Mutex<VecDeque<Plan>>,
    requests: Mutex<Vec<(Request, Option<String>)>>,
}

impl Executor for Script {
    fn start(&self, request: &Request, folder: &Path) -> Result<Started, NotStarted> {
        assert!(folder.is_dir() && request.checkpoint.starts_with(folder));
        let found = fs::read_to_string(&request.checkpoint).ok();
        self.requests.lock().expect("whole").push((request.clone(), found));
        let plan = self.plans.lock().expect("whole").pop_front().unwrap_or(Plan::UntilStopped);
        let (sender, heard) = mpsc::channel(16);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let checkpoint = request.checkpoint.clone();
        match plan {
            Plan::Refuse => return Err(NotStarted("no such program".to_owned())),
            Plan::End(content, ending) => {
                fs::write(&checkpoint, content).expect("writable");
                let epoch = WorkerEvent::Epoch { share: 0.5, epoch: 3, loss: 1.0, validation: 0.75, seconds: 1.0 };
                for heard in [Heard::Said(WorkerEvent::Heartbeat), Heard::Said(epoch), Heard::Ended(ending)] {
                    sender.try_send(heard).expect("room");
                }
            }
            Plan::UntilStopped => {
                actix::spawn(async move {
                    let _ = stopped.await;
                    fs::write(&checkpoint, "stopped").expect("writable");
                    let _ = sender.send(Heard::Ended(done(End::Stopped))).await;
                });
            }
        }
        Ok(Started { heard, stop })
    }
}

fn done(end: End) -> Ending {
    let validation = Measured { accuracy: Accuracy::of(900, 1000), loss: 0.5 };
    let summary = Summary { validation, end, epochs: 9, best_epoch: 8, seconds: 1.5, back_offs: 0 };
    Ending::Done { summary, energy_j: Some(2.5) }
}

fn crash() -> Ending {
    Ending::Lost { loss: Loss::Signalled(11), words: "oh".to_owned() }
}

/// Hands on what it is told.
struct Supervisor {
    trained: mpsc::UnboundedSender<TrainingSummary>,
    progressed: mpsc::UnboundedSender<TrainingProgress>,
}

impl Actor for Supervisor {
    type Context = Context<Self>;
}

macro_rules! hands_on {
    ($message:ty, $field:ident) => {
        impl Handler<$message> for Supervisor {
            type Result = ();
            fn handle(&mut self, message: $message, _: &mut Self::Context) {
                self.$field.send(message).expect("heard");
            }
        }
    };
}
hands_on!(TrainingSummary, trained);
hands_on!(TrainingProgress, progressed);

macro_rules! never_hears {
    ($($message:ty),*) => {
        $( impl Handler<$message> for Supervisor {
               type Result = ();
               fn handle(&mut self, message: $message, _: &mut Self::Context) {
                   panic!("not for the Training agent to say: {message:?}");
               }
           } )*
    };
}
never_hears!(ProposalSummary, ScreeningSummary, VerificationSummary);

struct Scene {
    port: TrainingPort,
    script: Arc<Script>,
    store: Store,
    trained: mpsc::UnboundedReceiver<TrainingSummary>,
    progressed: mpsc::UnboundedReceiver<TrainingProgress>,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new(slots: u32, plans: impl IntoIterator<Item = Plan>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().join("artifacts")).expect("made");
        let script = Arc::new(Script { plans: Mutex::new(plans.into_iter().collect()), ..Script::default() });
        let (trained, heard) = mpsc::unbounded_channel();
        let (progressed, seen) = mpsc::unbounded_channel();
        let supervisor = Supervisor { trained, progressed }.start();
        let port = SupervisorPort {
            proposed: supervisor.clone().recipient(),
            screened: supervisor.clone().recipient(),
            progressed: supervisor.clone().recipient(),
            trained: supervisor.clone().recipient(),
            verified: supervisor.recipient(),
        };
        let config = Config {
            slots,
            most_waiting: 4,
            retries: 2,
            pause: Duration::from_secs(1),
            grace_s: 30.0,
            folder: folder.path().join("attempts"),
        };
        let start = tokio::time::Instant::now();
        let clock = Arc::new(move || start.elapsed());
        let hands = Hands { executor: Arc::clone(&script) as Arc<dyn Executor>, store: store.clone(), clock };
        let port = spawn(&Arbiter::current(), config, hands, port);
        Self { port, script, store, trained: heard, progressed: seen, folder }
    }

    fn candidate(&self, ticket: Ticket) -> TrainCandidate {
        let recipe = Recipe::named("rung-0", Nature::Colour).expect("built in");
        let conditions = Conditions {
            data: PathBuf::from("synthetic"),
            left_out: None,
            split: Splitting::default(),
            recipe: Recipe { length: Length::Epochs(2), ..recipe },
            threads: 1,
            memory_bytes: Some(1 << 30),
            deadline_s: 600.0,
            checkpoint_every_s: 10.0,
        };
        let conditions = serde_json::to_vec(&conditions).expect("JSON");
        let [spec, conditions] =
            [br#"{"a":"spec"}"#, &conditions[..]].map(|content| self.store.put(content).expect("put"));
        TrainCandidate { ticket, spec, conditions, seed: 7, beginning: Beginning::Fresh }
    }

    async fn ask(&self, candidate: TrainCandidate) -> Result<(), RequestError> {
        self.port.train.send(candidate).await.expect("it lives")
    }

    async fn outcome(&mut self) -> TrainingSummary {
        self.trained.recv().await.expect("an outcome")
    }

    fn content(&self, id: Option<ArtifactId>) -> String {
        String::from_utf8(self.store.get(id.expect("an artifact")).expect("kept")).expect("text")
    }
}

fn ticket(candidate: u64) -> Ticket {
    Ticket { job: JobId(1), candidate: CandidateId(candidate), attempt: AttemptId(1) }
}

#[actix::test]
async fn a_training_is_summarised_and_its_checkpoint_kept() {
    let mut scene = Scene::new(1, [Plan::End("weights", done(End::Completed))]);
    scene.ask(scene.candidate(ticket(1))).await.expect("accepted");
    let summary = scene.outcome().await;
    assert_eq!((summary.ticket, summary.end.clone(), summary.epochs), (ticket(1), TrainingEnd::Finished, 9));
    assert_eq!((summary.duration_ms, summary.energy_mj), (1500, Some(2500)));
    assert!((summary.metric.expect("measured").value.get() - 0.9).abs() < 1e-9);
    assert_eq!(scene.content(summary.checkpoint), "weights");
    let progress = scene.progressed.recv().await.expect("told");
    assert_eq!((progress.epochs, progress.done.get(), progress.metric.map(|share| share.get())), (3, 0.5, Some(0.75)));
    let (request, _) = scene.script.requests.lock().expect("whole").remove(0);
    assert_eq!((request.seed, request.conditions.memory_bytes, request.grace_s), (7, Some(1 << 30), 30.0));
    assert_eq!(request.spec, serde_json::json!({"a": "spec"}));
    let left = fs::read_dir(scene.folder.path().join("attempts")).expect("a folder").count();
    assert_eq!(left, 0, "nothing is left of it but the artifact");
}

#[actix::test]
async fn a_crash_is_tried_again_from_the_last_checkpoint_within_a_bound() {
    tokio::time::pause();
    let plans = [Plan::End("half", crash()), Plan::Refuse, Plan::End("whole", done(End::Plateau))];
    let mut scene = Scene::new(1, plans);
    scene.ask(scene.candidate(ticket(1))).await.expect("accepted");
    let summary = scene.outcome().await;
    assert_eq!(summary.end, TrainingEnd::Stalled);
    assert_eq!(scene.content(summary.checkpoint), "whole");
    let requests = std::mem::take(&mut *scene.script.requests.lock().expect("whole"));
    let found: Vec<Option<&str>> = requests.iter().map(|(_, found)| found.as_deref()).collect();
    assert_eq!(found, [None, Some("half"), Some("half")]);

    scene.script.plans.lock().expect("whole").extend((0..3).map(|_| Plan::End("again", crash())));
    scene.ask(scene.candidate(ticket(2))).await.expect("accepted");
    let summary = scene.outcome().await;
    let TrainingEnd::Failed { reason, is_transient: true } = &summary.end else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("crashed (signal 11); its last words: oh"), "{reason}");
    assert_eq!(scene.content(summary.checkpoint), "again", "where to go on from");
}

#[actix::test]
async fn what_another_try_would_not_change_is_not_tried_again() {
    let failed = Ending::Failed { cause: Cause::Divergence, message: "epoch 2: the loss is no number".to_owned() };
    let mut scene = Scene::new(1, [Plan::End("", failed)]);
    scene.ask(scene.candidate(ticket(1))).await.expect("accepted");
    let summary = scene.outcome().await;
    let TrainingEnd::Failed { reason, is_transient: false } = summary.end else { panic!("{summary:?}") };
    assert_eq!(reason.as_str(), "epoch 2: the loss is no number");
    // Nor what was asked for and is not there.
    let candidate = TrainCandidate { spec: ArtifactId::of(b"never put"), ..scene.candidate(ticket(2)) };
    scene.ask(candidate).await.expect("accepted");
    let summary = scene.outcome().await;
    let TrainingEnd::Failed { reason, is_transient: false } = summary.end else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("is not there"), "{reason}");
    let nonsense = scene.store.put(b"{}").expect("put");
    scene.ask(TrainCandidate { conditions: nonsense, ..scene.candidate(ticket(3)) }).await.expect("accepted");
    let summary = scene.outcome().await;
    let TrainingEnd::Failed { reason, is_transient: false } = summary.end else { panic!("{summary:?}") };
    assert!(reason.as_str().contains("the conditions (artifact"), "{reason}");
    assert_eq!(scene.script.requests.lock().expect("whole").len(), 1);
}

#[actix::test]
async fn what_is_stopped_keeps_its_checkpoint_and_goes_on_from_it() {
    let mut scene = Scene::new(1, []);
    for candidate in [1, 2] {
        scene.ask(scene.candidate(ticket(candidate))).await.expect("accepted");
    }
    for candidate in [2, 1] {
        let stop = StopAttempt { ticket: ticket(candidate), cause: StopCause::Pause };
        scene.port.stop.send(stop).await.expect("it lives").expect("accepted");
    }
    let waiting = scene.outcome().await;
    assert_eq!((waiting.ticket, waiting.end, waiting.checkpoint), (ticket(2), TrainingEnd::Stopped, None));
    let training = scene.outcome().await;
    assert_eq!((training.ticket, training.end), (ticket(1), TrainingEnd::Stopped));
    assert_eq!(scene.content(training.checkpoint), "stopped");

    scene.script.plans.lock().expect("whole").push_back(Plan::End("whole", done(End::Completed)));
    let beginning = Beginning::Checkpoint(training.checkpoint.expect("kept"));
    scene.ask(TrainCandidate { beginning, ..scene.candidate(ticket(3)) }).await.expect("accepted");
    assert_eq!(scene.outcome().await.end, TrainingEnd::Finished);
    // Another rung begins with the weights, and trains anew.
    scene.script.plans.lock().expect("whole").push_back(Plan::End("next", done(End::Completed)));
    let beginning = Beginning::Weights(training.checkpoint.expect("kept"));
    scene.ask(TrainCandidate { beginning, ..scene.candidate(ticket(4)) }).await.expect("accepted");
    assert_eq!(scene.outcome().await.end, TrainingEnd::Finished);
    let requests = scene.script.requests.lock().expect("whole");
    let [_, (_, gone_on), (weights, fresh)] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((gone_on.as_deref(), fresh.as_deref()), (Some("stopped"), None));
    assert_eq!(fs::read_to_string(weights.from.as_ref().expect("a file")).expect("readable"), "stopped");
}

#[actix::test]
async fn no_more_train_at_a_time_than_there_are_slots_and_no_more_wait_than_agreed() {
    let mut scene = Scene::new(2, []);
    for candidate in 1..=6 {
        scene.ask(scene.candidate(ticket(candidate))).await.expect("accepted");
    }
    assert_eq!(scene.ask(scene.candidate(ticket(7))).await, Err(RequestError::Busy { waiting: 4 }));
    assert_eq!(scene.script.requests.lock().expect("whole").len(), 2);
    let stop = StopAttempt { ticket: ticket(1), cause: StopCause::Success };
    scene.port.stop.send(stop).await.expect("it lives").expect("accepted");
    assert_eq!(scene.outcome().await.ticket, ticket(1));
    assert_eq!(scene.script.requests.lock().expect("whole").len(), 3);
}

#[actix::test]
async fn what_was_done_before_a_crash_of_the_agent_is_found_again() {
    let scene = Scene::new(1, [Plan::End("half", crash())]);
    scene.ask(scene.candidate(ticket(1))).await.expect("accepted");
    while scene.script.requests.lock().expect("whole").is_empty() {
        tokio::task::yield_now().await;
    }
    // Another agent over the same files, asked for a later attempt at the same.
    let mut next = Scene::new(1, [Plan::End("whole", done(End::Completed))]);
    let (from, to) = (scene.folder.path().join("attempts/j1"), next.folder.path().join("attempts/j1"));
    fs::create_dir_all(next.folder.path().join("attempts")).expect("made");
    fs::rename(from, to).expect("moved");
    next.ask(next.candidate(Ticket { attempt: AttemptId(2), ..ticket(1) })).await.expect("accepted");
    assert_eq!(next.outcome().await.end, TrainingEnd::Finished);
    assert_eq!(next.script.requests.lock().expect("whole")[0].1.as_deref(), Some("half"));
}
