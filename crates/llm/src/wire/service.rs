//! The service below `async-openai`: it tries again, paces, bounds what is read, and hands up whatever came as one [`Exchange`] in
//! JSON. What `async-openai` does with statuses, bodies of errors and bodies it cannot read (it loses the first and logs the others)
//! thereby never comes to pass.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use reqwest::{Response, header::HeaderMap};
use tokio::time::Instant;

use super::{Exchange, MOST_ANSWER_BYTES, pace::Pace, patience::Patience};
use crate::{Digest, LlmError, Secret, error::words};

/// Carries requests to a server.
#[derive(Clone)]
pub(crate) struct Carrier {
    pub(crate) http: reqwest::Client,
    pub(crate) patience: Patience,
    pub(crate) pace: Arc<Pace>,
    pub(crate) key: Option<Secret>,
    /// How long an ask may take: no wait begins that would outlast it.
    pub(crate) timeout: Duration,
}

impl tower::Service<HttpRequestFactory> for Carrier {
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let carrier = self.clone();
        Box::pin(async move {
            let exchange = carrier.carry(&request).await.map_err(|error| OpenAIError::Boxed(Box::new(error)))?;
            let bytes = serde_json::to_vec(&exchange).map_err(|error| OpenAIError::Boxed(Box::new(error)))?;
            Ok(Response::from(http::Response::new(bytes)))
        })
    }
}

/// What of a request counts for trying it again.
struct Asked {
    digest: Digest,
    is_at_zero: bool,
}

impl Carrier {
    /// Tries until there is an answer, or nothing more to be hoped for.
    async fn carry(&self, request: &HttpRequestFactory) -> Result<Exchange, LlmError> {
        let started = Instant::now();
        let mut asked = None;
        let mut tried = 0;
        loop {
            self.pace.turn().await?;
            tried += 1;
            let outcome = self.once(request, &mut asked).await;
            let error = match &outcome {
                Ok(exchange) => exchange.refusal(),
                Err(error) => Some(error.clone()),
            };
            let asked = asked.get_or_insert(Asked { digest: Digest::of(&serde_json::Value::Null), is_at_zero: true });
            let wait = error.and_then(|error| self.patience.wait(tried, &error, asked.is_at_zero, asked.digest));
            match wait.filter(|wait| started.elapsed() + *wait < self.timeout) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                    return outcome.map(|exchange| Exchange { tries: tried, duration_ms, ..exchange });
                }
            }
        }
    }

    /// One try.
    async fn once(&self, request: &HttpRequestFactory, asked: &mut Option<Asked>) -> Result<Exchange, LlmError> {
        let request = request.build().await.map_err(|error| broken(&error, false))?;
        asked.get_or_insert_with(|| {
            let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
            let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
            let is_at_zero = body.get("temperature").and_then(serde_json::Value::as_f64) == Some(0.0);
            Asked { digest: Digest::of(&body), is_at_zero }
        });
        let response = self.http.execute(request).await.map_err(|error| broken(&error, !error.is_connect()))?;
        let (status, retry_after_ms) = (response.status(), retry_after_ms(response.headers()));
        let body = match read(response).await {
            Ok(body) => body,
            // A status says enough.
            Err(LlmError::Connect { .. }) if !status.is_success() => Vec::new(),
            Err(error) => return Err(error),
        };
        let body =
            String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let body = self.key.as_ref().map_or_else(|| body.clone(), |key| key.blacked_out(body.clone()));
        Ok(Exchange { status: status.as_u16(), body, retry_after_ms, tries: 0, duration_ms: 0, is_recorded: false })
    }
}

/// Reads a body up to the most that is read.
async fn read(mut response: Response) -> Result<Vec<u8>, LlmError> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| broken(&error, true))? {
        if body.len() + part.len() > MOST_ANSWER_BYTES {
            let message = format!("at most {MOST_ANSWER_BYTES} bytes are read; ask for fewer tokens");
            return Err(LlmError::TooLarge { what: "the answer", message });
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// How long the server wants to be left alone, in whole or broken seconds or in milliseconds. A date is not heeded: whose clock
/// would it be?
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let milliseconds = number("retry-after-ms").or_else(|| number("retry-after").map(|seconds| seconds * 1000.0))?;
    let is_sane = milliseconds.is_finite() && milliseconds >= 0.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and not negative; the rest saturates"
    )]
    is_sane.then_some(milliseconds.ceil() as u64)
}

/// A connection that did not come about, or broke.
fn broken(error: &(dyn std::error::Error + 'static), is_sent: bool) -> LlmError {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut said: Vec<String> = causes.map(ToString::to_string).collect();
    said.dedup();
    // Addresses are in the first of them only, and known from the configuration.
    let last = said.pop().unwrap_or_default();
    LlmError::Connect { message: words(&last), is_sent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_any_unit_and_nonsense_is_not() {
        for (name, value, expected) in [
            ("retry-after", "3", Some(3000)),
            ("retry-after", "0.25", Some(250)),
            ("retry-after-ms", "1500.2", Some(1501)),
            ("retry-after", "1e30", Some(u64::MAX)),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "inf", None),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("x-other", "3", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header"));
            assert_eq!(retry_after_ms(&headers), expected, "{name}: {value}");
        }
    }
}
