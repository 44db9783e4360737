//! What changes something: it goes to the supervisor.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, LOCATION},
    web,
};
use automcu_api::{Goal, LogLevel, Name, ProblemKind, Span, Submitted};
use automcu_contract::{Adjustment, Command, CommandJob, ControlError, Share, SubmitJob};
use automcu_model::JobId;
use serde::Deserialize;
use tracing::info;

use super::{
    access::Peer,
    answers::json,
    reading,
    refusal::{Refusal, blocking},
    server::State,
};
use crate::views;

/// The longest that the supervisor is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn submit(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let Submission { dry_run } = reading::query(&request)?;
    let key = reading::key(&request)?;
    let file = reading::job_file(&request, payload).await?;
    let planner = state.desk.planner.clone();
    let planned = blocking(move || planner(file, key)).await?;
    if dry_run {
        return Ok(json(&planned.shown));
    }
    let store = state.desk.store.clone();
    let plan = serde_json::to_vec(&planned.plan).expect("plans are plain data with text for keys");
    let plan = blocking(move || store.put(&plan)).await?;
    let asked = SubmitJob { plan };
    let job = state.desk.control.submit.send(asked).timeout(PATIENCE).await??;
    log(&request, job, "submitted");
    let body = serde_json::to_vec(&Submitted { job: views::job_id(job) }).expect("plain data");
    let location = Name::ShowJob.path(&job.to_string());
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

pub(super) async fn cancel(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    command(&state, &request, Command::Cancel).await
}

pub(super) async fn pause(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    command(&state, &request, Command::Pause).await
}

pub(super) async fn resume(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    command(&state, &request, Command::Resume).await
}

pub(super) async fn adjust(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let change = reading::adjustment(&request, payload).await?;
    let adjustment = Adjustment {
        priority: change.priority,
        time_s: change.time.map(|time| time.map(Span::seconds)),
        candidates: change.candidates,
        goal: change.goal.map(|goal| goal.map(Goal::share).and_then(Share::new)),
    };
    command(&state, &request, Command::Adjust(adjustment)).await
}

async fn command(state: &State, request: &HttpRequest, command: Command) -> Result<HttpResponse, Refusal> {
    let job = reading::job(request)?;
    let asked = CommandJob { job, command };
    match state.desk.control.command.send(asked).timeout(PATIENCE).await? {
        Ok(()) => log(request, job, &format!("{command:?}")),
        Err(ControlError::NotUnderWay { .. }) => return Err(not_under_way(state, job).await),
        Err(error) => return Err(error.into()),
    }
    Ok(HttpResponse::NoContent().finish())
}

/// The supervisor has forgotten a job that is over; the history has not.
async fn not_under_way(state: &State, job: JobId) -> Refusal {
    let history = state.desk.history.clone();
    match blocking(move || history.job(job)).await {
        Ok(found) => {
            let detail = format!("{job} is {}, and nothing changes that", super::hub::word(&views::state(found.state)));
            Refusal::new(ProblemKind::WrongState, detail)
        }
        Err(refusal) => refusal,
    }
}

pub(super) async fn set_log_level(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let LogLevel { level } = reading::document(&request, payload, "the level").await?;
    let levels = &state.desk.log_level;
    levels.set(&level).map_err(|error| Refusal::misused(format!("level: {error}")))?;
    Ok(json(&LogLevel { level: levels.level() }))
}

/// Who wanted what, for whoever asks later.
fn log(request: &HttpRequest, job: JobId, wanted: &str) {
    let peer = request.conn_data::<Peer>();
    let (user, process) = (peer.map(|peer| peer.user), peer.and_then(|peer| peer.process));
    info!(%job, wanted, user, process, "a user commands");
}
