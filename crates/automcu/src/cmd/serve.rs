//! `automcu serve`.

use std::{os::unix::net::UnixListener, path::PathBuf, sync::Arc, time::Duration};

use automcu_daemon::{
    Listen, Manager, Service,
    http::{Gate, LogLevel, LogLevelError},
};
use automcu_settings::{Environment, Settings};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use tracing::{info, warn};

use crate::{
    Host,
    cli::Serve,
    configured::Configured,
    house::house,
    input,
    judges::Workshop,
    logging::{Form, LogHandle, install},
    outcome::{Failure, Outcome},
};

/// Who reads the log.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    /// A person, at a terminal.
    pub(crate) is_watched: bool,
    /// The journal.
    pub(crate) is_journal: bool,
}

pub(crate) fn run(
    arguments: &Serve,
    config: Option<PathBuf>,
    environment: &Environment,
    settings: &Settings,
    host: &Host<'_>,
    workshop: &Workshop<'_>,
    reader: Reader,
) -> Result<Outcome, Failure> {
    let form = Form::of(settings.log.format.value, reader.is_watched, reader.is_journal);
    let log = install(&settings.log.level.value, form).map_err(|error| Failure::Serve(error.to_string()))?;
    let targets = input::catalogue(settings.places.targets.value.as_deref())?;
    let folder = settings.places.state.value.clone();
    let house = house(folder, targets, settings, host, workshop)?;
    let listen = match inherited() {
        Some(listener) => Listen::Inherited(listener, environment.user()),
        None => Listen::At(settings.sockets(environment).listens()),
    };
    // Who owns the folder that the socket lies in is who runs this.
    let gate = if arguments.anyone { Gate::Everyone } else { Gate::owner(environment.user()) };
    let (flags, environment, handle) = (arguments.settings.said(), environment.clone(), log.clone());
    let reload = move || {
        let settings = Configured::of(&flags, config.clone(), &environment).map(|configured| configured.settings);
        match settings.map(|settings| handle.set(settings.log.level.value.get())) {
            Ok(Ok(())) => info!(level = handle.level(), "the configuration was read again"),
            Ok(Err(error)) => warn!(%error, "the configuration is not used"),
            Err(error) => warn!(%error, "the configuration is not used"),
        }
    };
    let service = Service {
        house,
        listen,
        gate,
        figures: settings.metrics.listen.value,
        log_level: Arc::new(Level(log)),
        manager: Box::new(Systemd),
        reload: Box::new(reload),
    };
    service.run()?;
    Ok(Outcome::Yes)
}

/// The socket that systemd listened at for us, if it started this because somebody asked there.
fn inherited() -> Option<UnixListener> {
    ListenFd::from_env().take_unix_listener(0).ok().flatten()
}

/// Systemd, where it started this; otherwise nobody is told.
struct Systemd;

impl Manager for Systemd {
    fn ready(&self, status: &str) {
        say(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    fn alive(&self) {
        say(&[NotifyState::Watchdog]);
    }

    fn stopping(&self, at_most: Duration) {
        let microseconds = u32::try_from(at_most.as_micros()).unwrap_or(u32::MAX);
        say(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(microseconds)]);
    }
}

fn say(states: &[NotifyState<'_>]) {
    // Whoever does not listen is not served worse.
    let _ = sd_notify::notify(states);
}

/// The log of this process.
struct Level(LogHandle);

impl LogLevel for Level {
    fn level(&self) -> String {
        self.0.level()
    }

    fn set(&self, level: &str) -> Result<(), LogLevelError> {
        self.0.set(level).map_err(|error| LogLevelError(error.to_string()))
    }
}
