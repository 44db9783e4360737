//! What a language model is asked, what it answers, and all that others may know of whoever asks.

use std::{fmt::Debug, pin::Pin};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, LlmError, Structured, Usage};

/// A language model that can be asked.
pub trait Model: Send + Sync + Debug {
    /// Asks it. The wait is bounded; dropping the future ends it.
    fn ask<'a>(&'a self, ask: &'a Ask) -> Answering<'a>;

    /// What the model is called where it is served.
    fn name(&self) -> &str;
}

/// An answer under way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, LlmError>> + Send + 'a>>;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// What was said so far, oldest first. What never changes belongs in front: servers remember equal beginnings.
    pub messages: Vec<Message>,
    /// What the answer's JSON has to be like; without one the answer is text.
    pub schema: Option<Schema>,
    /// The most tokens that the answer may take, thoughts among them.
    pub most_tokens: u32,
    /// From what the server draws, where it draws and heeds this.
    pub seed: Option<u64>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    #[serde(rename = "content")]
    pub text: String,
}

impl Message {
    /// What holds for the whole conversation.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self { role: Role::System, text: text.into() }
    }

    /// What is asked.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, text: text.into() }
    }

    /// What the model said before.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, text: text.into() }
    }
}

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever set the model up.
    System,
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
}

/// What an answer's JSON has to be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// The schema, in the subset that [`strict`](crate::strict) makes.
    pub value: Value,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The text, as it came.
    pub text: String,
    /// The JSON in it, where a schema was given. It is one value without a key twice, but was not held against the schema.
    pub value: Option<Value>,
    /// Why the model stopped, in the server's word.
    pub finish: String,
    /// The tokens it took.
    pub usage: Usage,
    /// What it cost, in millionths of the price's currency; unknown without a price or a count of tokens.
    pub cost_micros: Option<u64>,
    /// How often it was tried.
    pub tries: u32,
    /// How long all tries took.
    pub duration_ms: u64,
    /// The digest of the request that was answered.
    pub digest: Digest,
    /// It was not asked for now, but is remembered.
    pub is_recorded: bool,
    /// How JSON was asked for in the end.
    pub structured: Structured,
}
