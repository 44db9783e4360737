//! What is recorded comes back to the byte, without a server.

use std::{path::Path, sync::Arc};

use automcu_llm::{Answer, Ask, Cassette, CassetteError, Client, LlmError, Message, Mode, Model, Recorded, Spent};
use wiremock::ResponseTemplate;

use crate::{
    rows,
    support::{ask, bodies, endpoint, outcome, saying, server},
};

fn opened(path: &Path, mode: Mode) -> Cassette {
    Cassette::open(path, mode, Arc::new(|| 1_700_000_000_000)).expect("a cassette")
}

/// A client whose exchanges with this address go through this cassette, and that has learnt nothing yet.
fn through(cassette: &Cassette, url: &str) -> Recorded {
    Recorded::new(Client::new(endpoint(url)).expect("an endpoint"), cassette.clone())
}

fn recorded(url: &str, path: &Path, mode: Mode) -> Recorded {
    through(&opened(path, mode), url)
}

/// An ask that differs from others by its number.
fn numbered(number: usize) -> Ask {
    Ask { messages: vec![Message::user(format!("question {number}"))], ..ask() }
}

/// An outcome as if it had been asked for now.
fn as_live(outcome: Result<Answer, LlmError>) -> Result<Answer, LlmError> {
    let live = |spent: Box<Spent>| Box::new(Spent { is_recorded: false, ..*spent });
    match outcome {
        Ok(answer) => Ok(Answer { is_recorded: false, ..answer }),
        Err(LlmError::Refused { message, spent }) => Err(LlmError::Refused { message, spent: live(spent) }),
        Err(LlmError::Empty { message, spent }) => Err(LlmError::Empty { message, spent: live(spent) }),
        Err(LlmError::Truncated { text, spent }) => Err(LlmError::Truncated { text, spent: live(spent) }),
        Err(LlmError::NotJson { why, text, spent }) => Err(LlmError::NotJson { why, text, spent: live(spent) }),
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn every_final_answer_of_the_table_replays_to_the_byte_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    let mut live = Vec::new();
    let recording = opened(&path, Mode::Record);
    for (number, row) in rows::all().into_iter().enumerate() {
        let server = server(vec![row.answer]).await;
        let outcome = through(&recording, &server.uri()).ask(&numbered(number)).await;
        live.push((row.name, number, outcome));
    }
    let replaying = opened(&path, Mode::Replay);
    for (name, number, live) in live {
        let again = through(&replaying, "http://127.0.0.1:1/v1").ask(&numbered(number)).await;
        let is_kept = !live.as_ref().is_err_and(|error| error.is_transient() || is_of_the_answer_s_size(error));
        if is_kept {
            if let Ok(answer) = &again {
                assert!(answer.is_recorded, "{name}");
            }
            assert_eq!(as_live(again), live, "{name}");
        } else {
            assert!(outcome(&again).starts_with("cassette: no answer to request "), "{name}: {}", outcome(&again));
        }
    }
}

/// An answer that was not read to its end is not kept.
fn is_of_the_answer_s_size(error: &LlmError) -> bool {
    matches!(error, LlmError::TooLarge { what: "the answer", .. })
}

#[tokio::test]
async fn what_is_remembered_is_paid_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    let server = server(vec![ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}"))]).await;
    let first = recorded(&server.uri(), &path, Mode::Remember).ask(&ask()).await.expect("an answer");
    // Another program, later.
    let later = recorded(&server.uri(), &path, Mode::Remember);
    let second = later.ask(&ask()).await.expect("an answer");
    assert_eq!((first.is_recorded, second.is_recorded), (false, true));
    assert_eq!(Answer { is_recorded: false, ..second }, first);
    assert_eq!(bodies(&server).await.len(), 1);
    later.ask(&numbered(1)).await.expect("an answer");
    assert_eq!(bodies(&server).await.len(), 2, "another question is asked");
    assert_eq!(std::fs::read_to_string(&path).expect("there").lines().count(), 2);
}

#[tokio::test]
async fn a_wrong_key_is_recorded_and_not_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    let answers = vec![ResponseTemplate::new(401), ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}"))];
    let server = server(answers).await;
    let client = recorded(&server.uri(), &path, Mode::Remember);
    assert!(outcome(&client.ask(&ask()).await).starts_with("unauthorised: "));
    assert_eq!(outcome(&client.ask(&ask()).await), "{\"a\":1}", "the key may be right by now");
    assert_eq!(std::fs::read_to_string(&path).expect("there").lines().count(), 2);
}

#[tokio::test]
async fn what_is_learnt_replays_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    let refusal = ResponseTemplate::new(400).set_body_string("response_format is unknown");
    let server = server(vec![refusal, ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}"))]).await;
    let live = recorded(&server.uri(), &path, Mode::Record).ask(&ask()).await;
    let again = recorded("http://127.0.0.1:1/v1", &path, Mode::Replay).ask(&ask()).await;
    assert_eq!(as_live(again), live);
    assert_eq!(live.expect("an answer").tries, 2);
}

#[tokio::test]
async fn a_miss_names_the_digest_and_asks_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    std::fs::write(&path, "").expect("written");
    let server = server(vec![ResponseTemplate::new(200)]).await;
    let error = recorded(&server.uri(), &path, Mode::Replay).ask(&ask()).await.expect_err("a miss");
    let LlmError::Cassette(CassetteError::Missing(digest)) = &error else { panic!("{error}") };
    assert!(error.to_string().contains(&digest.to_string()));
    assert!(bodies(&server).await.is_empty());
}

#[tokio::test]
async fn a_line_says_what_left_this_computer_and_what_came_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("asked.jsonl");
    let server = server(vec![ResponseTemplate::new(200).set_body_json(saying("{\"a\":1}"))]).await;
    let answer = recorded(&server.uri(), &path, Mode::Record).ask(&ask()).await.expect("an answer");
    let text = std::fs::read_to_string(&path).expect("there");
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).expect("JSON");
    let names: Vec<&String> = line.as_object().expect("an object").keys().collect();
    let all =
        ["v", "at_ms", "provider", "model", "digest", "request", "status", "tries", "duration_ms", "usage", "body"];
    assert_eq!(names, all);
    assert_eq!(line["request"], bodies(&server).await[0], "all that was sent");
    assert_eq!((&line["at_ms"], &line["usage"]["input"]), (&1_700_000_000_000_u64.into(), &40.into()));
    assert_eq!(line["digest"], answer.digest.to_string());
    assert_eq!(line["body"], saying("{\"a\":1}").to_string());
}
