//! Text as tokens, each with its place, so that what is not understood can be quoted as it stands.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, in lower case.
    Word(String),
    /// Digits, perhaps with a point between them.
    Number(String),
    /// Whatever stood between quotes.
    Quoted(String),
    /// A path: it begins with `/`, `./`, `../` or `~/`.
    Path(String),
    /// Anything else.
    Symbol(char),
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

/// The tokens of a text. Whitespace is where there is none.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let is_at_front = text[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || before == '(');
        let rest = &text[at..];
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '"' => quoted(rest).unwrap_or((Kind::Symbol('"'), 1)),
            _ if is_at_front && is_path(rest) => path(rest),
            _ if first.is_ascii_digit() => number(rest),
            _ if first.is_alphabetic() => {
                let length = run(rest, char::is_alphabetic);
                (Kind::Word(rest[..length].to_lowercase()), length)
            }
            _ => (Kind::Symbol(first), first.len_utf8()),
        };
        tokens.push(Token { kind, span: at..at + length });
        at += length;
    }
    tokens
}

/// How many bytes at the front are of such characters.
fn run(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

fn number(text: &str) -> (Kind, usize) {
    let digits = |text: &str| run(text, |c| c.is_ascii_digit());
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    let length = if fraction > 0 { whole + 1 + fraction } else { whole };
    (Kind::Number(text[..length].to_owned()), length)
}

/// What is between quotes; `\` takes the next character as it is.
fn quoted(text: &str) -> Option<(Kind, usize)> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((Kind::Quoted(content), at + 1)),
            '\\' => content.push(characters.next()?.1),
            _ => content.push(c),
        }
    }
    None
}

fn is_path(text: &str) -> bool {
    let begins = |start: &str| {
        let behind = text.strip_prefix(start).and_then(|rest| rest.chars().next());
        behind.is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '.'))
    };
    ["/", "./", "../", "~/"].into_iter().any(begins)
}

fn path(text: &str) -> (Kind, usize) {
    let whole = &text[..run(text, |c| !c.is_whitespace())];
    let path = whole.trim_end_matches([',', ';', ':', '!', '?', ')']);
    (Kind::Path(path.to_owned()), path.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::any, proptest};

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn words_numbers_paths_and_quotes_are_told_apart() {
        let word = |text: &str| Kind::Word(text.to_owned());
        let number = |text: &str| Kind::Number(text.to_owned());
        assert_eq!(
            kinds("1.5 MiB, STM32F4"),
            [number("1.5"), word("mib"), Kind::Symbol(','), word("stm"), number("32"), word("f"), number("4")]
        );
        assert_eq!(
            kinds("3. \"a \\\" b\" ./my-set, \"c"),
            [
                number("3"),
                Kind::Symbol('.'),
                Kind::Quoted("a \" b".into()),
                Kind::Path("./my-set".into()),
                Kind::Symbol(','),
                Kind::Symbol('"'),
                word("c"),
            ]
        );
        assert_eq!(kinds("64 /128"), [number("64"), Kind::Symbol('/'), number("128")]);
    }

    proptest! {
        #[test]
        fn tokens_stand_where_they_say(text in any::<String>()) {
            let mut last = 0;
            for Token { span, .. } in tokens(&text) {
                assert!(span.start >= last && span.end > span.start);
                assert!(text[last..span.start].chars().all(char::is_whitespace));
                last = span.end;
            }
            assert!(text[last..].chars().all(char::is_whitespace));
        }
    }
}
