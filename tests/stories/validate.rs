//! `automcu validate`, with a program that speaks the command line of the vendor's tool.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use anstream::adapter::strip_str;
use automcu::{Outcome, Surroundings};
use automcu_tests::{Ended, automcu_within, fixture};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A user's computer with the vendor's tool.
struct Computer {
    folder: TempDir,
    surroundings: Surroundings,
}

impl Computer {
    /// With a tool that behaves so.
    fn with(behaviour: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("home")).expect("writable");
        let tool = folder.path().join("stedgeai");
        symlink(env!("CARGO_BIN_EXE_stedgeai-of-stories"), &tool).expect("writable");
        fs::write(folder.path().join("behaviour.json"), behaviour.to_string()).expect("writable");
        let home = Some(folder.path().join("home"));
        Self { surroundings: Surroundings { home, stm32_ai_exe: Some(tool), ..Surroundings::default() }, folder }
    }

    fn validate(&self, arguments: &[&str]) -> Ended {
        let model = fixture("models/resnet8_int8.tflite");
        let line: Vec<&str> = ["validate", &model].iter().chain(arguments).copied().collect();
        let said = automcu_within(&self.surroundings, &[], &line);
        Ended { output: strip_str(&said.output).to_string(), ..said }
    }

    fn answer(&self, arguments: &[&str]) -> (Outcome, Value) {
        let said = self.validate(&[arguments, &["--json"]].concat());
        let answer = serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}{}", said.output, said.errors));
        (said.outcome, answer)
    }

    fn runs(&self) -> PathBuf {
        self.folder.path().join("home/.cache/automcu/runs")
    }
}

#[test]
fn a_network_is_validated_on_this_computer() {
    let computer = Computer::with(&json!({ "generation": "core-2.2" }));
    let (outcome, answer) = computer.answer(&["--target", "STM32F407", "--samples", "25"]);
    assert_eq!(outcome, Outcome::Yes, "{answer}");
    let metric = json!({
        "what": "X-cross #1", "accuracy": 1.0, "rmse": 0.001, "mae": 0.0005, "l2r": 0.002, "cosine": 0.999_998
    });
    for (pointer, expected) in [
        ("/provenance", json!("host")),
        ("/board", Value::Null),
        ("/samples", json!(25)),
        ("/target", json!("STM32F407VET6")),
        ("/judge/tool", json!("ST Edge AI Core 2.2.0-20266 2adc00962")),
        ("/validated/metrics/0", metric),
        // How long this computer takes is not told.
        ("/validated/cycles", Value::Null),
        ("/validated/duration_ms", Value::Null),
        ("/measurement/footprint/provenance", json!("tool")),
        ("/problem", Value::Null),
    ] {
        assert_eq!(answer.pointer(pointer), Some(&expected), "{pointer}");
    }
    let said = computer.validate(&["--target", "STM32F407"]);
    for part in [
        "validated on this computer by ST Edge AI Core 2.2.0-20266 2adc00962",
        "STM32F407VET6; 10 samples",
        "X-cross #1  100.00 %  0.999998  0.001000",
        "host",
        "runtime unknown B; stack not counted (int8, tool)",
    ] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    assert!(!said.output.contains("inference takes"), "{}", said.output);
    assert_eq!(fs::read_dir(computer.runs()).expect("made").count(), 0);
}

#[test]
fn on_a_board_the_time_of_an_inference_is_told() {
    let computer = Computer::with(&json!({ "generation": "core-2.2", "board": true }));
    let line = ["--target", "STM32F407", "--port", "/dev/ttyACM0", "--baud", "921600"];
    let (outcome, answer) = computer.answer(&line);
    assert_eq!(outcome, Outcome::Yes, "{answer}");
    for (pointer, expected) in [
        ("/provenance", json!("device")),
        ("/board", json!("serial:/dev/ttyACM0:921600")),
        ("/validated/duration_ms", json!(12.5)),
    ] {
        assert_eq!(answer.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert!(answer.pointer("/validated/cycles").and_then(Value::as_u64) > Some(1_000_000), "{answer}");
    let said = computer.validate(&["--on", "board"]);
    assert!(said.output.contains("validated on the board at serial by"), "{}", said.output);
    assert!(said.output.contains("cycles, 12.500 ms (device)"), "{}", said.output);
}

/// Whatever is wrong on the bench, nothing is said against the network.
#[test]
fn a_board_that_is_not_there_says_nothing_of_the_network() {
    for generation in ["core-2.2", "cube-7.1"] {
        let computer = Computer::with(&json!({ "generation": generation }));
        let (outcome, answer) = computer.answer(&["--on", "board"]);
        assert_eq!(outcome, Outcome::Unavailable, "{answer}");
        assert_eq!(answer.pointer("/problem/kind"), Some(&json!("bench")), "{answer}");
        assert_eq!((&answer["validated"], &answer["provenance"]), (&Value::Null, &json!("device")));
        let said = computer.validate(&["--on", "board"]);
        assert!(said.output.contains("was not validated on the board at serial"), "{}", said.output);
        assert!(said.output.contains("the bench is not ready:"), "{}", said.output);
    }
}

#[test]
fn what_else_goes_wrong_is_told_by_whose_fault_it_is() {
    for (behaviour, kind, outcome) in [
        (
            json!({ "generation": "core-2.2", "says": "NOT IMPLEMENTED: Mean", "status": 255 }),
            "unsupported",
            Outcome::No,
        ),
        (json!({ "generation": "core-2.2", "signal": 11 }), "failed", Outcome::Broken),
        (json!({ "generation": "core-2.2", "signal": 9 }), "transient", Outcome::Broken),
    ] {
        let (ended, answer) = Computer::with(&behaviour).answer(&[]);
        assert_eq!((ended, answer.pointer("/problem/kind")), (outcome, Some(&json!(kind))), "{answer}");
    }
    let computer = Computer::with(&json!({ "generation": "core-2.2" }));
    let (outcome, answer) = computer.answer(&["--target", "RP2040"]);
    assert_eq!(outcome, Outcome::Unavailable);
    assert_eq!(answer.pointer("/problem/kind"), Some(&json!("not_for_target")), "{answer}");
    // Without the tool there is nothing to ask.
    let model = fixture("models/resnet8_int8.tflite");
    let said = automcu_within(&Surroundings::default(), &[], &["validate", &model]);
    assert_eq!(said.outcome, Outcome::Unavailable);
    assert!(said.errors.contains("no stedgeai and no stm32ai"), "{}", said.errors);
    let said = computer.validate(&["--on", "host", "--port", "/dev/ttyACM0"]);
    assert_eq!(said.outcome, Outcome::Misused);
    assert!(said.errors.contains("leave one of them out"), "{}", said.errors);
}

/// Each format is compared with its own file.
#[test]
fn a_network_is_validated_as_onnx_too() {
    let computer = Computer::with(&json!({ "generation": "core-4.0" }));
    for (format, dtype) in [("qdq", "int8"), ("float32", "float32")] {
        let (outcome, answer) = computer.answer(&["--vendor-format", format]);
        let footprint = answer.pointer("/measurement/footprint/dtype");
        assert_eq!((outcome, footprint), (Outcome::Yes, Some(&json!(dtype))), "{answer}");
    }
}
