//! The files in JSON: `network_c_info.json` and `network_report.json`.

use serde_json::{Value, json};

use crate::run::Run;

/// Of ST Edge AI Core.
pub(crate) fn info(run: &Run<'_>) -> Value {
    let said = run.said_in("c_info.json");
    let mut info = json!({
        "json_schema_version": "2.0",
        "environment": { "tools": [{
            "name": "ST.EdgeAI.Core",
            "version": run.behaviour.number(),
            "arguments": run.line.all,
            "input_model": {
                "name": said.model,
                "n_params": run.figures.parameters,
                "model_files": [{ "name": run.line.model, "signature": said.signature }],
            },
        }] },
        "memory_footprint": footprint(run, said.weights, &said.target),
        "memory_pools": pools(run),
        "buffers": buffers(run),
        "graphs": [{ "id": 0, "inputs": [1], "outputs": [2], "nodes": nodes(run) }],
    });
    if run.line.verb == "validate" {
        info["validation"] = json!({ "val_error": 0.001, "val_metrics": metrics() });
        info["graphs"][0]["exec_time"] = time(run);
    }
    if run.behaviour.unknown_fields {
        info["tomorrow"] = json!({ "weights": "many" });
        info["memory_footprint"]["cache"] = json!([1, "two", null]);
    }
    info
}

/// One pool, or those of an accelerator, of which some are pools of pools.
fn pools(run: &Run<'_>) -> Value {
    let (activations, weights) = (run.figures.activations, run.figures.weights);
    if !run.is_accelerated() {
        return json!([{ "name": "POOL_0", "id": 0, "rights": "ACC_WRITE", "size_bytes": -1, "used_size_bytes": activations }]);
    }
    let pool = |id: u64, name: &str, address: &str, size: u64, used: u64, rights: &str| json!({ "id": id, "name": name, "address": address, "size_bytes": size, "used_size_bytes": used, "rights": rights, "virtual": false, "subpools": [] });
    json!([
        pool(1, "npuRAM5", "0x342E0000", 458_752, activations, "ACC_WRITE"),
        pool(2, "hyperRAM", "0x90000000", 33_554_432, 0, "ACC_WRITE"),
        pool(3, "octoFlash", "0x71000000", 117_440_512, weights, "ACC_READ"),
        { "id": 4, "name": "all", "address": "NULL", "size_bytes": -1, "used_size_bytes": activations, "rights": "ACC_WRITE", "virtual": true, "subpools": [1, 2] },
    ])
}

/// What validation finds: as good as nothing.
fn metrics() -> Value {
    json!([{ "desc": "X-cross #1", "rmse": 0.001, "mae": 0.0005, "l2r": 0.002, "cos": 0.999998, "acc": "100.00%" }])
}

/// Cycles are counted on a board only.
fn time(run: &Run<'_>) -> Value {
    let cycles = 2 * run.figures.macs;
    if run.is_on_board() {
        json!({ "cycles": cycles, "duration_ms": 12.5, "cycles_by_macc": 2.0 })
    } else {
        json!({ "cycles": null, "duration_ms": 0.25, "cycles_by_macc": null })
    }
}

/// Where weights begin among the buffers.
const FIRST_WEIGHTS: usize = 100;

fn buffers(run: &Run<'_>) -> Vec<Value> {
    let values = |id: u64, name: &str, size: u64| json!({ "id": id, "name": name, "format": "STAI_FORMAT_S8", "size_bytes": size, "mpool_id": 0, "is_param": false });
    let mut buffers = vec![values(1, "in", run.figures.input), values(2, "out", run.figures.output)];
    buffers.extend(run.figures.layers.iter().enumerate().map(|(i, layer)| {
        let name = format!("{}_weights", layer.name);
        json!({ "id": FIRST_WEIGHTS + i, "name": name, "format": "STAI_FORMAT_S8", "size_bytes": layer.bytes, "is_param": true })
    }));
    buffers
}

fn footprint(run: &Run<'_>, weights: u64, target: &str) -> Value {
    // Without a compiler newer versions say 0 where older ones say null.
    let unknown = if run.generation.rank >= 400 { json!(0) } else { Value::Null };
    let [flash, ram] = run.runtime().map_or([unknown.clone(), unknown], |[flash, ram]| [json!(flash), json!(ram)]);
    let toolchain = run.has_compiler.then_some("arm-none-eabi-gcc 13.3.1");
    json!({
        "weights": weights,
        "activations": run.figures.activations,
        "io": run.io(),
        "series": if run.has_compiler { target } else { "generic" },
        "toolchain": toolchain,
        "kernel_flash": flash,
        "kernel_ram": ram,
        "toolchain_flash": toolchain.map(|_| 0),
        "toolchain_ram": toolchain.map(|_| 0),
    })
}

fn nodes(run: &Run<'_>) -> Vec<Value> {
    let kind = if run.generation.rank >= 400 { "type" } else { "description" };
    let nodes = run.figures.layers.iter().enumerate();
    let mapping = |id: usize| {
        let is_hardware = run.is_accelerated() && id + 1 < run.figures.layers.len();
        if is_hardware { "NODE_HW" } else { "NODE_SW" }
    };
    nodes.map(|(id, layer)| json!({ "id": id, "name": layer.name, kind: layer.kind, "macc": layer.macs, "mapping": mapping(id), "inputs": [1, FIRST_WEIGHTS + id] })).collect()
}

/// Of STM32Cube.AI, and of the first ST Edge AI Core.
pub(crate) fn report(run: &Run<'_>) -> Value {
    let said = run.said_in("report.json");
    let figures = run.figures;
    let (version, ram) = if run.generation.is_core() {
        (json!(run.behaviour.number()), json!(figures.activations))
    } else {
        let number = run.behaviour.number();
        let (number, extra) = number.split_once('-').unwrap_or((&number, ""));
        let parts: Vec<u32> = number.split('.').filter_map(|part| part.parse().ok()).collect();
        let version = json!({ "major": parts[0], "minor": parts[1], "micro": parts[2], "extra": extra });
        (version, json!([figures.activations, figures.activations]))
    };
    let layers = figures.layers.iter().enumerate().map(|(i, layer)| {
        json!({ "id": i, "name": layer.name, "type": layer.kind, "c_id": [i], "extras": { "n_macc": layer.macs, "rom_size": layer.bytes } })
    });
    let error = run.behaviour.says.as_ref().filter(|_| run.behaviour.in_report);
    json!({
        "report_version": 1.0,
        "tools_version": version,
        "cli_parameters": run.line.all,
        "exec_cmd": run.line.verb,
        "model_name": said.model,
        "hash": said.signature,
        "rom_n_macc": figures.macs,
        "rom_size": said.weights,
        "ram_size": ram,
        "ram_io_size": run.io(),
        "layers": layers.collect::<Vec<Value>>(),
        "error": if error.is_some() { -1 } else { 0 },
        "error_str": error.into_iter().collect::<Vec<_>>(),
        "val_error": -1.0,
        "val_metrics": if run.line.verb == "validate" { metrics() } else { json!([]) },
    })
}
