//! One file a verb.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod data;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod fit;
pub(crate) mod inspect;
pub(crate) mod man;
pub(crate) mod screen;
pub(crate) mod targets;
pub(crate) mod train;
pub(crate) mod vendor_report;
pub(crate) mod verify;
pub(crate) mod worker;

use std::io::{self, Write};

use automcu_convert::Patches;
use automcu_model::{Bytes, DataType, Graph, Provenance};
use automcu_target::{FlashUse, Footprint, RamUse};
use serde::Serialize;

use crate::show::thousands;

/// Writes an answer for programs: indented, one final line end.
fn write_json(answer: &impl Serialize, sink: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *sink, answer)?;
    writeln!(sink)
}

/// What weights and biases take as int8 stores them.
fn footprint_of_weights(graph: &Graph) -> Bytes {
    graph.cost().weight_bytes(DataType::Int8)
}

/// What patches are, and what they cost.
fn said_of_patches(patches: Patches, macs: u64) -> String {
    let Patches { layers, strips, added_macs } = patches;
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = 100.0 * added_macs as f64 / macs.max(1) as f64;
    let added = thousands(added_macs);
    format!("the first {layers} layers in {strips} strips of columns: {added} MACs more ({share:.1} %)")
}

/// What the code of a network takes, as far as it is known before it is linked.
fn footprint_of_code(graph: &Graph, arena_bytes: u64, table_bytes: u64) -> Footprint {
    let weights = footprint_of_weights(graph);
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Tool,
        ram: RamUse { activations: Bytes(arena_bytes), runtime: Some(Bytes(0)), stack: None },
        flash: FlashUse { weights, tables: Some(Bytes(table_bytes.saturating_sub(weights.0))), code: None },
    }
}
