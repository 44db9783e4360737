//! What users look at: it comes from the history and the store.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use automcu_api::{Bundle, Health, LogLevel, Order, PROTOCOL, Page, ProblemKind, Version};
use automcu_history::{self as history, History, JobState};
use automcu_model::{CandidateId, JobId};
use serde::{Deserialize, Serialize};

use super::{
    counters::Counters,
    hub::word,
    reading::{self, Paging},
    refusal::{Refusal, blocking},
    server::State,
    streams,
};
use crate::views;

/// The most jobs that are counted by state.
const COUNTED: usize = 100_000;

pub(super) fn json(value: &impl Serialize) -> HttpResponse {
    json_with(StatusCode::OK, value)
}

fn json_with(status: StatusCode, value: &impl Serialize) -> HttpResponse {
    let body = serde_json::to_vec(value).expect("answers are plain data with text for keys");
    HttpResponse::build(status).content_type("application/json").body(body)
}

fn page<T, V>(page: history::Page<T>, view: impl Fn(&T) -> V) -> Page<V> {
    Page { items: page.items.iter().map(view).collect(), next: page.next.map(|cursor| cursor.to_string()) }
}

pub(super) async fn jobs(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let paging: Paging = reading::query(&request)?;
    let (cursor, limit) = (paging.cursor()?, paging.limit()?);
    let history = state.desk.history.clone();
    let found = blocking(move || history.jobs(cursor.as_ref(), limit)).await?;
    Ok(json(&page(found, views::job)))
}

pub(super) async fn job(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = reading::job(&request)?;
    let history = state.desk.history.clone();
    let detail = blocking(move || {
        let job = history.job(id)?;
        let winner = job.winner.map(|winner| history.candidate(id, winner)).transpose()?.flatten();
        Ok::<_, history::HistoryError>(views::detail(&job, winner.as_ref(), history.document(id)?))
    });
    Ok(json(&detail.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CandidateQuery {
    #[serde(default)]
    order: Order,
    cursor: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn candidates(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = reading::job(&request)?;
    let query: CandidateQuery = reading::query(&request)?;
    let (cursor, limit) = (reading::cursor(query.cursor.as_deref())?, reading::limit(query.limit)?);
    let history = state.desk.history.clone();
    let found = blocking(move || {
        history.job(id)?;
        match query.order {
            Order::Number => history.candidates(id, cursor.as_ref(), limit),
            Order::Best => history.best(id, cursor.as_ref(), limit),
        }
    });
    Ok(json(&page(found.await?, views::candidate)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

pub(super) async fn events(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = reading::job(&request)?;
    let query: EventQuery = reading::query(&request)?;
    let limit = reading::limit(query.limit)?;
    let history = state.desk.history.clone();
    blocking(move || history.job(id)).await?;
    if reading::wants_stream(&request) {
        let after = reading::last_event(&request)?.unwrap_or(query.after);
        return streams::of_job(&state, id, after);
    }
    let past = state.desk.past.clone();
    let part = blocking(move || past.events(id, query.after, limit)).await?;
    let items = part.items.iter().map(|(n, event)| views::event(*n, event)).collect();
    Ok(json(&Page { items, next: part.next.map(|next| next.to_string()) }))
}

pub(super) async fn all_events(state: web::Data<State>) -> Result<HttpResponse, Refusal> {
    streams::of_all(&state)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleQuery {
    candidate: Option<automcu_api::CandidateId>,
}

pub(super) async fn bundle(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = reading::job(&request)?;
    let BundleQuery { candidate } = reading::query(&request)?;
    let (history, files) = (state.desk.history.clone(), state.desk.files.clone());
    let bundle = blocking(move || {
        let candidate = shipped(&history, id, candidate.map(|candidate| CandidateId(candidate.0)))?;
        let list = candidate.verification.as_ref().and_then(|verification| verification.bundle);
        let none = || format!("{} of {id} has no bundle; only a candidate that was proven has one", candidate.id);
        let list = list.ok_or_else(|| Refusal::new(ProblemKind::NotThere, none()))?;
        let files = files(list).map_err(|error| Refusal::new(ProblemKind::Broken, error))?;
        let candidate = automcu_api::CandidateId(candidate.id.0);
        Ok::<_, Refusal>(Bundle { job: views::job_id(id), candidate, digest: views::digest(list), files })
    });
    Ok(json(&bundle.await?))
}

/// The candidate that is asked for: the winner, where none is named.
fn shipped(history: &History, id: JobId, named: Option<CandidateId>) -> Result<history::Candidate, Refusal> {
    let job = history.job(id)?;
    let none = || format!("{id} has no winner yet; name a candidate, or wait");
    let candidate = named.or(job.winner).ok_or_else(|| Refusal::new(ProblemKind::NotThere, none()))?;
    let absent = || Refusal::new(ProblemKind::NotThere, format!("there is no {candidate} in {id}"));
    history.candidate(id, candidate)?.ok_or_else(absent)
}

pub(super) async fn artifact(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let id = reading::artifact(&request)?;
    let store = state.desk.store.clone();
    let content = blocking(move || store.get(id)).await?;
    Ok(HttpResponse::Ok().content_type("application/octet-stream").body(content))
}

pub(super) async fn health(state: web::Data<State>) -> Result<HttpResponse, Refusal> {
    let desk = &state.desk;
    let mut troubles: Vec<String> = Vec::new();
    troubles.extend(desk.history.read_only().map(|why| format!("the history takes nothing: {why}")));
    if !desk.control.submit.connected() {
        troubles.push("the supervisor is not there".to_owned());
    } else if let Err(trouble) = (desk.pulse)().await {
        troubles.push(trouble);
    }
    let status = if troubles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(json_with(status, &Health { is_well: troubles.is_empty(), troubles }))
}

pub(super) async fn metrics(state: web::Data<State>) -> Result<HttpResponse, Refusal> {
    let now = Counters::default();
    let history = state.desk.history.clone();
    for (job_state, count) in blocking(move || running(&history)).await? {
        now.set("automcu_jobs", &[("state", &word(&views::state(job_state)))], count);
    }
    now.set("automcu_history_writable", &[], state.desk.history.read_only().is_none().into());
    now.set("automcu_watchers", &[], state.watchers() as u64);
    let text = Counters::text(&[&state.desk.hub.counters, &state.requests, &now]);
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

/// Jobs that are not over, by state.
fn running(history: &History) -> Result<Vec<(JobState, u64)>, history::HistoryError> {
    let (mut counts, mut seen, mut cursor) = (Vec::<(JobState, u64)>::new(), 0, None);
    while seen < COUNTED {
        let page = history.running(cursor.as_ref(), history::PAGE)?;
        seen += page.items.len();
        for job in page.items {
            match counts.iter_mut().find(|(state, _)| *state == job.state) {
                Some((_, count)) => *count += 1,
                None => counts.push((job.state, 1)),
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(counts)
}

pub(super) async fn log_level(state: web::Data<State>) -> Result<HttpResponse, Refusal> {
    Ok(json(&LogLevel { level: state.desk.log_level.level() }))
}

pub(super) async fn version() -> Result<HttpResponse, Refusal> {
    Ok(json(&Version { version: env!("CARGO_PKG_VERSION").to_owned(), protocol: PROTOCOL }))
}
