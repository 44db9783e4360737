//! What a client learns of a server that knows less than its configuration says.

use automcu_llm::{Model, Structured};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::support::{ask, bodies, client, endpoint, saying};

/// A server that refuses every request of which this says why.
async fn particular(refuses: impl Fn(&Value) -> Option<&'static str> + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| match refuses(&request.body_json().expect("JSON")) {
        Some(message) => ResponseTemplate::new(400).set_body_json(json!({ "error": { "message": message } })),
        None => ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}")),
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// Asks twice; gives how JSON was asked for in the end and how many requests that took.
async fn twice(server: &MockServer, structured: Structured) -> (Structured, usize, usize) {
    let mut endpoint = endpoint(&server.uri());
    endpoint.structured = structured;
    let client = client(endpoint);
    let answer = client.ask(&ask()).await.expect("an answer");
    let first = bodies(server).await.len();
    assert_eq!(answer.tries as usize, first, "all requests of an ask count");
    client.ask(&ask()).await.expect("an answer");
    (answer.structured, first, bodies(server).await.len() - first)
}

#[tokio::test]
async fn a_server_without_schemas_is_asked_for_an_object_and_that_is_remembered() {
    let server = particular(|body| {
        let is_schema = body["response_format"]["type"] == "json_schema";
        is_schema.then_some("response_format.type `json_schema` is unavailable now")
    });
    assert_eq!(twice(&server.await, Structured::JsonSchema).await, (Structured::JsonObject, 2, 1));
}

#[tokio::test]
async fn a_server_without_any_format_is_asked_by_the_prompt() {
    let server = particular(|body| body.get("response_format").map(|_| "unknown field response_format")).await;
    assert_eq!(twice(&server, Structured::JsonSchema).await, (Structured::Prompt, 3, 1));
    let last = bodies(&server).await.pop().expect("a request");
    assert!(last["messages"][0]["content"].as_str().expect("a text").contains("JSON Schema"));
}

#[tokio::test]
async fn a_server_without_tools_is_asked_for_an_object() {
    let server = particular(|body| body.get("tools").map(|_| "tools are not supported by this model")).await;
    assert_eq!(twice(&server, Structured::Tool).await, (Structured::JsonObject, 2, 1));
}

#[tokio::test]
async fn a_server_that_wants_the_newer_limit_gets_it() {
    let server = particular(|body| body.get("max_tokens").map(|_| "use 'max_completion_tokens' instead")).await;
    assert_eq!(twice(&server, Structured::JsonSchema).await, (Structured::JsonSchema, 2, 1));
    assert_eq!(bodies(&server).await[2]["max_completion_tokens"], 100);
}

#[tokio::test]
async fn a_rejection_for_another_reason_changes_nothing() {
    let server = particular(|_| Some("the model `tiny` does not exist")).await;
    let client = client(endpoint(&server.uri()));
    for _ in 0..2 {
        client.ask(&ask()).await.expect_err("rejected");
    }
    let bodies = bodies(&server).await;
    assert_eq!((bodies.len(), &bodies[1]["response_format"]["type"]), (2, &json!("json_schema")));
}
