//! Keys go to their server and nowhere else.

use std::sync::Arc;

use automcu_llm::{Cassette, Client, Mode, Model, Recorded, Secret};
use wiremock::ResponseTemplate;

use crate::support::{ask, endpoint, saying, server};

const KEY: &str = "sk-very-secret-0123456789";

#[tokio::test]
async fn a_key_is_sent_and_is_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    let repeats = format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}\"}}}}");
    let answers = vec![
        ResponseTemplate::new(200).set_body_json(saying(&format!("{{\"a\":\"{KEY}\"}}"))),
        ResponseTemplate::new(401).set_body_string(repeats),
    ];
    let server = server(answers).await;
    let mut endpoint = endpoint(&server.uri());
    endpoint.key = Some(Secret::new(KEY));
    let mut shown = format!("{endpoint:?}");
    let client = Client::new(endpoint).expect("an endpoint");
    let cassette = Cassette::open(&path, Mode::Record, Arc::new(|| 0)).expect("begun");
    let recorded = Recorded::new(client.clone(), cassette);
    let answer = recorded.ask(&ask()).await.expect("an answer");
    let error = recorded.ask(&ask()).await.expect_err("refused");
    shown += &format!("{client:?} {recorded:?} {answer:?} {error} {error:?}");
    shown += &std::fs::read_to_string(&path).expect("there");
    assert!(!shown.contains(KEY), "{shown}");
    assert!(error.to_string().contains("Incorrect API key provided: [key]"), "{error}");
    let sent = server.received_requests().await.expect("kept");
    assert!(sent.iter().all(|request| request.headers["authorization"] == format!("Bearer {KEY}")));
}

#[tokio::test]
async fn nothing_of_the_environment_is_sent_and_no_key_is_made_up() {
    let server = server(vec![ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}"))]).await;
    Client::new(endpoint(&server.uri())).expect("an endpoint").ask(&ask()).await.expect("an answer");
    let sent = &server.received_requests().await.expect("kept")[0];
    let names: Vec<&str> = sent.headers.keys().map(|name| name.as_str()).collect();
    for name in names {
        assert!(["accept", "content-type", "content-length", "host", "user-agent"].contains(&name), "{name} is sent");
    }
    assert_eq!(sent.url.path(), "/chat/completions");
}

#[test]
fn an_https_address_is_taken_or_refused_with_what_to_do() {
    match Client::new(endpoint("https://127.0.0.1:1/v1")) {
        Ok(client) => assert_eq!(client.name(), "tiny"),
        Err(error) => assert!(error.to_string().contains("install `ca-certificates`"), "{error}"),
    }
}
