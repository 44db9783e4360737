//! Reads .tflite files: a user's own int8 network, from any converter.
//!
//! A file is not trusted: every offset is checked, everything that is copied is bounded, and what is not supported is
//! refused by name, with the operator.

mod field;
mod flat;
mod flatten;
mod labels;
mod operator;
mod reading;
#[cfg(test)]
mod tests;
mod write;
mod zip;

use automcu_model::{Refusal, TensorId};

use crate::network::{Network, NetworkError};
use flat::Buffer;
pub use flat::FlatError;
pub(crate) use operator::Operator;
pub(crate) use reading::Reading;
pub use write::NotWritten;

/// Why a file is no int8 network that is understood.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TfliteError {
    /// The bytes are no .tflite file, or a damaged one.
    #[error("this is no .tflite file, or a damaged one: {0}")]
    Damaged(#[from] FlatError),
    /// The file says something that cannot be.
    #[error("{place}: {problem} cannot be; the file is damaged or its converter wrong")]
    Wrong {
        /// Which operator or tensor.
        place: String,
        /// What cannot be.
        problem: String,
    },
    /// The network has something that is not supported.
    #[error("{place}: {what} is not supported; {remedy}")]
    Unsupported {
        /// Which operator or tensor.
        place: String,
        /// What is not supported.
        what: String,
        /// What may help.
        remedy: &'static str,
    },
    /// The parts do not make a network that is computed.
    #[error("{0}")]
    Network(NetworkError),
    /// The network is larger than any microcontroller's.
    #[error("{}: {}; {}", .0.path, .0.problem, .0.remedy)]
    TooLarge(Refusal),
}

/// The longest file that is read.
pub const LONGEST: usize = 64 << 20;

const IDENTIFIER: &[u8; 4] = b"TFL3";
/// Type codes of tensors.
mod kind {
    pub(super) const FLOAT32: i8 = 0;
    pub(super) const UINT8: i8 = 3;
    pub(super) const INT32: i8 = 2;
    pub(super) const INT8: i8 = 9;
}
impl Network {
    /// Reads an int8 network from a .tflite file.
    pub fn from_tflite(file: &[u8]) -> Result<Self, TfliteError> {
        if file.len() > LONGEST {
            return Err(TfliteError::Unsupported {
                place: "the file".to_owned(),
                what: format!("a length of {} bytes", file.len()),
                remedy: "no microcontroller holds it",
            });
        }
        let root = Buffer::root(file, IDENTIFIER)?;
        let graphs = root.tables(field::model::GRAPHS)?;
        let graph = match (graphs.len(), graphs.get(0)?) {
            (1, Some(graph)) => graph,
            (count, _) => {
                return Err(TfliteError::Unsupported {
                    place: "the file".to_owned(),
                    what: format!("{count} graphs"),
                    remedy: "export one signature",
                });
            }
        };
        let codes = root.tables(field::model::CODES)?;
        let mut reading = Reading::new(graph, root.tables(field::model::BUFFERS)?)?;
        for (index, table) in graph.tables(field::graph::OPERATORS)?.iter().enumerate() {
            let operator = Operator::new(index, table?, codes, &reading)?;
            if reading.fold(&operator)? {
                continue;
            }
            let reader = operator.reader()?;
            reader(&mut reading, &operator)?;
        }
        let network = reading.finish()?;
        let outputs = network.graph.shape(network.graph.output()).elements();
        Ok(network.with_labels(labels::read(file, &root, outputs)))
    }
}

/// A tensor of the file.
#[derive(Clone, Copy)]
enum Value {
    /// The network computes it.
    Activation(TensorId),
    /// The numbers that an activation means, at an end of the network.
    Real(TensorId),
    /// It does not depend on the input.
    Constant,
    /// The same, computed by an operator; its value is not known.
    Folded,
    /// Nothing has written it yet.
    Unwritten,
}
