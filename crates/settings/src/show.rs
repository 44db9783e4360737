//! The configuration as it is, for people and for programs. As TOML it reads back as the same.

use serde_json::Value as Json;

use crate::{declare::Key, mistake::Origin, tables::about};

/// A value with its name and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// As the file calls it.
    pub name: &'static str,
    /// The variable of the environment that says it.
    pub variable: String,
    /// What it is.
    pub about: String,
    /// The value; null where it is as usual and no value says that.
    pub value: Json,
    /// What is written for that.
    pub word: Option<&'static str>,
    /// Who said it.
    pub origin: Origin,
}

impl Row {
    pub(crate) fn of(key: &'static Key, value: Json, origin: &Origin) -> Self {
        let (name, word) = (key.name, key.word);
        Self { name, variable: key.variable(), about: about(key), value, word, origin: origin.clone() }
    }

    /// As it is written in a file.
    #[must_use]
    pub fn written(&self) -> String {
        match (&self.value, self.word) {
            (Json::Null, Some(word)) => format!("{word:?}"),
            (value, _) => toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string()),
        }
    }

    fn table(&self) -> &str {
        self.name.split_once('.').map_or("", |(table, _)| table)
    }

    fn short(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// As a file; with the origin of each value behind it, where that is asked for.
#[must_use]
pub fn to_toml(rows: &[Row], with_origin: bool) -> String {
    let lines: Vec<String> = rows.iter().map(|row| format!("{} = {}", row.short(), row.written())).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let (mut text, mut table) = (format!("version = {}\n", crate::VERSION), "");
    for (row, line) in rows.iter().zip(&lines) {
        if row.table() != table {
            table = row.table();
            text.push_str(&format!("\n[{table}]\n"));
        }
        let line = if with_origin { format!("{line:width$}  # {}", row.origin) } else { line.clone() };
        text.push_str(&line);
        text.push('\n');
    }
    text
}
