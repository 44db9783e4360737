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
pub(crate) mod history;
pub(crate) mod inspect;
pub(crate) mod job;
pub(crate) mod largest;
pub(crate) mod man;
pub(crate) mod run;
pub(crate) mod screen;
pub(crate) mod serve;
pub(crate) mod spaces;
pub(crate) mod targets;
pub(crate) mod train;
pub(crate) mod validate;
pub(crate) mod vendor_report;
pub(crate) mod verify;
pub(crate) mod worker;

use std::{
    io::{self, Write},
    num::NonZero,
    thread,
};

use automcu_convert::Patches;
use automcu_model::{Bytes, DataType, Graph};
use serde::Serialize;

use crate::show::thousands;
pub(crate) use train::progress::clock_time;

/// Writes an answer for programs: indented, one final line end.
fn write_json(answer: &impl Serialize, sink: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *sink, answer)?;
    writeln!(sink)
}

/// As many threads compute as there are processors.
fn processors() -> NonZero<usize> {
    thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
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
