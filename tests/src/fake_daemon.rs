//! A daemon that says what a story has it say: requests over a Unix socket in, answers out, one a connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use automcu_api::{Notice, PROTOCOL, Problem, ProblemKind};
use serde::Serialize;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Method and path, with what stands behind the `?`.
    pub line: String,
    /// The headers, in small letters.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
}

impl Asked {
    /// Whether a stream is wanted.
    #[must_use]
    pub fn wants_stream(&self) -> bool {
        self.headers.iter().any(|header| header == "accept: text/event-stream")
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These bytes, with this status.
    Bytes(u16, Vec<u8>),
    /// A stream of these notices, which then stays silent for so long.
    Stream(Vec<Notice>, Duration),
    /// As a daemon of another protocol.
    Foreign(String),
}

impl Answer {
    /// This as JSON.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        Self::Bytes(200, serde_json::to_vec(value).expect("plain data"))
    }

    /// Nothing, as something was accepted.
    #[must_use]
    pub const fn accepted() -> Self {
        Self::Bytes(204, Vec::new())
    }

    /// A refusal.
    #[must_use]
    pub fn refusal(kind: ProblemKind, detail: &str) -> Self {
        Self::Bytes(kind.status(), serde_json::to_vec(&Problem::new(kind, detail)).expect("plain data"))
    }

    /// A whole stream.
    #[must_use]
    pub const fn stream(notices: Vec<Notice>) -> Self {
        Self::Stream(notices, Duration::ZERO)
    }
}

/// A daemon on a socket of its own. It runs until the process ends.
pub struct FakeDaemon {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeDaemon {
    /// A daemon that answers so; what it has no answer for is not there.
    pub fn new(answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("socket")).expect("a socket");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (requests, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                // A client that hangs up is none of the daemon's business.
                thread::spawn(move || _ = serve(stream, &requests, &*answer));
            }
        });
        Self { folder, asked }
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no request panics").clone()
    }

    /// The requests of this method.
    #[must_use]
    pub fn asked_by(&self, method: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.line.starts_with(method)).collect()
    }
}

fn serve(
    mut stream: UnixStream,
    requests: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked) -> Option<Answer> + Send + Sync),
) -> std::io::Result<()> {
    let asked = read(&stream)?;
    requests.lock().expect("no request panics").push(asked.clone());
    let answer = answer(&asked).unwrap_or_else(|| Answer::refusal(ProblemKind::NotThere, "nothing is here"));
    let head = |status: u16, protocol: &str| {
        format!("HTTP/1.1 {status} so\r\nautomcu-protocol: {protocol}\r\nconnection: close\r\n")
    };
    let ours = PROTOCOL.to_string();
    match answer {
        Answer::Bytes(status, body) => {
            // One that is accepted has no body, and no length of one.
            let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            stream.write_all(format!("{}{length}\r\n", head(status, &ours)).as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Foreign(protocol) => stream.write_all(format!("{}\r\n", head(200, &protocol)).as_bytes()),
        Answer::Stream(notices, silence) => {
            let frames: String = notices.iter().map(|notice| notice.frame(true)).collect();
            stream.write_all(format!("{}\r\n: alive\n\n{frames}", head(200, &ours)).as_bytes())?;
            // Until then, or until the client has enough.
            stream.set_read_timeout(Some(silence.max(Duration::from_millis(1))))?;
            stream.read(&mut [0]).map(drop)
        }
    }
}

fn read(stream: &UnixStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let headers: Vec<String> = lines.iter().skip(1).map(|line| line.to_ascii_lowercase()).collect();
    let length = headers.iter().find_map(|header| header.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let line = lines.first().map_or("", |line| line.trim_end_matches(" HTTP/1.1")).to_owned();
    Ok(Asked { line, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
