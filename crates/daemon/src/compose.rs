//! Composes the agents: the only place that knows all of them.

use std::{
    fs, io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix::Arbiter;
use automcu_artifacts::{Store, StoreError};
use automcu_contract::{ControlPort, Drain};
use automcu_history::{History, HistoryError, Opened};
use automcu_llm::Endpoint;
use automcu_supervisor::{Factories, TakesUp, Told};
use automcu_target::{Catalogue, Part};
use automcu_toolchain::{
    Tools,
    judge::{Judge, Patience},
};
use automcu_workers::Executor;
use tracing::{info, warn};

use crate::{
    language::models,
    plan::{FindData, Planner},
};

/// Jobs for which candidates are sought side by side: one waits for a language model while another plans.
const PROPOSALS: usize = 4;
/// Attempts that wait for an agent; more are refused and asked again.
const WAITING: u32 = 256;
/// A training is begun again so often after a passing failure, the first time after this pause.
const RETRIES: u32 = 2;
const PAUSE: Duration = Duration::from_secs(2);
/// A training has so many seconds to write its last checkpoint.
const GRACE_S: f64 = 20.0;
/// After so long nobody waits for a judge, or for a proof, any more.
const SCREENING: Duration = Duration::from_secs(120);
const VERIFICATION: Duration = Duration::from_secs(1800);
/// What a thread of the CPU executor does of small networks, about; larger ones are faster. `automcu train` says how many epochs a
/// network of so many multiply-accumulates comes to.
const MACS_A_SECOND: f64 = 2e9;
/// Samples that are kept between verifications, in bytes.
const SAMPLES_BYTES: u64 = 512 << 20;

/// What a daemon works with, handed in by the program, which alone reads its surroundings.
#[derive(Clone)]
pub struct House {
    /// Where it keeps its history, artifacts and files of trainings.
    pub folder: PathBuf,
    /// How it counts time.
    pub clocks: Clocks,
    /// How workers are started.
    pub executor: Arc<dyn Executor>,
    /// The microcontrollers.
    pub targets: Catalogue,
    /// Who judges: the quickest first, the most decisive last.
    pub judges: Vec<Arc<dyn Judge>>,
    /// Compilers and emulators.
    pub tools: Tools,
    /// Where data sets are found.
    pub data: FindData,
    /// The language model that proposers may ask.
    pub language: Option<Endpoint>,
    /// How much is done at a time.
    pub capacity: Capacity,
}

/// Times, handed in.
#[derive(Clone)]
pub struct Clocks {
    /// Milliseconds since 1970.
    pub wall_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The time since some moment; it never goes back.
    pub steady: Arc<dyn Fn() -> Duration + Send + Sync>,
}

/// How much is done at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Trainings.
    pub slots: NonZero<u32>,
    /// Threads of each.
    pub threads: NonZero<u32>,
    /// Candidates that are screened.
    pub screenings: NonZero<u32>,
    /// Jobs at work.
    pub jobs_at_work: NonZero<u32>,
    /// Jobs that are not over.
    pub most_jobs: NonZero<u32>,
    /// Bytes that a training may ask for.
    pub memory_bytes: Option<u64>,
}

/// What keeps a daemon from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder cannot be made.
    #[error("{}: {error}; name another folder with --state", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The history cannot be opened.
    #[error("{0}")]
    History(#[from] HistoryError),
    /// Artifacts cannot be kept.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// A daemon at work, without a socket.
pub struct Running {
    /// By which users reach the supervisor.
    pub control: ControlPort,
    /// What happened.
    pub history: Arc<History>,
    /// Where artifacts are.
    pub store: Store,
    /// Makes plans of job files.
    pub planner: Planner,
    arbiters: Vec<Arbiter>,
}

impl House {
    /// Opens the history and starts the agents; jobs that are not over are gone on with. Only within an actix system.
    pub fn start(&self, tell: Arc<dyn Fn(Told<'_>) + Send + Sync>) -> Result<Running, StartError> {
        self.start_over(self.open()?, TakesUp::All, tell)
    }

    /// Opens the history.
    pub(crate) fn open(&self) -> Result<Arc<History>, StartError> {
        let (history, opened) = History::open(&folder(&self.folder, "history")?)?;
        tell_of(&opened);
        Ok(Arc::new(history))
    }

    /// Starts the agents over a history that is open.
    pub(crate) fn start_over(
        &self,
        history: Arc<History>,
        takes_up: TakesUp,
        tell: Arc<dyn Fn(Told<'_>) + Send + Sync>,
    ) -> Result<Running, StartError> {
        let store = Store::open(folder(&self.folder, "artifacts")?)?;
        let arbiters: Vec<Arbiter> = (0..4).map(|_| Arbiter::new()).collect();
        let [supervisor, proposal, training, evaluation] = [0, 1, 2, 3].map(|n: usize| arbiters[n].handle());
        let factories = Factories {
            proposal: self.proposal(proposal, &store),
            training: self.training(training, &store)?,
            evaluation: self.evaluation(evaluation, &store)?,
        };
        let config = automcu_supervisor::Config {
            jobs_at_work: self.capacity.jobs_at_work.get() as usize,
            most_jobs: self.capacity.most_jobs.get() as usize,
            takes_up,
        };
        let hands = automcu_supervisor::Hands {
            history: Arc::clone(&history),
            store: store.clone(),
            clock: Arc::clone(&self.clocks.wall_ms),
            tell,
            factories,
        };
        let control = automcu_supervisor::spawn(&supervisor, config, hands);
        let planner = Planner {
            data: Arc::clone(&self.data),
            targets: self.targets.clone(),
            store: store.clone(),
            history: Arc::clone(&history),
            judges: self.judges.iter().map(|judge| judge.identity().name.to_owned()).collect(),
            slots: self.capacity.slots.get(),
            threads: self.capacity.threads,
            memory_bytes: self.capacity.memory_bytes,
            asks_a_model: self.language.is_some(),
            macs_a_second: MACS_A_SECOND * f64::from(self.capacity.threads.get()),
        };
        Ok(Running { control, history, store, planner, arbiters })
    }

    fn proposal(
        &self,
        arbiter: actix::ArbiterHandle,
        store: &Store,
    ) -> Box<dyn Fn(automcu_contract::SupervisorPort) -> automcu_contract::ProposalPort + Send> {
        let catalogue = self.targets.clone();
        let targets = Arc::new(move |name: &str| catalogue.find(name).ok().map(Part::core));
        let record = self.folder.join("llm");
        let models = self.language.clone().map(|endpoint| models(endpoint, record, Arc::clone(&self.clocks.wall_ms)));
        let hands = automcu_proposal::Hands { store: store.clone(), targets, models };
        let most_jobs = self.capacity.jobs_at_work.get() as usize;
        let config = automcu_proposal::Config { most_waiting: WAITING, most_jobs, at_once: PROPOSALS };
        Box::new(move |port| automcu_proposal::spawn(&arbiter, config, hands.clone(), port))
    }

    fn training(
        &self,
        arbiter: actix::ArbiterHandle,
        store: &Store,
    ) -> Result<Box<dyn Fn(automcu_contract::SupervisorPort) -> automcu_contract::TrainingPort + Send>, StartError>
    {
        let config = automcu_training::Config {
            slots: self.capacity.slots.get(),
            most_waiting: WAITING,
            retries: RETRIES,
            pause: PAUSE,
            grace_s: GRACE_S,
            folder: folder(&self.folder, "attempts")?,
        };
        let hands = automcu_training::Hands {
            executor: Arc::clone(&self.executor),
            store: store.clone(),
            clock: Arc::clone(&self.clocks.steady),
        };
        Ok(Box::new(move |port| automcu_training::spawn(&arbiter, config.clone(), hands.clone(), port)))
    }

    fn evaluation(
        &self,
        arbiter: actix::ArbiterHandle,
        store: &Store,
    ) -> Result<Box<dyn Fn(automcu_contract::SupervisorPort) -> automcu_contract::EvaluationPort + Send>, StartError>
    {
        let slots = |slots, deadline| automcu_evaluation::Slots { slots, most_waiting: WAITING, deadline };
        let threads = self.capacity.threads.get() * self.capacity.slots.get();
        let config = automcu_evaluation::Config {
            screening: slots(self.capacity.screenings.get(), SCREENING),
            verification: slots(1, VERIFICATION),
            patience: Patience::default(),
            threads: NonZero::new(threads as usize).expect("a product of such"),
            samples_bytes: SAMPLES_BYTES,
            folder: folder(&self.folder, "builds")?,
        };
        let hands = automcu_evaluation::Hands {
            judges: self.judges.clone(),
            targets: self.targets.clone(),
            tools: self.tools.clone(),
            store: store.clone(),
            clock: Arc::clone(&self.clocks.steady),
        };
        Ok(Box::new(move |port| automcu_evaluation::spawn(&arbiter, config.clone(), hands.clone(), port)))
    }
}

impl Running {
    /// Trainings are waited for so long when the daemon ends.
    pub const DRAIN: Duration = Duration::from_secs(60);

    /// Ends: trainings stop where they can be gone on with, and what is written is on the disk.
    pub async fn end(self) {
        let drained = tokio::time::timeout(Self::DRAIN, self.control.drain.send(Drain)).await;
        if !matches!(drained, Ok(Ok(()))) {
            warn!("trainings did not stop in time; they go on from their last checkpoint when the daemon is back");
        }
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        for arbiter in self.arbiters {
            // An arbiter that has panicked has ended as well.
            let _ = arbiter.join();
        }
    }
}

fn folder(state: &Path, name: &str) -> Result<PathBuf, StartError> {
    let path = state.join(name);
    fs::create_dir_all(&path).map_err(|error| StartError::Folder { path: path.clone(), error })?;
    Ok(path)
}

fn tell_of(opened: &Opened) {
    info!(opened = ?opened, "history opened");
}
