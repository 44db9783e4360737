//! What the network that is handed over takes, by its own graph.

use automcu_convert::Network;
use automcu_model::{DataType, Graph};
use md5::{Digest, Md5};

/// An operation.
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) macs: u64,
    pub(crate) bytes: u64,
}

pub(crate) struct Figures {
    pub(crate) signature: String,
    pub(crate) macs: u64,
    pub(crate) weights: u64,
    pub(crate) activations: u64,
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) parameters: u64,
    pub(crate) layers: Vec<Layer>,
}

impl Figures {
    /// Of a file, or what the tool says of one that it cannot read.
    pub(crate) fn of(file: &[u8]) -> Result<Self, String> {
        let digest: [u8; 16] = Md5::digest(file).into();
        let signature: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if file.get(4..8) == Some(b"TFL3") {
            let network = Network::from_tflite(file).map_err(|error| format!("E010(InvalidModelError): {error}"))?;
            return Ok(Self::of_graph(network.graph(), signature));
        }
        // The first field of a file in ONNX is its version.
        match file {
            [0x08, version @ 0..=9, ..] => Ok(Self::of_length(file.len(), u64::from(*version), signature)),
            [0x08, version, ..] => {
                Err(format!("INTERNAL ERROR: Your model ir_version {version} is higher than the checker's (9)."))
            }
            _ => Err("E010(InvalidModelError): Couldn't load the model".to_owned()),
        }
    }

    fn of_graph(graph: &Graph, signature: String) -> Self {
        let int8 = DataType::Int8;
        let layers = graph.nodes().iter().enumerate().map(|(i, node)| {
            let cost = graph.cost_of(node);
            let kind = node.op.word();
            Layer { name: format!("{kind}_{i}"), kind, macs: cost.macs, bytes: cost.weight_bytes(int8).0 }
        });
        let bytes = |tensor| graph.shape(tensor).elements();
        Self {
            signature,
            macs: graph.cost().macs,
            weights: graph.cost().weight_bytes(int8).0,
            activations: graph.peak().bytes(int8).0,
            input: bytes(Graph::INPUT),
            output: bytes(graph.output()),
            parameters: graph.cost().parameters(),
            layers: layers.collect(),
        }
    }

    /// Nobody here reads ONNX: a file stands for as many weights as it has bytes.
    fn of_length(length: usize, version: u64, signature: String) -> Self {
        let weights = u64::try_from(length).unwrap_or(u64::MAX);
        let layers = vec![Layer { name: "gemm_0".to_owned(), kind: "dense", macs: weights, bytes: weights }];
        Self {
            signature,
            macs: weights,
            weights,
            activations: 500 + version,
            input: 10,
            output: 2,
            parameters: weights,
            layers,
        }
    }
}
