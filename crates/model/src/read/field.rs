//! Typed fields out of a tree: the path kept on the stack, unknown and repeated keys refused, near misses suggested.

use std::fmt;

use super::Json;
use crate::refusal::{Findings, Refusal, RefusalKind, quoted};

/// Where in the document a value stands. Lives on the stack and is only written out when something is wrong.
#[derive(Clone, Copy)]
pub(crate) enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("."),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Index(Self::Root, index) => write!(f, "[{index}]"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A type that can be read from a tree. `None` means that at least one finding was added.
pub(crate) trait Read: Sized {
    fn read(json: &Json<'_>, at: &At<'_>, found: &mut Findings) -> Option<Self>;
}

/// Adds "is … ; use …" and gives nothing.
pub(crate) fn expected<T>(json: &Json<'_>, at: &At<'_>, remedy: &str, found: &mut Findings) -> Option<T> {
    let problem = format!("{} is not allowed here", json.shown());
    found.add(Refusal::new(RefusalKind::Schema, at, problem, format!("use {remedy}")));
    None
}

impl Read for bool {
    fn read(json: &Json<'_>, at: &At<'_>, found: &mut Findings) -> Option<Self> {
        match json {
            Json::Bool(value) => Some(*value),
            other => expected(other, at, "true or false", found),
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(json: &Json<'_>, at: &At<'_>, found: &mut Findings) -> Option<Self> {
        match json {
            Json::Null => Some(None),
            other => T::read(other, at, found).map(Some),
        }
    }
}

/// The fields of one object, each asked for by name; what nobody asked for is refused at the end.
pub(crate) struct Fields<'j, 'd> {
    entries: &'j [(std::borrow::Cow<'d, str>, Json<'d>)],
    known: &'static [&'static str],
}

impl<'j, 'd> Fields<'j, 'd> {
    /// Takes the object apart; `known` are all the keys that it may have.
    pub(crate) fn of(
        json: &'j Json<'d>,
        known: &'static [&'static str],
        at: &At<'_>,
        found: &mut Findings,
    ) -> Option<Self> {
        let Json::Object(entries) = json else {
            return expected(json, at, "an object", found);
        };
        let fields = Self { entries, known };
        fields.refuse_strangers(at, found);
        Some(fields)
    }

    fn refuse_strangers(&self, at: &At<'_>, found: &mut Findings) {
        for (i, (key, _)) in self.entries.iter().enumerate() {
            if found.is_full() {
                return;
            }
            if !self.known.contains(&key.as_ref()) {
                let problem = format!("there is no field {}", quoted(key));
                found.add(Refusal::new(RefusalKind::Schema, at, problem, near_miss(key, self.known)));
            } else if self.entries[..i].iter().any(|(earlier, _)| earlier == key) {
                let problem = "the field is written twice";
                found.add(Refusal::new(RefusalKind::Schema, At::Key(at, key), problem, "write it once"));
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'j Json<'d>> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, json)| json)
    }

    /// A field that must be there.
    pub(crate) fn required<T: Read>(&self, key: &'static str, at: &At<'_>, found: &mut Findings) -> Option<T> {
        let Some(json) = self.get(key) else {
            let problem = format!("the field {} is missing", quoted(key));
            found.add(Refusal::new(RefusalKind::Schema, at, problem, "add it"));
            return None;
        };
        T::read(json, &At::Key(at, key), found)
    }

    /// A field that stands for `default` where it is not written.
    pub(crate) fn optional<T: Read>(
        &self,
        key: &'static str,
        default: T,
        at: &At<'_>,
        found: &mut Findings,
    ) -> Option<T> {
        self.get(key).map_or(Some(default), |json| T::read(json, &At::Key(at, key), found))
    }
}

/// "use …" with the likeliest of `known`, or all of them.
pub(crate) fn near_miss(word: &str, known: &[&str]) -> String {
    let word: String = word.chars().take(40).collect();
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&word, candidate), candidate))
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((likeness, candidate)) if likeness > 0.8 => format!("use {candidate:?}"),
        _ if known.is_empty() => "leave it out".to_owned(),
        _ => format!("use {}", one_of(known)),
    }
}

/// "a, b or c".
pub(crate) fn one_of<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
