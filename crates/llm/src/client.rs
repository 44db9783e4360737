//! The client: from an ask to an answer or a typed error.

use std::{fmt, sync::Arc};

use serde_json::Value;
use tracing::{debug, warn};

use crate::{
    Answer, Ask, Digest, Endpoint, LlmError, Model, Spent,
    ask::Answering,
    envelope::{self, Envelope},
    error::beginning,
    habits::{Habits, Learnt},
    json, request,
    wire::{Exchange, HttpWire, Wire},
};

/// The most requests of one ask that are not tries: each lesson is learnt once, and others may learn meanwhile.
const MOST_STEPS: u32 = 8;

/// Asks the model of an endpoint, from within a runtime of tokio. Clones share what was learnt of the server and its pace.
#[derive(Clone)]
pub struct Client {
    endpoint: Arc<Endpoint>,
    wire: Arc<dyn Wire>,
    learnt: Arc<Learnt>,
}

impl Client {
    /// A client of this endpoint. It connects with nobody yet.
    pub fn new(endpoint: Endpoint) -> Result<Self, LlmError> {
        endpoint.check()?;
        let wire = HttpWire::to(&endpoint)?;
        let learnt = Learnt::new(Habits::new(endpoint.structured));
        Ok(Self { endpoint: Arc::new(endpoint), wire: Arc::new(wire), learnt: Arc::new(learnt) })
    }

    /// The same client with something in between.
    pub(crate) fn over(self, between: impl FnOnce(Arc<dyn Wire>, &Endpoint) -> Arc<dyn Wire>) -> Self {
        let wire = between(self.wire, &self.endpoint);
        Self { wire, ..self }
    }

    async fn answer(&self, ask: &Ask) -> Result<Answer, LlmError> {
        let after = self.endpoint.timeout;
        let outcome = tokio::time::timeout(after, self.steps(ask)).await;
        let outcome = outcome.unwrap_or(Err(LlmError::Timeout { after }));
        self.log(&outcome);
        outcome
    }

    /// Asks, and asks otherwise where the server turns out to know less.
    async fn steps(&self, ask: &Ask) -> Result<Answer, LlmError> {
        let mut habits = self.learnt.now();
        let mut steps = 0;
        let mut before = (0, 0);
        loop {
            steps += 1;
            let (body, bytes) = request::body(&self.endpoint, habits, ask)?;
            let mut exchange = self.wire.exchange(&body).await?;
            before = (before.0 + exchange.tries, before.1 + exchange.duration_ms);
            (exchange.tries, exchange.duration_ms) = before;
            let Some(refusal) = exchange.refusal() else { return self.read(ask, habits, &body, bytes, &exchange) };
            let LlmError::Rejected { status, message } = &refusal else { return Err(refusal) };
            match self.learnt.instead_of(habits, *status, message, ask.schema.is_some()) {
                Some(next) if steps < MOST_STEPS => {
                    warn!(
                        provider = self.endpoint.provider(),
                        ?habits,
                        ?next,
                        message,
                        "language model asked otherwise"
                    );
                    habits = next;
                }
                _ => return Err(refusal),
            }
        }
    }

    /// Reads what came.
    fn read(
        &self,
        ask: &Ask,
        habits: Habits,
        body: &Value,
        bytes: usize,
        exchange: &Exchange,
    ) -> Result<Answer, LlmError> {
        let envelope = envelope::read(&exchange.body, bytes)?;
        let usage = envelope.usage;
        let spent = Spent {
            usage,
            cost_micros: self.endpoint.price.as_ref().and_then(|price| price.of(&usage)),
            tries: exchange.tries,
            duration_ms: exchange.duration_ms,
            digest: Digest::of(body),
            is_recorded: exchange.is_recorded,
        };
        let value = value(ask, &envelope, &spent)?;
        let Envelope { text, finish, .. } = envelope;
        let Spent { cost_micros, tries, duration_ms, digest, is_recorded, .. } = spent;
        let structured = habits.structured;
        Ok(Answer { text, value, finish, usage, cost_micros, tries, duration_ms, digest, is_recorded, structured })
    }

    fn log(&self, outcome: &Result<Answer, LlmError>) {
        let (provider, model) = (self.endpoint.provider(), &self.endpoint.model);
        match outcome {
            Ok(Answer { digest, tries, duration_ms, is_recorded, .. }) => {
                debug!(provider, model, %digest, tries, duration_ms, is_recorded, "language model answered");
            }
            Err(error) => warn!(provider, model, cause = error.word(), %error, "language model gave no answer"),
        }
    }
}

/// The value in an answer, where one was asked for.
fn value(ask: &Ask, envelope: &Envelope, spent: &Spent) -> Result<Option<Value>, LlmError> {
    let boxed = || Box::new(spent.clone());
    let Envelope { text, finish, .. } = envelope;
    if let Some(message) = envelope.refusal.clone() {
        return Err(LlmError::Refused { message, spent: boxed() });
    }
    if finish == "content_filter" {
        return Err(LlmError::Refused { message: "its filter took the answer".to_owned(), spent: boxed() });
    }
    let is_cut = finish == "length";
    if text.trim().is_empty() && !is_cut {
        return Err(LlmError::Empty { message: nothing(envelope), spent: boxed() });
    }
    // A text that was cut off may begin with an example of what was still to come.
    if is_cut && (text.trim().is_empty() || ask.schema.is_some() && !json::is_whole(text)) {
        return Err(LlmError::Truncated { text: beginning(text), spent: boxed() });
    }
    if ask.schema.is_none() {
        return Ok(None);
    }
    json::find(text).map(Some).map_err(|why| LlmError::NotJson { why, text: beginning(text), spent: boxed() })
}

/// Why there is nothing in an answer, as far as can be told.
fn nothing(envelope: &Envelope) -> String {
    if envelope.has_thought {
        "it only thought; turn thinking off, or allow more tokens".to_owned()
    } else {
        format!("it stopped by {:?}; ask again in other words", envelope.finish)
    }
}

impl Model for Client {
    fn ask<'a>(&'a self, ask: &'a Ask) -> Answering<'a> {
        Box::pin(self.answer(ask))
    }

    fn name(&self) -> &str {
        &self.endpoint.model
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).field("wire", &self.wire).finish_non_exhaustive()
    }
}
