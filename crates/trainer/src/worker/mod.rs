//! The worker: one attempt in a process of its own. A request comes in, events go out as lines of JSON; a driver that crashes or
//! memory that runs out takes this attempt along, and nothing else.
//!
//! The request is one line on standard input. After it `stop` may come: the worker writes a checkpoint and ends. The end of
//! standard input says the same, so that a worker never outlives whoever started it. Events go to a stream of their own;
//! standard output and standard error are left for what libraries say.

mod energy;
mod protocol;

use std::{
    fs::{self, File, TryLockError},
    io::{self, BufRead, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use automcu_dataset::{DatasetError, Options, Part, Source, SplitError};
use automcu_model::{Refusals, Spec};

use crate::{
    checkpoint::{Checkpoint, CheckpointError, Preparation, Subject},
    kernels::Isa,
    recipe::RecipeError,
    training::{End, Event as Happening, Summary, Task, TrainError, Trainer, Wish},
};
use energy::Meter;
pub use protocol::{Cause, Conditions, Event, PROTOCOL, Request, Splitting};

/// The longest request.
const LONGEST_REQUEST: u64 = 1 << 20;
/// Progress is told at most so often, and a heartbeat at least so often, in seconds.
const BETWEEN_PROGRESS: f64 = 0.5;
const BETWEEN_HEARTBEATS: Duration = Duration::from_secs(2);
/// The most seconds that a worker may take to end.
const MOST_GRACE: f64 = 3600.0;

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
    /// The folder of the checkpoint cannot be had.
    #[error("{}: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Another worker writes there.
    #[error("{}: another training writes here; wait for it, or name another folder", .0.display())]
    Taken(PathBuf),
    /// The limit of memory cannot be set.
    #[error("memory cannot be limited to {bytes} bytes: {error}; leave the limit out")]
    Limit {
        /// The limit.
        bytes: u64,
        /// Why not.
        error: io::Error,
    },
    /// Nobody reads the events.
    #[error("events cannot be written: {0}")]
    Unheard(io::Error),
}

impl WorkerError {
    /// What is to blame.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Data(DatasetError::Read { error, .. }) => cause_of(error, Cause::Data),
            Self::Checkpoint(CheckpointError::Read { error, .. }) => cause_of(error, Cause::Request),
            Self::Checkpoint(CheckpointError::Write { .. }) => Cause::Storage,
            Self::Data(_) | Self::Split(_) => Cause::Data,
            Self::Train(TrainError::Diverged { .. }) => Cause::Divergence,
            Self::Folder { .. } | Self::Taken(_) | Self::Unheard(_) => Cause::Storage,
            Self::Checkpoint(_)
            | Self::Train(_)
            | Self::Request(_)
            | Self::Version(_)
            | Self::Spec(_)
            | Self::Recipe(_)
            | Self::OtherSubject { .. }
            | Self::Limit { .. } => Cause::Request,
        }
    }
}

/// What is to blame for a file that cannot be read; `missing` where it is not there.
fn cause_of(error: &io::Error, missing: Cause) -> Cause {
    match error.kind() {
        io::ErrorKind::NotFound => missing,
        io::ErrorKind::OutOfMemory => Cause::Memory,
        _ => Cause::Storage,
    }
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
///
/// It is for a process of its own: the end of `input` stops it, a limit of memory is set for the whole process, and one that hangs
/// after it was stopped is aborted.
pub fn work<W: Write + Send + 'static>(
    input: impl Read + Send + 'static,
    events: W,
    clock: fn() -> Duration,
) -> Result<Summary, WorkerError> {
    let telling = Telling(Arc::new(Mutex::new(events)));
    let done = attempt(input, &telling, clock);
    let last = match &done {
        Ok((summary, energy_j)) => Event::Result { summary: summary.clone(), energy_j: *energy_j },
        Err(error) => Event::Error { cause: error.cause(), message: error.to_string() },
    };
    // If nobody hears the last word, the exit status still says it.
    telling.tell(&last).map_err(WorkerError::Unheard)?;
    done.map(|(summary, _)| summary)
}

fn attempt<W: Write + Send + 'static>(
    input: impl Read + Send + 'static,
    telling: &Telling<W>,
    clock: fn() -> Duration,
) -> Result<(Summary, Option<f64>), WorkerError> {
    let hello = Event::Hello { version: PROTOCOL, process: std::process::id(), vectors: Isa::best().name().to_owned() };
    telling.tell(&hello).map_err(WorkerError::Unheard)?;
    let mut input = io::BufReader::new(input);
    let request = request(&mut input)?;
    if let Some(bytes) = request.conditions.memory_bytes {
        limit_memory(bytes).map_err(|error| WorkerError::Limit { bytes, error })?;
    }
    let (end, ended) = channel::<()>();
    let is_to_stop = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&is_to_stop);
    let grace = Duration::from_secs_f64(request.grace_s);
    thread::spawn(move || {
        // Whatever ends the input ends the attempt: a word, a closed pipe, an error.
        let mut word = String::new();
        let _ = input.take(64).read_line(&mut word);
        stop.store(true, Ordering::Relaxed);
        // Whatever it hangs in, nobody may be left to end it.
        if ended.recv_timeout(grace) == Err(RecvTimeoutError::Timeout) {
            std::process::abort();
        }
    });
    let beating = beat(telling.clone());
    let done = train(&request, telling, clock, &is_to_stop);
    let energy = beating.stop();
    drop(end);
    let Done { summary, was_begun_before } = done?;
    // What was taken before is not known.
    Ok((summary, energy.filter(|_| !was_begun_before)))
}

/// The most memory that this process may ask for. An allocation beyond it fails, which ends the process.
fn limit_memory(bytes: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Data).maximum;
    Ok(setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum })?)
}

/// Tells every other second that the worker lives, whatever it computes, and reads the meter.
struct Beating {
    stop: Sender<()>,
    thread: thread::JoinHandle<Option<Meter>>,
}

fn beat<W: Write + Send + 'static>(telling: Telling<W>) -> Beating {
    let (stop, stopped) = channel();
    let mut meter = Meter::new(Path::new(energy::COUNTERS));
    let thread = thread::spawn(move || {
        let mut is_heard = true;
        while stopped.recv_timeout(BETWEEN_HEARTBEATS) == Err(RecvTimeoutError::Timeout) {
            is_heard = is_heard && telling.tell(&Event::Heartbeat).is_ok();
            if let Some(meter) = &mut meter {
                meter.read();
            }
        }
        meter
    });
    Beating { stop, thread }
}

impl Beating {
    /// Ends it; the energy until now, where it can be read.
    fn stop(self) -> Option<f64> {
        drop(self.stop);
        let mut meter = self.thread.join().ok()??;
        meter.read();
        Some(meter.joules())
    }
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
    let conditions = request.conditions;
    let times = [conditions.deadline_s, conditions.checkpoint_every_s, request.grace_s];
    if !times.into_iter().all(is_time) || request.grace_s > MOST_GRACE || !(1..=256).contains(&conditions.threads) {
        return Err(WorkerError::Request(
            "give times above 0, an hour of grace at most, and 1 to 256 threads".to_owned(),
        ));
    }
    let conditions = Conditions { recipe: conditions.recipe.checked()?, ..conditions };
    Ok(Request { conditions, ..request })
}

fn train<W: Write + Send + 'static>(
    request: &Request,
    telling: &Telling<W>,
    clock: fn() -> Duration,
    is_to_stop: &AtomicBool,
) -> Result<Done, WorkerError> {
    let begun = clock();
    let conditions = &request.conditions;
    let _lock = lock(&request.checkpoint)?;
    let spec = Spec::from_json(request.spec.to_string().as_bytes()).map_err(WorkerError::Spec)?;
    let graph = spec.lower().map_err(WorkerError::Spec)?;
    let options = Options { left_out: conditions.left_out, ..Options::default() };
    let samples = Source::open_with(&conditions.data, options)?.read(Part::Train)?;
    let split = conditions.split.of(&samples)?;
    let task = Task {
        graph: &graph,
        samples: samples.borrowed(),
        split: &split,
        recipe: &conditions.recipe,
        seed: request.seed,
        threads: conditions.threads as usize,
        loaders: 0,
        isa: Isa::best(),
    };
    let subject = Subject {
        spec,
        recipe: conditions.recipe.clone(),
        seed: request.seed,
        threads: conditions.threads,
        vectors: Isa::best().name().to_owned(),
        split: split.digest().to_string(),
        data: conditions.data.display().to_string(),
        left_out: conditions.left_out,
        classes: samples.names().to_vec(),
        preparation: Preparation::of(&samples),
    };
    let mut trainer = Trainer::new(task)?;
    let before = before(request, &subject)?;
    let was_begun_before = matches!(before, Some(Before::Own(_)));
    let start = match before {
        Some(Before::Own(checkpoint)) => checkpoint.progress,
        Some(Before::Other(checkpoint)) => trainer.beginning_with(checkpoint.handed_out().clone()),
        None => trainer.beginning(),
    };
    let mut keeping = Keeping { request, subject: &subject, telling, clock, last: begun, told: f64::NEG_INFINITY };
    let mut failed = None;
    let trained = trainer.run(start, &clock, &mut |event| {
        let is_late = (clock() - begun).as_secs_f64() > conditions.deadline_s;
        match keeping.hear(event) {
            Ok(()) if is_late || is_to_stop.load(Ordering::Relaxed) => Wish::Stop,
            Ok(()) => Wish::GoOn,
            Err(error) => {
                failed = Some(error);
                Wish::Stop
            }
        }
    })?;
    let summary = trained.summary;
    let ended = (summary.end != End::Stopped).then(|| summary.clone());
    // Also where nobody is left to hear of it: whoever comes next goes on from it.
    let kept = keeping.write(&Checkpoint { subject: subject.clone(), progress: trained.progress, summary: ended });
    match failed {
        Some(error) => Err(error),
        None => kept.map(|()| Done { summary, was_begun_before }),
    }
}

/// What came of an attempt.
struct Done {
    summary: Summary,
    /// Whether it went on from a checkpoint of its own.
    was_begun_before: bool,
}

/// Keeps others from writing where this writes, for as long as the file is open.
fn lock(checkpoint: &Path) -> Result<File, WorkerError> {
    let folder = checkpoint.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refused = |error| WorkerError::Folder { folder: folder.to_owned(), error };
    fs::create_dir_all(folder).map_err(refused)?;
    let file = File::open(folder).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WorkerError::Taken(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
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
            Happening::Epoch { progress, share } => {
                if let Some(last) = progress.curve.last() {
                    let (validation, seconds) = (last.validation.accuracy.share, last.seconds);
                    let (epoch, loss) = (progress.epochs(), last.loss);
                    self.tell(&Event::Epoch { share, epoch, loss, validation, seconds })?;
                }
                if (now - self.last).as_secs_f64() < self.request.conditions.checkpoint_every_s {
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
