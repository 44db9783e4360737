//! `*_c_info.json` of ST Edge AI Core: the whole allocation, of which figures and operations are taken.

use std::collections::HashMap;

use automcu_model::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Allocation, Family, Held, Layer, MemoryPool, Place, Reading, ReportError, Source, Steps, ToolVersion,
    json::{bytes, count, parsed, sum},
    plain,
    reading::{element, signature, target_of},
};

#[derive(Deserialize)]
struct Info {
    memory_footprint: Option<Footprint>,
    #[serde(default)]
    graphs: Vec<Graph>,
    #[serde(default)]
    buffers: Vec<Buffer>,
    #[serde(default)]
    environment: Environment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Footprint {
    weights: Value,
    activations: Value,
    io: Value,
    series: Option<String>,
    toolchain: Value,
    kernel_flash: Value,
    kernel_ram: Value,
    toolchain_flash: Value,
    toolchain_ram: Value,
    extra_flash: Value,
    extra_ram: Value,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    inputs: Vec<Value>,
    #[serde(default)]
    outputs: Vec<Value>,
}

#[derive(Deserialize)]
struct Node {
    name: Option<String>,
    #[serde(default)]
    macc: Value,
    /// Buffers, those of its weights among them.
    #[serde(default)]
    inputs: Vec<Value>,
    /// From 4.0 on.
    r#type: Option<String>,
    /// Before.
    description: Option<String>,
    /// Who computes it.
    mapping: Option<String>,
}

#[derive(Deserialize)]
struct Buffer {
    #[serde(default)]
    id: Value,
    format: Option<String>,
    #[serde(default)]
    size_bytes: Value,
    /// Whether it holds weights.
    #[serde(default)]
    is_param: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Environment {
    tools: Vec<Tool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tool {
    version: Option<String>,
    arguments: Option<String>,
    input_model: Option<InputModel>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InputModel {
    name: Option<String>,
    model_files: Vec<ModelFile>,
}

#[derive(Deserialize)]
struct ModelFile {
    signature: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Reading, ReportError> {
    let info: Info = parsed(text)?;
    let footprint = info.memory_footprint.as_ref().ok_or(ReportError::Missing("memory_footprint"))?;
    let mut reading = Reading::of(Source::InfoJson);
    describe(&info, footprint, &mut reading);
    reading.weights_bytes = bytes("memory_footprint.weights", &footprint.weights)?;
    reading.activations_bytes = bytes("memory_footprint.activations", &footprint.activations)?;
    reading.io_bytes = sum("memory_footprint.io", &footprint.io)?;
    reading.runtime_flash_bytes = footprint.runtime([
        ("memory_footprint.kernel_flash", &footprint.kernel_flash),
        ("memory_footprint.toolchain_flash", &footprint.toolchain_flash),
        ("memory_footprint.extra_flash", &footprint.extra_flash),
    ])?;
    reading.runtime_ram_bytes = footprint.runtime([
        ("memory_footprint.kernel_ram", &footprint.kernel_ram),
        ("memory_footprint.toolchain_ram", &footprint.toolchain_ram),
        ("memory_footprint.extra_ram", &footprint.extra_ram),
    ])?;
    let layers = layers(&info)?;
    // There is no total in the file.
    reading.macs = layers.iter().map(|layer| layer.macs).try_fold(0_u64, |sum, macs| sum.checked_add(macs?));
    reading.macs = reading.macs.filter(|&macs| macs > 0);
    reading.pools = pools(text)?;
    reading.steps = info.steps();
    Ok(reading.with_layers(layers))
}

fn describe(info: &Info, footprint: &Footprint, reading: &mut Reading) {
    let tool = info.environment.tools.first();
    let version = tool.and_then(|tool| tool.version.as_deref());
    reading.tool = version.and_then(|version| ToolVersion::of_number(Family::EdgeAi, version));
    let model = tool.and_then(|tool| tool.input_model.as_ref());
    reading.model = model.and_then(|model| model.name.as_deref()).map(plain);
    let file = model.and_then(|model| model.model_files.first());
    reading.signature = file.and_then(|file| signature(file.signature.as_deref()?));
    let asked = tool.and_then(|tool| target_of(tool.arguments.as_deref()?));
    // Without a compiler the tool says "generic", whatever it was asked for.
    let series = footprint.series.as_deref().filter(|series| !matches!(*series, "" | "generic"));
    reading.target = series.map(plain).or(asked);
    let formats: HashMap<u64, &str> =
        info.buffers.iter().filter_map(|buffer| Some((buffer.id.as_u64()?, buffer.format.as_deref()?))).collect();
    let types = |ids: fn(&Graph) -> &Vec<Value>| {
        let ids = info.graphs.first().into_iter().flat_map(ids);
        ids.filter_map(|id| formats.get(&id.as_u64()?)).map(|format| element(format)).collect()
    };
    reading.types.inputs = types(|graph| &graph.inputs);
    reading.types.outputs = types(|graph| &graph.outputs);
}

impl Footprint {
    /// What the runtime takes: its kernels and what the C library adds, as ST's own readers add it up. Where no compiler was
    /// there to link it, some versions say null and others 0.
    fn runtime(&self, parts: [(&str, &Value); 3]) -> Result<Option<Bytes>, ReportError> {
        let [kernel, others @ ..] = parts;
        let is_linked = !self.toolchain.is_null();
        let Some(kernel) = bytes(kernel.0, kernel.1)?.filter(|bytes| is_linked || bytes.0 > 0) else { return Ok(None) };
        let others = others.map(|(place, value)| bytes(place, value));
        let [toolchain, extra] = others;
        Ok(Some(kernel + toolchain?.unwrap_or_default() + extra?.unwrap_or_default()))
    }
}

/// The pools that something lies in.
fn pools(text: &str) -> Result<Vec<MemoryPool>, ReportError> {
    let pools = Allocation::pools_in(text)?.into_iter().filter(|pool| pool.used_bytes.is_some_and(|used| used.0 > 0));
    let read = pools.map(|pool| {
        // Those of an application of its own may be told by their name alone.
        let is_named_so = pool.name.to_ascii_uppercase().contains("EXTERNAL");
        let place = if is_named_so { Some(Place::External) } else { pool.address.map(Place::of) };
        let holds = vec![if pool.is_written { Held::Activations } else { Held::Weights }];
        let (address, size_bytes, used_bytes) = (pool.address, pool.size_bytes, pool.used_bytes);
        MemoryPool { name: pool.name, address, size_bytes, used_bytes, holds, place }
    });
    Ok(read.collect())
}

impl Info {
    /// Who computes the nodes; nothing where the processor computes all of them.
    fn steps(&self) -> Option<Steps> {
        let nodes = || self.graphs.iter().flat_map(|graph| &graph.nodes);
        let count = |words: &[&str]| {
            let is_so = |node: &&Node| node.mapping.as_deref().is_some_and(|mapping| words.contains(&mapping));
            nodes().filter(is_so).count() as u64
        };
        let (hardware, controlled) = (count(&["NODE_HW", "NODE_SW_HW"]), count(&["NODE_EC"]));
        let all = nodes().count() as u64;
        (hardware + controlled > 0).then(|| Steps {
            all,
            software: count(&["NODE_SW"]),
            hardware: Some(hardware),
            controlled: Some(controlled),
        })
    }
}

fn layers(info: &Info) -> Result<Vec<Layer>, ReportError> {
    let weights: HashMap<u64, Bytes> = info.buffers.iter().filter_map(Buffer::weights).collect();
    let nodes =
        info.graphs.iter().enumerate().flat_map(|(g, graph)| graph.nodes.iter().enumerate().map(move |n| (g, n)));
    let layers = nodes.map(|(g, (n, node))| {
        let macs = count(&format!("graphs[{g}].nodes[{n}].macc"), &node.macc)?;
        let name = node.name.as_deref().map_or_else(|| n.to_string(), plain);
        let operator = node.r#type.as_deref().or(node.description.as_deref()).map(plain);
        let own = node.inputs.iter().filter_map(|id| weights.get(&id.as_u64()?)).copied();
        // Some files tell of no buffer that holds weights: then nobody knows whose they are.
        let weights_bytes = (!weights.is_empty()).then(|| own.sum());
        Ok(Layer { name, operator, macs, weights_bytes })
    });
    layers.collect()
}

impl Buffer {
    /// Its number and size, where it holds weights.
    fn weights(&self) -> Option<(u64, Bytes)> {
        Some((self.id.as_u64()?, Bytes(self.size_bytes.as_u64()?))).filter(|_| self.is_param)
    }
}
