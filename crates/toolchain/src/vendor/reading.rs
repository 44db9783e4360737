//! What is taken from a report.

use automcu_model::Bytes;
use serde::Serialize;

use super::{Failure, MemoryPool, Steps, ToolVersion, plain};

/// What a report was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `*_c_info.json`, of ST Edge AI Core.
    InfoJson,
    /// `*_report.json`, of STM32Cube.AI and of ST Edge AI Core 1.0.
    ReportJson,
    /// `*_report.txt`.
    ReportText,
    /// What the tool printed.
    Stdout,
}

impl Source {
    /// How it is told to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InfoJson => "c_info.json",
            Self::ReportJson => "report.json",
            Self::ReportText => "report.txt",
            Self::Stdout => "standard output",
        }
    }
}

/// What a report says of a network. What it does not say is none, never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// What it was read from.
    pub source: Source,
    /// Who says so.
    pub tool: Option<ToolVersion>,
    /// The network, as the tool calls it.
    pub model: Option<String>,
    /// Hexadecimal digits. From ST Edge AI Core 1.0 on, the MD5 of the file that was handed in.
    pub signature: Option<String>,
    /// The microcontroller or its series, such as `stm32f4`.
    pub target: Option<String>,
    /// The types of values.
    pub types: Types,
    /// Multiply-accumulates of the network as generated.
    pub macs: Option<u64>,
    /// Weights and biases.
    pub weights_bytes: Option<Bytes>,
    /// Activations with scratch, and with inputs and outputs where these lie within.
    pub activations_bytes: Option<Bytes>,
    /// Inputs and outputs that lie beside the activations: 0 where they are known to lie within.
    pub io_bytes: Option<Bytes>,
    /// Activations, inputs and outputs as the tool adds them up; the runtime is not counted.
    pub buffers_bytes: Option<Bytes>,
    /// Variables of the runtime and of the generated code.
    pub runtime_ram_bytes: Option<Bytes>,
    /// Instructions, constants and initial values of the runtime and of the generated code.
    pub runtime_flash_bytes: Option<Bytes>,
    /// All RAM as the tool adds it up; stack and application are not counted.
    pub total_ram_bytes: Option<Bytes>,
    /// All Flash as the tool adds it up; the application is not counted.
    pub total_flash_bytes: Option<Bytes>,
    /// Operations as generated, or of the network where the tool tells no others.
    pub layers: Vec<Layer>,
    /// The operators of these, each once, in order.
    pub operators: Vec<String>,
    /// Where it lies, pool by pool, where that is told.
    pub pools: Vec<MemoryPool>,
    /// Who computes its steps, where an accelerator computes some.
    pub steps: Option<Steps>,
    /// Why the tool gave up.
    pub failure: Option<Failure>,
}

/// Types of values, as far as they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Types {
    /// How weights and activations are quantised, such as `ss/sa per channel`, as the tool says it.
    pub format: Option<String>,
    /// Of each input: `int8`, `uint8`, `float32`.
    pub inputs: Vec<String>,
    /// Of each output.
    pub outputs: Vec<String>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// What the tool calls it.
    pub name: String,
    /// What it does, in the tool's words.
    pub operator: Option<String>,
    /// Its multiply-accumulates.
    pub macs: Option<u64>,
    /// Its weights and biases.
    pub weights_bytes: Option<Bytes>,
}

impl Reading {
    pub(super) const fn of(source: Source) -> Self {
        Self {
            source,
            tool: None,
            model: None,
            signature: None,
            target: None,
            types: Types { format: None, inputs: Vec::new(), outputs: Vec::new() },
            macs: None,
            weights_bytes: None,
            activations_bytes: None,
            io_bytes: None,
            buffers_bytes: None,
            runtime_ram_bytes: None,
            runtime_flash_bytes: None,
            total_ram_bytes: None,
            total_flash_bytes: None,
            layers: Vec::new(),
            operators: Vec::new(),
            pools: Vec::new(),
            steps: None,
            failure: None,
        }
    }

    pub(super) fn with_layers(mut self, layers: Vec<Layer>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let all = layers.iter().filter_map(|layer| layer.operator.as_ref());
        self.operators = all.filter(|operator| seen.insert(operator.as_str())).cloned().collect();
        self.layers = layers;
        self
    }
}

/// A type of values by one name, whichever of its names a version of the tool uses.
pub(super) fn element(word: &str) -> String {
    let lower = word.trim().to_ascii_lowercase();
    let bare = lower.strip_prefix("stai_format_").or_else(|| lower.strip_prefix("ai_")).unwrap_or(&lower);
    let name = match bare {
        "s8" | "i8" | "int8" | "int8_t" => "int8",
        "u8" | "uint8" | "uint8_t" => "uint8",
        "s16" | "i16" | "int16" | "int16_t" => "int16",
        "u16" | "uint16" | "uint16_t" => "uint16",
        "s32" | "i32" | "int32" | "int32_t" => "int32",
        "f32" | "float" | "float32" => "float32",
        other => return plain(other),
    };
    name.to_owned()
}

/// The digest without what some versions write before it.
pub(super) fn signature(word: &str) -> Option<String> {
    let digits = word.trim().trim_start_matches("0x").to_ascii_lowercase();
    let is_digest = (16..=128).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then_some(digits)
}

/// What `--target`, or `--series` before it, was given on the tool's command line.
pub(super) fn target_of(command_line: &str) -> Option<String> {
    let mut words = command_line.split_whitespace();
    words.find(|word| matches!(*word, "--target" | "--series"))?;
    words.next().filter(|word| !word.starts_with('-')).map(plain)
}
