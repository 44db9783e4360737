//! The file that the tool is handed.

use automcu_convert::FloatNetwork;
use automcu_model::DataType;
use md5::{Digest, Md5};

use crate::judge::{NoAnswer, Question};

/// As what the network is handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// int8 as .tflite: nothing is turned or converted at its ends.
    #[default]
    Int8Tflite,
    /// int8 as ONNX with QuantizeLinear and DequantizeLinear.
    Int8Onnx,
    /// float32 as ONNX.
    FloatOnnx,
}

impl Format {
    /// How it is told to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int8Tflite => "int8 .tflite",
            Self::Int8Onnx => "int8 ONNX",
            Self::FloatOnnx => "float32 ONNX",
        }
    }

    pub(super) const fn dtype(self) -> DataType {
        match self {
            Self::Int8Tflite | Self::Int8Onnx => DataType::Int8,
            Self::FloatOnnx => DataType::Float32,
        }
    }

    /// The tool's word for it, which is also the end of the file's name.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Int8Tflite => "tflite",
            Self::Int8Onnx | Self::FloatOnnx => "onnx",
        }
    }
}

/// A file for the tool.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) bytes: Vec<u8>,
    /// Its MD5, by which newer versions sign their reports.
    pub(super) signature: String,
    /// Its name without the end. It follows from what is in it, so that by its name a report tells of which file it is; some
    /// versions drop all but letters and digits.
    pub(super) name: String,
    pub(super) format: Format,
}

impl Handed {
    pub(super) fn of(question: &Question<'_>, format: Format) -> Result<Self, NoAnswer> {
        let bytes = match format {
            Format::Int8Tflite => question.network.to_tflite().map_err(|error| not_written(format, &error)),
            Format::Int8Onnx => question.network.to_onnx().map_err(|error| not_written(format, &error)),
            Format::FloatOnnx => float(question)?.to_onnx().map_err(|error| not_written(format, &error)),
        }?;
        let digest: [u8; 16] = Md5::digest(&bytes).into();
        let signature: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("m{}", &signature[..12]);
        Ok(Self { bytes, signature, name, format })
    }

    pub(super) fn file_name(&self) -> String {
        format!("{}.{}", self.name, self.format.word())
    }
}

fn float<'q>(question: &Question<'q>) -> Result<&'q FloatNetwork, NoAnswer> {
    let words = "the float32 network was not handed over, which this judge is set to judge".to_owned();
    question.float.ok_or(NoAnswer::Failed { words })
}

/// What the format cannot hold the tool cannot be asked about, whatever the weights.
fn not_written(format: Format, error: &dyn std::fmt::Display) -> NoAnswer {
    NoAnswer::Unsupported { operator: format!("{error}, as {}", format.name()), layer: None }
}
