//! The client: one connection a request, answers within bounds and time.

mod error;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{ACCEPT, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, time::timeout};

pub use error::ClientError;
pub use watch::Watch;

use crate::{
    KEY_HEADER, LAST_EVENT_HEADER, PROTOCOL, PROTOCOL_HEADER,
    endpoints::Name,
    events::EventView,
    ids::{CandidateId, Digest, JobId},
    job::JobFile,
    place::SOCKET_PATH_BYTES,
    problem::Problem,
    views::{
        Adjustment, Bundle, CandidateView, Health, JobDetail, JobView, LogLevel, Order, Page, Resolved, Submitted,
        Version,
    },
};

/// The most bytes of an answer that is no artifact: a page of candidates at its largest.
const ANSWER_BYTES: usize = 32 << 20;
/// How long an answer takes at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// Speaks with the daemon at a socket.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    patience: Duration,
}

/// A request before it is sent.
pub(crate) struct Asked<'a> {
    name: Name,
    part: String,
    query: Vec<(&'static str, String)>,
    body: Option<(&'static str, Vec<u8>)>,
    accepts: &'static str,
    header: Option<(&'static str, &'a str)>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(name: Name, part: impl ToString) -> Self {
        let part = part.to_string();
        Self { name, part, query: Vec::new(), body: None, accepts: "application/json", header: None }
    }

    fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    fn json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("requests are plain data with text for keys");
        Self { body: Some(("application/json", body)), ..self }
    }

    fn header(self, name: &'static str, value: Option<&'a str>) -> Self {
        Self { header: value.map(|value| (name, value)), ..self }
    }

    /// As a stream, going on after the event of this number.
    pub(crate) fn stream(self, after: Option<&'a str>) -> Self {
        Self { accepts: "text/event-stream", ..self }.header(LAST_EVENT_HEADER, after)
    }

    fn request(self) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut target = self.name.path(&self.part);
        for (at, (name, value)) in self.query.iter().enumerate() {
            target += &format!("{}{name}={}", if at == 0 { '?' } else { '&' }, escaped(value));
        }
        let mut request = Request::builder()
            .method(self.name.endpoint().method.as_str())
            .uri(target)
            .header(HOST, "localhost")
            .header(ACCEPT, self.accepts)
            .header(PROTOCOL_HEADER, PROTOCOL);
        if let Some((name, value)) = self.header {
            request = request.header(name, value);
        }
        let body = self.body.map(|(media, body)| {
            request.headers_mut().map(|headers| headers.insert(CONTENT_TYPE, media.parse().expect("a media type")));
            body
        });
        request
            .body(Full::new(body.unwrap_or_default().into()))
            .map_err(|error| ClientError::Misused(error.to_string()))
    }
}

impl Client {
    /// A client of the daemon at this socket. Nothing is sent yet.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into(), patience: PATIENCE }
    }

    /// The same, waiting at most so long for an answer.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Submits a job. The same key gives the same job, however often it is sent.
    pub async fn submit(&self, job: &JobFile, key: Option<&str>) -> Result<Submitted, ClientError> {
        self.value(Asked::new(Name::SubmitJob, "").json(job).header(KEY_HEADER, key)).await
    }

    /// The job as it would be carried out.
    pub async fn resolve(&self, job: &JobFile) -> Result<Resolved, ClientError> {
        self.value(Asked::new(Name::SubmitJob, "").json(job).with("dry_run", Some(true))).await
    }

    /// Jobs, the newest first.
    pub async fn jobs(&self, cursor: Option<&str>, limit: Option<u16>) -> Result<Page<JobView>, ClientError> {
        self.value(Asked::new(Name::ListJobs, "").with("cursor", cursor).with("limit", limit)).await
    }

    /// A job.
    pub async fn job(&self, job: JobId) -> Result<JobDetail, ClientError> {
        self.value(Asked::new(Name::ShowJob, job)).await
    }

    /// A job's candidates.
    pub async fn candidates(
        &self,
        job: JobId,
        order: Order,
        cursor: Option<&str>,
        limit: Option<u16>,
    ) -> Result<Page<CandidateView>, ClientError> {
        let order = if order == Order::Best { "best" } else { "number" };
        let asked = Asked::new(Name::ListCandidates, job).with("order", Some(order));
        self.value(asked.with("cursor", cursor).with("limit", limit)).await
    }

    /// A job's events after the one of this number.
    pub async fn events(&self, job: JobId, after: u64, limit: Option<u16>) -> Result<Page<EventView>, ClientError> {
        self.value(Asked::new(Name::JobEvents, job).with("after", Some(after)).with("limit", limit)).await
    }

    /// Watches a job: its events after the one of this number, and how far it is, until it is over.
    #[must_use]
    pub fn watch(&self, job: JobId, after: u64) -> Watch {
        Watch::of_job(self.clone(), job, after)
    }

    /// Watches all jobs from now on.
    #[must_use]
    pub fn watch_all(&self) -> Watch {
        Watch::of_all(self.clone())
    }

    /// Ends a job.
    pub async fn cancel(&self, job: JobId) -> Result<(), ClientError> {
        self.done(Asked::new(Name::CancelJob, job)).await
    }

    /// Holds a job.
    pub async fn pause(&self, job: JobId) -> Result<(), ClientError> {
        self.done(Asked::new(Name::PauseJob, job)).await
    }

    /// Goes on with a job.
    pub async fn resume(&self, job: JobId) -> Result<(), ClientError> {
        self.done(Asked::new(Name::ResumeJob, job)).await
    }

    /// Changes what a job may do.
    pub async fn adjust(&self, job: JobId, adjustment: &Adjustment) -> Result<(), ClientError> {
        self.done(Asked::new(Name::AdjustJob, job).json(adjustment)).await
    }

    /// The files of a candidate, the winner's where none is named.
    pub async fn bundle(&self, job: JobId, candidate: Option<CandidateId>) -> Result<Bundle, ClientError> {
        self.value(Asked::new(Name::ShowBundle, job).with("candidate", candidate)).await
    }

    /// The bytes of an artifact, if they are no more than this.
    pub async fn artifact(&self, digest: &Digest, most: usize) -> Result<Vec<u8>, ClientError> {
        let answer = self.whole(Asked::new(Name::Artifact, digest), most).await?;
        Ok(answer.into())
    }

    /// Whether the daemon works.
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.value(Asked::new(Name::Health, "")).await
    }

    /// Figures, as Prometheus reads them.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        let answer = self.whole(Asked::new(Name::Metrics, ""), ANSWER_BYTES).await?;
        String::from_utf8(answer.into()).map_err(|error| ClientError::NotUnderstood(error.to_string()))
    }

    /// What is logged.
    pub async fn log_level(&self) -> Result<LogLevel, ClientError> {
        self.value(Asked::new(Name::GetLogLevel, "")).await
    }

    /// Logs more or less.
    pub async fn set_log_level(&self, level: &LogLevel) -> Result<LogLevel, ClientError> {
        self.value(Asked::new(Name::SetLogLevel, "").json(level)).await
    }

    /// Who answers.
    pub async fn version(&self) -> Result<Version, ClientError> {
        self.value(Asked::new(Name::Version, "")).await
    }

    async fn value<T: DeserializeOwned>(&self, asked: Asked<'_>) -> Result<T, ClientError> {
        let answer = self.whole(asked, ANSWER_BYTES).await?;
        serde_json::from_slice(&answer).map_err(|error| ClientError::NotUnderstood(error.to_string()))
    }

    async fn done(&self, asked: Asked<'_>) -> Result<(), ClientError> {
        self.whole(asked, ANSWER_BYTES).await.map(drop)
    }

    async fn whole(&self, asked: Asked<'_>, most: usize) -> Result<Bytes, ClientError> {
        let answered = async { body_of(self.accepted(asked).await?, most).await };
        timeout(self.patience, answered).await.unwrap_or_else(|_| Err(self.late()))
    }

    /// The answer's head, if it is no refusal.
    pub(crate) async fn begun(&self, asked: Asked<'_>) -> Result<Response<Incoming>, ClientError> {
        timeout(self.patience, self.accepted(asked)).await.unwrap_or_else(|_| Err(self.late()))
    }

    const fn late(&self) -> ClientError {
        ClientError::TimedOut { waited_s: self.patience.as_secs() }
    }

    async fn accepted(&self, asked: Asked<'_>) -> Result<Response<Incoming>, ClientError> {
        let is_health = asked.name == Name::Health;
        let response = self.sent(asked.request()?).await?;
        speaks_our_protocol(&response)?;
        // A daemon that is not well says so in the same words as one that is.
        let is_answer =
            response.status().is_success() || is_health && response.status() == StatusCode::SERVICE_UNAVAILABLE;
        if is_answer { Ok(response) } else { Err(refusal(response).await) }
    }

    async fn sent(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        if self.socket.as_os_str().len() > SOCKET_PATH_BYTES {
            return Err(ClientError::PathTooLong { socket: self.socket.clone() });
        }
        let stream = UnixStream::connect(&self.socket).await;
        let stream = stream.map_err(|error| ClientError::unreachable(&self.socket, error))?;
        let broken = |error: hyper::Error| ClientError::Broken(error.to_string());
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // It ends with the answer's body, or when that is dropped.
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(broken)
    }
}

fn speaks_our_protocol(response: &Response<Incoming>) -> Result<(), ClientError> {
    let theirs = response.headers().get(PROTOCOL_HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if theirs.as_deref() == Some(PROTOCOL.to_string().as_str()) {
        return Ok(());
    }
    Err(ClientError::Protocol { theirs: theirs.map(|theirs| theirs.chars().take(20).collect()) })
}

async fn refusal(response: Response<Incoming>) -> ClientError {
    let status = response.status();
    match body_of(response, ANSWER_BYTES).await {
        Ok(body) => match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ClientError::Refused(problem),
            Err(_) => ClientError::NotUnderstood(format!("a refusal ({status}) that says nothing")),
        },
        Err(error) => error,
    }
}

async fn body_of(response: Response<Incoming>, most: usize) -> Result<Bytes, ClientError> {
    match Limited::new(response.into_body(), most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ClientError::TooLong { most }),
        Err(error) => Err(ClientError::Broken(error.to_string())),
    }
}

/// What stands for itself behind the `?`; all else is escaped.
fn escaped(value: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    value
        .bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
