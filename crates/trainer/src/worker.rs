//! The worker: one attempt in a process of its own. A request comes in, events go out as lines of JSON; a driver that crashes or
//! memory that runs out takes this attempt along, and nothing else.
//!
//! The request is one line on standard input. After it `stop` may come: the worker writes a checkpoint and ends. The end of
//! standard input says the same, so that a worker never outlives whoever started it. Events go to a stream of their own;
//! standard output and standard error are left for what libraries say.

use std::{
    io::{self, BufRead, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use automcu_dataset::{DatasetError, Part, Source, Split, SplitError};
use automcu_model::{Refusals, Spec};
use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::{Checkpoint, CheckpointError, Preparation, Subject},
    kernels::Isa,
    recipe::{Recipe, RecipeError},
    training::{End, Event as Happening, Summary, Task, TrainError, Trainer, Wish},
};

/// The version of requests and events.
pub const PROTOCOL: u32 = 1;
/// The longest request.
const LONGEST_REQUEST: u64 = 1 << 20;
/// Progress is told at most so often, and a heartbeat at least so often, in seconds.
const BETWEEN_PROGRESS: f64 = 0.5;
const BETWEEN_HEARTBEATS: Duration = Duration::from_secs(2);

/// What is asked of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The version of the protocol.
    pub version: u32,
    /// The architecture.
    pub spec: serde_json::Value,
    /// The data set: a built-in one by its name, or where it lies.
    pub data: PathBuf,
    /// How.
    pub recipe: Recipe,
    /// Decides initial weights, order and augmentation.
    pub seed: u64,
    /// Threads that compute.
    pub threads: u32,
    /// The share of training samples that validates, and the seed of the split.
    pub split: (f64, u64),
    /// Where the checkpoint is written; what is there is gone on from.
    pub checkpoint: PathBuf,
    /// A checkpoint whose weights are begun with, such as that of a lower rung.
    #[serde(default)]
    pub from: Option<PathBuf>,
    /// Seconds between checkpoints.
    pub checkpoint_every_s: f64,
    /// Seconds after which it stops, with a checkpoint.
    pub deadline_s: f64,
}

/// What a worker says: a line each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It is there.
    Hello {
        /// The version of the protocol.
        version: u32,
        /// Its process.
        process: u32,
        /// What it computes with.
        vectors: String,
    },
    /// How far it is.
    Progress {
        /// The share that is done.
        share: f64,
        /// The epoch, from 1.
        epoch: u32,
        /// The loss of a batch.
        loss: f64,
    },
    /// An epoch is done.
    Epoch {
        /// The epoch, from 1.
        epoch: u32,
        /// The mean loss of its batches.
        loss: f64,
        /// The share of right answers on the validation samples.
        validation: f64,
        /// Seconds of training until then.
        seconds: f64,
    },
    /// It lives.
    Heartbeat,
    /// Numbers went wrong; the epoch begins again at a lower rate.
    BackedOff {
        /// The epoch, from 1.
        epoch: u32,
    },
    /// A checkpoint is written.
    Checkpoint {
        /// Where.
        path: PathBuf,
        /// Epochs that it knows.
        epochs: u32,
    },
    /// It has ended.
    Result {
        /// What came of it.
        summary: Summary,
    },
    /// It has failed.
    Error {
        /// What went wrong, and what to do.
        message: String,
    },
}

/// Why a worker fails.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No request, or none that is understood.
    #[error("request: {0}")]
    Request(String),
    /// A request of another version.
    #[error(
        "request: version {0} of the protocol; this worker knows version {PROTOCOL}; start the worker of the same program"
    )]
    Version(u32),
    /// The architecture is refused.
    #[error("architecture: {0}")]
    Spec(Refusals),
    /// The recipe is refused.
    #[error("recipe: {0}")]
    Recipe(#[from] RecipeError),
    /// The data set cannot be used.
    #[error("{0}")]
    Data(#[from] DatasetError),
    /// The data set cannot be split.
    #[error("{0}")]
    Split(#[from] SplitError),
    /// Training failed.
    #[error("{0}")]
    Train(#[from] TrainError),
    /// A checkpoint cannot be read or written.
    #[error("{0}")]
    Checkpoint(#[from] CheckpointError),
    /// What is gone on from is of something else.
    #[error("{}: the checkpoint is of another {what}; name another file", path.display())]
    OtherSubject {
        /// Which.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// Nobody reads the events.
    #[error("events cannot be written: {0}")]
    Unheard(io::Error),
}

/// Where events go; shared with the heartbeat.
struct Telling<W>(Arc<Mutex<W>>);

impl<W> Clone for Telling<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Telling<W> {
    fn tell(&self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_string(event).map_err(io::Error::other)?;
        line.push('\n');
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write_all(line.as_bytes())?;
        sink.flush()
    }
}

/// Does what the request on `input` asks, and tells `events`. `clock` is the time since some moment.
pub fn work<W: Write + Send + 'static>(
    input: impl Read + Send + 'static,
    events: W,
    clock: fn() -> Duration,
) -> Result<Summary, WorkerError> {
    let telling = Telling(Arc::new(Mutex::new(events)));
    let done = attempt(input, &telling, clock);
    let last = match &done {
        Ok(summary) => Event::Result { summary: summary.clone() },
        Err(error) => Event::Error { message: error.to_string() },
    };
    // If nobody hears the last word, the exit status still says it.
    telling.tell(&last).map_err(WorkerError::Unheard).and(done)
}

fn attempt<W: Write + Send + 'static>(
    input: impl Read + Send + 'static,
    telling: &Telling<W>,
    clock: fn() -> Duration,
) -> Result<Summary, WorkerError> {
    let hello = Event::Hello { version: PROTOCOL, process: std::process::id(), vectors: Isa::best().name().to_owned() };
    telling.tell(&hello).map_err(WorkerError::Unheard)?;
    let mut input = io::BufReader::new(input);
    let request = request(&mut input)?;
    let is_to_stop = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_to_stop);
    thread::spawn(move || {
        // Whatever ends the input ends the attempt: a word, a closed pipe, an error.
        let mut word = String::new();
        let _ = input.take(64).read_line(&mut word);
        stop.store(true, Ordering::Relaxed);
    });
    let is_done = Arc::new(AtomicBool::new(false));
    let beating = beat(telling.clone(), Arc::clone(&is_done));
    let summary = train(&request, telling, clock, &is_to_stop);
    is_done.store(true, Ordering::Relaxed);
    beating.thread().unpark();
    let _ = beating.join();
    summary
}

/// Tells every other second that the worker lives, whatever it computes.
fn beat<W: Write + Send + 'static>(telling: Telling<W>, is_done: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        loop {
            thread::park_timeout(BETWEEN_HEARTBEATS);
            if is_done.load(Ordering::Relaxed) || telling.tell(&Event::Heartbeat).is_err() {
                return;
            }
        }
    })
}

fn request(input: &mut impl BufRead) -> Result<Request, WorkerError> {
    let mut line = Vec::new();
    let wrong = |error: &dyn std::fmt::Display| WorkerError::Request(error.to_string());
    input.take(LONGEST_REQUEST).read_until(b'\n', &mut line).map_err(|error| wrong(&error))?;
    let value: serde_json::Value = serde_json::from_slice(&line).map_err(|error| wrong(&error))?;
    match value.get("version").and_then(serde_json::Value::as_u64).map(u32::try_from) {
        Some(Ok(PROTOCOL)) => {}
        Some(Ok(version)) => return Err(WorkerError::Version(version)),
        _ => return Err(WorkerError::Request("it says no version".to_owned())),
    }
    let request: Request = serde_json::from_value(value).map_err(|error| wrong(&error))?;
    let is_time = |seconds: f64| seconds.is_finite() && seconds > 0.0;
    if !(is_time(request.deadline_s) && is_time(request.checkpoint_every_s) && (1..=256).contains(&request.threads)) {
        return Err(WorkerError::Request("give times above 0, and 1 to 256 threads".to_owned()));
    }
    Ok(Request { recipe: request.recipe.checked()?, ..request })
}

fn train<W: Write + Send + 'static>(
    request: &Request,
    telling: &Telling<W>,
    clock: fn() -> Duration,
    is_to_stop: &AtomicBool,
) -> Result<Summary, WorkerError> {
    let begun = clock();
    let spec = Spec::from_json(request.spec.to_string().as_bytes()).map_err(WorkerError::Spec)?;
    let graph = spec.lower().map_err(WorkerError::Spec)?;
    let samples = Source::open(&request.data)?.read(Part::Train)?;
    let split = Split::stratified(samples.labels(), samples.groups(), request.split.0, request.split.1)?;
    let task = Task {
        graph: &graph,
        samples: samples.borrowed(),
        split: &split,
        recipe: &request.recipe,
        seed: request.seed,
        threads: request.threads as usize,
        loaders: 0,
        isa: Isa::best(),
    };
    let subject = Subject {
        spec,
        recipe: request.recipe.clone(),
        seed: request.seed,
        threads: request.threads,
        vectors: Isa::best().name().to_owned(),
        split: split.digest().to_string(),
        data: request.data.display().to_string(),
        classes: samples.names().to_vec(),
        preparation: Preparation::of(&samples),
    };
    let mut trainer = Trainer::new(task)?;
    let start = match before(request, &subject)? {
        Some(Before::Own(checkpoint)) => checkpoint.progress,
        Some(Before::Other(checkpoint)) => trainer.beginning_with(checkpoint.handed_out().clone()),
        None => trainer.beginning(),
    };
    let mut keeping = Keeping { request, subject: &subject, telling, clock, last: begun, told: f64::NEG_INFINITY };
    let mut failed = None;
    let trained = trainer.run(start, &clock, &mut |event| {
        let is_late = (clock() - begun).as_secs_f64() > request.deadline_s;
        match keeping.hear(event) {
            Ok(()) if is_late || is_to_stop.load(Ordering::Relaxed) => Wish::Stop,
            Ok(()) => Wish::GoOn,
            Err(error) => {
                failed = Some(error);
                Wish::Stop
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let summary = trained.summary;
    let ended = (summary.end != End::Stopped).then(|| summary.clone());
    keeping.write(&Checkpoint { subject: subject.clone(), progress: trained.progress, summary: ended })?;
    Ok(summary)
}

/// Tells what happens, and writes checkpoints when they are due.
struct Keeping<'a, W> {
    request: &'a Request,
    subject: &'a Subject,
    telling: &'a Telling<W>,
    clock: fn() -> Duration,
    last: Duration,
    told: f64,
}

impl<W: Write> Keeping<'_, W> {
    fn hear(&mut self, event: Happening<'_>) -> Result<(), WorkerError> {
        let now = (self.clock)();
        match event {
            Happening::Batch { share, loss, epoch } => {
                if now.as_secs_f64() - self.told < BETWEEN_PROGRESS {
                    return Ok(());
                }
                self.told = now.as_secs_f64();
                self.tell(&Event::Progress { share, epoch: epoch + 1, loss })
            }
            Happening::BackedOff { epoch } => self.tell(&Event::BackedOff { epoch: epoch + 1 }),
            Happening::Epoch { progress, .. } => {
                if let Some(last) = progress.curve.last() {
                    let (validation, seconds) = (last.validation.accuracy.share, last.seconds);
                    self.tell(&Event::Epoch { epoch: progress.epochs(), loss: last.loss, validation, seconds })?;
                }
                if (now - self.last).as_secs_f64() < self.request.checkpoint_every_s {
                    return Ok(());
                }
                let (subject, progress) = (self.subject.clone(), progress.clone());
                self.write(&Checkpoint { subject, progress, summary: None })
            }
        }
    }

    fn write(&mut self, checkpoint: &Checkpoint) -> Result<(), WorkerError> {
        checkpoint.write(&self.request.checkpoint)?;
        self.last = (self.clock)();
        let epochs = checkpoint.progress.epochs();
        self.tell(&Event::Checkpoint { path: self.request.checkpoint.clone(), epochs })
    }

    fn tell(&self, event: &Event) -> Result<(), WorkerError> {
        self.telling.tell(event).map_err(WorkerError::Unheard)
    }
}

enum Before {
    Own(Checkpoint),
    Other(Checkpoint),
}

/// What is gone on from, if anything is.
fn before(request: &Request, subject: &Subject) -> Result<Option<Before>, WorkerError> {
    let other = |path: &Path, what| WorkerError::OtherSubject { path: path.to_owned(), what };
    if request.checkpoint.exists() {
        let checkpoint = Checkpoint::read(&request.checkpoint)?;
        return match checkpoint.subject.difference(subject) {
            Some(what) => Err(other(&request.checkpoint, what)),
            None => Ok(Some(Before::Own(checkpoint))),
        };
    }
    let Some(path) = &request.from else { return Ok(None) };
    let checkpoint = Checkpoint::read(path)?;
    if checkpoint.subject.spec == subject.spec {
        Ok(Some(Before::Other(checkpoint)))
    } else {
        Err(other(path, "architecture"))
    }
}
