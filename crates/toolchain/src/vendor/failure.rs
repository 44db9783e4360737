//! Why the tool gave up, and whose fault it is: the network's, the command line's, or that of neither.

use std::fmt;

use serde::Serialize;

use super::plain;

/// Why the tool gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Whose fault it is.
    #[serde(flatten)]
    pub kind: FailureKind,
    /// The tool's own words.
    pub message: String,
}

/// Whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FailureKind {
    /// The tool has no code for a part of the network: another network is needed.
    Unsupported {
        /// The operator, or what is said of it.
        what: String,
    },
    /// The file that holds the network is wrong: whoever wrote it is to be mended.
    BadModel,
    /// The command line is not understood: whoever wrote it is to be mended.
    WrongFlags,
    /// Memory or disk ran out, or somebody interrupted: it may work another time.
    Transient,
    /// The board, the connection or a licence is not there: nothing is said of the network.
    Bench,
    /// It is not known whose fault it is.
    Unknown,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { what } => write!(f, "not supported: {what}"),
            Self::BadModel => f.write_str("the network's file is wrong"),
            Self::WrongFlags => f.write_str("the tool's command line is wrong"),
            Self::Transient => f.write_str("it may work another time"),
            Self::Bench => f.write_str("the board, its connection or a licence is missing"),
            Self::Unknown => f.write_str("it is not known whose fault it is"),
        }
    }
}

/// What stands before an error, and the kind where the words after it say no more.
const CATEGORIES: &[(&str, FailureKind)] = &[
    ("CLI ERROR", FailureKind::WrongFlags),
    ("INVALID OPTIONS", FailureKind::WrongFlags),
    ("INVALID MODEL", FailureKind::BadModel),
    ("LOAD ERROR", FailureKind::BadModel),
    ("NOT IMPLEMENTED", FailureKind::Unsupported { what: String::new() }),
    ("INTERRUPT", FailureKind::Transient),
    ("TOOL ERROR", FailureKind::Unknown),
    ("TOOLS ERROR", FailureKind::Unknown),
    ("INTERNAL ERROR", FailureKind::Unknown),
];

/// The same by the number of newer versions: `E010(InvalidModelError)`.
const NUMBERS: &[(&str, FailureKind)] = &[
    ("010", FailureKind::BadModel),
    ("102", FailureKind::WrongFlags),
    ("200", FailureKind::Bench),
    ("801", FailureKind::Bench),
];

/// Words that say whose fault it is, whatever stands before them; the first that is there counts.
const WORDS: &[(&str, FailureKind)] = &[
    ("memoryerror", FailureKind::Transient),
    ("unable to allocate", FailureKind::Transient),
    ("cannot allocate memory", FailureKind::Transient),
    ("out of memory", FailureKind::Transient),
    ("no space left", FailureKind::Transient),
    ("timed out", FailureKind::Transient),
    ("licen", FailureKind::Bench),
    ("no connected board", FailureKind::Bench),
    ("invalid firmware", FailureKind::Bench),
    ("com port", FailureKind::Bench),
    ("ir_version", FailureKind::BadModel),
];

/// Words of errors inside the tool that this network would meet every time.
const PERMANENT: &[&str] = &[
    "not supported",
    "unsupported",
    "not implemented",
    "mismatch in",
    "unexpected combination",
    "cannot be interpreted",
    "'nonetype' object",
];

/// Of the system, as Python has them: memory, disk or quota ran out.
const PASSING_NUMBERS: [&str; 3] = ["[Errno 12]", "[Errno 28]", "[Errno 122]"];

impl Failure {
    /// Reads a line that the tool ends with when it fails; none where the line is another.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let line = line.trim();
        // In the summary of old versions.
        let said =
            line.strip_prefix("error").and_then(|rest| rest.trim_start().strip_prefix(':')).unwrap_or(line).trim();
        let kind =
            of_category(said).or_else(|| of_number(said)).or_else(|| of_arguments(said)).or_else(|| of_python(said))?;
        Some(Self { kind, message: plain(said) })
    }

    /// An error without a line that is known.
    pub(super) fn unknown(words: &str, status: impl fmt::Display) -> Self {
        let message = if words.trim().is_empty() { format!("error {status}, with no word why") } else { plain(words) };
        Self { kind: FailureKind::Unknown, message }
    }
}

fn of_category(said: &str) -> Option<FailureKind> {
    let (category, words) = said.split_once(':')?;
    let (_, kind) = CATEGORIES.iter().find(|(name, _)| *name == category)?;
    Some(refined(kind, category, words.trim()))
}

fn of_number(said: &str) -> Option<FailureKind> {
    let rest = said.strip_prefix('E')?;
    let (number, rest) = rest.split_at_checked(3)?;
    let (class, words) = rest.strip_prefix('(')?.split_once("):")?;
    let is_name = class.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let known = NUMBERS.iter().find(|(of, _)| *of == number).map_or(FailureKind::Unknown, |(_, kind)| kind.clone());
    let kind = if class == "NotImplementedError" { FailureKind::Unsupported { what: String::new() } } else { known };
    Some(refined(&kind, class, words.trim()))
}

/// `stedgeai analyze: error: unrecognized arguments: --json`.
fn of_arguments(said: &str) -> Option<FailureKind> {
    let (program, _) = said.split_once(": error: ")?;
    let name = program.split_whitespace().next()?.trim_end_matches(".exe");
    matches!(name, "stm32ai" | "stedgeai").then_some(FailureKind::WrongFlags)
}

/// The last line of a traceback: memory or disk ran out.
fn of_python(said: &str) -> Option<FailureKind> {
    let is_memory = said == "MemoryError" || said.starts_with("MemoryError:") || said.contains("._ArrayMemoryError:");
    let is_error = ["OSError: ", "IOError: "].iter().any(|name| said.starts_with(name));
    let is_storage = is_error && PASSING_NUMBERS.iter().any(|number| said.contains(number));
    (is_memory || is_storage).then_some(FailureKind::Transient)
}

/// What the words say, and otherwise what stands before them.
fn refined(kind: &FailureKind, category: &str, words: &str) -> FailureKind {
    let lower = words.to_ascii_lowercase();
    let is_fixed = matches!(kind, FailureKind::WrongFlags | FailureKind::Transient | FailureKind::Bench);
    if is_fixed {
        return kind.clone();
    }
    if let Some((_, kind)) = WORDS.iter().find(|(word, _)| lower.contains(word)) {
        return kind.clone();
    }
    let is_permanent = PERMANENT.iter().any(|word| lower.contains(word));
    match kind {
        FailureKind::Unsupported { .. } => FailureKind::Unsupported { what: what(words) },
        FailureKind::Unknown if is_permanent && !category.starts_with("Cli") => {
            FailureKind::Unsupported { what: what(words) }
        }
        other => other.clone(),
    }
}

/// The operator, where it is named after a colon, or all that is said.
fn what(words: &str) -> String {
    let lower = words.to_ascii_lowercase();
    let named = ["operator type:", "operator:", "layer type:", "layer:"].iter().find_map(|mark| {
        let start = lower.find(mark)? + mark.len();
        words[start..].split_whitespace().next()
    });
    plain(named.map_or(words, |name| name.trim_end_matches([',', '.', ';'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsupported(what: &str) -> FailureKind {
        FailureKind::Unsupported { what: what.to_owned() }
    }

    #[test]
    fn every_line_that_was_seen_has_its_kind() {
        for (line, kind) in [
            ("NOT IMPLEMENTED: Unsupported operator type: Mean", unsupported("Mean")),
            (
                "NOT IMPLEMENTED: Order of dimensions of input cannot be interpreted",
                unsupported("Order of dimensions of input cannot be interpreted"),
            ),
            (
                "INTERNAL ERROR: Transpose on batch not supported in layer turn",
                unsupported("Transpose on batch not supported in layer turn"),
            ),
            ("INTERNAL ERROR: Mismatch in input shape of gemm a", unsupported("Mismatch in input shape of gemm a")),
            (
                "INTERNAL ERROR: 'NoneType' object has no attribute 'shape'",
                unsupported("'NoneType' object has no attribute 'shape'"),
            ),
            ("INTERNAL ERROR: Your model ir_version 10 is higher than the checker's (9).", FailureKind::BadModel),
            ("INTERNAL ERROR: something else", FailureKind::Unknown),
            ("INTERNAL ERROR: Unable to allocate 3.1 GiB for an array", FailureKind::Transient),
            ("INVALID MODEL: no weights", FailureKind::BadModel),
            ("E010(InvalidModelError): Couldn't load the model", FailureKind::BadModel),
            ("E102(CliArgumentError): argument --target: unsupported stm32q9", FailureKind::WrongFlags),
            ("E103(CliRuntimeError): Error calling the Neural Art compiler", FailureKind::Unknown),
            ("E200(ValidationError): no answer", FailureKind::Bench),
            ("E801(HwIOError): no COM port", FailureKind::Bench),
            ("CLI ERROR: no such option", FailureKind::WrongFlags),
            ("INVALID OPTIONS: compression 3", FailureKind::WrongFlags),
            ("stedgeai analyze: error: unrecognized arguments: --json", FailureKind::WrongFlags),
            ("stm32ai.exe: error: the following arguments are required: -m", FailureKind::WrongFlags),
            (" LOAD ERROR: STM32 - no connected board(s), invalid firmware or restart", FailureKind::Bench),
            ("LOAD ERROR: cannot open the file", FailureKind::BadModel),
            ("error              : TOOL ERROR: licence not accepted", FailureKind::Bench),
            ("INTERRUPT: by the user", FailureKind::Transient),
            ("MemoryError", FailureKind::Transient),
            ("OSError: [Errno 28] No space left on device", FailureKind::Transient),
            ("OSError: [Errno 28] No space left on device: 'network_c_info.json'", FailureKind::Transient),
        ] {
            let failure = Failure::of_line(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(failure.kind, kind, "{line}");
        }
    }

    #[test]
    fn lines_of_runs_that_go_on_are_no_failures() {
        for line in [
            "",
            "E: _Einsum_1_output_0 layer - number of I/O tensor is not coherent: 0/1",
            "   sysmem.c:31:35: error: 'NULL' undeclared here (not in a function)",
            "   >>> Shell execution has FAILED (returned code = 1)",
            "OSError: [Errno 2] No such file or directory: 'network.h'",
            "Warning: ['POOL_1'] memory pools not used",
            "L2r error          : NOT EVALUATED",
            "E12(x): y",
            "Eéé(x): y",
        ] {
            assert_eq!(Failure::of_line(line), None, "{line}");
        }
    }
}
