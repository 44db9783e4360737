//! Where a language model is served, and what may be asked of that server. It comes from configuration; nothing is guessed from an
//! address, and nothing is read from the environment.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{LlmError, Price, Secret};

/// The most tries of one ask.
const MOST_TRIES: u32 = 10;
/// The longest that an ask may take.
const LONGEST: Duration = Duration::from_secs(3600);

/// Where a language model is served, and how it is asked.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What stands before `/chat/completions`: `https://api.example.com/v1`.
    pub base_url: String,
    /// What the model is called there.
    pub model: String,
    /// The key, where the server wants one.
    pub key: Option<Secret>,
    /// How JSON is asked for. Where the server knows no such thing, the next lower is taken and kept to.
    pub structured: Structured,
    /// The temperature.
    pub temperature: Temperature,
    /// What else stands in each request. It counts before what is written by itself, which a `null` takes out.
    pub extra_body: Map<String, Value>,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an ask may take, with all its tries and waits.
    pub timeout: Duration,
    /// How often an ask is tried at most.
    pub tries: u32,
    /// The longest wait between two tries. A server that wants a longer one is not asked again.
    pub longest_wait: Duration,
    /// How many requests may go out in a minute, tries among them.
    pub requests_a_minute: Option<u32>,
    /// What tokens cost; without it costs are unknown.
    pub price: Option<Price>,
    /// Whether the proxy of the environment counts. A server on this computer is not reached through one.
    pub proxy: bool,
}

impl Endpoint {
    /// An endpoint without a key, with defaults that suit most servers.
    #[must_use]
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            key: None,
            structured: Structured::JsonSchema,
            temperature: Temperature::default(),
            extra_body: Map::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(300),
            tries: 4,
            longest_wait: Duration::from_secs(60),
            requests_a_minute: None,
            price: None,
            proxy: false,
        }
    }

    /// Refuses what cannot work, field by field.
    pub(crate) fn check(&self) -> Result<(), LlmError> {
        let address = reqwest::Url::parse(&self.base_url).ok().filter(|url| url.has_host());
        let is_streamed = self.extra_body.get("stream") == Some(&Value::Bool(true));
        let is_visible =
            |key: &Secret| !key.expose().is_empty() && key.expose().bytes().all(|byte| byte.is_ascii_graphic());
        let checks: [(&'static str, bool, &str); 11] = [
            ("base_url", address.as_ref().is_some_and(|url| ["http", "https"].contains(&url.scheme())), NO_ADDRESS),
            ("base_url", address.is_none_or(|url| url.username().is_empty() && url.password().is_none()), HAS_SECRETS),
            ("base_url", !self.base_url.contains(['?', '#']), HAS_SECRETS),
            ("model", !self.model.trim().is_empty(), "is empty; write what the server calls the model"),
            (
                "key",
                self.key.as_ref().is_none_or(is_visible),
                "is empty or holds more than visible ASCII; copy it anew",
            ),
            ("temperature", self.temperature.is_sane(), "is no number from 0 to 2; write one, or omit it"),
            ("tries", (1..=MOST_TRIES).contains(&self.tries), "is not from 1 to 10"),
            ("timeout", !self.timeout.is_zero() && self.timeout <= LONGEST, "is not above 0 and at most an hour"),
            ("connect_timeout", !self.connect_timeout.is_zero(), "is 0; allow some seconds"),
            ("extra_body", !is_streamed, "wants a stream, which is not read; take `stream` out"),
            ("requests_a_minute", self.requests_a_minute != Some(0), "is 0; leave it out, or write at least 1"),
        ];
        match checks.into_iter().find(|(_, is_right, _)| !is_right) {
            Some((field, _, message)) => Err(LlmError::Unusable { field, message: message.to_owned() }),
            None => Ok(()),
        }
    }

    /// The address without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.base_url.trim_end_matches('/')
    }

    /// The server's host and port, as it is called in records.
    pub(crate) fn provider(&self) -> String {
        let rest = self.base().split_once("://").map_or(self.base(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default().to_owned()
    }
}

const NO_ADDRESS: &str = "is no address; write one such as https://api.example.com/v1";
const HAS_SECRETS: &str = "holds a user, a query or a fragment; write the bare address, and the key as the key";

/// How JSON is asked for, from the surest to the least sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structured {
    /// The server is given the schema and keeps the model to it.
    JsonSchema,
    /// The server keeps the model to JSON; the schema stands in the prompt.
    JsonObject,
    /// The model is to call a tool whose parameters the schema describes.
    Tool,
    /// The prompt asks for it, and nobody else.
    Prompt,
}

impl Structured {
    /// The word of configuration and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::JsonSchema => "json_schema",
            Self::JsonObject => "json_object",
            Self::Tool => "tool",
            Self::Prompt => "prompt",
        }
    }

    /// What is asked for instead where the server knows no such thing.
    pub(crate) const fn lower(self) -> Option<Self> {
        match self {
            Self::JsonSchema | Self::Tool => Some(Self::JsonObject),
            Self::JsonObject => Some(Self::Prompt),
            Self::Prompt => None,
        }
    }
}

/// The temperature that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Temperature {
    /// None: some models refuse any.
    Omit,
    /// This one.
    Value(f64),
}

impl Temperature {
    fn is_sane(self) -> bool {
        match self {
            Self::Omit => true,
            Self::Value(value) => (0.0..=2.0).contains(&value),
        }
    }
}

impl Default for Temperature {
    /// The same answer to the same question, as far as the server can.
    fn default() -> Self {
        Self::Value(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(change: impl FnOnce(&mut Endpoint)) -> Option<&'static str> {
        let mut endpoint = Endpoint::new("http://127.0.0.1:8080/v1/", "tiny");
        change(&mut endpoint);
        endpoint.check().err().map(|error| match error {
            LlmError::Unusable { field, .. } => field,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn what_cannot_work_is_refused_by_field() {
        assert_eq!(field(|_| {}), None);
        for url in ["", "localhost", "ftp://a/v1", "http://", "file:///etc/passwd", "http://u:p@a/v1", "http://a/?k=1"]
        {
            assert_eq!(field(|endpoint| endpoint.base_url = url.to_owned()), Some("base_url"), "{url}");
        }
        assert_eq!(field(|endpoint| endpoint.model = " ".to_owned()), Some("model"));
        for key in ["", "a b", "ключ", "a\nb"] {
            assert_eq!(field(|endpoint| endpoint.key = Some(Secret::new(key))), Some("key"), "{key}");
        }
        for value in [f64::NAN, -0.1, 2.1] {
            assert_eq!(field(|endpoint| endpoint.temperature = Temperature::Value(value)), Some("temperature"));
        }
        assert_eq!(field(|endpoint| endpoint.tries = 0), Some("tries"));
        assert_eq!(field(|endpoint| endpoint.timeout = Duration::ZERO), Some("timeout"));
        assert_eq!(field(|endpoint| endpoint.connect_timeout = Duration::ZERO), Some("connect_timeout"));
        let stream = |value: bool| Map::from_iter([("stream".to_owned(), Value::Bool(value))]);
        assert_eq!(field(|endpoint| endpoint.extra_body = stream(true)), Some("extra_body"));
        assert_eq!(field(|endpoint| endpoint.extra_body = stream(false)), None);
        assert_eq!(field(|endpoint| endpoint.requests_a_minute = Some(0)), Some("requests_a_minute"));
    }

    #[test]
    fn a_provider_is_called_by_host_and_port() {
        assert_eq!(Endpoint::new("http://127.0.0.1:8080/v1/", "m").provider(), "127.0.0.1:8080");
        assert_eq!(Endpoint::new("https://api.example.com/v1", "m").provider(), "api.example.com");
    }

    #[test]
    fn every_way_of_asking_ends_at_the_prompt_in_a_few_steps() {
        for start in [Structured::JsonSchema, Structured::JsonObject, Structured::Tool, Structured::Prompt] {
            let ways: Vec<_> = std::iter::successors(Some(start), |way| way.lower()).collect();
            assert!(ways.len() <= 3 && ways.last() == Some(&Structured::Prompt), "{ways:?}");
            assert_eq!(serde_json::to_value(start).expect("JSON"), start.word());
        }
    }
}
