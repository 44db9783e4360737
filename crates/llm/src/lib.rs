//! How a language model is asked: an OpenAI-compatible client that bears what servers really answer.
//!
//! Nothing that a server says makes it panic, wait without bound or answer in doubt: there is an [`Answer`], or an [`LlmError`] that
//! says what to do. It reads neither environment nor configuration. It does not hold an answer's JSON against its schema: whoever
//! asked knows best what is wrong with it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use automcu_llm::{
//!     Ask, Caps, Cassette, Client, Endpoint, Ledger, Message, Mode, Model, Price, Recorded, Schema, Secret, strict,
//! };
//! use serde_json::json;
//! # use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! # let server = MockServer::start().await;
//! # let said = json!({
//! #     "choices": [{ "message": { "content": "{\"channels\": 16}" }, "finish_reason": "stop" }],
//! #     "usage": { "prompt_tokens": 50, "completion_tokens": 10 }
//! # });
//! # Mock::given(path("/v1/chat/completions"))
//! #     .respond_with(ResponseTemplate::new(200).set_body_json(said))
//! #     .expect(1)
//! #     .mount(&server)
//! #     .await;
//! # let base_url = format!("{}/v1", server.uri());
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("asked.jsonl");
//! # let wall_ms = Arc::new(|| 1_700_000_000_000);
//!
//! let price = Price {
//!     input_per_mtok_micros: 280_000,
//!     cached_input_per_mtok_micros: 28_000,
//!     output_per_mtok_micros: 420_000,
//!     currency: "USD".to_owned(),
//! };
//! let mut endpoint = Endpoint::new(base_url, "some-model");
//! endpoint.key = Some(Secret::new("sk-0123456789"));
//! endpoint.price = Some(price.clone());
//! let cassette = Cassette::open(&path, Mode::Remember, wall_ms)?;
//! let model = Recorded::new(Client::new(endpoint)?, cassette);
//! let mut ledger = Ledger::new(Caps { most_tokens: Some(100), most_money_micros: None }, Some(price));
//!
//! let form = json!({ "type": "object", "properties": { "channels": { "enum": [8, 16, 32] } } });
//! let ask = Ask {
//!     messages: vec![Message::system("You design networks."), Message::user("How many channels?")],
//!     schema: Some(Schema { name: "reply".to_owned(), value: strict(form) }),
//!     most_tokens: 200,
//!     seed: None,
//! };
//! ledger.may_ask()?;
//! let answer = model.ask(&ask).await?;
//! ledger.add(&answer);
//! assert_eq!(answer.value, Some(json!({ "channels": 16 })));
//! assert_eq!(answer.cost_micros, Some(19));
//!
//! // The same question is answered from the cassette.
//! let again = model.ask(&ask).await?;
//! ledger.add(&again);
//! assert!(again.is_recorded && again.text == answer.text);
//! assert!(ledger.may_ask().is_err(), "120 tokens of at most 100");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ask;
mod cassette;
mod client;
mod digest;
mod endpoint;
mod envelope;
mod error;
mod habits;
pub mod json;
mod ledger;
mod price;
mod request;
mod said;
mod secret;
mod strict;
mod wire;

pub use ask::{Answer, Answering, Ask, Message, Model, Role, Schema};
pub use cassette::{Cassette, CassetteError, Mode, Recorded, WallClock};
pub use client::Client;
pub use digest::{Digest, DigestError};
pub use endpoint::{Endpoint, Structured, Temperature};
pub use error::{LlmError, Spent};
pub use json::JsonError;
pub use ledger::{Account, CapSpent, Caps, Ledger};
pub use price::{Price, Usage};
pub use secret::Secret;
pub use strict::strict;
