//! What the tool's reports say, in the words of all judges.

use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{FlashUse, Footprint, RamUse};

use super::reports::Summed;
use crate::{
    judge::{LayerFigures, Measurement, NoAnswer},
    vendor::Layer,
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
    let footprint = Footprint {
        dtype,
        provenance: Provenance::Tool,
        ram: RamUse { activations: activations + io, runtime, stack: None },
        flash: FlashUse { weights, tables, code },
    };
    let layers = reading.layers.into_iter().map(figures).collect();
    Ok(Measurement { footprint, macs: reading.macs, operators: reading.operators, layers, ran: None, remarks })
}

fn figures(layer: Layer) -> LayerFigures {
    let Layer { name, operator, macs, weights_bytes } = layer;
    LayerFigures { name, operator, macs, weights_bytes: weights_bytes.map(|bytes| bytes.0) }
}
