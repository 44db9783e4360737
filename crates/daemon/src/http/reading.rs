//! Reading requests, within bounds.

use actix_web::{HttpRequest, web};
use automcu_api::{
    Adjustment, Digest, Format, JobFile, KEY_BYTES, KEY_HEADER, LAST_EVENT_HEADER, PAGE, ProblemKind, REQUEST_BYTES,
    read,
};
use automcu_history::Cursor;
use automcu_model::{ArtifactId, JobId};
use serde::{Deserialize, de::DeserializeOwned};

use super::refusal::Refusal;

/// Items of a page where nothing is said.
const USUAL_PAGE: usize = 50;

/// Which part of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    cursor: Option<String>,
    limit: Option<usize>,
}

impl Paging {
    pub(super) fn cursor(&self) -> Result<Option<Cursor>, Refusal> {
        cursor(self.cursor.as_deref())
    }

    pub(super) fn limit(&self) -> Result<usize, Refusal> {
        limit(self.limit)
    }
}

pub(super) fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Refusal> {
    text.map(str::parse)
        .transpose()
        .map_err(|error: automcu_history::CursorError| Refusal::misused(format!("cursor: {error}")))
}

pub(super) fn limit(limit: Option<usize>) -> Result<usize, Refusal> {
    match limit.unwrap_or(USUAL_PAGE) {
        limit @ 1..=PAGE => Ok(limit),
        limit => Err(Refusal::misused(format!("limit: {limit} is out of range; write 1 to {PAGE}"))),
    }
}

/// What stands behind the `?`.
pub(super) fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Refusal> {
    let read = web::Query::<T>::from_query(request.query_string());
    read.map(web::Query::into_inner).map_err(|error| Refusal::misused(format!("behind the `?`: {error}")))
}

/// The job that the path names.
pub(super) fn job(request: &HttpRequest) -> Result<JobId, Refusal> {
    let named = request.match_info().get("id").unwrap_or_default();
    named.parse().map_err(|error: automcu_model::IdError| Refusal::new(ProblemKind::NotThere, error.to_string()))
}

/// The artifact that the path names.
pub(super) fn artifact(request: &HttpRequest) -> Result<ArtifactId, Refusal> {
    let named = request.match_info().get("digest").unwrap_or_default();
    let digest: Digest =
        named.parse().map_err(|error: automcu_api::IdError| Refusal::new(ProblemKind::NotThere, error.to_string()))?;
    digest.to_string().parse().map_err(|error: automcu_model::IdError| Refusal::misused(error.to_string()))
}

/// The body, if it is no longer than is read.
pub(super) async fn body(payload: web::Payload) -> Result<web::Bytes, Refusal> {
    let read = payload
        .to_bytes_limited(REQUEST_BYTES)
        .await
        .map_err(|_| Refusal::new(ProblemKind::TooLong, format!("the request has more than {REQUEST_BYTES} bytes")))?;
    read.map_err(|error| Refusal::misused(format!("the request cannot be read: {error}")))
}

/// The form in which the body says that it is.
fn format(request: &HttpRequest) -> Result<Format, Refusal> {
    let said = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/json" => Ok(Format::Json),
        "application/toml" => Ok(Format::Toml),
        _ => {
            let said: String = said.chars().take(60).collect();
            let detail = format!("content-type {said:?} is not read; send application/json or application/toml");
            Err(Refusal::new(ProblemKind::WrongMedia, detail))
        }
    }
}

/// The job file in the body.
pub(super) async fn job_file(request: &HttpRequest, payload: web::Payload) -> Result<JobFile, Refusal> {
    let format = format(request)?;
    Ok(JobFile::read("the job file", format, &body(payload).await?)?)
}

/// The change in the body.
pub(super) async fn adjustment(request: &HttpRequest, payload: web::Payload) -> Result<Adjustment, Refusal> {
    let change: Adjustment = document(request, payload, "the change").await?;
    if change == Adjustment::default() {
        return Err(Refusal::misused("the change is empty; name priority, time, candidates or goal"));
    }
    let number = |field: &str, number: i64, least: i64, most: i64| {
        let detail = format!("the change: {field}: {number} is out of range; write {least} to {most}");
        let problem = automcu_api::Problem::new(ProblemKind::JobRefused, detail).about(field);
        if (least..=most).contains(&number) { Ok(()) } else { Err(Refusal(problem)) }
    };
    change.priority.map_or(Ok(()), |priority| number("priority", priority.into(), -100, 100))?;
    change.candidates.map_or(Ok(()), |count| number("candidates", count.into(), 1, 10_000))?;
    Ok(change)
}

/// A document in the body.
pub(super) async fn document<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    what: &str,
) -> Result<T, Refusal> {
    let format = format(request)?;
    Ok(read(what, format, &body(payload).await?)?)
}

/// By which the same submission is recognised.
pub(super) fn key(request: &HttpRequest) -> Result<Option<String>, Refusal> {
    let Some(key) = request.headers().get(KEY_HEADER) else { return Ok(None) };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > KEY_BYTES || !key.iter().all(u8::is_ascii_graphic) {
        return Err(Refusal::misused(format!("{KEY_HEADER}: write 1 to {KEY_BYTES} visible characters")));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}

/// The number after which a stream goes on, if it is taken up again.
pub(super) fn last_event(request: &HttpRequest) -> Result<Option<u64>, Refusal> {
    let Some(last) = request.headers().get(LAST_EVENT_HEADER) else { return Ok(None) };
    let number = last.to_str().ok().and_then(|last| last.parse().ok());
    number.map(Some).ok_or_else(|| Refusal::misused(format!("{LAST_EVENT_HEADER}: no number of an event")))
}

/// Whether the answer is wanted as a stream.
pub(super) fn wants_stream(request: &HttpRequest) -> bool {
    let accepts = request.headers().get_all("accept").filter_map(|value| value.to_str().ok());
    accepts.flat_map(|value| value.split(',')).any(|media| media.trim().starts_with("text/event-stream"))
}
