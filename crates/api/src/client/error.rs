//! Why a request has no answer.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{PROTOCOL, SOCKET_PATH_BYTES, problem::Problem, sse::FrameError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No daemon is there.
    #[error("{}: no daemon answers ({error}); start one with `automcu serve`, or name another socket with --socket", socket.display())]
    Unreachable {
        /// Where.
        socket: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The socket is another user's.
    #[error("{}: this user may not use the daemon's socket; join its group, or start a daemon of your own", socket.display())]
    NotAllowed {
        /// Which.
        socket: PathBuf,
    },
    /// No socket can be there.
    #[error("{}: longer than {SOCKET_PATH_BYTES} bytes, which no socket's path may be; use a shorter one", socket.display())]
    PathTooLong {
        /// Which.
        socket: PathBuf,
    },
    /// The other side speaks otherwise.
    #[error("the daemon speaks {}, and this program protocol {PROTOCOL}; use programs of one version", spoken(theirs.as_deref()))]
    Protocol {
        /// What it says of itself.
        theirs: Option<String>,
    },
    /// The daemon refuses.
    #[error("{0}")]
    Refused(Problem),
    /// The answer takes too long.
    #[error("no answer within {waited_s} s; the daemon may still do what was asked")]
    TimedOut {
        /// How long was waited.
        waited_s: u64,
    },
    /// The answer is too long.
    #[error("an answer of more than {most} bytes, which is more than is taken")]
    TooLong {
        /// How much is taken.
        most: usize,
    },
    /// The connection broke.
    #[error("the connection to the daemon broke: {0}; it may have ended")]
    Broken(String),
    /// A stream cannot be taken up again.
    #[error("the daemon was lost {tries} times in a row: {last}")]
    Lost {
        /// How often it was tried.
        tries: u32,
        /// What happened the last time.
        last: Box<Self>,
    },
    /// The answer is none of those that are known.
    #[error("the daemon's answer is not understood: {0}")]
    NotUnderstood(String),
    /// A stream is none of notices.
    #[error("{0}")]
    Stream(#[from] FrameError),
    /// The request cannot be sent.
    #[error("the request cannot be sent: {0}")]
    Misused(String),
}

impl ClientError {
    pub(crate) fn unreachable(socket: &Path, error: io::Error) -> Self {
        let socket = socket.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NotAllowed { socket },
            _ => Self::Unreachable { socket, error },
        }
    }

    /// Whether the same may come through a little later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Broken(_) => true,
            Self::Refused(problem) => problem.status == 503,
            _ => false,
        }
    }
}

fn spoken(theirs: Option<&str>) -> String {
    theirs.map_or_else(|| "no protocol of ours".to_owned(), |theirs| format!("protocol {theirs}"))
}
