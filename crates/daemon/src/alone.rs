//! One job without a socket: the same agents, in this process, until the job is over.

use std::{path::Path, sync::Arc, time::Duration};

use automcu_api::{JobDetail, JobFile, Notice};
use automcu_artifacts::{ArtifactId, Bundle, BundleError, StoreError};
use automcu_contract::{Beat, Command, CommandJob, ControlError, JobId, SubmitJob};
use automcu_history::{History, HistoryError};
use automcu_supervisor::{TakesUp, Told};
use tokio::sync::mpsc;

use crate::{
    compose::{House, Running, StartError},
    plan::{PlanError, Planned},
    views,
};

/// Notices that wait to be heard; more are counted and left out.
const WAITING: usize = 1 << 14;
/// So often whoever watches is asked whether to go on.
const LOOK: Duration = Duration::from_millis(100);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub enum Errand<'e> {
    /// A new job.
    New(&'e JobFile),
    /// The last job that is not over.
    Resume,
}

/// Who watches over it.
pub trait Watcher {
    /// Whether a job is begun that was understood so.
    fn agrees(&mut self, planned: &Planned) -> bool;
    /// What happens.
    fn hears(&mut self, notice: &Notice);
    /// Whether to stop; how far it is, is kept.
    fn wants_to_stop(&mut self) -> bool;
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The job is over.
    Over(Box<JobDetail>),
    /// It was not begun.
    Declined,
    /// It was interrupted, and can be resumed.
    Interrupted(automcu_api::JobId),
}

/// What keeps it from ending.
#[derive(Debug, thiserror::Error)]
pub enum AloneError {
    /// The agents cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The job cannot be carried out.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Its plan cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The supervisor does not take it.
    #[error(transparent)]
    Refused(#[from] ControlError),
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There is nothing to resume.
    #[error("no job was interrupted here; leave --resume out to begin one")]
    NothingToResume,
    /// The supervisor can go no further.
    #[error("{0}")]
    Ails(String),
    /// The supervisor has gone.
    #[error("the supervisor has ended; what it said is above")]
    Gone,
}

/// Does one errand from beginning to end.
pub fn run_alone(house: &House, errand: Errand<'_>, watcher: &mut dyn Watcher) -> Result<End, AloneError> {
    actix::System::new().block_on(async {
        let (sender, heard) = mpsc::channel(WAITING);
        let tell = Arc::new(move |told: Told<'_>| {
            let notice = match told {
                Told::Recorded(n, event) => Notice::Event(Box::new(views::event(n, event))),
                Told::Progressed(progress) => Notice::Progress(views::progress(progress)),
            };
            // Whoever is that slow hears of the state later.
            let _ = sender.try_send(notice);
        });
        let history = house.open()?;
        let resumed = match errand {
            Errand::New(_) => None,
            Errand::Resume => Some(last_open(&history)?),
        };
        // What else was interrupted here waits until it is resumed itself.
        let takes_up = resumed.map_or(TakesUp::None, TakesUp::One);
        let running = house.start_over(history, takes_up, tell)?;
        let done = accompany(&running, errand, resumed, heard, watcher).await;
        running.end().await;
        done
    })
}

async fn accompany(
    running: &Running,
    errand: Errand<'_>,
    resumed: Option<JobId>,
    mut heard: mpsc::Receiver<Notice>,
    watcher: &mut dyn Watcher,
) -> Result<End, AloneError> {
    let job = match errand {
        Errand::New(file) => {
            let planned = running.planner.plan(file, None)?;
            if !watcher.agrees(&planned) {
                return Ok(End::Declined);
            }
            let plan = running.planner.keep(&planned.plan)?;
            running.control.submit.send(SubmitJob { plan }).await.map_err(|_| AloneError::Gone)??
        }
        Errand::Resume => {
            let job = resumed.ok_or(AloneError::NothingToResume)?;
            if running.history.job(job)?.state == automcu_history::JobState::Paused {
                let command = CommandJob { job, command: Command::Resume };
                running.control.command.send(command).await.map_err(|_| AloneError::Gone)??;
            }
            job
        }
    };
    loop {
        match tokio::time::timeout(LOOK, heard.recv()).await {
            Ok(Some(notice)) => {
                watcher.hears(&notice);
                if let Notice::Event(event) = &notice
                    && event.job == views::job_id(job)
                    && event.ends_in().is_some()
                {
                    return Ok(End::Over(Box::new(detail(running, job)?)));
                }
            }
            Ok(None) => return Err(AloneError::Gone),
            Err(_) if !running.control.submit.connected() => return Err(AloneError::Gone),
            Err(_) if let Some(why) = ails(running).await => return Err(AloneError::Ails(why)),
            // A notice may have been left out.
            Err(_) if running.history.job(job)?.state.is_final() => {
                return Ok(End::Over(Box::new(detail(running, job)?)));
            }
            Err(_) => {}
        }
        if watcher.wants_to_stop() {
            return Ok(End::Interrupted(views::job_id(job)));
        }
    }
}

/// What ails the supervisor, if anything does.
async fn ails(running: &Running) -> Option<String> {
    running.control.beat.send(Beat).await.ok()?.err().map(|why| why.to_string())
}

fn last_open(history: &History) -> Result<JobId, AloneError> {
    let page = history.running(None, automcu_history::PAGE)?;
    page.items.last().map(|job| job.id).ok_or(AloneError::NothingToResume)
}

fn detail(running: &Running, id: JobId) -> Result<JobDetail, AloneError> {
    let job = running.history.job(id)?;
    let winner = job.winner.map(|winner| running.history.candidate(id, winner)).transpose()?.flatten();
    Ok(views::detail(&job, winner.as_ref(), running.history.document(id)?))
}

/// Writes the bundle with this digest to a folder that is not there yet, from the artifacts of a daemon's folder.
pub fn lay_out(state: &Path, bundle: &automcu_api::Digest, into: &Path) -> Result<(), BundleError> {
    let store = automcu_artifacts::Store::open(state.join("artifacts"))?;
    let id: ArtifactId = bundle.to_string().parse().expect("both are written as the same digits");
    Bundle::read(&store, id)?.lay_out(&store, into)
}
