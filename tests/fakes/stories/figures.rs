//! What is measured, generation by generation, file by file.

use std::fs;

use automcu_convert::Network;
use automcu_model::{Bytes, DataType, Graph, Provenance};
use automcu_target::{Budget, Catalogue};
use automcu_toolchain::{
    judge::{Judge, Measurement, NoAnswer, Question},
    stedgeai::{Format, Settings, Validation},
};
use serde_json::json;

use crate::bench::{Bench, names, network, question};

/// Each generation by its name in the fake, whether it lays inputs and outputs beside, whether it can tell the runtime, and the
/// file that it is believed by.
const GENERATIONS: &[(&str, bool, bool, &str)] = &[
    ("cube-4.0", true, false, "network_report.json"),
    ("cube-5.0", true, false, "network_report.json"),
    ("cube-5.2", false, false, "network_report.json"),
    ("cube-7.0", false, false, "network_report.json"),
    ("cube-7.1", false, false, "network_report.json"),
    ("cube-7.2", false, false, "network_report.json"),
    ("cube-7.3", false, false, "network_report.json"),
    ("cube-8.0", false, true, "network_report.json"),
    ("cube-8.1", false, true, "network_report.json"),
    ("core-1.0", false, true, "network_c_info.json"),
    ("core-2.0", false, true, "network_c_info.json"),
    ("core-2.2", false, true, "network_c_info.json"),
    ("core-3.0", false, true, "network_c_info.json"),
    ("core-4.0", false, true, "network_c_info.json"),
];

fn with_compiler(bench: &Bench) -> Settings {
    Settings { search: vec![bench.path("gcc")], ..bench.settings() }
}

fn has_remark(measurement: &Measurement, part: &str) -> bool {
    measurement.remarks.iter().any(|remark| remark.contains(part))
}

/// What the graph itself says.
fn assert_figures(measurement: &Measurement, network: &Network, has_ports_beside: bool) {
    let graph = network.graph();
    let ports = graph.shape(Graph::INPUT).elements() + graph.shape(graph.output()).elements();
    let beside = if has_ports_beside { Bytes(ports) } else { Bytes(0) };
    let footprint = &measurement.footprint;
    assert_eq!((footprint.dtype, footprint.provenance), (DataType::Int8, Provenance::Tool));
    assert_eq!(footprint.flash.weights, graph.cost().weight_bytes(DataType::Int8));
    assert_eq!(footprint.ram.activations, graph.peak().bytes(DataType::Int8) + beside);
    assert_eq!(measurement.macs, Some(graph.cost().macs));
    assert_eq!(measurement.layers.len(), graph.nodes().len());
    assert!(measurement.operators.iter().any(|operator| operator == "conv"), "{:?}", measurement.operators);
}

#[test]
fn every_generation_is_called_as_it_understands_and_read() {
    let network = network();
    for &(generation, has_ports_beside, can_tell_runtime, file) in GENERATIONS {
        let bench = Bench::new(&json!({ "generation": generation }));
        let without = bench.measure(bench.settings()).unwrap_or_else(|none| panic!("{generation}: {none}"));
        assert_figures(&without, &network, has_ports_beside);
        assert!(has_remark(&without, &format!("from {file}")), "{generation}: {:?}", without.remarks);
        assert_eq!((without.footprint.ram.runtime, without.footprint.flash.code), (None, None), "{generation}");
        let of_layers = without.layers.iter().map(|layer| layer.weights_bytes.unwrap_or(0)).sum();
        assert_eq!(without.footprint.flash.weights, Bytes(of_layers), "{generation}");
        let with = bench.measure(with_compiler(&bench)).unwrap_or_else(|none| panic!("{generation}: {none}"));
        let count = u64::try_from(network.graph().nodes().len()).expect("few");
        let known = |bytes| can_tell_runtime.then_some(Bytes(bytes));
        let runtime = (with.footprint.flash.code, with.footprint.ram.runtime);
        assert_eq!(runtime, (known(11_000 + 100 * count), known(1_800 + 16 * count)), "{generation}");
        let signs = ["cube-4.0", "cube-5.0"].contains(&generation) || generation.starts_with("core");
        assert_eq!(has_remark(&with, "signs no files"), !signs, "{generation}: {:?}", with.remarks);
        bench.assert_clean(0);
    }
}

#[test]
fn the_judge_says_who_it_is() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let judge = bench.judge(bench.settings()).expect("a tool");
    let identity = judge.identity();
    assert_eq!((identity.name, identity.tool.as_str()), ("stedgeai", "ST Edge AI Core 2.2.0-20266 2adc00962"));
    assert_eq!(identity.settings[..3], ["int8 .tflite", "compression none", "optimization balanced"]);
    let compiled = |judge: &dyn Judge| judge.identity().settings[3].clone();
    let with = || compiled(&bench.judge(with_compiler(&bench)).expect("a tool"));
    assert_ne!(compiled(&judge), with(), "figures differ with it");
    assert_eq!(with(), "runtime by arm-none-eabi-gcc 13.3.1");
    // At the same place, another one.
    bench.compile_with("arm-none-eabi-gcc 14.2.0");
    assert_eq!(with(), "runtime by arm-none-eabi-gcc 14.2.0");
    bench.compile_with("");
    assert!(with().ends_with("gcc/arm-none-eabi-gcc"), "by its place, as it says nothing: {}", with());
    assert_eq!(judge.component(), Some("10.2.0"));
    assert_eq!(identity.settings.last().map(String::as_str), Some("STM32CubeAI 10.2.0"));
}

#[test]
fn the_next_best_file_counts_where_one_is_missing_or_damaged() {
    let network = network();
    let all = ["c_info.json", "report.json", "report.txt"];
    for (generation, fault, files, expected) in [
        ("core-1.0", "left_out", &all[..1], "from network_report.json"),
        ("core-1.0", "left_out", &all[..2], "from network_analyze_report.txt"),
        ("core-2.2", "left_out", &all[..], "from what the tool printed"),
        ("cube-7.1", "left_out", &all[..2], "from network_analyze_report.txt"),
        ("cube-5.0", "left_out", &all[..], "from what the tool printed"),
        ("core-2.2", "cut", &all[..1], "from network_analyze_report.txt"),
        ("core-1.0", "cut", &all[..2], "from network_analyze_report.txt"),
        ("core-4.0", "cut", &all[..], "from what the tool printed"),
        ("cube-8.1", "cut", &all[..2], "from network_analyze_report.txt"),
        ("core-2.2", "wrong_hash", &all[..1], "from network_analyze_report.txt"),
        ("core-2.2", "other_model", &all[..1], "from network_analyze_report.txt"),
        ("cube-7.3", "other_model", &all[..2], "from network_analyze_report.txt"),
        ("core-3.0", "other_target", &all[..1], "from network_analyze_report.txt"),
    ] {
        let bench = Bench::new(&json!({ "generation": generation, fault: files }));
        let settings = if fault == "other_target" { with_compiler(&bench) } else { bench.settings() };
        let measurement = bench.measure(settings).unwrap_or_else(|none| panic!("{generation} {fault}: {none}"));
        assert_figures(&measurement, &network, generation == "cube-5.0");
        assert!(has_remark(&measurement, expected), "{generation} {fault}: {:?}", measurement.remarks);
        assert_eq!(has_remark(&measurement, "was not used"), fault != "left_out", "{:?}", measurement.remarks);
        bench.assert_clean(0);
    }
}

#[test]
fn what_one_file_leaves_open_is_taken_from_the_next_unless_that_says_otherwise() {
    // The JSON of this generation knows no runtime, its text does.
    let bench = Bench::new(&json!({ "generation": "cube-8.1" }));
    let filled = bench.measure(with_compiler(&bench)).expect("measured");
    assert!(has_remark(&filled, "runtime RAM, runtime Flash from network_analyze_report.txt"), "{:?}", filled.remarks);
    bench.behave(&json!({ "generation": "cube-8.1", "other_figures": ["report.txt", "stdout"] }));
    let contradicted = bench.measure(with_compiler(&bench)).expect("measured");
    assert_eq!(contradicted.footprint.ram.runtime, None);
    assert!(has_remark(&contradicted, "says otherwise about weights"), "{:?}", contradicted.remarks);
}

#[test]
fn a_report_of_something_else_is_refused() {
    for (generation, fault, expected) in [
        ("core-2.2", "wrong_hash", "its signature is"),
        ("cube-5.0", "wrong_hash", "its signature is"),
        ("core-4.0", "other_model", "its name is other"),
        ("cube-7.1", "other_model", "its name is other"),
    ] {
        let all = ["c_info.json", "report.json", "report.txt", "stdout"];
        let bench = Bench::new(&json!({ "generation": generation, fault: all }));
        let none = bench.measure(bench.settings()).expect_err("of another network");
        assert!(matches!(&none, NoAnswer::Failed { words } if words.contains(expected)), "{generation}: {none}");
        bench.assert_clean(1);
    }
    // What such a version signs with is not known, so nothing follows from it.
    let bench = Bench::new(&json!({ "generation": "cube-7.1", "wrong_hash": ["report.json", "report.txt", "stdout"] }));
    assert!(bench.measure(bench.settings()).is_ok());
}

#[test]
fn noise_and_news_change_nothing() {
    let network = network();
    for fault in [
        json!({ "generation": "core-4.0", "progress": true, "not_utf8": true, "left_out": ["c_info.json", "report.txt"] }),
        json!({ "generation": "core-2.2", "not_utf8": true, "left_out": ["c_info.json"] }),
        json!({ "generation": "core-2.2", "unknown_fields": true }),
        json!({ "generation": "core-2.2", "says": "E: Einsum_1 layer - number of I/O tensor is not coherent: 0/1" }),
        json!({ "generation": "core-2.2", "flood_mib": 200 }),
    ] {
        let bench = Bench::new(&fault);
        let measurement = bench.measure(bench.settings()).unwrap_or_else(|none| panic!("{fault}: {none}"));
        assert_figures(&measurement, &network, false);
        bench.assert_clean(0);
    }
}

#[test]
fn a_version_that_was_never_seen_is_called_like_the_one_before_and_says_so() {
    let network = network();
    for (banner, like) in [
        ("ST Edge AI Core v6.1.0-31415 0123456789", "ST Edge AI Core 6.1.0-31415 0123456789 was never seen"),
        ("ST Edge AI Core v4.2.0-25000", "ST Edge AI Core 4.2.0-25000 was never seen"),
    ] {
        let bench = Bench::new(&json!({ "generation": "core-4.0", "banner": banner }));
        let measurement = bench.measure(bench.settings()).expect("measured");
        assert_figures(&measurement, &network, false);
        assert!(has_remark(&measurement, like), "{:?}", measurement.remarks);
    }
}

#[test]
fn without_a_microcontroller_the_tool_takes_its_own() {
    let network = network();
    for generation in ["cube-5.0", "cube-8.0", "core-1.0", "core-4.0"] {
        let bench = Bench::new(&json!({ "generation": generation }));
        let judge = bench.judge(with_compiler(&bench)).expect("a tool");
        let measurement = judge.analyze(&Question { part: None, ..question(&network) }).expect("measured");
        assert_eq!(has_remark(&measurement, "STM32H7"), generation.starts_with("core"), "{:?}", measurement.remarks);
    }
}

#[test]
fn parts_that_the_tool_does_not_know_are_not_for_it() {
    let network = network();
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let judge = bench.judge(bench.settings()).expect("a tool");
    for (part, expected) in [("RP2040", "Raspberry Pi"), ("STM32WB55", "invalid choice: 'stm32wb'")] {
        let part = Catalogue::built_in().find(part).ok();
        let none = judge.analyze(&Question { part, ..question(&network) }).expect_err("not known");
        assert!(matches!(&none, NoAnswer::NotForTarget { words } if words.contains(expected)), "{none}");
    }
}

#[test]
fn a_network_is_handed_over_in_other_formats() {
    let network = network();
    let float = network.dequantised();
    for (format, dtype) in [(Format::Int8Onnx, DataType::Int8), (Format::FloatOnnx, DataType::Float32)] {
        let bench = Bench::new(&json!({ "generation": "core-2.2" }));
        let judge = bench.judge(Settings { format, ..bench.settings() }).expect("a tool");
        let question = Question { float: Some(&float), budget: Budget::default(), ..question(&network) };
        let measurement = judge.analyze(&question).expect("measured");
        assert_eq!(measurement.footprint.dtype, dtype);
        assert_eq!(judge.identity().settings[0], format.name());
        bench.assert_clean(0);
    }
}

#[test]
fn what_is_generated_is_handed_out() {
    let network = network();
    for generation in ["cube-7.1", "core-4.0"] {
        let bench = Bench::new(&json!({ "generation": generation }));
        let judge = bench.judge(bench.settings()).expect("a tool");
        let files = judge.generate(&question(&network), &bench.path("home")).expect("generated");
        assert!(files.iter().all(|file| fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)));
        let there = names(&bench.path("home"));
        assert!(["network.c", "network.h", "network_data.c"].iter().all(|name| there.iter().any(|file| file == name)));
        bench.assert_clean(0);
    }
}

#[test]
fn a_network_is_validated_here_and_on_a_board() {
    let network = network();
    let board = Validation::Board("serial:/dev/ttyACM0:115200");
    for generation in ["cube-7.1", "cube-8.1", "core-2.2"] {
        let bench = Bench::new(&json!({ "generation": generation }));
        let judge = bench.judge(bench.settings()).expect("a tool");
        let (validated, measurement) = judge.validate(&question(&network), Validation::Host, 10).expect("validated");
        assert_figures(&measurement, &network, false);
        assert_eq!(
            (validated.metrics[0].rmse, validated.metrics[0].accuracy),
            (Some(0.001), Some(1.0)),
            "{generation}"
        );
        for (board, samples) in [(board, 10), (Validation::Board("usb"), 1)] {
            let none = judge.validate(&question(&network), board, samples).expect_err("no board");
            assert!(matches!(none, NoAnswer::Bench { .. }), "{generation}: {none}");
        }
        bench.behave(&json!({ "generation": generation, "board": true }));
        assert!(judge.validate(&question(&network), board, 10).is_ok(), "{generation}");
    }
}
