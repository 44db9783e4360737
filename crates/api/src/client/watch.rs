//! Watching: a stream that is taken up again where it broke.

use std::{collections::VecDeque, time::Duration};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{sleep, timeout};

use super::{Asked, Client, ClientError};
use crate::{HEARTBEAT_S, endpoints::Name, events::Notice, ids::JobId, sse::Reader};

/// So often in a row a stream is taken up again without anything coming.
const TRIES: u32 = 6;
/// The pause before the first time; before each next one it is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// A stream that has not even said that it is there for so long is dead.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT_S);

/// A stream of notices.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    job: Option<JobId>,
    after: u64,
    live: Option<(Incoming, Reader)>,
    waiting: VecDeque<Notice>,
    failures: u32,
    /// A daemon that was never there is not waited for.
    was_live: bool,
    is_over: bool,
}

impl Watch {
    pub(super) fn of_job(client: Client, job: JobId, after: u64) -> Self {
        Self { job: Some(job), after, ..Self::of_all(client) }
    }

    pub(super) const fn of_all(client: Client) -> Self {
        let waiting = VecDeque::new();
        Self { client, job: None, after: 0, live: None, waiting, failures: 0, was_live: false, is_over: false }
    }

    /// The number of the last event that was given.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.after
    }

    /// The next notice; none when the job is over. Where the connection breaks, it is made again, and no event of a watched job
    /// is left out or given twice.
    pub async fn next(&mut self) -> Result<Option<Notice>, ClientError> {
        loop {
            while let Some(notice) = self.waiting.pop_front() {
                if self.is_news(&notice) {
                    return Ok(Some(notice));
                }
            }
            if self.is_over {
                return Ok(None);
            }
            match self.more().await {
                Ok(()) => {}
                Err(error) if self.was_live && error.is_passing() => self.pause(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    fn is_news(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Event(event) if self.job.is_some() => {
                let is_new = event.n > self.after;
                self.after = self.after.max(event.n);
                is_new
            }
            Notice::Over(_) => {
                self.is_over = true;
                true
            }
            _ => true,
        }
    }

    async fn more(&mut self) -> Result<(), ClientError> {
        let (mut body, mut reader) = match self.live.take() {
            Some(live) => live,
            None => (self.begin().await?, Reader::default()),
        };
        self.was_live = true;
        let ended = || ClientError::Broken("the stream ended".into());
        let frame = timeout(SILENCE, body.frame()).await;
        let frame = frame.map_err(|_| ClientError::TimedOut { waited_s: SILENCE.as_secs() })?.ok_or_else(ended)?;
        let frame = frame.map_err(|error| ClientError::Broken(error.to_string()))?;
        for frame in reader.feed(frame.data_ref().map_or(&[], |bytes| bytes))? {
            self.failures = 0;
            self.waiting.extend(Notice::read(&frame)?);
        }
        self.live = Some((body, reader));
        Ok(())
    }

    async fn begin(&self) -> Result<Incoming, ClientError> {
        let after = self.after.to_string();
        let asked = match self.job {
            Some(job) => Asked::new(Name::JobEvents, job).stream(Some(&after)),
            None => Asked::new(Name::AllEvents, "").stream(None),
        };
        self.client.begun(asked).await.map(hyper::Response::into_body)
    }

    /// Waits a little before the stream is taken up again, or gives up.
    async fn pause(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.failures += 1;
        if self.failures >= TRIES {
            return Err(ClientError::Lost { tries: self.failures, last: Box::new(error) });
        }
        sleep(PAUSE * 2_u32.pow(self.failures - 1)).await;
        Ok(())
    }
}
