//! What the driver says, and what TensorFlow Lite Micro says beside it where it refuses a network. Text in, answers out.

use serde::Deserialize;

use crate::{judge::NoAnswer, vendor::plain};

/// What stands before an answer: a package may print what it likes.
const MARK: &str = "automcu: ";

/// A line of the driver.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", deny_unknown_fields)]
pub(super) enum Answer {
    /// This Python does not have the package.
    Missing { words: String },
    /// It has.
    Probed { package: Package },
    /// The network is not taken.
    Refused { error: String, words: String },
    /// It is.
    Measured(Figures),
}

/// The package and the Python that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Package {
    pub(super) version: String,
    pub(super) python: String,
    pub(super) pointer_bits: u32,
}

/// What a network takes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Figures {
    pub(super) package: Package,
    /// Of the file that was read.
    pub(super) file_bytes: u64,
    pub(super) file_adler32: u32,
    /// Planned: activations and the scratch of kernels, which share memory over time.
    pub(super) head_bytes: Option<u64>,
    /// Kept as long as the network is there.
    pub(super) tail_bytes: Option<u64>,
    /// Both.
    pub(super) total_bytes: Option<u64>,
    /// The smallest arena, which is larger where there is too little room to make the plan in.
    pub(super) needed_bytes: Option<u64>,
    pub(super) operators: Vec<String>,
}

/// The parts of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arena {
    pub(super) head: u64,
    pub(super) tail: u64,
    /// What is needed beside while the plan is made, and up to the next 16 bytes.
    pub(super) plan: u64,
}

impl Arena {
    pub(super) const fn runtime(self) -> u64 {
        self.tail + self.plan
    }
}

impl Figures {
    /// The arena, where its parts make up a whole.
    pub(super) fn arena(&self) -> Option<Arena> {
        let (head, tail, total) = (self.head_bytes?, self.tail_bytes?, self.total_bytes?);
        let plan = self.needed_bytes?.checked_sub(total)?;
        (head > 0 && head.checked_add(tail) == Some(total)).then_some(Arena { head, tail, plan })
    }
}

/// The answer among what was printed.
pub(super) fn answer(output: &str) -> Option<Answer> {
    let line = output.lines().rev().find_map(|line| line.strip_prefix(MARK))?;
    serde_json::from_str(line).ok()
}

/// Why a network is refused: the driver's answer, and the words of the runtime before it.
pub(super) fn refusal(error: &str, words: &str, errors: &str) -> NoAnswer {
    if error == "MemoryError" {
        return NoAnswer::Transient { words: "tflite-micro: memory ran out".to_owned() };
    }
    if let Some(operator) = errors.lines().find_map(unknown_operator) {
        return NoAnswer::Unsupported { operator: plain(operator), layer: None };
    }
    if let Some(line) = errors.lines().find(|line| is_shortage(line)) {
        return NoAnswer::Failed {
            words: format!("tflite-micro: it takes a larger arena than is tried: {}", plain(line)),
        };
    }
    if let Some((operator, layer, reason)) = unprepared(errors) {
        let operator = if reason.is_empty() { plain(operator) } else { plain(&format!("{operator}: {reason}")) };
        return NoAnswer::Unsupported { operator, layer: Some(plain(layer)) };
    }
    let words = format!("tflite-micro: {}", plain(&format!("{error}: {words}")));
    // What comes of allocating says nothing else; whatever is said of bytes and fields comes of reading the file.
    if error == "RuntimeError" { NoAnswer::Failed { words } } else { NoAnswer::BadModel { words } }
}

/// `Didn't find op for builtin opcode 'SCATTER_ND'`, `Failed to get registration from op code CUSTOM`.
fn unknown_operator(line: &str) -> Option<&str> {
    let quoted = line.split_once("op for builtin opcode '").and_then(|(_, rest)| rest.split('\'').next());
    quoted.or_else(|| line.split_once("registration from op code ").map(|(_, rest)| rest.trim()))
}

/// `Failed to resize buffer. Requested: 49152, available 39384, missing: 9768`.
fn is_shortage(line: &str) -> bool {
    line.contains("Requested:") && line.contains("missing:")
}

/// `Node CONV_2D (number 0) failed to prepare with status 1`, and the line before it, which says why.
fn unprepared(errors: &str) -> Option<(&str, &str, &str)> {
    let mut before = "";
    for line in errors.lines() {
        if let Some(node) = line.trim().strip_prefix("Node ").and_then(|rest| rest.split_once(") failed to prepare")) {
            let (operator, number) = node.0.split_once(" (")?;
            return Some((operator, number, before.trim()));
        }
        before = line;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(head: &str, total: &str, needed: &str) -> Figures {
        let package = r#"{"version":"0.dev1","python":"3.11.7","pointer_bits":64}"#;
        let line = format!(
            "hello\nautomcu: {{\"answer\":\"measured\",\"package\":{package},\"file_bytes\":9,\"file_adler32\":7,\
             \"head_bytes\":{head},\"tail_bytes\":50,\"total_bytes\":{total},\"needed_bytes\":{needed},\"operators\":[\"ADD\"]}}\nbye\n"
        );
        match answer(&line) {
            Some(Answer::Measured(figures)) => figures,
            other => panic!("{other:?} of {line}"),
        }
    }

    #[test]
    fn an_answer_is_found_among_other_lines() {
        assert_eq!(measured("100", "150", "160").arena(), Some(Arena { head: 100, tail: 50, plan: 10 }));
        let line = "automcu: {\"answer\":\"missing\",\"words\":\"No module named 'tflite_micro'\"}";
        assert!(matches!(answer(line), Some(Answer::Missing { .. })));
        for nonsense in ["", "automcu: ", "automcu: {}", "{\"answer\":\"missing\",\"words\":\"\"}", "automcu: 7\n"] {
            assert_eq!(answer(nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn parts_that_do_not_make_up_the_whole_are_no_arena() {
        for (head, total, needed) in [
            ("null", "150", "160"),
            ("100", "null", "160"),
            ("100", "150", "null"),
            ("100", "150", "149"),
            ("100", "151", "160"),
            ("0", "50", "64"),
            ("18446744073709551615", "9", "16"),
        ] {
            assert_eq!(measured(head, total, needed).arena(), None, "{head} {total} {needed}");
        }
    }

    #[test]
    fn every_refusal_has_its_kind() {
        let of = |errors: &str| refusal("RuntimeError", "TFLM failed to allocate tensors", errors);
        let unsupported = |operator: &str, layer: Option<&str>| NoAnswer::Unsupported {
            operator: operator.to_owned(),
            layer: layer.map(str::to_owned),
        };
        assert_eq!(of("Didn't find op for builtin opcode 'CUMSUM'\nFailed to get\n"), unsupported("CUMSUM", None));
        assert_eq!(of("Failed to get registration from op code CUSTOM\n \n"), unsupported("CUSTOM", None));
        assert_eq!(
            of(
                "conv.cc:1 input->type != output->type (7 != 9)\nNode CONV_2D (number 3) failed to prepare with status 1"
            ),
            unsupported("CONV_2D: conv.cc:1 input->type != output->type (7 != 9)", Some("number 3"))
        );
        let short =
            "Failed to resize buffer. Requested: 9, available 5, missing: 4\nNode PAD (number 0) failed to prepare";
        assert!(matches!(of(short), NoAnswer::Failed { words } if words.contains("larger arena")));
        assert!(matches!(of(""), NoAnswer::Failed { words } if words.contains("failed to allocate tensors")));
        assert!(matches!(refusal("error", "unpack_from requires", ""), NoAnswer::BadModel { .. }));
        assert!(refusal("MemoryError", "", "").is_transient());
    }
}
