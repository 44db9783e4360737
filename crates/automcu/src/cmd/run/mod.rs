//! `automcu run`.

mod answer;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use automcu_api::Notice;
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
    status::Status,
    wish::{self, Consent, Wish},
};
use answer::Answer;

pub(crate) fn run(
    arguments: &Run,
    stdin: &mut dyn Read,
    host: &Host<'_>,
    settings: &Settings,
    workshop: &Workshop<'_>,
    live: &mut Live<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let targets = input::catalogue(arguments.catalogue.targets_dir.as_deref())?;
    let mut wish = Wish::read(&arguments.job, stdin, &targets)?;
    wish.job.warm |= arguments.warm;
    wish.job.seed = arguments.seed.unwrap_or(wish.job.seed);
    let folder = arguments.state.clone().unwrap_or_else(|| settings.places.state.value.join("run"));
    let output = free(&arguments.output)?;
    let house = house(folder, targets, settings, host, workshop)?;
    let consent = wish.consent(arguments.yes, host.is_answered);
    let mut watcher = Terminal {
        board: Board::default(),
        status: Status::new(live, host.clock),
        wish: &wish,
        consent,
        stdin,
        interrupts: host.interrupts,
        is_interrupted: None,
    };
    // Not only when all is done.
    fs::create_dir_all(&output).map_err(|error| Failure::Create { path: output.clone(), error })?;
    let errand = if arguments.resume { Errand::Resume } else { Errand::New(&wish.job) };
    let end = run_alone(&house, errand, &mut watcher);
    // It goes where it stayed empty.
    let is_over = matches!(&end, Ok(End::Over(_)));
    if !is_over {
        let _ = fs::remove_dir(&output);
    }
    let end = end?;
    watcher.status.finish();
    match end {
        End::Declined if consent == Consent::Missing => Err(Failure::Unconfirmed),
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
    status: Status<'t, 's>,
    wish: &'t Wish,
    consent: Consent,
    stdin: &'t mut dyn Read,
    interrupts: fn() -> Arc<AtomicBool>,
    /// From when on there is something to keep.
    is_interrupted: Option<Arc<AtomicBool>>,
}

impl Watcher for Terminal<'_, '_> {
    fn agrees(&mut self, planned: &Planned) -> bool {
        self.board = Board::new(planned.plan.goal, planned.plan.time_s);
        for line in self.wish.shown(&planned.shown) {
            self.status.line(&line);
        }
        match self.consent {
            Consent::Given => true,
            Consent::Open => wish::agrees("Begin?", self.status.live(), self.stdin),
            Consent::Missing => false,
        }
    }

    fn hears(&mut self, notice: &Notice) {
        if let Some(line) = self.board.hear(notice) {
            self.status.line(&line);
        }
        self.status.show(|| vec![self.board.status(wall_ms())]);
    }

    fn wants_to_stop(&mut self) -> bool {
        self.status.show(|| vec![self.board.status(wall_ms())]);
        self.is_interrupted.get_or_insert_with(self.interrupts).load(Ordering::Relaxed)
    }
}
