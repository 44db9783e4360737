//! The report in words, as each generation writes it.

use crate::run::Run;

const RULE: &str = "------------------------------------------------------------------------------------------";

/// The report's lines behind its first.
pub(crate) fn report(run: &Run<'_>, file: &str) -> Vec<String> {
    if run.is_accelerated() {
        return accelerated(run, file);
    }
    let is_old = run.generation.rank < 70;
    let mut lines = summary(run, file, is_old);
    lines.extend(if is_old { old_tables(run) } else { tables(run, file) });
    lines
}

fn summary(run: &Run<'_>, file: &str, is_old: bool) -> Vec<String> {
    let (said, figures, verb) = (run.said_in(file), run.figures, &run.line.verb);
    let mut lines = vec![String::new()];
    let times = if is_old { " dur=0.311s err=0" } else { "" };
    lines.push(format!("Exec/report summary ({verb}{times})"));
    lines.push(RULE.to_owned());
    let mut key = |key: &str, value: &str| lines.push(format!("{key:<19}: {value}   "));
    if let Some(error) = run.behaviour.says.as_ref().filter(|_| run.behaviour.in_report) {
        key("error", error);
    }
    key("model file", &run.line.model);
    key("c_name", &run.line.name);
    key("compression", if run.line.compression == "1" { "None" } else { &run.line.compression });
    if run.generation.rank >= 73 {
        key("target/series", &said.target);
        key("model_fmt", "ss/sa per channel");
    }
    key("model_name", &said.model);
    key("model_hash", &said.signature);
    let [input, output] = run.io();
    key("params #", &format!("{} items", commas(figures.parameters)));
    key("macc", &commas(figures.macs));
    let (weights, activations) = (commas(said.weights), commas(figures.activations));
    let all = commas(figures.activations + input + output);
    let sum = format!("= {activations} + {} + {}", commas(input), commas(output));
    match run.generation.rank {
        ..50 => {
            key("rom (ro)", &format!("{weights} (1.00 KiB) 0.00%"));
            key("ram (rw)", &format!("{activations} + {} (1.00 KiB + 1.00 KiB)", commas(input + output)));
        }
        50..70 => {
            key("weights (ro)", &format!("{weights} (1.00 KiB) (0.00%)"));
            key("activations (rw)", &format!("{activations} (1.00 KiB)"));
            key("ram (total)", &format!("{all} (1.00 KiB) {sum}"));
        }
        _ => {
            key("weights (ro)", &format!("{weights} B (1.00 KiB) (1 segment)"));
            key("activations (rw)", &format!("{activations} B (1.00 KiB) (1 segment) *"));
            key("ram (total)", &format!("{all} B (1.00 KiB) {sum}"));
        }
    }
    lines.push(RULE.to_owned());
    lines
}

/// A table whose columns are set apart by two spaces, under rules.
fn table(rule: &str, rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect::<Vec<_>>().join("   ")
    };
    let rule = if rule.is_empty() {
        widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>().join("   ")
    } else {
        rule.to_owned()
    };
    let mut lines = vec![rule.clone()];
    lines.extend(rows.first().map(line));
    lines.push(rule.clone());
    lines.extend(rows.iter().skip(1).map(line));
    lines.push(rule);
    lines
}

fn cells(row: &[&str]) -> Vec<String> {
    row.iter().map(|&cell| cell.to_owned()).collect()
}

fn old_tables(run: &Run<'_>) -> Vec<String> {
    let figures = run.figures;
    let mut rows = vec![cells(&["id", "layer (type)", "output shape", "param #", "connected to", "macc", "rom"])];
    rows.extend(figures.layers.iter().enumerate().map(|(i, layer)| {
        let name = format!("{} ({})", layer.name, layer.kind);
        cells(&[&i.to_string(), &name, "(1, 1, 1)", "1", "x", &commas(layer.macs), &commas(layer.bytes)])
    }));
    let mut lines = vec![String::new()];
    lines.extend(table(RULE, &rows));
    let model = run.said_in("report.txt").model;
    lines.push(format!("{model} p=1 macc={} rom=1.00 KBytes (0.00%) ram=64 B io_ram=108 B", figures.macs));
    lines.extend([String::new(), format!("Complexity per-layer - macc={} rom=1", commas(figures.macs))]);
    lines
}

/// The table of the network's own operations.
fn operations(run: &Run<'_>) -> Vec<String> {
    let mut rows = vec![cells(&["m_id", "layer (type,original)", "oshape", "param/size", "macc", "connected to"])];
    rows.extend(run.figures.layers.iter().enumerate().map(|(i, layer)| {
        let name = format!("{} ({}, )", layer.name, layer.kind);
        cells(&[&i.to_string(), &name, "[b:1,c:1]", "1/1", &commas(layer.macs), "x"])
    }));
    table("", &rows)
}

fn tables(run: &Run<'_>, file: &str) -> Vec<String> {
    let (said, figures) = (run.said_in(file), run.figures);
    let mut lines = vec![String::new(), format!("Model name - {}", said.model)];
    lines.extend(operations(run));
    lines.push(format!("model/c-model: macc={0}/{0} weights={1}/{1}", commas(figures.macs), commas(said.weights)));
    let mut rows = vec![cells(&["c_id", "m_id", "name (type)", "#op", "type"])];
    rows.extend(figures.layers.iter().enumerate().map(|(i, layer)| {
        let name = format!("{} ({})", layer.name, layer.kind);
        cells(&[&i.to_string(), &i.to_string(), &name, &commas(layer.macs), "smul_s8_s8"])
    }));
    lines.extend([String::new(), "Number of operations per c-layer".to_owned()]);
    lines.extend(table("", &rows));
    lines.extend([String::new(), "Complexity report (model)".to_owned()]);
    let sums = format!("macc={} weights={}", commas(figures.macs), commas(said.weights));
    lines.push(format!("{sums} act={} ram_io={}", commas(figures.activations), commas(run.io().iter().sum())));
    if let Some(runtime) = run.runtime() {
        lines.extend(sections(run, runtime, said.weights, &said.target));
    }
    lines
}

/// The report of a network that the neural accelerator computes, which has no summary.
fn accelerated(run: &Run<'_>, file: &str) -> Vec<String> {
    let (said, figures) = (run.said_in(file), run.figures);
    let mut lines = vec![String::new(), format!("Model name - {}", said.model)];
    lines.extend(operations(run));
    lines.push(format!("model: macc={} weights={} activations=-- io=--", commas(figures.macs), commas(said.weights)));
    let end = "=".repeat(RULE.len());
    let mut part = |heading: &str, rows: Vec<String>| {
        lines.extend([String::new(), heading.to_owned(), RULE.to_owned()]);
        lines.extend(rows);
        lines.push(end.clone());
    };
    part("Compilation details", vec!["Compiler version: 1.1.1-14".to_owned()]);
    let row = |pool: &str, [weights, activations]: [u64; 2]| {
        let kib = |bytes: u64| format!("{}.{:03} kB", bytes >> 10, ((bytes & 1023) * 1000) >> 10);
        let (used, weights, activations) = (kib(weights + activations), kib(weights), kib(activations));
        format!(
            "\t{pool}: {used} / 448.000 kB  ( 1.00 % used) -- weights: {weights} ( 1.00 % used)  activations: {activations} ( 1.00 % used)"
        )
    };
    let (ram, flash) = ("npuRAM5    [0x342E0000 - 0x34350000]", "octoFlash  [0x71000000 - 0x78000000]");
    part(
        "Memory usage information  (input/output buffers are included in activations)",
        vec![row(ram, [0, figures.activations]), row(flash, [said.weights, 0])],
    );
    part(
        "Used memory ranges",
        vec![
            format!("\t{ram}: 0x342E0000-{:#010X}", 0x342E_0000 + figures.activations).replace("0X", "0x"),
            format!("\t{flash}: 0x71000000-{:#010X}", 0x7100_0000 + said.weights).replace("0X", "0x"),
        ],
    );
    let count = figures.layers.len();
    let mut epochs =
        vec![format!("Total number of epochs: {count} of which 1 implemented in software"), "---".to_owned()];
    epochs.extend((1..=count).map(|id| format!("epoch {id}  {}", if id < count { "HW" } else { "-SW-   ( Dense )" })));
    part("Epochs details", epochs);
    if let Some(runtime) = run.runtime() {
        lines.extend(sections(run, runtime, said.weights, "stm32n6npu"));
    }
    lines
}

/// What each part takes when it is linked.
fn sections(run: &Run<'_>, [flash, ram]: [u64; 2], weights: u64, target: &str) -> Vec<String> {
    let [activations, io] = [run.figures.activations, run.io().iter().sum()];
    let heading = if run.generation.is_core() {
        format!("Requested memory size by section - \"{target}\" target")
    } else {
        format!("Requested memory size per segment (\"{target}\" series)")
    };
    let four = |name: &str, values: [u64; 4]| {
        let [text, rodata, data, bss] = values.map(commas);
        format!("{name:<24} {text:>10} {rodata:>10} {data:>10} {bss:>10}")
    };
    let two = |name: &str, flash: u64, ram: u64| {
        format!("{name:<12} {:>12}  60.0% {:>12}  60.0%", commas(flash), commas(ram))
    };
    let weights = weights.next_multiple_of(8);
    vec![
        heading,
        RULE.to_owned(),
        "module                         text     rodata       data        bss".to_owned(),
        RULE.to_owned(),
        four("NetworkRuntime_GCC.a", [flash, 0, 0, ram]),
        RULE.to_owned(),
        four("RT total**", [flash, 0, 0, ram]),
        RULE.to_owned(),
        four("weights", [0, weights, 0, 0]),
        four("activations", [0, 0, 0, activations]),
        four("io", [0, 0, 0, io]),
        RULE.to_owned(),
        four("TOTAL", [flash, weights, 0, ram + activations + io]),
        RULE.to_owned(),
        format!("Summary - \"{target}\" target"),
        "---------------------------------------------------".to_owned(),
        "               FLASH (ro)      %*   RAM (rw)       %".to_owned(),
        "---------------------------------------------------".to_owned(),
        two("RT total", flash, ram),
        "---------------------------------------------------".to_owned(),
        format!("{:<12} {:>12} {:>19}", "TOTAL", commas(flash + weights), commas(ram + activations + io)),
        "---------------------------------------------------".to_owned(),
    ]
}

/// A number in groups of three digits.
pub(crate) fn commas(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
