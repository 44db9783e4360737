//! Attempts as processes of this computer.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use automcu_process::{Conversation, Ended, Heard as Line, Program, Status};
use automcu_trainer::{Request, WorkerEvent};
use tokio::sync::{mpsc, oneshot};

use crate::executor::{Ending, Executor, Heard, Loss, NotStarted, Started};

/// Events that wait to be heard.
const MOST_WAITING: usize = 64;
/// So often it is looked whether the attempt should stop.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// A worker ends itself when its grace is over; only one that does not is ended from here.
const MARGIN: Duration = Duration::from_secs(2);
/// What is said before a process ends that gets no memory: for values, for the stack of a thread.
const NO_MEMORY: [&str; 2] = ["memory allocation of ", "failed to spawn thread"];
/// What a worker ends itself with when its grace is over.
const ABORTED: i32 = 6;

/// Starts workers on this computer.
#[derive(Clone, Debug)]
pub struct Local {
    program: PathBuf,
    bounds: Bounds,
}

/// How long a worker may do what it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Give no sign of life.
    pub silence: Duration,
    /// Go on after its deadline; after it was asked to stop, it has as long as its request says.
    pub lateness: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { silence: Duration::from_secs(60), lateness: Duration::from_secs(60) }
    }
}

impl Local {
    /// Workers are this program with the verb `worker`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, bounds: Bounds) -> Self {
        Self { program: program.into(), bounds }
    }
}

impl Executor for Local {
    fn start(&self, request: &Request, folder: &Path) -> Result<Started, NotStarted> {
        let line = serde_json::to_string(request).map_err(|error| NotStarted(error.to_string()))?;
        let folder = std::path::absolute(folder).map_err(|error| NotStarted(error.to_string()))?;
        let program = Program::new(&self.program, folder).arg("worker");
        let talk = program.converse("--events").map_err(|error| NotStarted(error.to_string()))?;
        talk.say(&line);
        let (sender, heard) = mpsc::channel(MOST_WAITING);
        let (stop, stopped) = oneshot::channel();
        let watch = Watch {
            bounds: self.bounds,
            deadline: duration(request.conditions.deadline_s).saturating_add(self.bounds.lateness),
            grace: duration(request.grace_s),
            sender,
            stopped: Some(stopped),
            was_asked: false,
            result: None,
        };
        let watching = thread::Builder::new().spawn(move || watch.over(talk));
        watching.map_err(|error| NotStarted(format!("no thread can be started to watch a worker: {error}")))?;
        Ok(Started { heard, stop })
    }
}

/// Seconds that may be any number.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Watches over a worker.
struct Watch {
    bounds: Bounds,
    /// After so long it should have ended by itself.
    deadline: Duration,
    grace: Duration,
    sender: mpsc::Sender<Heard>,
    stopped: Option<oneshot::Receiver<()>>,
    was_asked: bool,
    /// What it said came of it.
    result: Option<Ending>,
}

impl Watch {
    fn over(mut self, talk: Conversation) {
        let loss = self.listen(&talk);
        // One that said its last word needs no more than a moment to end.
        let patience = if loss.is_some() { Duration::ZERO } else { self.bounds.lateness };
        let ending = match talk.end(patience) {
            Ok(ended) => ending(self.result, loss, self.was_asked, &ended),
            Err(error) => Ending::Lost { loss: Loss::Gone, words: error.to_string() },
        };
        // Nobody may want to know any more.
        let _ = self.sender.blocking_send(Heard::Ended(ending));
    }

    /// Hands on what it says until it says no more, or until it has to be ended.
    #[expect(clippy::disallowed_methods, reason = "a worker's bounds run on the computer's clock")]
    fn listen(&mut self, talk: &Conversation) -> Option<Loss> {
        let begun = Instant::now();
        // Silence is counted in looks: while this process is stopped or held up, nobody looks.
        let (mut silence, mut asked) = (Duration::ZERO, None::<Instant>);
        loop {
            match talk.hear(BETWEEN_LOOKS) {
                Line::Line(line) => {
                    silence = Duration::ZERO;
                    let Ok(event) = serde_json::from_str(&line) else { return Some(Loss::Babbling) };
                    self.take(event);
                }
                Line::Nothing => silence += BETWEEN_LOOKS,
                Line::Babble => return Some(Loss::Babbling),
                Line::Silence => return None,
            }
            if asked.is_none() && self.should_stop() {
                talk.say("stop");
                self.was_asked = true;
                asked = Some(Instant::now());
            }
            if asked.is_some_and(|asked| asked.elapsed() > self.grace + MARGIN) || begun.elapsed() > self.deadline {
                return Some(Loss::Late);
            }
            if silence > self.bounds.silence {
                return Some(Loss::Silent);
            }
        }
    }

    /// Whether somebody said so, or nobody is left to say or hear anything.
    fn should_stop(&mut self) -> bool {
        let is_wanted = |stopped: &mut oneshot::Receiver<()>| {
            matches!(stopped.try_recv(), Err(oneshot::error::TryRecvError::Empty))
        };
        !self.stopped.as_mut().is_some_and(is_wanted) || self.sender.is_closed()
    }

    fn take(&mut self, event: WorkerEvent) {
        match event {
            WorkerEvent::Result { summary, energy_j } => self.result = Some(Ending::Done { summary, energy_j }),
            WorkerEvent::Error { cause, message } => self.result = Some(Ending::Failed { cause, message }),
            // Another will come.
            WorkerEvent::Progress { .. } | WorkerEvent::Heartbeat => {
                let _ = self.sender.try_send(Heard::Said(event));
            }
            _ => {
                // That nobody hears is noticed in time.
                let _ = self.sender.blocking_send(Heard::Said(event));
            }
        }
    }
}

/// How an attempt ended of which this was heard, and whose process ended so.
fn ending(result: Option<Ending>, loss: Option<Loss>, was_asked: bool, ended: &Ended) -> Ending {
    let has_no_memory = NO_MEMORY.iter().any(|words| ended.errors.text.contains(words));
    let loss = match (result, loss, ended.status) {
        // What it says and how it ends agree.
        (Some(done @ Ending::Done { .. }), _, Status::Exited(0)) => return done,
        (Some(failed @ Ending::Failed { .. }), _, _) => return failed,
        (_, Some(loss), _) => loss,
        (_, None, Status::Signalled(_) | Status::Exited(1..)) if has_no_memory => Loss::OutOfMemory,
        (_, None, Status::Signalled(ABORTED)) if was_asked => Loss::Late,
        (_, None, Status::Signalled(signal)) => Loss::Signalled(signal),
        (_, None, Status::Exited(status)) => Loss::Exited(status),
        (_, None, Status::TimedOut) => Loss::Late,
    };
    Ending::Lost { loss, words: last_lines(&ended.errors.text) }
}

/// The last lines that say anything: the message of a panic stands before its last line.
fn last_lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().rev().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    lines.reverse();
    lines.join("; ")
}
