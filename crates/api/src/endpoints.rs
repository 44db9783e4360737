//! Everything that can be asked over the socket, on one screen. The server's routes, the client's requests and the OpenAPI document
//! are made from this table.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::{
    events::EventView,
    job::JobFile,
    views::{
        Adjustment, Bundle, CandidateView, Health, JobDetail, JobView, LogLevel, Order, Page, Resolved, Submitted,
        Version,
    },
};

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table says it")]
pub enum Name {
    SubmitJob,
    ListJobs,
    ShowJob,
    ListCandidates,
    JobEvents,
    AllEvents,
    CancelJob,
    PauseJob,
    ResumeJob,
    AdjustJob,
    ShowBundle,
    Artifact,
    Health,
    Metrics,
    GetLogLevel,
    SetLogLevel,
    Version,
}

/// What a request or an answer holds.
#[derive(Clone, Copy)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON of this schema.
    Json(Made),
    /// A job file: JSON of this schema, or the same as TOML.
    Job(Made),
    /// One of two, the second where `dry_run` is asked for.
    Either(Made, Made),
    /// A page of these, or the stream of them where `text/event-stream` is accepted.
    PageOrStream(Made),
    /// A stream of notices.
    Stream,
    /// The bytes of an artifact.
    Bytes,
    /// Text as Prometheus reads it.
    Metrics,
}

type Made = fn(&mut SchemaGenerator) -> Schema;

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What may stand behind the `?`.
#[derive(Clone, Copy)]
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What it may be.
    pub schema: Made,
}

const DRY_RUN: Query =
    Query { name: "dry_run", about: "only show the job as it would be carried out", schema: of::<bool> };
const CURSOR: Query = Query { name: "cursor", about: "`next` of the page before", schema: of::<String> };
const LIMIT: Query = Query { name: "limit", about: "items of the page: 1 to 256, otherwise 50", schema: of::<u16> };
const ORDER: Query = Query { name: "order", about: "in which order", schema: of::<Order> };
const AFTER: Query = Query {
    name: "after",
    about: "the last event that is known; a stream also takes last-event-id",
    schema: of::<u64>,
};
const CANDIDATE: Query =
    Query { name: "candidate", about: "whose, if not the winner's", schema: of::<crate::CandidateId> };

/// One thing that can be asked.
#[derive(Clone, Copy)]
pub struct Endpoint {
    /// Which.
    pub name: Name,
    /// How.
    pub method: Method,
    /// Where; at most one part in braces.
    pub path: &'static str,
    /// Whether only those may ask who may command.
    pub commands: bool,
    /// What may stand behind the `?`.
    pub query: &'static [Query],
    /// What is sent.
    pub takes: Body,
    /// What comes back.
    pub gives: Body,
    /// What it is for.
    pub about: &'static str,
}

use Body::{Bytes, Either, Job, Json, Metrics, None, PageOrStream, Stream};
use Method::{Get, Patch, Post, Put};

const READS: bool = false;
const COMMANDS: bool = true;

/// All that can be asked.
#[rustfmt::skip]
pub const ENDPOINTS: &[Endpoint] = &[
    at(Name::SubmitJob,      Post,  "/v1/jobs",                 COMMANDS, &[DRY_RUN],              Job(of::<JobFile>),     Either(of::<Submitted>, of::<Resolved>), "take a job"),
    at(Name::ListJobs,       Get,   "/v1/jobs",                 READS,    &[CURSOR, LIMIT],        None,                   Json(of::<Page<JobView>>),       "jobs, the newest first"),
    at(Name::ShowJob,        Get,   "/v1/jobs/{id}",            READS,    &[],                     None,                   Json(of::<JobDetail>),           "a job"),
    at(Name::AdjustJob,      Patch, "/v1/jobs/{id}",            COMMANDS, &[],                     Json(of::<Adjustment>), None,                            "change what it may do"),
    at(Name::CancelJob,      Post,  "/v1/jobs/{id}/cancel",     COMMANDS, &[],                     None,                   None,                            "end it, keeping what is known"),
    at(Name::PauseJob,       Post,  "/v1/jobs/{id}/pause",      COMMANDS, &[],                     None,                   None,                            "hold it"),
    at(Name::ResumeJob,      Post,  "/v1/jobs/{id}/resume",     COMMANDS, &[],                     None,                   None,                            "go on with it"),
    at(Name::ListCandidates, Get,   "/v1/jobs/{id}/candidates", READS,    &[ORDER, CURSOR, LIMIT], None,                   Json(of::<Page<CandidateView>>), "its candidates"),
    at(Name::JobEvents,      Get,   "/v1/jobs/{id}/events",     READS,    &[AFTER, LIMIT],         None,                   PageOrStream(of::<Page<EventView>>), "its events, as a page or as they happen"),
    at(Name::ShowBundle,     Get,   "/v1/jobs/{id}/bundle",     READS,    &[CANDIDATE],            None,                   Json(of::<Bundle>),              "the files that a candidate ships as"),
    at(Name::AllEvents,      Get,   "/v1/events",               READS,    &[],                     None,                   Stream,                          "events of all jobs, as they happen"),
    at(Name::Artifact,       Get,   "/v1/artifacts/{digest}",   READS,    &[],                     None,                   Bytes,                           "a file by its digest"),
    at(Name::Health,         Get,   "/healthz",                 READS,    &[],                     None,                   Json(of::<Health>),              "whether the daemon works (503 where not)"),
    at(Name::Metrics,        Get,   "/metrics",                 READS,    &[],                     None,                   Metrics,                         "figures for Prometheus"),
    at(Name::GetLogLevel,    Get,   "/v1/log-level",            READS,    &[],                     None,                   Json(of::<LogLevel>),            "what is logged"),
    at(Name::SetLogLevel,    Put,   "/v1/log-level",            COMMANDS, &[],                     Json(of::<LogLevel>),   Json(of::<LogLevel>),            "log more or less"),
    at(Name::Version,        Get,   "/v1/version",              READS,    &[],                     None,                   Json(of::<Version>),             "who answers"),
];

#[expect(clippy::too_many_arguments, reason = "the columns of the table")]
const fn at(
    name: Name,
    method: Method,
    path: &'static str,
    commands: bool,
    query: &'static [Query],
    takes: Body,
    gives: Body,
    about: &'static str,
) -> Endpoint {
    Endpoint { name, method, path, commands, query, takes, gives, about }
}

impl Endpoint {
    /// The name of the part of the path that varies.
    #[must_use]
    pub fn part(&self) -> Option<&'static str> {
        self.path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(part, _)| part)
    }
}

impl Name {
    /// Its row.
    #[must_use]
    pub fn endpoint(self) -> &'static Endpoint {
        ENDPOINTS.iter().find(|endpoint| endpoint.name == self).expect("a test finds a row for every name")
    }

    /// Its path, with this in the place of the part that varies.
    #[must_use]
    pub fn path(self, part: &str) -> String {
        let Endpoint { path, .. } = self.endpoint();
        match path.split_once('{').and_then(|(before, rest)| rest.split_once('}').map(|(_, behind)| (before, behind))) {
            Some((before, behind)) => format!("{before}{part}{behind}"),
            Option::None => (*path).to_owned(),
        }
    }
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_has_one_row_and_every_row_one_place() {
        let names: HashSet<Name> = ENDPOINTS.iter().map(|endpoint| endpoint.name).collect();
        let places: HashSet<_> = ENDPOINTS.iter().map(|endpoint| (endpoint.method, endpoint.path)).collect();
        assert_eq!((names.len(), places.len()), (ENDPOINTS.len(), ENDPOINTS.len()));
        // The last of the enum, so that one that is added there is missed here.
        assert_eq!(Name::Version as usize + 1, ENDPOINTS.len());
        assert!(ENDPOINTS.iter().all(|endpoint| endpoint.path.matches('{').count() <= 1));
    }

    #[test]
    fn only_what_changes_something_commands() {
        for endpoint in ENDPOINTS {
            assert_eq!(endpoint.commands, endpoint.method != Get, "{}", endpoint.path);
        }
    }

    #[test]
    fn the_document_lists_what_can_be_asked() {
        let document = include_str!("../../../docs/API.md");
        let rows = document.lines().filter(|line| {
            ["GET", "POST", "PUT", "PATCH"].iter().any(|method| line.starts_with(&format!("| `{method} ")))
        });
        assert_eq!(rows.count(), ENDPOINTS.len());
        for endpoint in ENDPOINTS {
            let row = format!("| `{} {}` |", endpoint.method.as_str(), endpoint.path);
            assert!(document.contains(&row), "{row}");
        }
    }

    #[test]
    fn a_path_takes_its_part() {
        assert_eq!(Name::ListCandidates.path("j7"), "/v1/jobs/j7/candidates");
        assert_eq!(Name::Health.path(""), "/healthz");
    }
}
