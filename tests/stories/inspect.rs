//! `automcu inspect`.

use automcu::Outcome;
use automcu_tests::{automcu, automcu_reading, fixture};
use serde_json::{Value, json};

#[test]
fn a_file_s_network_is_described_and_compared_with_a_budget() {
    let model = fixture("models/resnet8_te_int8.tflite");
    let said = automcu(&["inspect", &model, "--ram", "48KiB", "--flash", "64KiB"]);
    assert_eq!(said.outcome, Outcome::No);
    for part in ["is an int8 network", "12,501,632", "77,706", "weight scales", "does not fit"] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    let said = automcu(&["inspect", &model, "--target", "STM32F407", "--json"]);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    for (pointer, expected) in [
        ("/fits", json!(true)),
        ("/macs", json!(12_501_632)),
        ("/footprint/ram/activations_bytes", json!(49_152)),
        ("/footprint/flash/weights_bytes", json!(77_360 + 1_384)),
        ("/layers/0/origin", json!("operator[0]")),
    ] {
        assert_eq!(answer.pointer(pointer), Some(&expected), "{pointer}");
    }
    let integers = &answer["layers"][0]["integers"];
    assert!(integers["scale"].as_f64() > Some(0.0) && integers["weight_scales"][0].as_f64() > Some(0.0), "{integers}");
}

#[test]
fn a_network_is_read_from_standard_input() {
    let file = std::fs::read(fixture("models/mbnet32_te_int8.tflite")).expect("a fixture");
    let said = automcu_reading(&file, &["inspect", "-"]);
    assert_eq!(said.outcome, Outcome::Yes);
    assert!(said.output.contains("4,702,848"), "{}", said.output);
}

#[test]
fn what_is_no_network_is_refused() {
    let said = automcu(&["inspect", &fixture("specs/resnet8.json")]);
    assert_eq!((said.outcome, said.output.as_str()), (Outcome::Refused, ""));
    assert!(said.errors.contains("resnet8.json: this is no .tflite file, or a damaged one"), "{}", said.errors);
    assert_eq!(automcu(&["inspect", "no-such-file"]).outcome, Outcome::Unreadable);
}
