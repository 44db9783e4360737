//! Reading what users write, TOML or JSON, so that what is wrong is named: the file, the field, the value, the remedy.

use std::{fmt, marker::PhantomData, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::REQUEST_BYTES;

/// How a job file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// A job file, or what else users write, that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is too long to be one.
    #[error("{file}: {bytes} bytes, and at most {REQUEST_BYTES} are read; name data by its path")]
    TooLong {
        /// The file.
        file: String,
        /// Its bytes.
        bytes: usize,
    },
    /// It is no TOML or JSON.
    #[error("{file}: no {format}: {problem}")]
    Syntax {
        /// The file.
        file: String,
        /// What it should be.
        format: &'static str,
        /// What is wrong, and where.
        problem: String,
    },
    /// A field is wrong.
    #[error("{file}: {field}: {problem}")]
    Field {
        /// The file.
        file: String,
        /// The field, as a path.
        field: String,
        /// The value, what is wrong with it, and what would be right.
        problem: String,
    },
}

impl ReadError {
    /// The field that is wrong, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        if let Self::Field { field, .. } = self { Some(field) } else { None }
    }
}

impl Format {
    /// By the end of a file's name: JSON for `.json`, otherwise TOML.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_json { Self::Json } else { Self::Toml }
    }
}

/// Reads a document of names and values; `file` is what it is called in errors.
pub fn read<T: DeserializeOwned>(file: &str, format: Format, text: &[u8]) -> Result<T, ReadError> {
    if text.len() > REQUEST_BYTES {
        return Err(ReadError::TooLong { file: file.to_owned(), bytes: text.len() });
    }
    let read = match format {
        Format::Json => json(file, text),
        Format::Toml => toml(file, text),
    };
    read.map(|InBraces(read)| read)
}

fn json<T: DeserializeOwned>(file: &str, text: &[u8]) -> Result<T, ReadError> {
    let no = |error: &serde_json::Error| syntax(file, "JSON", &error.to_string());
    let mut source = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut source).map_err(|error| match error.inner().classify() {
        serde_json::error::Category::Data => wrong(file, &error.path().to_string(), &error.inner().to_string()),
        _ => no(error.inner()),
    })?;
    source.end().map_err(|error| no(&error))?;
    Ok(read)
}

fn toml<T: DeserializeOwned>(file: &str, text: &[u8]) -> Result<T, ReadError> {
    let text = str::from_utf8(text).map_err(|error| syntax(file, "TOML", &error.to_string()))?;
    let source = toml::Deserializer::parse(text).map_err(|error| syntax(file, "TOML", &at_line(text, &error)))?;
    serde_path_to_error::deserialize(source)
        .map_err(|error| wrong(file, &error.path().to_string(), &at_line(text, error.inner())))
}

fn syntax(file: &str, format: &'static str, problem: &str) -> ReadError {
    ReadError::Syntax { file: file.to_owned(), format, problem: cut(problem) }
}

/// A TOML error on one line, with its place.
fn at_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| 1 + before.matches('\n').count());
    let message = error.message().trim_end();
    line.map_or_else(|| message.to_owned(), |line| format!("{message} at line {line}"))
}

pub(crate) fn wrong(file: &str, field: &str, problem: &str) -> ReadError {
    let field = if matches!(field, "." | "") { "the document" } else { field };
    ReadError::Field { file: file.to_owned(), field: cut(field), problem: cut(problem) }
}

/// What a file says is quoted; a hostile one must not fill the screen, nor speak to the terminal.
pub(crate) fn cut(text: &str) -> String {
    const MOST: usize = 400;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect()
}

/// A struct that is read from names and values only, never from a list of values.
struct InBraces<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for InBraces<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        in_braces(source).map(Self)
    }
}

pub(crate) fn in_braces<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<T, D::Error> {
    struct Fields<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("fields with names")
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields))
        }
    }

    source.deserialize_map(Fields(PhantomData))
}
