//! The server, started on this computer and ended with whoever started it.

use std::{
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::{Context, bail};

use super::build::built;
use crate::process::{Program, Running};

/// The tokens that a conversation may have, answer and all.
pub(crate) const CONTEXT: u32 = 16_384;
/// How often it is asked whether it is ready, and how long it takes between two times.
const ASKED: u32 = 240;
const BETWEEN: Duration = Duration::from_millis(250);

/// A language model of random weights that is being served.
pub(crate) struct Server {
    address: SocketAddr,
    _program: Running,
}

impl Server {
    /// Builds what is missing, starts, and waits until it answers. What it says goes to `target/needs/llama/server.log`.
    pub(crate) fn start(root: &Path, seed: u32, minutes: u64) -> anyhow::Result<Self> {
        let built = built(root, seed, minutes)?;
        let address = free()?;
        let port = address.port().to_string();
        // Two conversations at a time share what there is.
        let context = (2 * CONTEXT).to_string();
        let weights = built.weights.to_string_lossy();
        let arguments = [
            "--model",
            &*weights,
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "-c",
            &context,
            "-np",
            "2",
            "-t",
            "1",
            "--no-warmup",
        ];
        let log = root.join("target/needs/llama/server.log");
        let log = File::create(&log).with_context(|| log.display().to_string())?;
        let mut program = Program::new(&built.server, &arguments, minutes).start(log)?;
        for _ in 0..ASKED {
            program.check()?;
            if is_ready(address) {
                return Ok(Self { address, _program: program });
            }
            pause();
        }
        bail!("llama-server is not ready after {} s", (BETWEEN * ASKED).as_secs())
    }

    /// What stands before `/chat/completions`.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

#[expect(clippy::disallowed_methods, reason = "a chore has no clock but the computer's")]
fn pause() {
    std::thread::sleep(BETWEEN);
}

/// An address that nobody listens at.
fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Whether the server says that it is well.
fn is_ready(address: SocketAddr) -> bool {
    let said = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, BETWEEN)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut said = String::new();
        stream.take(4096).read_to_string(&mut said)?;
        Ok(said)
    };
    said().is_ok_and(|said| said.lines().next().is_some_and(|line| line.contains(" 200 ")))
}
