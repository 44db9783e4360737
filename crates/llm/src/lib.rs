//! How a language model is asked: an OpenAI-compatible client that bears what servers really answer.
//!
//! Nothing that a server says makes it panic, wait without bound or answer in doubt: there is an [`Answer`], or an [`LlmError`] that
//! says what to do. It reads neither environment nor configuration. It does not hold an answer's JSON against its schema: whoever
//! asked knows best what is wrong with it.

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
