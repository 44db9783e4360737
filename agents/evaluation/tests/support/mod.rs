//! The agent with judges that do as they are told, and a supervisor that hands on what it hears.

#![expect(dead_code, reason = "each of the tests takes what it needs")]

use std::{
    collections::VecDeque,
    num::NonZero,
    path::Path,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::{Actor, Arbiter, Context, Handler};
use automcu_artifacts::Store;
use automcu_contract::{
    ArtifactId, AttemptId, Brief, CandidateId, EvaluationPort, JobId, ProposalSummary, RequestError, SUMMARY_BYTES,
    ScreenCandidate, ScreeningSummary, StopAttempt, StopCause, Summary, SupervisorPort, Ticket, TrainingProgress,
    TrainingSummary, VerificationSummary, VerifyCandidate,
};
use automcu_evaluation::{Config, Hands, Slots, spawn};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Budget, Catalogue, FlashUse, Footprint, RamUse};
use automcu_toolchain::{
    Tools,
    judge::{Identity, Judge, Measurement, NoAnswer, Patience, Question},
};
use tokio::sync::mpsc;

/// Small enough to be trained in seconds, and to learn something.
pub(crate) const SPEC: &str = r#"{"version":1,"input":{"height":32,"width":32,"channels":3},
    "backbone":[{"op":"conv","channels":8,"stride":2},{"op":"residual","channels":12,"stride":2}],
    "head":{"op":"classifier","classes":10}}"#;

/// What a judge does when it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It measured so much RAM.
    Measure(u64),
    /// It has no answer.
    None(NoAnswer),
    Panic,
    /// It hangs until it is let go, and then measures nothing.
    Hang(Arc<Gate>),
}

/// What a judge hangs in.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    pub(crate) passed: AtomicUsize,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.is_open.lock().expect("whole") = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let is_open = self.is_open.lock().expect("whole");
        drop(self.opened.wait_while(is_open, |is_open| !*is_open).expect("whole"));
        self.passed.fetch_add(1, Ordering::SeqCst);
    }
}

/// A judge that does one thing after the other, and the last one ever after.
#[derive(Debug)]
pub(crate) struct Fake {
    identity: Identity,
    acts: Mutex<VecDeque<Act>>,
    pub(crate) asked: AtomicUsize,
}

impl Fake {
    pub(crate) fn new(name: &'static str, acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        let identity = Identity { name, tool: format!("Fake {name} 1.0"), settings: Vec::new() };
        Arc::new(Self { identity, acts: Mutex::new(acts.into_iter().collect()), asked: AtomicUsize::new(0) })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Judge for Fake {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn analyze(&self, _: &Question<'_>) -> Result<Measurement, NoAnswer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let act = {
            let mut acts = self.acts.lock().expect("whole");
            let act = acts.front().cloned().expect("an act");
            if acts.len() > 1 {
                acts.pop_front();
            }
            act
        };
        match act {
            Act::Measure(ram) => Ok(measured(ram)),
            Act::None(none) => Err(none),
            Act::Panic => panic!("a judge that panics"),
            Act::Hang(gate) => {
                gate.pass();
                Ok(measured(0))
            }
        }
    }

    fn generate(&self, _: &Question<'_>, _: &Path) -> Result<Vec<std::path::PathBuf>, NoAnswer> {
        Ok(Vec::new())
    }
}

fn measured(ram: u64) -> Measurement {
    let footprint = Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Tool,
        ram: RamUse { activations: Bytes(ram), runtime: None, stack: None },
        flash: FlashUse { weights: Bytes(1000), tables: None, code: None },
    };
    Measurement { footprint, macs: None, operators: vec![], layers: vec![], ran: None, remarks: vec![] }
}

/// Hands on what it is told.
struct Supervisor {
    screened: mpsc::UnboundedSender<ScreeningSummary>,
    verified: mpsc::UnboundedSender<VerificationSummary>,
}

impl Actor for Supervisor {
    type Context = Context<Self>;
}

macro_rules! hands_on {
    ($message:ty, $field:ident) => {
        impl Handler<$message> for Supervisor {
            type Result = ();
            fn handle(&mut self, message: $message, _: &mut Self::Context) {
                assert!(message.encoded_bytes() <= SUMMARY_BYTES, "{message:?}");
                // The test may be over.
                let _ = self.$field.send(message);
            }
        }
    };
}
hands_on!(ScreeningSummary, screened);
hands_on!(VerificationSummary, verified);

macro_rules! never_hears {
    ($($message:ty),*) => {
        $( impl Handler<$message> for Supervisor {
               type Result = ();
               fn handle(&mut self, message: $message, _: &mut Self::Context) {
                   panic!("not for the Evaluation agent to say: {message:?}");
               }
           } )*
    };
}
never_hears!(ProposalSummary, TrainingProgress, TrainingSummary);

pub(crate) struct Scene {
    pub(crate) port: EvaluationPort,
    pub(crate) store: Store,
    pub(crate) screened: mpsc::UnboundedReceiver<ScreeningSummary>,
    pub(crate) verified: mpsc::UnboundedReceiver<VerificationSummary>,
    pub(crate) folder: tempfile::TempDir,
}

/// One at a time, and three that wait.
pub(crate) const ONE: Slots = Slots { slots: 1, most_waiting: 3, deadline: Duration::from_secs(600) };

impl Scene {
    pub(crate) fn of(judges: &[Arc<Fake>]) -> Self {
        let judges = judges.iter().map(|judge| Arc::clone(judge) as Arc<dyn Judge>).collect();
        Self::new(judges, ONE, Tools::default())
    }

    pub(crate) fn new(judges: Vec<Arc<dyn Judge>>, screening: Slots, tools: Tools) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().join("artifacts")).expect("made");
        let (screened, heard) = mpsc::unbounded_channel();
        let (verified, seen) = mpsc::unbounded_channel();
        let supervisor = Supervisor { screened, verified }.start();
        let port = SupervisorPort {
            proposed: supervisor.clone().recipient(),
            screened: supervisor.clone().recipient(),
            progressed: supervisor.clone().recipient(),
            trained: supervisor.clone().recipient(),
            verified: supervisor.recipient(),
        };
        let config = Config {
            screening,
            verification: ONE,
            patience: Patience { tries: 1, pause: Duration::ZERO },
            threads: NonZero::new(2).expect("two"),
            samples_bytes: 1 << 30,
            folder: folder.path().join("evaluation"),
        };
        let start = tokio::time::Instant::now();
        let hands = Hands {
            judges,
            targets: Catalogue::built_in().clone(),
            tools,
            store: store.clone(),
            clock: Arc::new(move || start.elapsed()),
        };
        let port = spawn(&Arbiter::current(), config, hands, port);
        Self { port, store, screened: heard, verified: seen, folder }
    }

    /// What is asked of a candidate that may take 1000 bytes of RAM.
    pub(crate) fn candidate(&self, ticket: Ticket) -> ScreenCandidate {
        let spec = self.store.put(SPEC.as_bytes()).expect("put");
        let budget = Budget { ram: Some(Bytes(1000)), flash: None };
        ScreenCandidate { ticket, spec, target: None, budget, dtype: DataType::Int8, judge: None }
    }

    pub(crate) async fn screen(&self, asked: ScreenCandidate) -> Result<(), RequestError> {
        self.port.screen.send(asked).await.expect("it lives")
    }

    pub(crate) async fn verify(&self, asked: VerifyCandidate) -> Result<(), RequestError> {
        self.port.verify.send(asked).await.expect("it lives")
    }

    pub(crate) async fn stop(&self, ticket: Ticket) {
        let stop = StopAttempt { ticket, cause: StopCause::Cancellation };
        self.port.stop.send(stop).await.expect("it lives").expect("accepted");
    }

    pub(crate) async fn verdict(&mut self) -> ScreeningSummary {
        self.screened.recv().await.expect("an outcome")
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn screened(&mut self, asked: ScreenCandidate) -> ScreeningSummary {
        let ticket = asked.ticket;
        self.screen(asked).await.expect("accepted");
        let summary = self.verdict().await;
        assert_eq!(summary.ticket, ticket);
        summary
    }

    pub(crate) fn json(&self, id: Option<ArtifactId>) -> serde_json::Value {
        serde_json::from_slice(&self.store.get(id.expect("an artifact")).expect("kept")).expect("JSON")
    }
}

pub(crate) fn ticket(candidate: u64) -> Ticket {
    Ticket { job: JobId(1), candidate: CandidateId(candidate), attempt: AttemptId(1) }
}

pub(crate) fn brief(text: &str) -> Option<Brief> {
    Some(Brief::new(text))
}
