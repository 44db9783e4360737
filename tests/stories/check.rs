//! `automcu check`.

use automcu::Outcome;
use automcu_tests::{automcu, automcu_reading, fixture};
use serde_json::{Value, json};

#[test]
fn a_network_is_described_layer_by_layer_with_provenance_and_data_type() {
    let said = automcu(&["check", &fixture("specs/resnet8.json"), "--target", "stm32f407"]);
    assert_eq!((said.outcome, said.errors.as_str()), (Outcome::Yes, ""));
    for part in [
        "resnet8.json is constructible",
        "all figures are estimated from the graph, all sizes are of int8",
        "   7  conv 1x1/2x2        backbone[2]  16x16x32         544    131,072     32 KiB",
        "input        32x32x3 -> output 1x1x10, 14 operations",
        "parameters   77,706 (78,042 trained, before batch norm is folded)",
        "MACs         12,501,632",
        "76.9 KiB   weights and biases (int8, estimated; tables and code not counted)",
        "48 KiB     activations, peak at step 3 in the best order (int8, estimated; stack and runtime not counted)",
        "STM32F407VET6: fits (estimated)",
        "76.9 KiB of 512 KiB in one piece, 435.1 KiB to spare",
        "48 KiB of 128 KiB in one piece, 80 KiB to spare",
    ] {
        let plain = anstream_free(&said.output);
        assert!(plain.contains(part), "{part:?} in\n{plain}");
    }
}

/// The text without colours.
fn anstream_free(text: &str) -> String {
    let mut plain = String::new();
    let mut pieces = text.split('\u{1b}');
    plain.push_str(pieces.next().unwrap_or_default());
    pieces.for_each(|piece| plain.push_str(piece.split_once('m').map_or("", |(_, rest)| rest)));
    plain
}

#[test]
fn json_holds_the_same_figures_and_the_timeline() {
    let said = automcu(&["check", &fixture("specs/resnet8.json"), "--json", "--ram", "48KiB", "--flash", "64KiB"]);
    assert_eq!(said.outcome, Outcome::No);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    for (pointer, expected) in [
        ("/constructible", json!(true)),
        ("/digest", json!("9c808dff3e76d42827fc05a47c734a6970d6761c9380c934de62640250c08329")),
        ("/parameters/deployed", json!(77_706)),
        ("/macs", json!(12_501_632)),
        ("/dtype", json!("int8")),
        ("/provenance", json!("estimated")),
        ("/footprint/dtype", json!("int8")),
        ("/footprint/provenance", json!("estimated")),
        ("/footprint/ram", json!({ "activations_bytes": 49_152, "runtime_bytes": null, "stack_bytes": null })),
        ("/footprint/flash", json!({ "weights_bytes": 78_744, "tables_bytes": null, "code_bytes": null })),
        ("/peak/step", json!(3)),
        ("/fits", json!(false)),
        ("/fit/ram", json!({ "state": "spare", "bytes": 0 })),
        ("/fit/flash", json!({ "state": "over", "bytes": 78_744 - 65_536 })),
    ] {
        assert_eq!(answer.pointer(pointer), Some(&expected), "{pointer}");
    }
    let tensors = answer["tensors"].as_array().expect("tensors");
    let bytes_of = |place: &Value| tensors[usize::try_from(place.as_u64()?).ok()?]["bytes"].as_u64();
    for layer in answer["layers"].as_array().expect("layers") {
        let live: Option<u64> = layer["live"].as_array().expect("tensors").iter().map(bytes_of).sum();
        assert_eq!(live, layer["memory_bytes"].as_u64());
    }
}

#[test]
fn the_outcome_says_fits_or_not_to_the_byte() {
    let spec = fixture("specs/resnet8.json");
    for (arguments, outcome) in [
        (&["--ram", "49152B", "--flash", "78744B"][..], Outcome::Yes),
        (&["--ram", "49151B"], Outcome::No),
        (&["--flash", "78743B"], Outcome::No),
        (&["--ram", "49KB"], Outcome::No),
        (&["--ram", "49KiB"], Outcome::Yes),
        (&["--ram", "49152B", "--dtype", "float32"], Outcome::No),
        (&["--target", "STM32H743", "--dtype", "float32"], Outcome::Yes),
        (&["--target", "STM32H743", "--ram", "32KiB"], Outcome::No),
        (&[], Outcome::Yes),
    ] {
        let line = [&["check", &spec], arguments].concat();
        assert_eq!(automcu(&line).outcome, outcome, "{arguments:?}");
    }
}

#[test]
fn what_is_wrong_is_told_by_path_on_standard_error() {
    let spec = br#"{"version":1,"input":{"height":8,"width":8,"channels":1},"backbone":[
        {"op":"conv","channels":4,"kernel":4},{"op":"fire","squeeze":1,"expand_1x1":2}],"head":{"op":"classifier","classes":2}}"#;
    let said = automcu_reading(spec, &["check", "-"]);
    assert_eq!((said.outcome, said.output.as_str()), (Outcome::Refused, ""));
    assert_eq!(
        anstream_free(&said.errors),
        "schema error: backbone[0].kernel: 4 is not allowed here; use 1, 3, 5 or 7, or a list [rows, columns]\n\
         schema error: backbone[1]: the field \"expand_3x3\" is missing; add it\n\
         automcu: standard input is not constructible\n"
    );
    let said = automcu_reading(spec, &["check", "-", "--json"]);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((said.outcome, &answer["constructible"]), (Outcome::Refused, &json!(false)));
    assert_eq!(answer["refusals"][1]["path"], json!("backbone[1]"));
    assert_eq!(answer["refusals"][1]["kind"], json!("schema"));
}

#[test]
fn misuse_is_told_apart_from_refusal() {
    let spec = fixture("specs/resnet8.json");
    for (arguments, outcome, said) in [
        (&["check"][..], Outcome::Misused, "<ARCH>"),
        (&["check", &spec, "--ram", "64K"], Outcome::Misused, "write \"64KiB\" (times 1024) or \"64KB\" (times 1000)"),
        (&["check", &spec, "--ram", "64"], Outcome::Misused, "has no unit"),
        (&["check", &spec, "--target", "STM32F408"], Outcome::Misused, "did you mean STM32F40"),
        (&["check", &spec, "--dtype", "int4"], Outcome::Misused, "int8, float32"),
        (&["check", "no-such-file.json"], Outcome::Unreadable, "no-such-file.json: No such file"),
        (&["check", &fixture("specs")], Outcome::Unreadable, "specs: Is a directory"),
        (&["chekc"], Outcome::Misused, "check"),
    ] {
        let ended = automcu(arguments);
        assert_eq!((ended.outcome, ended.output.as_str()), (outcome, ""), "{arguments:?}");
        assert!(anstream_free(&ended.errors).contains(said), "{said:?} in\n{}", ended.errors);
    }
}

#[test]
fn an_endless_document_is_refused_without_being_read() {
    let long = vec![b' '; 10 << 20];
    let said = automcu_reading(&long, &["check", "-"]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("the document is longer than 262144 bytes"), "{}", said.errors);
}
