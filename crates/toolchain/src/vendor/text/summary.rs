//! The lines `key : value` that a report begins with.

use super::{
    super::{
        Failure, ReportError, Types,
        number::{bytes, count},
        plain,
        reading::{element, signature},
    },
    lines::Line,
};

/// What the summary begins with.
pub(super) const START: &str = "Exec/report summary";
/// What comes after it.
const ENDS: &[&str] = &["Model name -", "Memory-pools", "Complexity", "Generated", "id  layer", "Requested"];

#[derive(Default)]
pub(super) struct Summary {
    /// The line of its heading.
    pub(super) begins_at: Option<usize>,
    /// Whether the run validated the network.
    pub(super) is_validation: bool,
    pub(super) model: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) target: Option<String>,
    pub(super) types: Types,
    pub(super) macs: Option<u64>,
    pub(super) weights: Option<u64>,
    pub(super) activations: Option<u64>,
    pub(super) io: Option<u64>,
    pub(super) buffers: Option<u64>,
    /// What old versions write at its top when they fail.
    error: Option<String>,
    /// `err=-1` in its heading.
    status: Option<String>,
    /// Whether anything comes after its last figure.
    is_followed: bool,
    /// The direction that a line without a key goes on about.
    port: Option<Port>,
}

#[derive(Clone, Copy)]
enum Port {
    Input,
    Output,
}

impl Summary {
    pub(super) fn of(lines: &[Line]) -> Result<Self, ReportError> {
        let mut summary = Self::default();
        let Some(start) = lines.iter().position(|line| line.text.trim_start().starts_with(START)) else {
            return Ok(summary);
        };
        summary.begins_at = Some(lines[start].number);
        summary.is_validation = lines[start].text.contains("(validate");
        let status = lines[start].text.split_once(" err=").and_then(|(_, rest)| rest.split([' ', ')']).next());
        summary.status = status.filter(|status| *status != "0").map(plain);
        for line in &lines[start + 1..] {
            let text = line.text.trim();
            summary.is_followed = summary.activations.is_some() && !text.starts_with("ram (total)");
            if ENDS.iter().any(|end| text.starts_with(end)) {
                break;
            }
            match text.split_once(':') {
                Some((key, value)) if summary.takes(key.trim(), value.trim(), line.number)? => {}
                _ => summary.go_on(text),
            }
        }
        Ok(summary)
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.macs.is_some() && self.weights.is_some() && self.activations.is_some() && self.is_followed
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        let words = self.error.as_deref();
        let status = self.status.as_deref().or(words.map(|_| "-1"))?;
        Some(Failure::unknown(words.unwrap_or_default(), status))
    }

    /// Takes a line, if its key is known. What a key says first counts.
    fn takes(&mut self, key: &str, value: &str, line: usize) -> Result<bool, ReportError> {
        let wrong = || ReportError::Value { place: format!("line {line}: {key}"), value: plain(value) };
        let of = |figure: Option<u64>| figure.ok_or_else(wrong).map(Some);
        match key {
            "error" => self.error = Some(plain(value)),
            "model_name" => self.model = Some(plain(value)),
            "model_hash" => self.signature = signature(value),
            "target/series" => self.target = Some(plain(value)).filter(|target| !target.is_empty()),
            "model_fmt" => self.types.format = Some(plain(value)).filter(|format| !format.is_empty()),
            "macc" if self.macs.is_none() => self.macs = of(count(value))?,
            "rom (ro)" | "weights (ro)" if self.weights.is_none() => self.weights = of(bytes(value))?,
            "activations (rw)" if self.activations.is_none() => self.activations = of(bytes(value))?,
            "ram (rw)" if self.activations.is_none() => {
                let (activations, io) = pair(value).ok_or_else(wrong)?;
                (self.activations, self.io) = (Some(activations), Some(io));
            }
            "ram (total)" if self.buffers.is_none() => {
                let (buffers, io) = total(value).ok_or_else(wrong)?;
                (self.buffers, self.io) = (Some(buffers), Some(io));
            }
            _ => return Ok(self.takes_port(key, value)),
        }
        self.port = None;
        Ok(true)
    }

    fn takes_port(&mut self, key: &str, value: &str) -> bool {
        let (word, rest) = key.split_once([' ', '_']).unwrap_or((key, "0"));
        let port = match word {
            "input" => Port::Input,
            "output" => Port::Output,
            _ => return false,
        };
        if !rest.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        self.port = Some(port);
        self.go_on(value);
        true
    }

    /// The type of an input or output, on its line or on the next.
    fn go_on(&mut self, text: &str) {
        let (Some(port), Some(word)) = (self.port, type_of(text)) else { return };
        let types = match port {
            Port::Input => &mut self.types.inputs,
            Port::Output => &mut self.types.outputs,
        };
        types.push(element(word));
        self.port = None;
    }
}

/// `1,696 + 1,468 (1.66 KiB + 1.43 KiB)`: activations, and inputs and outputs.
fn pair(value: &str) -> Option<(u64, u64)> {
    let (first, rest) = value.split_once('+')?;
    Some((bytes(first)?, bytes(rest.trim())?))
}

/// `3,164 (3.09 KiB) = 1,696 + 1,440 + 28`: all, and the inputs and outputs of it.
fn total(value: &str) -> Option<(u64, u64)> {
    let (all, parts) = value.split_once('=')?;
    let mut parts = parts.split('+').map(|part| count(part.split_whitespace().next()?));
    let (activations, inputs, outputs) = (parts.next()??, parts.next()??, parts.next()??);
    let io = inputs.checked_add(outputs)?;
    let all = bytes(all)?;
    (activations.checked_add(io)? == all && parts.next().is_none()).then_some((all, io))
}

/// The type in what is said of an input or output, in each of the ways that were seen.
fn type_of(text: &str) -> Option<&str> {
    if let Some((_, rest)) = text.split_once("fmt=") {
        return rest.split([',', ')']).next();
    }
    if let Some((_, rest)) = text.split_once(" items, ") {
        return rest.split(", ").nth(1);
    }
    let (_, rest) = text.rsplit_once("', ")?;
    rest.split_once('(').map(|(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_in_every_way_of_writing_them() {
        for (text, expected) in [
            ("input_0 (item#=360, size=1.41 KiB, fmt=FLOAT32)", Some("FLOAT32")),
            ("input_0 [360 items, 1.41 KiB, ai_float, FLOAT32, (30, 1, 12)]", Some("ai_float")),
            (": 6144 items, 6.00 KiB, ai_i8, s=0.05725505, zp=33, (1,64,96,1)", Some("ai_i8")),
            ("'x', int8(1x28x28), 784 Bytes, QLinear(0.003921163,-128,int8), activations", Some("int8")),
            ("'x' (domain:activations/**default**)", None),
            ("'x'", None),
        ] {
            assert_eq!(type_of(text), expected, "{text}");
        }
    }

    #[test]
    fn sums_are_read_where_they_add_up() {
        assert_eq!(total("3,164 (3.09 KiB) = 1,696 + 1,440 + 28"), Some((3_164, 1_468)));
        assert_eq!(total("740 B (740 B) = 740 + 0 + 0"), Some((740, 0)));
        for wrong in ["3,164 (3.09 KiB) = 1,696 + 1,440 + 2", "3,164", "3,164 = 1", "5 = 1 + 1 + 1 + 2"] {
            assert_eq!(total(wrong), None, "{wrong}");
        }
        assert_eq!(pair("1,696 + 1,468 (1.66 KiB + 1.43 KiB)"), Some((1_696, 1_468)));
    }
}
