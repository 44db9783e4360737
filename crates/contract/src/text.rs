//! Texts and lists with a bound, so that no message can grow.

use std::fmt;

use serde::Serialize;

/// A text of at most [`Brief::BYTES`] bytes as JSON. What is longer is cut at a character and marked; control
/// characters become spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Brief(String);

impl Brief {
    /// The most bytes, as JSON, without the quotes.
    pub const BYTES: usize = 160;
    const CUT: &'static str = "…";

    /// The text, or as much of it as there is room for.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut kept = String::new();
        let (mut bytes, mut room_for_mark) = (0, 0);
        for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            bytes += if matches!(c, '"' | '\\') { 2 } else { c.len_utf8() };
            if bytes > Self::BYTES {
                kept.truncate(room_for_mark);
                kept.push_str(Self::CUT);
                break;
            }
            kept.push(c);
            if bytes <= Self::BYTES - Self::CUT.len() {
                room_for_mark = kept.len();
            }
        }
        Self(kept)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// More items than a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} items in a message that takes {most}; send them in several")]
pub struct TooMany {
    count: usize,
    most: usize,
}

/// At most `N` items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Few<T, const N: usize>(Vec<T>);

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const N: usize> Few<T, N> {
    /// The items, if they are few enough.
    pub fn new(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > N { Err(TooMany { count: items.len(), most: N }) } else { Ok(Self(items)) }
    }

    /// The first of the items, as many as there is room for.
    #[must_use]
    pub fn first_of(mut items: Vec<T>) -> Self {
        items.truncate(N);
        Self(items)
    }

    /// The items.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The items.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}
