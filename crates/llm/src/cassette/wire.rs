//! A way to a server with a cassette in between.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Cassette, CassetteError, Mode,
    line::{Line, VERSION, is_final},
};
use crate::{
    Digest, Endpoint, LlmError, envelope,
    wire::{Exchange, Exchanging, Wire},
};

/// A way to a server whose exchanges are recorded, remembered or replayed.
#[derive(Debug)]
pub(crate) struct TapedWire {
    live: Arc<dyn Wire>,
    cassette: Cassette,
    provider: String,
    model: String,
}

impl TapedWire {
    pub(crate) fn new(live: Arc<dyn Wire>, cassette: Cassette, endpoint: &Endpoint) -> Self {
        Self { live, cassette, provider: endpoint.provider(), model: endpoint.model.clone() }
    }

    async fn through(&self, request: &Value) -> Result<Exchange, LlmError> {
        let digest = Digest::of(request);
        match self.cassette.mode() {
            Mode::Off => self.live.exchange(request).await,
            Mode::Record => self.ask(request, digest).await,
            Mode::Remember => match self.beside(move |cassette| cassette.last(digest)).await? {
                Some(line) => Ok(line.into_exchange()),
                None => self.ask(request, digest).await,
            },
            Mode::Replay => match self.beside(move |cassette| cassette.next(digest)).await? {
                Some(line) => Ok(line.into_exchange()),
                None => Err(CassetteError::Missing(digest).into()),
            },
        }
    }

    /// Asks, and adds what came where it is final.
    async fn ask(&self, request: &Value, digest: Digest) -> Result<Exchange, LlmError> {
        self.cassette.has_room()?;
        let exchange = self.live.exchange(request).await?;
        if is_final(exchange.refusal().as_ref()) {
            let line = self.line(request, digest, &exchange);
            self.beside(move |cassette| cassette.add(&line)).await?;
        }
        Ok(exchange)
    }

    fn line(&self, request: &Value, digest: Digest, exchange: &Exchange) -> Line {
        let envelope = envelope::read(&exchange.body, request.to_string().len()).ok();
        Line {
            v: VERSION,
            at_ms: self.cassette.now_ms(),
            provider: self.provider.clone(),
            model: self.model.clone(),
            digest,
            request: request.clone(),
            status: exchange.status,
            tries: exchange.tries,
            duration_ms: exchange.duration_ms,
            usage: envelope.map(|envelope| envelope.usage),
            body: exchange.body.clone(),
        }
    }

    /// Does something with the file beside the thread that waits. Once begun it is done, even if nobody waits any more.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cassette) -> Result<T, CassetteError> + Send + 'static,
    ) -> Result<T, LlmError> {
        let cassette = self.cassette.clone();
        let done = tokio::task::spawn_blocking(move || work(&cassette)).await;
        Ok(done.map_err(|_| LlmError::Ended)??)
    }
}

impl Wire for TapedWire {
    fn exchange<'a>(&'a self, request: &'a Value) -> Exchanging<'a> {
        Box::pin(self.through(request))
    }
}
