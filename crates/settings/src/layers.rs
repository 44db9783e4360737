//! Who says what: flags, the environment, the file. Values are taken one by one; what nobody took from the file should not be there.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    Environment, MOST_BYTES, Setting, VERSION,
    declare::Key,
    mistake::{Mistake, Mistakes, Origin, plain, quoted},
    tables::{Settings, short},
    value::{Raw, Value},
};

/// What a flag says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The value that it says, as the file calls it.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it says.
    pub text: OsString,
}

/// A configuration file that was read.
#[derive(Clone, Copy, Debug)]
pub struct ConfigFile<'t> {
    /// What it is called in mistakes.
    pub path: &'t Path,
    /// What is in it.
    pub text: &'t [u8],
}

/// What a file says of a value.
struct Said<'t> {
    value: Spanned<DeValue<'t>>,
    line: usize,
}

/// All who say something, and what is wrong with it.
pub(crate) struct Layers<'a> {
    flags: &'a [Flag],
    environment: &'a Environment,
    path: PathBuf,
    /// Of the file, by name.
    said: BTreeMap<String, Said<'a>>,
    mistakes: Vec<Mistake>,
}

impl<'a> Layers<'a> {
    pub(crate) fn of(flags: &'a [Flag], environment: &'a Environment, file: Option<&ConfigFile<'a>>) -> Self {
        let path = file.map(|file| file.path.to_owned()).unwrap_or_default();
        let mut layers = Self { flags, environment, path, said: BTreeMap::new(), mistakes: Vec::new() };
        if let Some(file) = file {
            layers.read(file.text);
        }
        layers
    }

    fn read(&mut self, text: &'a [u8]) {
        if text.len() > MOST_BYTES {
            return self.no_toml(None, format!("it is longer than {MOST_BYTES} bytes"));
        }
        let text = match str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let line = line_of(text, error.valid_up_to());
                return self.no_toml(Some(line), "it is no UTF-8 text; save it as such".to_owned());
            }
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map(|span| line_of(text.as_bytes(), span.start));
            self.no_toml(line, format!("no TOML: {}", error.message().trim_end().replace('\n', ", ")));
        }
        // What is behind a mistake of syntax is guessed.
        if self.mistakes.is_empty() {
            self.flatten("", table.into_inner(), text);
            self.version();
        }
    }

    fn no_toml(&mut self, line: Option<usize>, problem: String) {
        self.mistakes.push(Mistake { origin: self.at(line), field: None, problem });
    }

    /// Values by their whole names. Tables in which there should be nothing are left whole, so that they are told once.
    fn flatten(&mut self, prefix: &str, table: DeTable<'a>, text: &str) {
        for (key, value) in table {
            let line = line_of(text.as_bytes(), key.span().start);
            let name = format!("{prefix}{}", key.get_ref());
            let inner = format!("{name}.");
            let is_table = Settings::keys().any(|key| key.name.starts_with(&inner));
            match value.into_inner() {
                DeValue::Table(table) if is_table => self.flatten(&inner, table, text),
                value => {
                    let value = Spanned::new(0..0, value);
                    self.said.insert(name, Said { value, line });
                }
            }
        }
    }

    fn version(&mut self) {
        let Some(said) = self.said.remove("version") else { return };
        let raw = raw(said.value.get_ref());
        if !matches!(raw, Raw::Whole(number) if number == i64::from(VERSION)) {
            let problem = format!("{raw} is not known here; write {VERSION}, or use a newer AutoMCU");
            self.wrong(&self.at(Some(said.line)), "version", problem);
        }
    }

    /// The first value that is said. Whoever says it wrong is told, even where nobody listens.
    pub(crate) fn take<T: Value>(&mut self, key: &'static Key, usual: T) -> Setting<T> {
        let variable = key.variable();
        let of_file = self.said.remove(key.name);
        let flag = self.flags.iter().find(|flag| flag.key == key.name);
        let flag = flag.map(|flag| (Raw::Untyped(&flag.text), Origin::Flag(flag.name)));
        let environment = self.environment;
        let of_environment = environment.variable(&variable).map(Raw::Untyped);
        let of_environment = of_environment.map(|raw| (raw, Origin::Environment(variable)));
        let of_file = of_file.as_ref().map(|said| (raw(said.value.get_ref()), self.at(Some(said.line))));
        let mut settled = None;
        for (raw, origin) in [flag, of_environment, of_file].into_iter().flatten() {
            let value = read(key, &raw, &usual).unwrap_or_else(|problem| {
                self.wrong(&origin, key.name, problem);
                usual.clone()
            });
            settled.get_or_insert(Setting { value, origin });
        }
        settled.unwrap_or(Setting { value: usual, origin: Origin::Default })
    }

    pub(crate) fn wrong(&mut self, origin: &Origin, field: &str, problem: String) {
        self.mistakes.push(Mistake { origin: origin.clone(), field: Some(field.to_owned()), problem });
    }

    /// Whether nothing was wrong, and nothing is left that should not be there.
    pub(crate) fn end(mut self) -> Result<(), Mistakes> {
        for (name, said) in std::mem::take(&mut self.said) {
            let problem = unknown(&name);
            self.wrong(&self.at(Some(said.line)), &plain(&name), problem);
        }
        self.mistakes.sort_by_key(|mistake| mistake.origin.file().and_then(|(_, line)| line));
        if self.mistakes.is_empty() { Ok(()) } else { Err(Mistakes(self.mistakes)) }
    }

    fn at(&self, line: Option<usize>) -> Origin {
        Origin::File { path: self.path.clone(), line }
    }
}

/// The value, where it is one, or the usual one, where its word says so.
fn read<T: Value>(key: &Key, raw: &Raw<'_>, usual: &T) -> Result<T, String> {
    match key.word {
        Some(word) if raw.text() == Some(word) => Ok(usual.clone()),
        Some(word) => T::read(raw).map_err(|problem| format!("{problem}, or {word:?}")),
        None => T::read(raw),
    }
}

fn raw<'v>(value: &'v DeValue<'_>) -> Raw<'v> {
    match value {
        DeValue::String(text) => Raw::Text(text),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| other(number.as_str()), Raw::Whole)
        }
        DeValue::Float(number) => other(number.as_str()),
        DeValue::Boolean(truth) => Raw::Other(truth.to_string()),
        DeValue::Datetime(moment) => other(&moment.to_string()),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Table(_) => Raw::Other("a table".to_owned()),
    }
}

fn other(text: &str) -> Raw<'static> {
    Raw::Other(quoted(text).replace('"', ""))
}

/// Lines are counted from 1 on.
fn line_of(text: &[u8], at: usize) -> usize {
    1 + text.iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// What is said of a field that there is not: which one may have been meant.
fn unknown(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let tables = Settings::keys().filter_map(|key| key.name.split_once('.')).map(|(table, _)| table);
    if let Some(table) = tables.clone().find(|table| *table == name) {
        return format!("is a table; write [{table}], and its fields below");
    }
    let elsewhere = Settings::keys().find(|key| short(key) == last);
    let near = Settings::keys().map(|key| (strsim::osa_distance(key.name, name), key.name));
    let near = near.chain(tables.map(|table| (strsim::osa_distance(table, name), table)));
    let near = near.min().filter(|(distance, _)| *distance <= 2).map(|(_, near)| near);
    match near.or(elsewhere.map(|key| key.name)) {
        Some(meant) => format!("there is no such field; did you mean {meant}?"),
        None => "there is no such field; `automcu config default` names all".to_owned(),
    }
}
