//! Which JSON of the tool a file is, and numbers in it.

use automcu_model::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Reading, ReportError, info, old, plain};

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    json_schema_version: Value,
    #[serde(default)]
    report_version: Value,
}

pub(super) fn read(text: &str) -> Result<Reading, ReportError> {
    let kind: Kind = parsed(text)?;
    match (&kind.json_schema_version, &kind.report_version) {
        (Value::Null, Value::Null) => Err(ReportError::OtherJson),
        (Value::Null, _) => old::read(text),
        (Value::String(version), _) if version.starts_with("2.") => info::read(text),
        (version, _) => Err(ReportError::Schema(plain(&version.to_string()))),
    }
}

pub(super) fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, ReportError> {
    serde_json::from_str(text).map_err(|error| ReportError::Json(plain(&error.to_string())))
}

/// A number that may be left out or null.
pub(super) fn count(place: &str, value: &Value) -> Result<Option<u64>, ReportError> {
    match value {
        Value::Null => Ok(None),
        value => value.as_u64().map(Some).ok_or_else(|| wrong(place, value)),
    }
}

pub(super) fn bytes(place: &str, value: &Value) -> Result<Option<Bytes>, ReportError> {
    Ok(count(place, value)?.map(Bytes))
}

/// All numbers of a list together; none where one of them is not known.
pub(super) fn sum(place: &str, value: &Value) -> Result<Option<Bytes>, ReportError> {
    let Value::Array(items) = value else { return bytes(place, value) };
    items.iter().map(|item| bytes(place, item)).sum()
}

pub(super) fn wrong(place: &str, value: &Value) -> ReportError {
    ReportError::Value { place: place.to_owned(), value: plain(&value.to_string()) }
}
