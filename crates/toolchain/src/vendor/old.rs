//! `*_report.json` of STM32Cube.AI and of ST Edge AI Core 1.0.

use automcu_model::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Failure, Family, Layer, Reading, ReportError, Source, ToolVersion,
    json::{bytes, count, parsed, sum, wrong},
    plain,
    reading::{element, signature, target_of},
};

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    tools_version: Value,
    model_name: Option<String>,
    hash: Option<String>,
    cli_parameters: Option<String>,
    #[serde(default)]
    rom_n_macc: Value,
    #[serde(default)]
    rom_size: Value,
    #[serde(default)]
    ram_size: Value,
    #[serde(default)]
    ram_io_size: Value,
    #[serde(default)]
    rom_inputs: Vec<Port>,
    #[serde(default)]
    rom_outputs: Vec<Port>,
    #[serde(default)]
    layers: Vec<Operation>,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    error_str: Value,
}

#[derive(Deserialize)]
struct Port {
    c_type: Option<String>,
}

#[derive(Deserialize)]
struct Operation {
    name: Option<String>,
    r#type: Option<String>,
    /// The operations that it became in the code; none where it was folded into others.
    c_id: Option<Vec<Value>>,
    #[serde(default)]
    extras: Extras,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extras {
    n_macc: Value,
    rom_size: Value,
}

#[derive(Deserialize)]
struct Version {
    major: u32,
    minor: u32,
    micro: u32,
    extra: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Reading, ReportError> {
    let report: Report = parsed(text)?;
    let mut reading = Reading::of(Source::ReportJson);
    reading.tool = version(&report.tools_version);
    reading.model = report.model_name.as_deref().map(plain);
    reading.signature = report.hash.as_deref().and_then(signature);
    reading.target = report.cli_parameters.as_deref().and_then(target_of);
    reading.types.inputs = types(&report.rom_inputs);
    reading.types.outputs = types(&report.rom_outputs);
    reading.failure = failure(&report.error, &report.error_str)?;
    reading.macs = count("rom_n_macc", &report.rom_n_macc)?.filter(|&macs| macs > 0);
    reading.weights_bytes = bytes("rom_size", &report.rom_size)?;
    reading.activations_bytes = activations(&report.ram_size)?;
    reading.io_bytes = sum("ram_io_size", &report.ram_io_size)?;
    if reading.failure.is_none() {
        reading.weights_bytes.ok_or(ReportError::Missing("rom_size"))?;
        reading.activations_bytes.ok_or(ReportError::Missing("ram_size"))?;
    }
    Ok(reading.with_layers(layers(&report.layers)?))
}

/// An object up to STM32Cube.AI 8.1, a string after.
fn version(value: &Value) -> Option<ToolVersion> {
    if let Some(text) = value.as_str() {
        return ToolVersion::of_number(Family::EdgeAi, text);
    }
    let Version { major, minor, micro, extra } = Version::deserialize(value).ok()?;
    let build = extra.as_deref().map(plain).filter(|build| !build.is_empty());
    Some(ToolVersion { family: Family::CubeAi, major, minor, micro, build, commit: None })
}

fn types(ports: &[Port]) -> Vec<String> {
    ports.iter().filter_map(|port| port.c_type.as_deref()).map(element).collect()
}

/// The same number twice up to STM32Cube.AI 8.1, a number after.
fn activations(value: &Value) -> Result<Option<Bytes>, ReportError> {
    let Value::Array(items) = value else { return bytes("ram_size", value) };
    match items.as_slice() {
        [] => Ok(None),
        [first, rest @ ..] if rest.iter().all(|item| item == first) => bytes("ram_size", first),
        _ => Err(wrong("ram_size", value)),
    }
}

fn failure(error: &Value, words: &Value) -> Result<Option<Failure>, ReportError> {
    let is_fine = match error {
        Value::Null => true,
        error => error.as_i64().ok_or_else(|| wrong("error", error))? == 0,
    };
    if is_fine {
        return Ok(None);
    }
    let lines = words.as_array().map_or_else(|| vec![words], |words| words.iter().collect());
    let said: Vec<&str> = lines.into_iter().filter_map(Value::as_str).flat_map(str::lines).collect();
    let known = said.iter().find_map(|line| Failure::of_line(line));
    Ok(Some(known.unwrap_or_else(|| Failure::unknown(&said.join(" "), error))))
}

fn layers(operations: &[Operation]) -> Result<Vec<Layer>, ReportError> {
    let kept =
        operations.iter().enumerate().filter(|(_, operation)| operation.c_id.as_ref().is_none_or(|c| !c.is_empty()));
    let layers = kept.map(|(i, operation)| {
        let macs = count(&format!("layers[{i}].extras.n_macc"), &operation.extras.n_macc)?;
        let weights_bytes = bytes(&format!("layers[{i}].extras.rom_size"), &operation.extras.rom_size)?;
        let name = operation.name.as_deref().map_or_else(|| i.to_string(), plain);
        Ok(Layer { name, operator: operation.r#type.as_deref().map(plain), macs, weights_bytes })
    });
    layers.collect()
}
