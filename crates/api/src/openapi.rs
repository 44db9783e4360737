//! The OpenAPI document, made from the table of endpoints and the types.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    KEY_HEADER, PROTOCOL, PROTOCOL_HEADER,
    endpoints::{Body, ENDPOINTS, Endpoint, Name},
    events::Progress,
    problem::Problem,
};

const STREAM: &str = "Frames: `event` (an EventView; with an `id` where one job is watched), `progress` (a Progress), `missed` (how \
many notices were left out, since the watcher was too slow) and `over` (the state in which the job is over). A comment every 15 s.";

/// The document.
#[must_use]
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut types = settings.into_generator();
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str().to_lowercase()] = operation(endpoint, &mut types);
    }
    types.subschema_for::<Progress>();
    types.subschema_for::<Problem>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AutoMCU",
            "version": PROTOCOL.to_string(),
            "description": "HTTP/1.1 over the daemon's Unix socket. See docs/API.md.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "servers": [{ "url": "http://localhost", "description": "The socket; the host means nothing." }],
        "paths": paths,
        "components": { "schemas": types.take_definitions(true) }
    })
}

fn operation(endpoint: &Endpoint, types: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": camel(endpoint.name),
        "summary": endpoint.about,
        "description": if endpoint.commands { "For those who may command." } else { "For all who reach the socket." },
        "parameters": parameters(endpoint, types),
        "responses": {
            status(endpoint): answer(endpoint, types),
            "default": {
                "description": "Why not.",
                "content": { Problem::MEDIA_TYPE: { "schema": types.subschema_for::<Problem>() } }
            }
        }
    });
    let content = match endpoint.takes {
        Body::Job(made) => {
            let schema = made(types);
            json!({ "application/json": { "schema": schema }, "application/toml": { "schema": schema } })
        }
        Body::Json(made) => json!({ "application/json": { "schema": made(types) } }),
        _ => return operation,
    };
    operation["requestBody"] = json!({ "required": true, "content": content });
    operation
}

fn parameters(endpoint: &Endpoint, types: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters = vec![json!({
        "name": PROTOCOL_HEADER, "in": "header", "description": "the protocol that the client speaks",
        "schema": { "type": "integer", "const": PROTOCOL }
    })];
    parameters.extend(
        endpoint
            .part()
            .map(|part| json!({ "name": part, "in": "path", "required": true, "schema": { "type": "string" } })),
    );
    if endpoint.name == Name::SubmitJob {
        parameters.push(json!({
            "name": KEY_HEADER, "in": "header", "description": "the same key gives the same job",
            "schema": { "type": "string", "maxLength": crate::KEY_BYTES }
        }));
    }
    parameters.extend(endpoint.query.iter().map(|query| {
        json!({ "name": query.name, "in": "query", "description": query.about, "schema": (query.schema)(types) })
    }));
    parameters
}

/// The status of an answer that is no refusal.
const fn status(endpoint: &Endpoint) -> &'static str {
    match endpoint.gives {
        Body::None => "204",
        Body::Either(..) => "2XX",
        _ => "200",
    }
}

fn answer(endpoint: &Endpoint, types: &mut SchemaGenerator) -> Value {
    let content = match endpoint.gives {
        Body::None => return json!({ "description": "Done." }),
        Body::Json(made) | Body::Job(made) => json!({ "application/json": { "schema": made(types) } }),
        Body::Either(first, second) => {
            json!({ "application/json": { "schema": { "anyOf": [first(types), second(types)] } } })
        }
        Body::PageOrStream(made) => json!({
            "application/json": { "schema": made(types) },
            "text/event-stream": { "schema": { "type": "string", "description": STREAM } }
        }),
        Body::Stream => json!({ "text/event-stream": { "schema": { "type": "string", "description": STREAM } } }),
        Body::Bytes => json!({ "application/octet-stream": {} }),
        Body::Metrics => json!({ "text/plain": { "schema": { "type": "string" } } }),
    };
    json!({ "description": endpoint.about, "content": content })
}

fn camel(name: Name) -> String {
    let mut name = format!("{name:?}");
    name[..1].make_ascii_lowercase();
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema_and_every_endpoint_is_there() {
        let document = openapi();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for endpoint in ENDPOINTS {
            let operation = &document["paths"][endpoint.path][endpoint.method.as_str().to_lowercase()];
            assert_eq!(operation["summary"], endpoint.about, "{}", endpoint.path);
        }
    }
}
