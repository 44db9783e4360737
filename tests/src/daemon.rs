//! A daemon of a story: a process of its own, in a temporary folder, reached through its socket.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    os::{fd::OwnedFd, unix::net::UnixListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use automcu_api::{Client, Health, JobDetail, JobId};
use rustix::process::{Pid, Signal, kill_process};

use crate::program;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Where a daemon lives; daemons come and go.
#[derive(Debug)]
pub struct Lair {
    folder: PathBuf,
    figures: SocketAddr,
    /// What more is configured.
    configured: String,
}

/// A daemon. Dropped, it is killed.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
}

impl Lair {
    /// In this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        // A port that nobody listens at now.
        let figures = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self { folder: folder.to_owned(), figures: figures.expect("a port"), configured: String::new() }
    }

    /// The same with more in its configuration.
    #[must_use]
    pub fn configured(self, configured: String) -> Self {
        Self { configured, ..self }
    }

    /// What its history, artifacts and trainings lie in.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Where its figures are handed out.
    #[must_use]
    pub fn figures(&self) -> SocketAddr {
        self.figures
    }

    /// What it said.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Speaks with whoever serves there.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.socket())
    }

    /// Starts one, which is not waited for.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a daemon is a process that outlives what is asked of it")]
    pub fn start(&self) -> Daemon {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).expect("a log");
        let child = Command::new(program())
            .args(["serve", "--log-format", "json", "--state"])
            .arg(self.state())
            .arg("--socket")
            .arg(self.socket())
            .env("AUTOMCU_CONFIG", self.configuration())
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Daemon { child: child.expect("the program is built with the tests") }
    }

    /// Starts one that is handed the socket that it listens at, as systemd does.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a daemon is a process that outlives what is asked of it")]
    pub fn activated(&self, listener: &UnixListener) -> Daemon {
        let listener = OwnedFd::from(listener.try_clone().expect("a socket"));
        let handed = r#"LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" serve --state "$1" 3<&0 0</dev/null"#;
        let child = Command::new("/bin/sh")
            .args(["-c", handed])
            .arg(program())
            .arg(self.state())
            .env("AUTOMCU_CONFIG", self.configuration())
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .stdin(listener)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Daemon { child: child.expect("a shell") }
    }

    /// Starts one, and waits until it is well.
    pub async fn awake(&self) -> Daemon {
        let daemon = self.start();
        self.health().await;
        daemon
    }

    /// Waits until the daemon is well.
    pub async fn health(&self) -> Health {
        let mut waited = Duration::ZERO;
        loop {
            match self.client().health().await {
                Ok(health) if health.is_well => return health,
                _ if waited > PATIENCE => panic!("no daemon is well:\n{}", self.log()),
                _ => {
                    tokio::time::sleep(LOOK).await;
                    waited += LOOK;
                }
            }
        }
    }

    /// Waits until a job is over.
    pub async fn over(&self, job: JobId) -> JobDetail {
        self.reaches(job, |detail| detail.job.state.is_final()).await
    }

    /// Waits until a job is as it should be.
    pub async fn reaches(&self, job: JobId, is_so: impl Fn(&JobDetail) -> bool) -> JobDetail {
        let mut waited = Duration::ZERO;
        loop {
            match self.client().job(job).await {
                Ok(detail) if is_so(&detail) => return detail,
                found if waited > PATIENCE => panic!("{job} does not come so far: {found:?}\n{}", self.log()),
                _ => {
                    tokio::time::sleep(LOOK).await;
                    waited += LOOK;
                }
            }
        }
    }

    fn configuration(&self) -> PathBuf {
        let path = self.folder.join("config.toml");
        let figures = self.figures;
        let text = format!("version = 1\n[judges]\nwhich = [\"plan\"]\n[metrics]\nlisten = \"{figures}\"\n");
        let text = text + &self.configured;
        std::fs::write(&path, text).expect("writable");
        path
    }
}

impl Daemon {
    /// The process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as a power cut would.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().expect("it ends");
    }

    /// Waits until it has ended by itself; its exit status.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    /// Asks it to end, and waits; its exit status.
    pub fn end(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.child.wait().expect("it ends").code()
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // One that has ended already is what is wanted.
        let _ = kill_process(id.expect("a process"), signal);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
