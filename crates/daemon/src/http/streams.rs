//! Streams of notices. A task each: it reads the history until it is level with what happens, hands on what happens from there, and
//! goes back to the history when it was too slow. So no event of a watched job is left out, and nothing waits for a watcher.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpResponse, http::header, rt, web::Bytes};
use automcu_api::{HEARTBEAT_S, JobState, Notice, PAGE, ProblemKind};
use automcu_model::JobId;
use tokio::{
    select,
    sync::{
        broadcast::{Receiver, error::RecvError},
        mpsc, watch,
    },
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tracing::warn;

use super::{
    desk::Desk,
    refusal::{Refusal, blocking},
    server::{State, Watching},
};
use crate::views;

/// Frames that wait for a watcher.
const WAITING: usize = 64;
/// The most streams at a time.
const STREAMS: usize = 256;

/// The watcher is gone, or the server ends.
struct Gone;

/// One watcher.
struct Stream {
    desk: Desk,
    frames: mpsc::Sender<Bytes>,
    notices: Receiver<Arc<Notice>>,
    stop: watch::Receiver<bool>,
    heartbeat: Interval,
    /// The job that is watched, and the number of its last event that was given.
    of: Option<(JobId, u64)>,
    _watching: Watching,
}

/// What a stream waits for.
enum Heard {
    Notice(Result<Arc<Notice>, RecvError>),
    Beat,
    End,
}

/// Why what happens is no longer handed on.
enum Next {
    /// The history has what was missed.
    Behind,
    /// The job is over.
    Over(JobState),
}

/// A job's stream, from after this event on.
pub(super) fn of_job(state: &State, job: JobId, after: u64) -> Result<HttpResponse, Refusal> {
    begin(state, Some((job, after)), Stream::run_of_job)
}

/// The stream of all jobs.
pub(super) fn of_all(state: &State) -> Result<HttpResponse, Refusal> {
    begin(state, None, Stream::run_of_all)
}

fn begin<F: Future<Output = Result<(), Gone>> + 'static>(
    state: &State,
    of: Option<(JobId, u64)>,
    run: impl FnOnce(Stream) -> F,
) -> Result<HttpResponse, Refusal> {
    let full = || Refusal::new(ProblemKind::Full, format!("{STREAMS} streams are open; close one"));
    let watching = state.watching(STREAMS).ok_or_else(full)?;
    let (frames, body) = mpsc::channel(WAITING);
    let mut heartbeat = interval(Duration::from_secs(HEARTBEAT_S));
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // It hears what happens from now on, so nothing falls between that and what the history has.
    let (notices, desk) = (state.desk.hub.watch(), state.desk.clone());
    let stream = Stream { desk, frames, notices, stop: state.stop.clone(), heartbeat, of, _watching: watching };
    rt::spawn(run(stream));
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(ReceiverStream::new(body).map(Ok::<_, Refusal>)))
}

impl Stream {
    async fn run_of_job(mut self) -> Result<(), Gone> {
        let Some((job, _)) = self.of else { return Ok(()) };
        loop {
            let next = match self.catch_up(job).await? {
                Some(state) => Next::Over(state),
                None => self.follow().await?,
            };
            if let Next::Over(state) = next {
                return self.put(&Notice::Over(state)).await;
            }
        }
    }

    async fn run_of_all(mut self) -> Result<(), Gone> {
        loop {
            self.follow().await?;
        }
    }

    /// Gives what the history has; the state that the job is over in, if it is.
    async fn catch_up(&mut self, job: JobId) -> Result<Option<JobState>, Gone> {
        // First the state, then the events: what was over before has no more of them.
        let history = self.desk.history.clone();
        let found = blocking(move || history.job(job)).await.map_err(|refusal| lost(job, &refusal))?;
        loop {
            let (past, after) = (self.desk.past.clone(), self.of.map_or(0, |(_, last)| last));
            let part = blocking(move || past.events(job, after, PAGE)).await.map_err(|refusal| lost(job, &refusal))?;
            for (n, event) in &part.items {
                self.put(&Notice::Event(Box::new(views::event(*n, event)))).await?;
                self.of = Some((job, *n));
            }
            if part.next.is_none() {
                return Ok(found.state.is_final().then(|| views::state(found.state)));
            }
        }
    }

    /// Hands on what happens.
    async fn follow(&mut self) -> Result<Next, Gone> {
        loop {
            let heard = select! {
                _ = self.stop.wait_for(|stopped| *stopped) => Heard::End,
                () = self.frames.closed() => Heard::End,
                _ = self.heartbeat.tick() => Heard::Beat,
                notice = self.notices.recv() => Heard::Notice(notice),
            };
            let next = match heard {
                Heard::Notice(Ok(notice)) => self.hand_on(&notice).await?,
                Heard::Notice(Err(RecvError::Lagged(count))) => {
                    self.put(&Notice::Missed(count)).await?;
                    Some(Next::Behind)
                }
                Heard::Beat => {
                    self.send(Bytes::from_static(b": alive\n\n")).await?;
                    None
                }
                Heard::End | Heard::Notice(Err(RecvError::Closed)) => return Err(Gone),
            };
            if let Some(next) = next {
                return Ok(next);
            }
        }
    }

    async fn hand_on(&mut self, notice: &Notice) -> Result<Option<Next>, Gone> {
        let Some((job, last)) = self.of else {
            self.put(notice).await?;
            return Ok(None);
        };
        match notice {
            Notice::Event(event) if event.job == views::job_id(job) && event.n > last + 1 => Ok(Some(Next::Behind)),
            Notice::Event(event) if event.job == views::job_id(job) && event.n > last => {
                self.put(notice).await?;
                self.of = Some((job, event.n));
                Ok(event.ends_in().map(Next::Over))
            }
            Notice::Progress(progress) if progress.job == views::job_id(job) => {
                self.put(notice).await?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    async fn put(&mut self, notice: &Notice) -> Result<(), Gone> {
        self.send(notice.frame(self.of.is_some()).into()).await
    }

    /// Waits for a watcher that is slow, but not when the server ends.
    async fn send(&mut self, frame: Bytes) -> Result<(), Gone> {
        select! {
            _ = self.stop.wait_for(|stopped| *stopped) => Err(Gone),
            sent = self.frames.send(frame) => sent.map_err(|_| Gone),
        }
    }
}

/// A stream that cannot go on ends; the watcher comes again.
fn lost(job: JobId, refusal: &Refusal) -> Gone {
    warn!(%job, cause = %refusal, "a stream of events ends");
    Gone
}
