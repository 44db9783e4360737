//! `automcu run`.

mod answer;

use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use automcu_api::{Budget, Format, Goal, JobFile, Limits, Notice, REQUEST_BYTES, Size, Span};
use automcu_daemon::{End, Errand, Planned, Watcher, run_alone};
use automcu_settings::Settings;

use super::write_json;
use crate::{
    Host, Live, Said,
    board::Board,
    cli::Run,
    house::{house, wall_ms},
    input,
    judges::Workshop,
    outcome::{Failure, Outcome},
};
use answer::Answer;

/// What is learnt where nothing else is said.
const DATA: &str = "synthetic";
const MEMORY_BYTES: u64 = 64 << 10;
const GOAL: f64 = 0.90;
const TIME_S: u64 = 240;
/// A status line is written anew at most so often.
const BETWEEN: Duration = Duration::from_millis(200);

pub(crate) fn run(
    arguments: &Run,
    stdin: &mut dyn Read,
    host: &Host<'_>,
    settings: &Settings,
    workshop: &Workshop<'_>,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let job = job(arguments, stdin)?;
    let targets = input::catalogue(arguments.catalogue.targets_dir.as_deref())?;
    let folder = arguments.state.clone().unwrap_or_else(|| settings.places.state.value.join("run"));
    let output = free(&arguments.output)?;
    let house = house(folder, targets, settings, host, workshop)?;
    let is_asked = live.is_watched && !arguments.yes && arguments.job.is_some();
    let mut watcher = Terminal {
        board: Board::default(),
        live,
        stdin: is_asked.then_some(stdin),
        clock: host.clock,
        told: Duration::ZERO,
        is_interrupted: (host.interrupts)(),
    };
    let errand = if arguments.resume { Errand::Resume } else { Errand::New(&job) };
    let end = run_alone(&house, errand, &mut watcher)?;
    watcher.finish();
    match end {
        End::Declined => Ok(Outcome::No),
        End::Interrupted(job) => Err(Failure::JobInterrupted { job: job.to_string() }),
        End::Over(detail) => {
            let bundle = detail.winner.as_ref().and_then(|winner| winner.verification.as_ref()?.bundle.as_ref());
            let laid_out =
                bundle.map(|bundle| automcu_daemon::lay_out(&house.folder, bundle, &output).map(|()| output));
            let answer = Answer { detail: *detail, bundle: laid_out.transpose()? };
            if arguments.json {
                write_json(&answer, &mut said.output)?;
            } else {
                answer.write(&mut said.output)?;
            }
            Ok(answer.outcome())
        }
    }
}

/// The job that is asked for.
fn job(arguments: &Run, stdin: &mut dyn Read) -> Result<JobFile, Failure> {
    let mut job = match &arguments.job {
        None => usual(),
        Some(path) => {
            let (name, text) = input::content(path, stdin, REQUEST_BYTES)?;
            JobFile::read(&name, Format::of(path), &text)?
        }
    };
    job.warm |= arguments.warm;
    job.seed = arguments.seed.unwrap_or(job.seed);
    Ok(job)
}

/// What is done where nothing is said.
fn usual() -> JobFile {
    let memory = Size::new(MEMORY_BYTES);
    JobFile {
        budget: Budget { ram: memory, flash: memory },
        goal: Goal::new(GOAL),
        limits: Limits { time: Span::new(TIME_S), ..Limits::default() },
        ..JobFile::new(DATA)
    }
}

/// A folder that is not there, or is empty: this one, or the first with a number behind its name.
fn free(wanted: &Path) -> Result<PathBuf, Failure> {
    const MOST: u32 = 10_000;
    let name = |n: u32| if n == 1 { wanted.to_owned() } else { PathBuf::from(format!("{}-{n}", wanted.display())) };
    let is_free = |path: &PathBuf| match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !path.exists(),
    };
    (1..=MOST).map(name).find(is_free).ok_or_else(|| Failure::Taken(wanted.to_owned()))
}

/// Whoever sits at the terminal, or reads what goes there.
struct Terminal<'t, 's> {
    board: Board,
    live: &'t mut Live<'s>,
    /// Who is asked whether the job was understood.
    stdin: Option<&'t mut dyn Read>,
    clock: fn() -> Duration,
    told: Duration,
    is_interrupted: Arc<AtomicBool>,
}

impl Terminal<'_, '_> {
    fn line(&mut self, line: &str) {
        let anew = if self.live.is_watched { "\r\x1b[K" } else { "" };
        // That nobody listens is no reason to stop.
        let _ = writeln!(self.live.sink, "{anew}{line}");
        self.told = Duration::ZERO;
    }

    fn status(&mut self) {
        let now = (self.clock)();
        if self.live.is_watched && (self.told.is_zero() || now.saturating_sub(self.told) >= BETWEEN) {
            self.told = now;
            let _ = write!(self.live.sink, "\r\x1b[K{}", self.board.status(wall_ms()));
            let _ = self.live.sink.flush();
        }
    }

    fn finish(self) {
        if self.live.is_watched {
            let _ = write!(self.live.sink, "\r\x1b[K");
        }
        let _ = self.live.sink.flush();
    }
}

impl Watcher for Terminal<'_, '_> {
    fn agrees(&mut self, planned: &Planned) -> bool {
        self.board = Board::new(planned.plan.goal, planned.plan.time_s);
        for line in shown(planned) {
            self.line(&line);
        }
        let Some(stdin) = &mut self.stdin else { return true };
        let _ = write!(self.live.sink, "Begin? [Y/n] ");
        let _ = self.live.sink.flush();
        !matches!(first_word(*stdin).as_str(), "n" | "no")
    }

    fn hears(&mut self, notice: &Notice) {
        if let Some(line) = self.board.hear(notice) {
            self.line(&line);
        }
        self.status();
    }

    fn wants_to_stop(&mut self) -> bool {
        self.status();
        self.is_interrupted.load(Ordering::Relaxed)
    }
}

/// The job as it was understood.
pub(crate) fn shown(planned: &Planned) -> Vec<String> {
    let mut lines = vec!["The job:".to_owned()];
    lines.extend(planned.shown.job.to_toml().lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}")));
    if !planned.shown.assumed.is_empty() {
        lines.push("Assumed:".to_owned());
        lines.extend(planned.shown.assumed.iter().map(|line| format!("  {line}")));
    }
    lines
}

/// The first word of what is typed next, in small letters.
fn first_word(stdin: &mut dyn Read) -> String {
    const LONGEST: usize = 64;
    let mut word = String::new();
    let mut byte = [0];
    while word.len() < LONGEST && matches!(stdin.read(&mut byte), Ok(1)) && byte[0] != b'\n' {
        word.push(char::from(byte[0]).to_ascii_lowercase());
    }
    word.trim().to_owned()
}
