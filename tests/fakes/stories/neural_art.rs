//! A network for the neural accelerator of an STM32N6: which flags the tool is given, and what is told of its memory.

use std::fs;

use automcu_model::{Bytes, DataType};
use automcu_target::{Budget, Catalogue};
use automcu_toolchain::{
    judge::{Judge, Measurement, NoAnswer, Question},
    stedgeai::{NeuralArt, Settings},
};
use serde_json::json;

use crate::bench::{Bench, network};

/// A board of a user's own: the catalogue has no STM32N6 yet.
const BOARD: &str = r#"
version = 1
family = "STM32N6"
vendor = "STMicroelectronics"

[documents]
bench = "What these tests take it for"

[[part]]
name = "STM32N6-BENCH"
class = "premium"
core = "cortex-m55"
fpu = "single"
dsp = true
clock_mhz = 800
sources = { core = "bench", clock = "bench", flash = "bench", ram = "bench" }

[[part.flash]]
name = "external flash"
address = 0x70000000
size = "64 MiB"

[[part.ram]]
name = "AXISRAM"
address = 0x34000000
size = "4 MiB"
"#;

fn asked(bench: &Bench, settings: Settings, target: &str) -> Result<Measurement, NoAnswer> {
    let mut catalogue = Catalogue::built_in().clone();
    catalogue.add("board.toml", BOARD).expect("a board");
    let part = Some(catalogue.find(target).expect("in the catalogue"));
    let network = network();
    let question = Question { network: &network, float: None, part, budget: Budget::default() };
    bench.judge(settings)?.analyze(&question)
}

fn with_profile(bench: &Bench, text: &str) -> Settings {
    let neural_art: NeuralArt = text.parse().expect("a profile");
    Settings { neural_art: Some(neural_art), search: vec![bench.path("gcc")], ..bench.settings() }
}

fn remarks_with<'m>(measurement: &'m Measurement, part: &str) -> Vec<&'m str> {
    measurement.remarks.iter().map(String::as_str).filter(|remark| remark.contains(part)).collect()
}

#[test]
fn where_a_network_lies_and_who_computes_it_is_told() {
    let network = network();
    let graph = network.graph();
    let (weights, activations) = (graph.cost().weight_bytes(DataType::Int8), graph.peak().bytes(DataType::Int8));
    let (count, bytes) = (graph.nodes().len(), |bytes: Bytes| bytes.0);
    for (generation, left_out) in [("core-2.2", &[][..]), ("core-2.2", &["c_info.json"]), ("core-4.0", &[])] {
        let bench = Bench::new(&json!({ "generation": generation, "left_out": left_out }));
        fs::write(bench.path("profiles.json"), "{}").expect("writable");
        let profile = format!("default@{}", bench.path("profiles.json").display());
        let measurement = asked(&bench, with_profile(&bench, &profile), "STM32N6-BENCH")
            .unwrap_or_else(|none| panic!("{generation}: {none}"));
        assert_eq!(measurement.footprint.flash.weights.0.next_multiple_of(8), weights.0.next_multiple_of(8));
        assert_eq!(measurement.footprint.ram.activations, activations);
        let computed = format!("computes {} of {count} steps, the processor 1", count - 1);
        assert_eq!(remarks_with(&measurement, &computed).len(), 1, "{:?}", measurement.remarks);
        let internal = format!("activations in npuRAM5, internal: {} of 458752 B", bytes(activations));
        let external = format!("weights in octoFlash, external: {} of 117440512 B", bytes(weights));
        for part in [internal.as_str(), external.as_str(), "weights lie outside"] {
            assert_eq!(remarks_with(&measurement, part).len(), 1, "{part}: {:?}", measurement.remarks);
        }
        // Pools of nothing, and pools of pools, are no news.
        assert!(remarks_with(&measurement, "hyperRAM").is_empty() && remarks_with(&measurement, " in all").is_empty());
        bench.assert_clean(0);
    }
}

#[test]
fn only_an_stm32n6_is_compiled_for_its_accelerator() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let other = asked(&bench, with_profile(&bench, "default"), "STM32F407").expect("without the flag");
    assert!(remarks_with(&other, "accelerator").is_empty(), "{:?}", other.remarks);
    let without = asked(&bench, bench.settings(), "STM32N6-BENCH").expect("by the processor");
    assert_eq!(remarks_with(&without, "the neural accelerator is not used").len(), 1, "{:?}", without.remarks);
    let own =
        asked(&bench, with_profile(&bench, "profile-default"), "STM32N6-BENCH").expect("by the tool's own profile");
    assert!(remarks_with(&own, "is not used, as no profile").is_empty() && own != without);
}

#[test]
fn the_profile_is_part_of_who_the_judge_is() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let file = bench.path("profiles.json");
    let profile = format!("default@{}", file.display());
    let none = bench.judge(with_profile(&bench, &profile)).expect_err("no file");
    assert!(matches!(&none, NoAnswer::Bench { words } if words.contains("profiles.json")), "{none}");
    let settings = |text: &str| {
        fs::write(&file, text).expect("writable");
        bench.judge(with_profile(&bench, &profile)).expect("a tool").identity().settings.clone()
    };
    let (first, second) = (settings("{}"), settings("{ }"));
    assert!(first.iter().any(|setting| setting.starts_with("neural-art default of ")), "{first:?}");
    assert_ne!(first, second);
}
