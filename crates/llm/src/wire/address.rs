//! Where requests go and with which key, as `async-openai` wants to know it. Its own configuration reads the environment, and
//! panics on a key that is no header.

use async_openai::config::Config;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::SecretString;

use crate::{Endpoint, LlmError};

/// An endpoint's address.
#[derive(Clone)]
pub(crate) struct Address {
    base: String,
    headers: HeaderMap,
    /// The key stands in the headers; who asks for it here gets none.
    no_key: SecretString,
}

impl Address {
    pub(crate) fn of(endpoint: &Endpoint) -> Result<Self, LlmError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &endpoint.key {
            let value = HeaderValue::from_str(&format!("Bearer {}", key.expose()));
            let message = "holds more than visible ASCII; copy it anew".to_owned();
            let mut value = value.map_err(|_| LlmError::Unusable { field: "key", message })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { base: endpoint.base().to_owned(), headers, no_key: SecretString::default() })
    }
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}
