//! The table that sets emitted code beside what other runtimes take for the same networks.

use std::path::Path;

use anyhow::Context;
use automcu_needs::Record;
use serde_json::Value;

use crate::{process::Program, setup};

/// What another runtime takes for one network: millions of instructions, and bytes of Flash and RAM, as far as known.
struct Rival {
    name: &'static str,
    instructions: Option<u64>,
    flash: Option<u64>,
    ram: Option<u64>,
    about: &'static str,
}

const fn measured(name: &'static str, instructions: u64, flash: u64, ram: u64) -> Rival {
    Rival {
        name,
        instructions: Some(instructions),
        flash: Some(flash),
        ram: Some(ram),
        about: "emulated, linked, once",
    }
}

/// The networks, with what others take. Each figure but the quoted ones was measured once as AutoMCU's own are, on QEMU's
/// netduinoplus2 with GCC 12.2 and -O2; this command does not measure it again.
const NETWORKS: &[(&str, &[Rival])] = &[
    (
        "mbnet32_te_int8",
        &[
            measured("CMSIS-NN, called by hand", 15_843_653, 54_948, 49_264),
            measured("TFLM with CMSIS-NN", 16_399_581, 154_532, 58_004),
            measured("TFLM, reference kernels", 70_849_444, 109_672, 57_956),
            Rival {
                name: "TinyEngine, float requantisation",
                instructions: Some(11_910_000),
                flash: Some(40_072),
                ram: Some(52_328),
                about: "emulated, once; all layers but the first, which it skips, and not bit-exact",
            },
        ],
    ),
    (
        "resnet8_te_int8",
        &[
            measured("CMSIS-NN, called by hand", 29_851_783, 102_564, 51_456),
            measured("TFLM with CMSIS-NN", 29_856_405, 197_124, 55_636),
            measured("TFLM, reference kernels", 107_315_657, 152_264, 54_980),
            Rival {
                name: "Cube.AI 8.1.0",
                instructions: None,
                flash: Some(132_792),
                ram: Some(54_078),
                about: "quoted from ST's model zoo, for its own ResNet-8",
            },
        ],
    ),
];

pub(crate) fn table(root: &Path, minutes: u64) -> anyhow::Result<String> {
    let record = Record::in_folder(&root.join("target/needs"));
    setup::all(root, &record, true)?;
    let mut lines = vec![
        "| network | code | instructions | for each MAC | Flash | RAM | figures are |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for (network, rivals) in NETWORKS {
        let mut ours = Vec::new();
        for (name, patches) in [("**AutoMCU**", "never"), ("**AutoMCU**, in patches", "least")] {
            let own = proof(root, minutes, network, patches).with_context(|| (*network).to_owned())?;
            let figure =
                |pointer: &str| own.pointer(pointer).and_then(Value::as_u64).with_context(|| pointer.to_owned());
            let rival = Rival {
                name,
                instructions: Some(figure("/runs/1/instructions")?),
                flash: Some(figure("/runs/1/image/flash_bytes")?),
                ram: Some(figure("/runs/1/image/ram_bytes")?),
                about: "emulated, linked, by this command",
            };
            ours.push((rival, figure("/macs")?));
        }
        let macs = ours[0].1;
        let all = ours.iter().map(|(rival, _)| rival).chain(*rivals);
        lines.extend(all.map(|rival| line(network, rival, macs)));
    }
    Ok(lines.join("\n"))
}

fn line(network: &str, rival: &Rival, macs: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "ratios for people")]
    let each = rival.instructions.map(|count| format!("{:.2}", count as f64 / macs as f64));
    let number = |figure: Option<u64>| figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string());
    let Rival { name, instructions, flash, ram, about } = rival;
    format!(
        "| {network} | {name} | {} | {} | {} | {} | {about} |",
        number(*instructions),
        each.unwrap_or_else(|| "-".to_owned()),
        number(*flash),
        number(*ram),
    )
}

/// What `automcu verify` answers of a network.
fn proof(root: &Path, minutes: u64, network: &str, patches: &str) -> anyhow::Result<Value> {
    let folder = root.join("target/nightly").join(format!("{network}-{patches}"));
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder)?;
    }
    let folder = folder.to_string_lossy();
    let model = format!("tests/fixtures/models/{network}.tflite");
    let run = ["run", "--release", "--locked", "--quiet", "-p", "automcu", "--"];
    let automcu = |arguments: &[&str]| {
        let line: Vec<&str> = run.iter().chain(arguments).copied().collect();
        Program::cargo(&line, minutes).within(root).output()
    };
    automcu(&["compile", &model, "-o", &folder, "--name", "net", "--patches", patches])?;
    let said = automcu(&["verify", &folder, "--target", "STM32F407", "--json"])?;
    Ok(serde_json::from_str(&said)?)
}
