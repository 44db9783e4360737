//! Every row of the table, asked.

use automcu_llm::{Answer, LlmError, Model, Structured, Temperature};
use wiremock::ResponseTemplate;

use crate::{
    rows::{self, Row},
    support::{ask, asked, bodies, client, endpoint, outcome, saying, server},
};

/// What is wrong with what came of a row.
async fn wrong(row: Row) -> Option<String> {
    let server = server(vec![row.answer]).await;
    let answer = asked(endpoint(&server.uri())).await;
    let tries = bodies(&server).await.len();
    let (said, expected) = (outcome(&answer), row.outcome);
    let is_right = match (&answer, expected.split_once(": ")) {
        (Ok(_), _) => said == expected,
        (Err(error), Some((word, words))) => error.word() == word && said.contains(words),
        (Err(_), None) => false,
    };
    let is_bounded = said.len() < 1000;
    (!is_right || !is_bounded || tries != row.tries)
        .then(|| format!("{}: {tries} tries of {}, {said} instead of {expected}", row.name, row.tries))
}

#[tokio::test]
async fn every_hostile_answer_comes_to_what_the_table_says() {
    let rows = rows::all();
    assert!(rows.len() >= 100, "{}", rows.len());
    let mut found = Vec::new();
    for row in rows {
        found.extend(wrong(row).await);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What a row's answer comes to.
async fn answer_to(name: &str) -> Result<Answer, LlmError> {
    let row = rows::answers().into_iter().chain(rows::contents()).find(|row| row.name == name).expect("a row");
    let server = server(vec![row.answer]).await;
    asked(endpoint(&server.uri())).await
}

#[tokio::test]
async fn what_is_known_of_tokens_is_told_and_the_rest_is_unknown() {
    let usage = |answer: Result<Answer, LlmError>| answer.expect("an answer").usage;
    let plain = usage(answer_to("plain").await);
    assert_eq!((plain.input, plain.cached_input, plain.output), (Some(40), None, Some(8)));
    assert_eq!(usage(answer_to("with cache hits").await).cached_input, Some(32));
    for name in ["with null for usage", "without usage", "with absurd usage", "with usage in words"] {
        let usage = usage(answer_to(name).await);
        assert_eq!((usage.input, usage.cached_input, usage.output), (None, None, None), "{name}");
        assert!(usage.estimated_total > 50, "{name}: {usage:?}");
    }
    let cut = answer_to("cut off").await.expect_err("cut off");
    assert_eq!(cut.spent().expect("it was paid for").usage.output, Some(8));
}

#[tokio::test]
async fn what_fails_once_is_tried_again_and_answered() {
    let slow = ResponseTemplate::new(429);
    let server =
        server(vec![slow, ResponseTemplate::new(503), ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}"))])
            .await;
    let answer = asked(endpoint(&server.uri())).await.expect("an answer");
    assert_eq!((answer.tries, answer.value.expect("a value")["a"].as_u64()), (3, Some(1)));
    let bodies = bodies(&server).await;
    assert!(bodies.iter().all(|body| *body == bodies[0]), "each try asks the same");
}

#[tokio::test]
async fn a_server_that_draws_is_tried_more_often_after_a_500() {
    for (temperature, tries) in [(Temperature::Value(0.0), 2), (Temperature::Value(0.7), 3), (Temperature::Omit, 3)] {
        let server = server(vec![ResponseTemplate::new(500)]).await;
        let mut endpoint = endpoint(&server.uri());
        endpoint.temperature = temperature;
        asked(endpoint).await.expect_err("out of order");
        assert_eq!(bodies(&server).await.len(), tries, "{temperature:?}");
    }
}

#[tokio::test]
async fn a_text_is_asked_for_without_a_schema_and_taken_as_it_is() {
    let server = server(vec![ResponseTemplate::new(200).set_body_json(saying("Just words."))]).await;
    let ask = automcu_llm::Ask { schema: None, seed: Some(3), ..ask() };
    let answer = client(endpoint(&server.uri())).ask(&ask).await.expect("an answer");
    assert_eq!((answer.text.as_str(), answer.value), ("Just words.", None));
    let body = &bodies(&server).await[0];
    assert_eq!((body.get("response_format"), &body["seed"], &body["temperature"]), (None, &3.into(), &0.into()));
}

#[tokio::test]
async fn a_tool_is_called_where_that_is_configured() {
    let called = serde_json::json!({ "tool_calls": [{ "function": { "name": "reply", "arguments": "{\"a\":1}" } }] });
    let server =
        server(vec![ResponseTemplate::new(200).set_body_json(crate::support::whole(&called, "tool_calls"))]).await;
    let mut endpoint = endpoint(&server.uri());
    endpoint.structured = Structured::Tool;
    let answer = asked(endpoint).await.expect("an answer");
    assert_eq!(answer.structured, Structured::Tool);
    assert_eq!(bodies(&server).await[0]["tool_choice"]["function"]["name"], "reply");
}
