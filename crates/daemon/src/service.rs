//! The daemon with its socket: begun, kept under watch, and ended so that nothing is lost.

use std::{future::Future, net::SocketAddr, os::unix::net::UnixListener, sync::Arc, time::Duration};

use automcu_api::{BundleFile, JobFile, Place, Problem, ProblemKind};
use automcu_artifacts::{Bundle, Store};
use automcu_contract::{Beat, ControlPort};
use automcu_history::{History, HistoryError};
use automcu_model::{ArtifactId, JobId};
use automcu_supervisor::Told;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, interval, timeout},
};
use tracing::{error, info, warn};

use crate::{
    compose::{House, Running, StartError},
    http::{Desk, EventPart, Gate, Hub, LogLevel, Past, Socket, SocketError, serve},
    plan::{PlanError, Planner},
    views,
};

/// So often the supervisor is asked whether it is well.
const PULSE: Duration = Duration::from_secs(5);
/// It answers within this time, or it is not.
const ANSWER: Duration = Duration::from_secs(20);

/// What a service manager is told.
pub trait Manager {
    /// The daemon listens, and has taken up what was under way.
    fn ready(&self, status: &str);
    /// It is well: asked for so often that a hang is noticed.
    fn alive(&self);
    /// It ends, which may take so long.
    fn stopping(&self, at_most: Duration);
}

/// What a daemon is begun with.
pub struct Service {
    /// What it works with.
    pub house: House,
    /// Where it listens.
    pub listen: Listen,
    /// Who may command.
    pub gate: Gate,
    /// Where figures are handed out to anybody, beside the socket.
    pub figures: Option<SocketAddr>,
    /// What is logged.
    pub log_level: Arc<dyn LogLevel>,
    /// Who started it.
    pub manager: Box<dyn Manager>,
    /// What is done on SIGHUP.
    pub reload: Box<dyn Fn()>,
}

/// Where a daemon listens.
pub enum Listen {
    /// At a socket that it makes, and removes when it ends.
    At(Place),
    /// At one that a service manager has made, for this user.
    Inherited(UnixListener, u32),
}

impl Listen {
    fn claim(self) -> Result<Socket, SocketError> {
        match self {
            Self::At(place) => Socket::claim(&place),
            Self::Inherited(listener, owner) => Ok(Socket::inherited(listener, owner)),
        }
    }
}

/// What ends a daemon that was not asked to end.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The socket cannot be had.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The agents cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The server cannot listen.
    #[error("the socket cannot be listened at: {0}")]
    Listen(std::io::Error),
    /// Signals cannot be heard.
    #[error("signals cannot be heard: {0}")]
    Signals(std::io::Error),
    /// The supervisor does not answer any more.
    #[error("the supervisor does not answer any more; all that was acknowledged is in the history")]
    Gone,
}

impl Service {
    /// Serves until a signal ends it.
    pub fn run(self) -> Result<(), ServiceError> {
        actix::System::new().block_on(self.serve())
    }

    async fn serve(self) -> Result<(), ServiceError> {
        let Self { house, listen, gate, figures, log_level, manager, reload } = self;
        // Whoever has the socket has the folder: the other way round a second daemon would wait for the history's lock.
        let socket = listen.claim()?;
        let path = socket.path().to_owned();
        let hub = Hub::default();
        let running = house.start(telling(&hub))?;
        let desk = desk(&running, hub, log_level);
        let serving = serve(socket, desk, gate, figures).map_err(ServiceError::Listen)?;
        let stopper = serving.stopper();
        let mut signals = Signals::new().map_err(ServiceError::Signals)?;
        let server = actix::spawn(serving.run());
        info!(socket = %path.display(), state = %house.folder.display(), "listening");
        manager.ready(&format!("listening at {}", path.display()));
        let end = watch_over(&running.control, &mut signals, &*manager, &*reload).await;
        manager.stopping(Running::DRAIN);
        stopper.stop().await;
        // The server has been told to end, and how it does changes nothing any more.
        let _ = server.await;
        tokio::select! {
            () = running.end() => {}
            () = signals.end() => warn!("a second signal: ended at once; trainings go on from their last checkpoints"),
        }
        info!("ended");
        end
    }
}

fn telling(hub: &Hub) -> Arc<dyn Fn(Told<'_>) + Send + Sync> {
    let hub = hub.clone();
    Arc::new(move |told: Told<'_>| match told {
        Told::Recorded(n, event) => hub.recorded(n, event),
        Told::Progressed(progress) => hub.progressed(progress),
    })
}

/// Asks for the pulse again and again, until a signal comes or there is none.
async fn watch_over(
    control: &ControlPort,
    signals: &mut Signals,
    manager: &dyn Manager,
    reload: &dyn Fn(),
) -> Result<(), ServiceError> {
    let mut due = interval(PULSE);
    let mut answered = Instant::now();
    loop {
        tokio::select! {
            heard = signals.next() => match heard {
                Heard::End => {
                    info!("a signal: nothing more is begun, and trainings stop with their checkpoints");
                    return Ok(());
                }
                Heard::Reload => reload(),
            },
            _ = due.tick() => {
                if !control.beat.connected() {
                    error!("the supervisor has died");
                    return Err(ServiceError::Gone);
                }
                match timeout(PULSE, control.beat.send(Beat)).await {
                    Ok(Ok(_)) => answered = Instant::now(),
                    _ if answered.elapsed() > ANSWER => return Err(ServiceError::Gone),
                    _ => warn!("the supervisor is slow to answer"),
                }
                manager.alive();
            }
        }
    }
}

/// The signals that a daemon hears.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.terminate.recv() => Heard::End,
            _ = self.interrupt.recv() => Heard::End,
            _ = self.hang_up.recv() => Heard::Reload,
        }
    }

    async fn end(&mut self) {
        while self.next().await == Heard::Reload {}
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    End,
    Reload,
}

fn desk(running: &Running, hub: Hub, log_level: Arc<dyn LogLevel>) -> Desk {
    let Running { control, history, store, planner, .. } = running;
    let (planner, files, beat) = (planner.clone(), store.clone(), control.beat.clone());
    Desk {
        history: Arc::clone(history),
        past: Arc::new(Recorded(Arc::clone(history))),
        control: control.clone(),
        store: store.clone(),
        hub,
        planner: Arc::new(move |job, key| planned(&planner, &job, key)),
        files: Arc::new(move |list| listed(&files, list)),
        pulse: Arc::new(move || {
            let asked = beat.send(Beat);
            Box::pin(async move { pulse(asked).await })
        }),
        log_level,
    }
}

async fn pulse(
    asked: impl Future<Output = Result<Result<(), automcu_contract::Brief>, actix::MailboxError>>,
) -> Result<(), String> {
    match timeout(ANSWER, asked).await {
        Ok(Ok(said)) => said.map_err(|ails| ails.to_string()),
        Ok(Err(error)) => Err(format!("the supervisor: {error}")),
        Err(_) => Err("the supervisor does not answer".to_owned()),
    }
}

fn planned(planner: &Planner, job: &JobFile, key: Option<String>) -> Result<crate::plan::Planned, Problem> {
    planner.plan(job, key).map_err(|error| {
        let kind = match &error {
            PlanError::Store(_) | PlanError::History(_) => ProblemKind::Broken,
            _ => ProblemKind::JobRefused,
        };
        let problem = Problem::new(kind, error.to_string());
        match error.field() {
            Some(field) => problem.about(field),
            None => problem,
        }
    })
}

fn listed(store: &Store, list: ArtifactId) -> Result<Vec<BundleFile>, String> {
    let bundle = Bundle::read(store, list).map_err(|error| error.to_string())?;
    let files = bundle.files.into_iter();
    Ok(files
        .map(|file| BundleFile { path: file.path, digest: views::digest(file.artifact), bytes: file.bytes })
        .collect())
}

/// What is in the history.
struct Recorded(Arc<History>);

impl Past for Recorded {
    fn events(&self, job: JobId, after: u64, limit: usize) -> Result<EventPart, HistoryError> {
        let part = self.0.events(job, after, limit)?;
        Ok(EventPart { items: part.items, next: part.next })
    }
}
