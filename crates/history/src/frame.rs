//! One line of the journal: `<check> <number> <event>\n`. The check is over the generation, the number and the event, so that
//! a line that was changed, moved or taken from another journal is recognised. An event holds no line break, so the next
//! one is found behind damage.

use std::io::{self, BufRead};

use crate::line::EVENT_BYTES;

/// Sixteen digits, a space, at most twenty digits, a space.
const HEAD_BYTES: usize = 38;

/// A line that checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) seq: u64,
    pub(crate) check: u64,
    pub(crate) text: String,
}

/// Adds a line to what is to be written, and gives its check.
pub(crate) fn push(into: &mut Vec<u8>, generation: u64, seq: u64, text: &str) -> u64 {
    let check = check(generation, seq, text.as_bytes());
    into.extend_from_slice(format!("{check:016x} {seq} ").as_bytes());
    into.extend_from_slice(text.as_bytes());
    into.push(b'\n');
    check
}

/// How many bytes a line takes.
pub(crate) fn bytes(seq: u64, text: &str) -> u64 {
    let digits = u64::from(seq.checked_ilog10().unwrap_or(0)) + 1;
    // The check, two spaces and the break.
    16 + digits + text.len() as u64 + 3
}

/// Reads a line without its break.
pub(crate) fn parse(generation: u64, line: &[u8]) -> Option<Frame> {
    let line = std::str::from_utf8(line).ok()?;
    let (head, rest) = line.split_at_checked(16)?;
    let (number, text) = rest.strip_prefix(' ')?.split_once(' ')?;
    let (stated, seq) = (u64::from_str_radix(head, 16).ok()?, number.parse::<u64>().ok()?);
    // Only the one spelling that is written is read: no other case, no sign, no leading zero.
    let is_as_written = head == format!("{stated:016x}") && number == seq.to_string();
    (is_as_written && stated == check(generation, seq, text.as_bytes())).then(|| Frame {
        seq,
        check: stated,
        text: text.to_owned(),
    })
}

fn check(generation: u64, seq: u64, text: &[u8]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&generation.to_le_bytes()).update(&seq.to_le_bytes()).update(text);
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(first)
}

/// A piece of a file up to its line break.
pub(crate) struct Piece {
    /// All of its bytes, the break among them.
    pub(crate) bytes: u64,
    /// Whether it ended with a break and was no longer than a line can be.
    pub(crate) is_whole: bool,
}

/// Reads up to the next line break into `line`, which never grows beyond what a line can be.
pub(crate) fn next_piece(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Piece>> {
    line.clear();
    let (mut bytes, mut fits) = (0, true);
    loop {
        let there = from.fill_buf()?;
        if there.is_empty() {
            return Ok((bytes > 0).then_some(Piece { bytes, is_whole: false }));
        }
        let end = there.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(there.len());
        fits &= line.len() + taken <= EVENT_BYTES + HEAD_BYTES;
        if fits {
            line.extend_from_slice(&there[..taken]);
        }
        let used = taken + usize::from(end.is_some());
        bytes += used as u64;
        from.consume(used);
        if end.is_some() {
            return Ok(Some(Piece { bytes, is_whole: fits }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_any_change_to_it_is_seen() {
        let mut bytes = Vec::new();
        let check = push(&mut bytes, 1, 42, r#"{"a":"é"}"#);
        assert_eq!(super::bytes(42, r#"{"a":"é"}"#), bytes.len() as u64);
        bytes.pop();
        assert_eq!(parse(1, &bytes), Some(Frame { seq: 42, check, text: r#"{"a":"é"}"#.to_owned() }));
        assert_eq!(parse(2, &bytes), None);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(parse(1, &changed), None, "byte {at}, bit {bit}");
            }
            assert_eq!(parse(1, &bytes[..at]), None);
        }
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut from = io::BufReader::new(io::Read::take(io::repeat(b'x'), 3 << 20));
        let mut line = Vec::new();
        let piece = next_piece(&mut from, &mut line).expect("readable").expect("there");
        assert!((piece.bytes, piece.is_whole) == (3 << 20, false) && line.capacity() <= 2 << 20);
    }
}
