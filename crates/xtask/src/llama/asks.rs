//! A hundred questions with a schema, put to a real server through the client: how many come back as they have to.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use automcu_llm::{
    Answer, Ask, Caps, Cassette, Client, Endpoint, Ledger, LlmError, Message, Mode, Model, Recorded, Schema, strict,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Server, server::CONTEXT};

const QUESTIONS: usize = 100;
const SEED: u32 = 7;

/// What is asked for, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    reason: String,
    blocks: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Block {
    Conv { channels: u32, kernel: u32, stride: u32, activation: Option<Activation> },
    Pool { size: u32 },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Activation {
    Relu,
    Relu6,
}

/// The same as a schema.
fn schema() -> Value {
    let conv = json!({ "type": "object", "properties": {
        "op": { "const": "conv" },
        "channels": { "enum": [8, 16, 24, 32, 48, 64] },
        "kernel": { "enum": [1, 3, 5] },
        "stride": { "type": "integer", "minimum": 1, "maximum": 2 },
        "activation": { "anyOf": [{ "oneOf": [{ "const": "relu" }, { "const": "relu6" }] }, { "type": "null" }] },
    } });
    let pool = json!({ "type": "object", "properties": { "op": { "const": "pool" }, "size": { "enum": [2, 3] } } });
    strict(json!({ "type": "object", "properties": {
        "reason": { "type": "string", "maxLength": 80 },
        "blocks": { "type": "array", "minItems": 1, "maxItems": 4, "items": { "oneOf": [conv, pool] } },
    } }))
}

/// Whether a reply keeps to the schema, by a reader that knows nothing of it.
fn is_kept_to(value: &Value) -> bool {
    let Ok(Reply { reason, blocks }) = serde_json::from_value(value.clone()) else { return false };
    let is_right = |block: &Block| match block {
        Block::Conv { channels, kernel, stride, activation } => {
            let is_known = matches!(activation, None | Some(Activation::Relu | Activation::Relu6));
            let is_listed = [8, 16, 24, 32, 48, 64].contains(channels) && [1, 3, 5].contains(kernel);
            is_known && is_listed && (1..=2).contains(stride)
        }
        Block::Pool { size } => [2, 3].contains(size),
    };
    reason.chars().count() <= 80 && (1..=4).contains(&blocks.len()) && blocks.iter().all(is_right)
}

fn question(number: usize) -> Ask {
    let text = format!("Case {number}: {} classes, {} KiB of RAM. Which blocks?", 2 + number % 10, 32 + 8 * number);
    Ask {
        messages: vec![Message::system("You design small networks."), Message::user(text)],
        schema: Some(Schema { name: "reply".to_owned(), value: schema() }),
        most_tokens: 2000,
        seed: None,
    }
}

/// Asks a server that is started for it, stops it, and asks the record.
pub(crate) fn table(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let server = Server::start(root, SEED, minutes)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = root.join("target/needs/llama/asked");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("asked.jsonl");
    let through = |mode: Mode, base_url: &str| -> anyhow::Result<Recorded> {
        let cassette = Cassette::open(&path, mode, Arc::new(|| 0))?;
        Ok(Recorded::new(Client::new(Endpoint::new(base_url, "random-tiny"))?, cassette))
    };
    let live = through(Mode::Record, &server.base_url())?;
    let answers = runtime.block_on(all(&live));
    let typed = runtime.block_on(typed(&live))?;
    let first = runtime.block_on(live.ask(&question(0)));
    drop((live, server));
    // Nobody is there any more.
    let replayed = runtime.block_on(all(&through(Mode::Replay, "http://127.0.0.1:9/v1")?));
    let again = answers.iter().zip(&replayed).filter(|(live, again)| same(live, again)).count();
    let is_repeated = same(&first, &answers[0]);
    let rows = figures(&answers)?;
    ensure!(again == QUESTIONS, "{again} of {QUESTIONS} answers were the same from the record");
    ensure!(is_repeated, "the same question was answered otherwise");
    Ok(format!("{rows}\n| the same from the record, without a server | {again} |\n{typed}"))
}

async fn all(model: &Recorded) -> Vec<Result<Answer, LlmError>> {
    let mut answers = Vec::with_capacity(QUESTIONS);
    for number in 0..QUESTIONS {
        answers.push(model.ask(&question(number)).await);
    }
    answers
}

fn same(one: &Result<Answer, LlmError>, other: &Result<Answer, LlmError>) -> bool {
    matches!((one, other), (Ok(one), Ok(other)) if one.text == other.text && one.usage.output == other.usage.output)
}

/// What a real server says where an answer cannot be had, as our errors.
async fn typed(model: &Recorded) -> anyhow::Result<String> {
    let cut = model.ask(&Ask { most_tokens: 5, ..question(0) }).await;
    let long = "x".repeat(CONTEXT as usize + 1);
    let long = model.ask(&Ask { messages: vec![Message::user(long)], ..question(0) }).await;
    let word = |outcome: &Result<Answer, LlmError>| outcome.as_ref().err().map_or("an answer", LlmError::word);
    let words = (word(&cut), word(&long));
    ensure!(words == ("truncated", "too_large"), "an answer cut off is {}, a question too long {}", words.0, words.1);
    Ok(format!("| an answer of at most 5 tokens | {} |\n| a question above the context | {} |", words.0, words.1))
}

/// What the answers come to.
fn figures(answers: &[Result<Answer, LlmError>]) -> anyhow::Result<String> {
    let mut ledger = Ledger::new(Caps::default(), None);
    let (mut texts, mut times, mut tries, mut failures) = (BTreeSet::new(), Vec::new(), 0, Vec::new());
    for (number, answer) in answers.iter().enumerate() {
        match answer {
            Ok(answer) => {
                ledger.add(answer);
                texts.insert(answer.text.as_str());
                times.push(answer.duration_ms);
                tries += answer.tries;
                if !answer.value.as_ref().is_some_and(is_kept_to) {
                    failures.push(format!("{number}: {}", answer.text));
                }
            }
            Err(error) => {
                ledger.add_failure(&question(number), error);
                failures.push(format!("{number}: {error}"));
            }
        }
    }
    ensure!(failures.is_empty(), "{} of {QUESTIONS} failed: {}", failures.len(), failures.join("; "));
    times.sort_unstable();
    let median = times.get(times.len() / 2).context("no answer")?;
    let account = ledger.account();
    Ok(format!(
        "| questions | {QUESTIONS} |\n|---|---|\n| answers that keep to the schema | {} |\n| failures | {} |\n\
         | answers that differ | {} |\n| requests | {tries} |\n| tokens read (cached) | {} ({}) |\n| tokens written | {} |\n\
         | median of an answer, ms | {median} |",
        account.asks - account.failures,
        account.failures,
        texts.len(),
        account.input_tokens,
        account.cached_input_tokens,
        account.output_tokens,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_held_against_what_was_asked_for() {
        let reply = |block: Value| json!({ "reason": "r", "blocks": [block] });
        let conv = json!({ "op": "conv", "channels": 8, "kernel": 3, "stride": 1, "activation": null });
        assert!(is_kept_to(&reply(conv.clone())) && is_kept_to(&reply(json!({ "op": "pool", "size": 2 }))));
        for (name, value) in
            [("channels", json!(9)), ("stride", json!(3)), ("activation", json!("tanh")), ("x", json!(1))]
        {
            let mut wrong = conv.clone();
            wrong[name] = value;
            assert!(!is_kept_to(&reply(wrong)), "{name}");
        }
        assert!(!is_kept_to(&json!({ "reason": "r", "blocks": [] })));
    }
}
