//! A place among tokens, from which rules read on.

use std::ops::Range;

use crate::token::{Kind, Token};

/// Where a rule is. It is copied to try something, and the copy forgotten where that leads nowhere.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub(crate) text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) const fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, at: 0 }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(crate) fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    /// Where the words stand that were read since an earlier place.
    pub(crate) fn since(&self, earlier: Self) -> Range<usize> {
        match (self.tokens.get(earlier.at), self.at.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if earlier.at < self.at => first.span.start..last.span.end,
            _ => 0..0,
        }
    }

    /// Reads on if `rule` finds what it looks for.
    pub(crate) fn attempt<T>(&mut self, rule: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let found = rule(&mut ahead)?;
        *self = ahead;
        Some(found)
    }

    /// Reads a word, if it is one of these.
    pub(crate) fn word(&mut self, any: &[&str]) -> Option<&'a str> {
        self.attempt(|scan| match &scan.next()?.kind {
            Kind::Word(word) if any.contains(&word.as_str()) => Some(word.as_str()),
            _ => None,
        })
    }

    /// Reads these words, one after the other; a hyphen may join them.
    pub(crate) fn words(&mut self, all: &str) -> Option<()> {
        self.attempt(|scan| {
            all.split(' ').enumerate().try_for_each(|(at, word)| {
                if at > 0 {
                    scan.symbol("-");
                }
                scan.word(&[word]).map(drop)
            })
        })
    }

    /// Reads a symbol, if it is one of these.
    pub(crate) fn symbol(&mut self, any: &str) -> Option<char> {
        self.attempt(|scan| match scan.next()?.kind {
            Kind::Symbol(symbol) if any.contains(symbol) => Some(symbol),
            _ => None,
        })
    }

    /// Reads digits.
    pub(crate) fn digits(&mut self) -> Option<&'a str> {
        self.attempt(|scan| match &scan.next()?.kind {
            Kind::Number(number) => Some(number.as_str()),
            _ => None,
        })
    }

    /// Reads what joins a thing to what is said of it.
    pub(crate) fn joint(&mut self) {
        while self.word(&["of", "is", "to"]).is_some() || self.symbol(":=").is_some() {}
    }

    /// Reads a name: what is between quotes, otherwise all up to a gap, without the punctuation that ends it.
    pub(crate) fn name(&mut self) -> Option<String> {
        self.attempt(|scan| {
            let first = scan.next()?;
            if let Kind::Quoted(name) | Kind::Path(name) = &first.kind {
                return Some(name.clone());
            }
            let mut end = first.span.end;
            let mut best = matches!(first.kind, Kind::Word(_) | Kind::Number(_)).then_some(*scan)?;
            while let Some(token) = scan.next().filter(|token| token.span.start == end) {
                end = token.span.end;
                match token.kind {
                    Kind::Word(_) | Kind::Number(_) => best = *scan,
                    Kind::Symbol('-' | '_' | '.' | '+' | '/') => {}
                    _ => break,
                }
            }
            *scan = best;
            let last = scan.tokens.get(scan.at - 1)?;
            scan.text.get(first.span.start..last.span.end).map(ToOwned::to_owned)
        })
    }

    /// Whether a name may begin and end here: not within what is written as one.
    pub(crate) fn is_between_names(&self) -> bool {
        let (Some(before), Some(behind)) =
            (self.at.checked_sub(1).and_then(|at| self.tokens.get(at)), self.tokens.get(self.at))
        else {
            return true;
        };
        let is_part = |token: &Token| matches!(token.kind, Kind::Word(_) | Kind::Number(_));
        let joins = |token: &Token| matches!(token.kind, Kind::Symbol('-' | '_')) || is_part(token);
        before.span.end < behind.span.start || !(joins(before) && joins(behind))
    }
}
