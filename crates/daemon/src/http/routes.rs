//! From the table of endpoints to handlers, and what holds for all of them: the protocol, the gate, the counts.

use actix_web::{
    Error, HttpResponse, ResponseError, Route,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method as HttpMethod,
        header::{ALLOW, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::{self, ServiceConfig},
};
use automcu_api::{ENDPOINTS, Endpoint, Method, Name, PROTOCOL, PROTOCOL_HEADER, ProblemKind};

use super::{access::Peer, answers, commands, refusal::Refusal, server::State};

/// All routes of the table, path by path.
pub(super) fn routes(config: &mut ServiceConfig) {
    let mut paths: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let own = || ENDPOINTS.iter().filter(move |endpoint| endpoint.path == path);
        let resource = own().fold(web::resource(path), |resource, endpoint| resource.route(route(endpoint)));
        let allowed = own().map(|endpoint| endpoint.method.as_str()).collect::<Vec<_>>().join(", ");
        config.service(resource.default_service(web::to(move || wrong_method(allowed.clone()))));
    }
    config.default_service(web::to(nowhere));
}

fn route(endpoint: &Endpoint) -> Route {
    let route = web::method(match endpoint.method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Put => HttpMethod::PUT,
        Method::Patch => HttpMethod::PATCH,
    });
    match endpoint.name {
        Name::SubmitJob => route.to(commands::submit),
        Name::ListJobs => route.to(answers::jobs),
        Name::ShowJob => route.to(answers::job),
        Name::AdjustJob => route.to(commands::adjust),
        Name::CancelJob => route.to(commands::cancel),
        Name::PauseJob => route.to(commands::pause),
        Name::ResumeJob => route.to(commands::resume),
        Name::ListCandidates => route.to(answers::candidates),
        Name::JobEvents => route.to(answers::events),
        Name::ShowBundle => route.to(answers::bundle),
        Name::AllEvents => route.to(answers::all_events),
        Name::Artifact => route.to(answers::artifact),
        Name::Health => route.to(answers::health),
        Name::Metrics => route.to(answers::metrics),
        Name::GetLogLevel => route.to(answers::log_level),
        Name::SetLogLevel => route.to(commands::set_log_level),
        Name::Version => route.to(answers::version),
    }
}

async fn wrong_method(allowed: String) -> HttpResponse {
    let refusal = Refusal::new(ProblemKind::WrongMethod, format!("here one may {allowed}; docs/API.md lists all"));
    let mut response = refusal.error_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

async fn nowhere() -> HttpResponse {
    Refusal::new(ProblemKind::NotThere, "nothing is here; docs/API.md lists all that is").error_response()
}

/// What every request goes through.
pub(super) async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let endpoint = endpoint_of(&request);
    let state = request.app_data::<web::Data<State>>().cloned();
    let mut response: ServiceResponse<BoxBody> =
        match refused(&request, endpoint, state.as_ref().map(|state| &***state)) {
            Some(refusal) => request.into_response(refusal.error_response()),
            None => next.call(request).await?.map_into_boxed_body(),
        };
    if let Some(state) = state {
        let name = endpoint.map_or_else(|| "none".to_owned(), |endpoint| format!("{:?}", endpoint.name));
        let status = response.status().as_str().to_owned();
        state.requests.add("automcu_requests_total", &[("endpoint", &name), ("status", &status)]);
    }
    response.headers_mut().insert(HeaderName::from_static(PROTOCOL_HEADER), HeaderValue::from(PROTOCOL));
    Ok(response)
}

fn endpoint_of(request: &ServiceRequest) -> Option<&'static Endpoint> {
    let path = request.match_pattern()?;
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path && endpoint.method.as_str() == request.method().as_str())
}

/// Why the request does not even come to its handler.
fn refused(request: &ServiceRequest, endpoint: Option<&Endpoint>, state: Option<&State>) -> Option<Refusal> {
    if let Some(theirs) = request.headers().get(PROTOCOL_HEADER)
        && theirs.as_bytes() != PROTOCOL.to_string().as_bytes()
    {
        let theirs: String = String::from_utf8_lossy(theirs.as_bytes()).chars().take(20).collect();
        let detail = format!("this daemon speaks protocol {PROTOCOL}, and you {theirs:?}; use programs of one version");
        return Some(Refusal::new(ProblemKind::Protocol, detail));
    }
    let (endpoint, state) = (endpoint?, state?);
    let peer = request.conn_data::<Peer>();
    if endpoint.commands && !state.gate.lets(peer) {
        let user = peer.map_or_else(|| "this user".to_owned(), |peer| format!("user {}", peer.user));
        let detail = format!("{user} may look, but not command this daemon; ask its owner, or start one of your own");
        return Some(Refusal::new(ProblemKind::NotAllowed, detail));
    }
    None
}
