//! What programs say, read to the end so that they never wait for a reader, and kept within bounds.

use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

/// What a program said on one of its outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// As much of it as was kept, as text.
    pub text: String,
    /// Whether there was more.
    pub was_cut: bool,
}

impl Said {
    /// The last line that says anything.
    pub(crate) fn last_words(&self) -> Option<&str> {
        self.text.lines().rev().map(str::trim).find(|line| !line.is_empty())
    }
}

/// Which bytes of a stream are kept, and at most how many.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// Half of them the first, with what the program began with, and half the last, with what it ended with.
    Ends(usize),
    Last(usize),
}

/// What is read of a stream while it is read.
pub(crate) struct Output {
    kept: Arc<Mutex<Kept>>,
    end: Receiver<()>,
}

#[derive(Default)]
struct Kept {
    first: Vec<u8>,
    last: VecDeque<u8>,
    was_cut: bool,
}

impl Kept {
    fn take(&mut self, part: &[u8], keep: Keep) {
        let (most_first, most_last) = match keep {
            Keep::Ends(most) => (most / 2, most - most / 2),
            Keep::Last(most) => (0, most),
        };
        let room = most_first.saturating_sub(self.first.len()).min(part.len());
        self.first.extend(&part[..room]);
        self.last.extend(&part[room..]);
        let surplus = self.last.len().saturating_sub(most_last);
        self.last.drain(..surplus);
        self.was_cut |= surplus > 0;
    }

    fn text(&self) -> String {
        let mut bytes = self.first.clone();
        // What stands on both sides of a gap is not one line.
        if self.was_cut && !bytes.is_empty() {
            bytes.push(b'\n');
        }
        bytes.extend(&self.last);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Output {
    /// Reads a stream to its end, and keeps some of it.
    pub(crate) fn of(mut stream: impl Read + Send + 'static, keep: Keep) -> io::Result<Self> {
        let (sender, end) = channel::<()>();
        let output = Self { kept: Arc::default(), end };
        let kept = Arc::clone(&output.kept);
        thread::Builder::new().spawn(move || {
            // Dropped with the thread, which is the sign that all was read.
            let _sender = sender;
            let mut part = [0; 8192];
            // What cannot be read any more is not kept; how the program ended says the rest.
            while let Ok(count @ 1..) = stream.read(&mut part) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).take(&part[..count], keep);
            }
        })?;
        Ok(output)
    }

    /// What was said, up to the end of the stream. A descendant that left the group may hold it open for ever: then what
    /// was said until now.
    pub(crate) fn said(self, patience: Duration) -> Said {
        let is_whole = !matches!(self.end.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Said { text: kept.text(), was_cut: kept.was_cut || !is_whole }
    }
}
