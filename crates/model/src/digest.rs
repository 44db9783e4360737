//! The canonical form of a graph, and its digest: two specs that lower to the same graph are the same candidate.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    graph::{Edge, Extent, Graph, Node, Op, Shape},
    spec::Padding,
};

/// The digest of a graph's canonical form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GraphDigest([u8; 32]);

impl GraphDigest {
    /// The first twelve hexadecimal digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for GraphDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for GraphDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GraphDigest({self})")
    }
}

impl FromStr for GraphDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let hash = blake3::Hash::from_hex(text).ok().filter(|hash| hash.to_hex().as_str() == text);
        hash.map(|hash| Self(*hash.as_bytes())).ok_or_else(|| DigestError(text.chars().take(80).collect()))
    }
}

/// A text that is no digest of a graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no digest of a graph; write 64 hexadecimal digits, small letters")]
pub struct DigestError(String);

impl<'de> Deserialize<'de> for GraphDigest {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for GraphDigest {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

impl Graph {
    /// The digest of the canonical form: shapes, operations and wiring, not where in a spec they come from.
    ///
    /// Stored digests outlive the program, so the bytes are written by hand here and a test pins them.
    #[must_use]
    pub fn digest(&self) -> GraphDigest {
        let mut form = Vec::with_capacity(48 * self.nodes().len() + 64);
        form.extend_from_slice(b"automcu graph 1\n");
        write_shape(&mut form, self.shape(Self::INPUT));
        for node in self.nodes() {
            self.write_node(&mut form, node);
        }
        write_number(&mut form, self.output().index());
        GraphDigest(*blake3::hash(&form).as_bytes())
    }

    fn write_node(&self, form: &mut Vec<u8>, node: &Node) {
        write_word(form, node.op.word());
        if let Some((window, stride)) = node.op.window() {
            write_extent(form, window);
            write_extent(form, stride);
        }
        match node.op {
            Op::Conv { padding, bias, .. } | Op::DepthwiseConv { padding, bias, .. } => {
                write_edge(form, padding);
                form.push(bias.into());
            }
            Op::MaxPool { padding, .. } | Op::AveragePool { padding, .. } => write_edge(form, padding),
            Op::Dense { bias, .. } => form.push(bias.into()),
            Op::LeakyRelu(slope) => form.extend(slope.0.to_le_bytes()),
            Op::Pad(border) => {
                for side in [border.top, border.bottom, border.left, border.right] {
                    form.extend(side.to_le_bytes());
                }
            }
            Op::Dropout(percent) => form.extend(percent.get().to_le_bytes()),
            _ => {}
        }
        if let Some(activation) = node.op.activation() {
            write_word(form, activation.word());
        }
        write_number(form, node.inputs.len());
        for input in &node.inputs {
            write_number(form, input.index());
        }
        write_number(form, node.output.index());
        write_shape(form, self.shape(node.output));
    }
}

fn write_edge(form: &mut Vec<u8>, edge: Edge) {
    match edge {
        Edge::At { top, left } => {
            write_word(form, "at");
            form.extend(top.to_le_bytes());
            form.extend(left.to_le_bytes());
        }
        Edge::Same => write_word(form, Padding::Same.word()),
        Edge::Valid => write_word(form, Padding::Valid.word()),
    }
}

fn write_word(form: &mut Vec<u8>, word: &str) {
    form.extend_from_slice(word.as_bytes());
    form.push(0);
}

fn write_number(form: &mut Vec<u8>, number: usize) {
    form.extend((number as u64).to_le_bytes());
}

fn write_extent(form: &mut Vec<u8>, extent: Extent) {
    form.extend(extent.height.to_le_bytes());
    form.extend(extent.width.to_le_bytes());
}

fn write_shape(form: &mut Vec<u8>, shape: Shape) {
    form.extend(shape.height.to_le_bytes());
    form.extend(shape.width.to_le_bytes());
    form.extend(shape.channels.to_le_bytes());
}
