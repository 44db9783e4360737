//! Requests that are wrong in themselves.

use automcu_api::{ENDPOINTS, Problem, REQUEST_BYTES};

use crate::support::World;

const JSON: &str = "content-type: application/json\r\n";

fn detail(body: &str) -> String {
    serde_json::from_str::<Problem>(body).unwrap_or_else(|error| panic!("{error}: {body}")).detail
}

#[actix::test]
async fn every_endpoint_of_the_table_is_served() {
    let world = World::new();
    world.submitted(1);
    for endpoint in ENDPOINTS {
        let part = if endpoint.part() == Some("digest") { "0".repeat(64) } else { "j1".to_owned() };
        let (method, path) = (endpoint.method.as_str(), endpoint.name.path(&part));
        // Streams do not end by themselves; what they give is tested elsewhere.
        if path == "/v1/events" {
            continue;
        }
        let (status, head, body) = world.asked(&format!("{method} {path}"), JSON, "").await;
        assert!(!body.contains("docs/API.md"), "{method} {path}: {body}");
        assert!(![405, 500].contains(&status), "{method} {path}: {body}");
        assert!(head.contains("\r\nautomcu-protocol: 1"), "{head}");
    }
}

#[actix::test]
async fn another_protocol_is_refused_before_anything_else() {
    let world = World::new();
    for (line, headers) in [("GET /v1/jobs", "automcu-protocol: 2\r\n"), ("GET /nowhere", "automcu-protocol: one\r\n")]
    {
        let (status, head, body) = world.asked(line, headers, "").await;
        assert_eq!(status, 400, "{body}");
        assert!(head.contains("application/problem+json") && head.contains("automcu-protocol: 1"), "{head}");
        assert!(detail(&body).starts_with("this daemon speaks protocol 1, and you \""), "{body}");
    }
    for headers in ["", "automcu-protocol: 1\r\n"] {
        assert_eq!(world.asked("GET /v1/jobs", headers, "").await.0, 200);
    }
}

#[actix::test]
async fn wrong_requests_say_what_is_wrong() {
    let world = World::new();
    world.submitted(1);
    let job = r#"{"data":"synthetic","target":"RP2040"}"#;
    for (line, headers, body, status, said) in [
        ("GET /nowhere", "", "", 404, "nothing is here"),
        ("GET /v1/jobs/", "", "", 404, "nothing is here"),
        ("DELETE /v1/jobs/j1", "", "", 405, "here one may GET, PATCH"),
        ("GET /v1/jobs/1", "", "", 404, "\"1\" is no job id; write it like j12"),
        ("GET /v1/jobs/j01", "", "", 404, "\"j01\" is no job id"),
        ("GET /v1/jobs?limit=0", "", "", 400, "limit: 0 is out of range; write 1 to 256"),
        ("GET /v1/jobs?limit=257", "", "", 400, "limit: 257 is out of range"),
        ("GET /v1/jobs?limt=2", "", "", 400, "behind the `?`: "),
        ("GET /v1/jobs?cursor=xyz", "", "", 400, "cursor: no cursor; take the one"),
        ("GET /v1/jobs/j1/candidates?order=worst", "", "", 400, "behind the `?`: "),
        ("GET /v1/jobs/j1/bundle", "", "", 404, "j1 has no winner yet"),
        ("GET /v1/jobs/j1/bundle?candidate=c9", "", "", 404, "there is no c9 in j1"),
        ("GET /v1/artifacts/abc", "", "", 404, "\"abc\" names no artifact"),
        ("GET /v1/artifacts/..%2F..%2Fetc", "", "", 404, "\"..%2F..%2Fetc\" names no artifact"),
        ("POST /v1/jobs", "", job, 415, "content-type \"\" is not read; send application/json or application/toml"),
        ("POST /v1/jobs", "content-type: text/plain\r\n", job, 415, "content-type \"text/plain\" is not read"),
        ("POST /v1/jobs", JSON, "{", 400, "the job file: no JSON: EOF"),
        ("POST /v1/jobs", JSON, r#"{"data":"a","bugdet":1}"#, 422, "the job file: bugdet: unknown field `bugdet`"),
        ("PATCH /v1/jobs/j1", JSON, "{}", 400, "the change is empty; name priority"),
        ("PATCH /v1/jobs/j1", JSON, r#"{"priority":101}"#, 422, "the change: priority: 101 is out of range"),
        ("PATCH /v1/jobs/j1", JSON, r#"{"candidates":0}"#, 422, "the change: candidates: 0 is out of range"),
        ("PATCH /v1/jobs/j1", JSON, r#"{"time":"2 hurs"}"#, 422, "the change: time: \"2 hurs\" is no time"),
        ("PATCH /v1/jobs/j1", JSON, r#"{"tags":[]}"#, 422, "the change: tags: unknown field `tags`"),
        ("PUT /v1/log-level", JSON, r#"{"level":5}"#, 422, "the level: level: invalid type: integer `5`"),
    ] {
        let (got, head, answer) = world.asked(line, headers, body).await;
        assert_eq!(got, status, "{line}: {answer}");
        assert!(head.contains("application/problem+json"), "{head}");
        assert!(detail(&answer).starts_with(said), "{line}: {answer}");
    }
    let (_, head, _) = world.asked("DELETE /v1/jobs/j1", "", "").await;
    assert!(head.contains("allow: get, patch"), "{head}");
    for key in ["", &"x".repeat(129), "a b"] {
        let headers = format!("{JSON}idempotency-key: {key}\r\n");
        let (status, _, answer) = world.asked("POST /v1/jobs", &headers, job).await;
        assert_eq!((status, detail(&answer).as_str()), (400, "idempotency-key: write 1 to 128 visible characters"));
    }
    assert!(world.supervisor.submitted.lock().expect("whole").is_empty());
}

#[actix::test]
async fn what_is_too_long_is_not_read() {
    let world = World::new();
    let job = format!("{{\"data\":\"{}\"}}", "x".repeat(REQUEST_BYTES));
    let (status, _, answer) = world.asked("POST /v1/jobs", JSON, &job).await;
    assert_eq!((status, detail(&answer).as_str()), (413, "the request has more than 65536 bytes"));
    let chunks = format!(
        "POST /v1/jobs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{JSON}transfer-encoding: chunked\r\n\r\n{:x}\r\n{job}\r\n0\r\n\r\n",
        job.len()
    );
    assert_eq!(world.raw(&chunks).await.0, 413);
    let head = format!("GET /v1/jobs HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    assert!(world.raw(&head).await.0 >= 400);
    assert!(world.client().version().await.is_ok(), "the next is served as ever");
}
