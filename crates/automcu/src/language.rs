//! The language model of the configuration.

use std::{fs, time::Duration};

use automcu_api::{Money, Span};
use automcu_daemon::{Endpoint, Price, Secret, Structured, Temperature};
use automcu_settings::{Llm, Proxy, StructuredOutput};

use crate::outcome::Failure;

/// The most bytes of a key.
const KEY_BYTES: u64 = 4_096;

/// The endpoint that is configured, if one is.
pub(crate) fn endpoint(llm: &Llm) -> Result<Option<Endpoint>, Failure> {
    let Some((base_url, model)) = llm.base_url.value.as_ref().zip(llm.model.value.as_ref()) else { return Ok(None) };
    Ok(Some(Endpoint {
        key: key(llm)?,
        structured: match llm.structured.value {
            StructuredOutput::JsonSchema => Structured::JsonSchema,
            StructuredOutput::JsonObject => Structured::JsonObject,
            StructuredOutput::Tool => Structured::Tool,
            StructuredOutput::Prompt => Structured::Prompt,
        },
        temperature: llm.temperature.value.get().map_or(Temperature::Omit, Temperature::Value),
        extra_body: llm.extra_body.value.as_ref().map(automcu_settings::ExtraFields::get).unwrap_or_default(),
        timeout: Duration::from_secs(Span::seconds(llm.timeout.value)),
        tries: llm.tries.value.get(),
        requests_a_minute: llm.requests_a_minute.value.map(automcu_settings::Count::get),
        price: price(llm),
        proxy: llm.proxy.value == Proxy::Environment,
        ..Endpoint::new(base_url.get(), model.get())
    }))
}

fn key(llm: &Llm) -> Result<Option<Secret>, Failure> {
    let Some(path) = &llm.key_file.value else { return Ok(None) };
    let wrong = |problem: String| Failure::Key { path: path.clone(), problem };
    let length = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if length > KEY_BYTES {
        return Err(wrong(format!("{length} bytes are no key; name the file that holds it and nothing else")));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Ok(Some(Secret::new(&text)))
}

/// Prices are known where both are said.
fn price(llm: &Llm) -> Option<Price> {
    let (input, output) = llm.price_input.value.zip(llm.price_output.value)?;
    let cached = llm.price_cached_input.value.unwrap_or(input);
    Some(Price {
        input_per_mtok_micros: Money::micros(input),
        cached_input_per_mtok_micros: Money::micros(cached),
        output_per_mtok_micros: Money::micros(output),
        currency: llm.currency.value.get().to_owned(),
    })
}
