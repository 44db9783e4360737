//! The way over HTTP.

use std::{fmt, sync::Arc};

use async_openai::error::OpenAIError;
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;

use super::{Exchange, Exchanging, Wire, address::Address, pace::Pace, patience::Patience, service::Carrier};
use crate::{Endpoint, LlmError, error::words};

/// The way to an endpoint.
pub(crate) struct HttpWire {
    inner: async_openai::Client<Address>,
    base: String,
}

impl HttpWire {
    /// Connects with nobody yet.
    pub(crate) fn to(endpoint: &Endpoint) -> Result<Self, LlmError> {
        let http = client(endpoint)?;
        let carrier = Carrier {
            http: http.clone(),
            patience: Patience { tries: endpoint.tries, longest_wait: endpoint.longest_wait },
            pace: Arc::new(Pace::new(endpoint.requests_a_minute, endpoint.longest_wait)),
            key: endpoint.key.clone(),
            timeout: endpoint.timeout,
        };
        let inner = async_openai::Client::build(http, Address::of(endpoint)?).with_http_service(carrier);
        Ok(Self { inner, base: endpoint.base().to_owned() })
    }

    async fn send(&self, request: &Value) -> Result<Exchange, LlmError> {
        let outcome: Result<Exchange, OpenAIError> = self.inner.chat().create_byot(request).await;
        outcome.map_err(|error| match error {
            OpenAIError::Boxed(error) => match error.downcast::<LlmError>() {
                Ok(error) => *error,
                Err(error) => LlmError::Connect { message: words(&error.to_string()), is_sent: true },
            },
            other => LlmError::Connect { message: words(&other.to_string()), is_sent: true },
        })
    }
}

impl Wire for HttpWire {
    fn exchange<'a>(&'a self, request: &'a Value) -> Exchanging<'a> {
        Box::pin(self.send(request))
    }
}

impl fmt::Debug for HttpWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpWire").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Follows no redirect: it would carry the question, and make it another kind of request, to wherever a server says.
fn client(endpoint: &Endpoint) -> Result<reqwest::Client, LlmError> {
    let unusable = |message: String| LlmError::Unusable { field: "base_url", message };
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(endpoint).map_err(unusable)?)
        .redirect(redirect::Policy::none())
        .connect_timeout(endpoint.connect_timeout)
        .user_agent(concat!("automcu/", env!("CARGO_PKG_VERSION")));
    if !endpoint.proxy {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| unusable(format!("cannot be used: {}", words(&error.to_string()))))
}

/// Certificates are those of the computer. An address without TLS needs none, so that a computer without them will do.
fn tls(endpoint: &Endpoint) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    if endpoint.base_url.starts_with("http://") {
        return Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let verified = config.with_platform_verifier().map_err(|error| format!("{NO_CERTIFICATES}: {error}"))?;
    Ok(verified.with_no_client_auth())
}

const NO_CERTIFICATES: &str =
    "is an https address, and this computer has no certificates to tell servers by; install `ca-certificates`";
