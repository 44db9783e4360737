//! The lines that the tool meant, of what a terminal or a file caught of them.

use std::borrow::Cow;

/// A line that says something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// From 1.
    pub(super) number: usize,
    pub(super) text: &'t str,
    /// Whether its end was written.
    pub(super) is_ended: bool,
}

/// Text in UTF-8 or, as a Windows shell redirects it, UTF-16. What is neither is made visible instead of being refused: a
/// path or a name may be in any code.
pub(in super::super) fn decoded(file: &[u8]) -> Cow<'_, str> {
    match file {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>().into()
        }
        _ => String::from_utf8_lossy(file),
    }
}

/// The text without what moves a terminal's cursor or colours it.
pub(super) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        rest = after_escape(&rest[at + 1..]);
    }
    plain.push_str(rest);
    plain.retain(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    plain
}

/// What follows an escape sequence, which ends with its line if it does not end before.
fn after_escape(rest: &str) -> &str {
    let is_end: fn(char) -> bool = match rest.as_bytes().first() {
        Some(b'[') => |c| ('@'..='~').contains(&c),
        Some(b']') => |c| c == '\u{7}' || c == '\u{1b}',
        _ => return rest,
    };
    let body = &rest[1..];
    match body.find(|c| is_end(c) || c == '\n') {
        Some(at) if body[at..].starts_with('\n') => &body[at..],
        Some(at) => {
            let end = at + body[at..].chars().next().map_or(0, char::len_utf8);
            body[end..].strip_prefix('\\').filter(|_| body[at..].starts_with('\u{1b}')).unwrap_or(&body[end..])
        }
        None => "",
    }
}

/// The lines that are neither empty nor progress. Progress is written over itself after a carriage return.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let numbered = text.split_inclusive('\n').zip(1..);
    let pieces = numbered.flat_map(|(line, number)| {
        let is_ended = line.ends_with('\n');
        line.split('\r').map(move |piece| Line { number, text: piece.trim_end(), is_ended })
    });
    let said = pieces.map(|line| Line { text: without_progress(line.text), ..line });
    said.filter(|line| !line.text.trim().is_empty()).collect()
}

/// `PASS:  33%|███   | 51/171 [00:00<00:02, 60.05it/s]`, and what was written behind it without a new line.
fn without_progress(line: &str) -> &str {
    let Some(at) = line.find("PASS:").filter(|_| line.contains("%|")) else { return line };
    if !line[..at].trim().is_empty() {
        return line;
    }
    let rest = ["it/s]", "s/it]"].iter().find_map(|end| line.split_once(end));
    rest.map_or("", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_and_colours_leave_no_trace() {
        let text = "\u{1b}[1mST\u{1b}[0m\r\n\nPASS:   0%|          | 0/9 [00:00<?, ?it/s]\rPASS:  11%|█ | 1/9 [00:00<00:02, 6.0it/s]\r      \r macc : 5\n\
            PASS: 100%|█| 9/9 [00:01<00:00, 1.2s/it]INTERNAL ERROR: x\n\u{1b}]0;title\u{7}a\u{1b}]8;;link\u{1b}\\b\u{1b}[3\nc";
        let plain = without_escapes(text);
        let said: Vec<_> = lines(&plain).iter().map(|line| (line.number, line.text, line.is_ended)).collect();
        assert_eq!(
            said,
            [(1, "ST", true), (3, " macc : 5", true), (4, "INTERNAL ERROR: x", true), (5, "ab", true), (6, "c", false)]
        );
    }

    #[test]
    fn text_of_other_codes_is_read_as_far_as_it_goes() {
        let utf_16: Vec<u8> = "\u{feff}macc : 5\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&utf_16), "macc : 5\n");
        assert_eq!(decoded(b"\xef\xbb\xbfa"), "a");
        assert_eq!(decoded(b"C:\\Jos\xe9\n"), "C:\\Jos\u{fffd}\n");
    }
}
