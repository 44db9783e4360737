//! What the tool's reports say, in the words of all judges.

use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{FlashUse, Footprint, RamUse};

use super::reports::Summed;
use crate::{
    judge::{LayerFigures, Measurement, NoAnswer},
    vendor::{Held, Layer, MemoryPool, Place, Reading, Steps},
};

pub(super) fn measurement(summed: Summed, dtype: DataType) -> Result<Measurement, NoAnswer> {
    let Summed { reading, mut remarks } = summed;
    let missing =
        |what: &str| NoAnswer::Failed { words: format!("the tool ended well, but its reports say no {what}") };
    let weights = reading.weights_bytes.ok_or_else(|| missing("weights"))?;
    let activations = reading.activations_bytes.ok_or_else(|| missing("activations"))?;
    let io = match (reading.io_bytes, reading.buffers_bytes) {
        (Some(io), _) => io,
        (None, Some(buffers)) => buffers.minus(activations).unwrap_or_default(),
        (None, None) => {
            remarks.push("whether inputs and outputs lie beside the activations is not said".to_owned());
            Bytes(0)
        }
    };
    if io.0 > 0 {
        remarks.push(format!("inputs and outputs of {} B lie beside the activations and are counted with them", io.0));
    }
    let (runtime, code) = (reading.runtime_ram_bytes, reading.runtime_flash_bytes);
    if runtime.is_none() || code.is_none() {
        remarks.push("what the runtime takes is not known: the tool had no arm-none-eabi-gcc".to_owned());
    }
    // Tables that rescale accumulators are constants of the generated code, which the tool counts with the runtime.
    let tables = code.map(|_| Bytes(0));
    if tables.is_some() {
        remarks.push("tables are counted with the code".to_owned());
    }
    remarks.extend(accelerated(&reading));
    let footprint = Footprint {
        dtype,
        provenance: Provenance::Tool,
        ram: RamUse { activations: activations + io, runtime, stack: None },
        flash: FlashUse { weights, tables, code },
    };
    let layers = reading.layers.into_iter().map(figures).collect();
    Ok(Measurement { footprint, macs: reading.macs, operators: reading.operators, layers, ran: None, remarks })
}

/// What an accelerator computes, and where the network then lies.
fn accelerated(reading: &Reading) -> Vec<String> {
    let Some(Steps { all, software, .. }) = reading.steps else { return Vec::new() };
    let computed = all.saturating_sub(software);
    let mut remarks = vec![format!("the accelerator computes {computed} of {all} steps, the processor {software}")];
    let used = reading.pools.iter().filter(|pool| !pool.holds.is_empty());
    remarks.extend(used.map(|MemoryPool { name, used_bytes, size_bytes, holds, place, .. }| {
        let held: Vec<&str> = holds.iter().map(|held| held.name()).collect();
        let amount = |bytes: &Option<Bytes>| bytes.map_or_else(|| "unknown".to_owned(), |bytes| bytes.0.to_string());
        let place = place.map_or_else(String::new, |place| format!(", {}", place.name()));
        format!("{} in {name}{place}: {} of {} B", held.join(" and "), amount(used_bytes), amount(size_bytes))
    }));
    let is_outside = |held| move |pool: &&MemoryPool| pool.place == Some(Place::External) && pool.holds.contains(&held);
    if reading.pools.iter().any(|pool| is_outside(Held::Activations)(&pool)) {
        remarks.push("activations lie outside of the microcontroller as well: its own RAM takes fewer".to_owned());
    }
    if reading.pools.iter().any(|pool| is_outside(Held::Weights)(&pool)) {
        remarks.push("weights lie outside of the microcontroller".to_owned());
    }
    remarks
}

fn figures(layer: Layer) -> LayerFigures {
    let Layer { name, operator, macs, weights_bytes } = layer;
    LayerFigures { name, operator, macs, weights_bytes: weights_bytes.map(|bytes| bytes.0) }
}
