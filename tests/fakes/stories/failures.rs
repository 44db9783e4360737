//! Whose fault it is when the tool gives up.

use automcu_toolchain::judge::NoAnswer;
use serde_json::{Value, json};

use crate::bench::Bench;

/// A word for each kind of answer that is none.
fn kind(none: &NoAnswer) -> &'static str {
    match none {
        NoAnswer::Unsupported { .. } => "unsupported",
        NoAnswer::BadModel { .. } => "bad model",
        NoAnswer::WrongFlags { .. } => "wrong flags",
        NoAnswer::Transient { .. } => "transient",
        NoAnswer::Bench { .. } => "bench",
        NoAnswer::Missing { .. } => "missing",
        NoAnswer::NotForTarget { .. } => "not for target",
        NoAnswer::Failed { .. } => "failed",
    }
}

/// What comes of a tool that behaves so, which leaves nothing but the folder of its failure.
fn failure(behaviour: &Value) -> NoAnswer {
    let bench = Bench::new(behaviour);
    let none = bench.measure(bench.settings()).expect_err(&behaviour.to_string());
    bench.assert_clean(1);
    let story = bench.story();
    assert!(story.contains("stedgeai ") && story.contains(&none.to_string()), "{story}");
    none
}

#[test]
fn every_line_of_an_error_has_its_kind() {
    for (line, expected) in [
        ("NOT IMPLEMENTED: Unsupported operator type: Mean", "unsupported"),
        ("NOT IMPLEMENTED: Order of dimensions of input cannot be interpreted", "unsupported"),
        ("INTERNAL ERROR: Transpose on batch not supported in layer turn", "unsupported"),
        ("INTERNAL ERROR: Mismatch in input shape of gemm a", "unsupported"),
        ("INTERNAL ERROR: Unexpected combination of configuration and input shape", "unsupported"),
        ("INTERNAL ERROR: 'NoneType' object has no attribute 'shape'", "unsupported"),
        ("INTERNAL ERROR: Your model ir_version 10 is higher than the checker's (9).", "bad model"),
        ("INTERNAL ERROR: something else", "failed"),
        ("INTERNAL ERROR: Unable to allocate 3.1 GiB for an array", "transient"),
        ("INVALID MODEL: no weights", "bad model"),
        ("INVALID OPTIONS: compression 3", "wrong flags"),
        ("CLI ERROR: no such option", "wrong flags"),
        ("LOAD ERROR: cannot open the file", "bad model"),
        ("TOOL ERROR: licence not accepted", "bench"),
        ("TOOLS ERROR: something else", "failed"),
        ("INTERRUPT: by the user", "transient"),
        ("E010(InvalidModelError): Couldn't load the model", "bad model"),
        ("E102(CliArgumentError): argument --verbosity: invalid choice: '9'", "wrong flags"),
        ("E102(CliArgumentError): argument --target: invalid choice: 'stm32f4'", "not for target"),
        ("E103(CliRuntimeError): Error calling the Neural Art compiler", "failed"),
        ("E200(ValidationError): no answer", "bench"),
        ("E801(HwIOError): no COM port", "bench"),
        ("MemoryError", "transient"),
        ("OSError: [Errno 28] No space left on device", "transient"),
        ("Segmentation fault", "failed"),
    ] {
        for (on_stderr, status) in [(false, 255), (true, 1)] {
            let behaviour = json!({ "generation": "core-2.2", "says": line, "status": status, "on_stderr": on_stderr });
            let none = failure(&behaviour);
            assert_eq!(kind(&none), expected, "{line}: {none}");
        }
    }
}

#[test]
fn the_operator_and_the_layer_are_named() {
    let line = "INTERNAL ERROR: Transpose on batch not supported in layer turn";
    let none = failure(&json!({ "generation": "core-2.2", "says": line, "status": 255 }));
    assert!(matches!(&none, NoAnswer::Unsupported { layer: Some(layer), .. } if layer == "turn"), "{none}");
    let line = "NOT IMPLEMENTED: Unsupported operator type: Mean";
    let none = failure(&json!({ "generation": "cube-7.1", "says": line, "status": 255 }));
    assert!(matches!(&none, NoAnswer::Unsupported { operator, .. } if operator == "Mean"), "{none}");
}

#[test]
fn an_error_counts_though_the_tool_says_that_it_ended_well() {
    let line = "NOT IMPLEMENTED: Unsupported operator type: Mean";
    for generation in ["cube-5.0", "cube-7.1"] {
        let none = failure(&json!({ "generation": generation, "says": line, "in_report": true }));
        assert_eq!(kind(&none), "unsupported", "{generation}: {none}");
    }
    assert_eq!(kind(&failure(&json!({ "generation": "core-2.2", "says": line }))), "unsupported");
}

#[test]
fn a_status_counts_though_all_reports_were_written() {
    let none = failure(&json!({ "generation": "core-2.2", "status": 3, "in_report": true }));
    assert!(matches!(&none, NoAnswer::Failed { words } if words.contains("status 3")), "{none}");
}

#[test]
fn an_error_behind_much_noise_is_heard() {
    let line = "NOT IMPLEMENTED: Unsupported operator type: Mean";
    let none = failure(&json!({ "generation": "core-4.0", "says": line, "status": 255, "flood_mib": 200 }));
    assert_eq!(kind(&none), "unsupported", "{none}");
}

#[test]
fn a_tool_that_leaves_nothing_has_failed() {
    let all = ["c_info.json", "report.json", "report.txt", "stdout"];
    for fault in ["left_out", "cut"] {
        let bench = Bench::new(&json!({ "generation": "core-2.2", fault: all, "left_out": ["stdout"] }));
        if fault == "left_out" {
            bench.behave(&json!({ "generation": "core-2.2", "left_out": all }));
        }
        let none = bench.measure(bench.settings()).expect_err("nothing to read");
        assert!(matches!(&none, NoAnswer::Failed { words } if words.starts_with("the tool ended well, but")), "{none}");
        bench.assert_clean(1);
    }
}

#[test]
fn a_full_disk_may_have_room_another_time() {
    let line = "OSError: [Errno 28] No space left on device: 'network_c_info.json'";
    let none = failure(
        &json!({ "generation": "core-2.2", "says": line, "cut": ["c_info.json", "report.txt"], "left_out": ["stdout"] }),
    );
    assert_eq!(kind(&none), "transient", "{none}");
}

#[test]
fn flags_that_a_version_does_not_know_stop_the_search() {
    // Each says that it is newer than it is.
    for (generation, banner, flag) in [
        ("cube-5.0", "Neural Network Tools for STM32 v1.4.0 (AI tools v5.2.0)", "--allocate-inputs"),
        ("cube-7.1", "Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.2.0)", "--quiet"),
        ("cube-7.2", "Neural Network Tools for STM32AI v1.6.0 (STM.ai v7.3.0-RC5)", "--optimization"),
        ("cube-8.0", "Neural Network Tools for STM32 family v1.7.0 (stm.ai v8.1.0-19520)", "--target"),
    ] {
        let none = failure(&json!({ "generation": generation, "banner": banner }));
        assert!(kind(&none) == "wrong flags" && none.stops_search() && none.to_string().contains(flag), "{none}");
    }
}

#[test]
fn only_the_newest_failures_are_kept() {
    let bench = Bench::new(&json!({ "generation": "core-2.2", "status": 7 }));
    for _ in 0..4 {
        assert!(bench.measure(bench.settings()).is_err());
    }
    bench.assert_clean(2);
}

#[test]
fn a_tool_that_does_not_say_its_version_is_none() {
    for (behaviour, expected) in [
        (json!({ "generation": "core-2.2", "fails_early": true, "status": 2, "says": "no licence file" }), "failed"),
        (json!({ "generation": "core-2.2", "banner": "Some Other Tool v1.2.3" }), "failed"),
        (json!({ "generation": "core-2.2", "fails_early": true, "signal": 11 }), "failed"),
        (json!({ "generation": "core-2.2", "fails_early": true, "signal": 9 }), "transient"),
    ] {
        let bench = Bench::new(&behaviour);
        let none = bench.judge(bench.settings()).expect_err("no version");
        assert_eq!(kind(&none), expected, "{behaviour}: {none}");
        bench.assert_clean(1);
    }
}

#[test]
fn a_tool_that_vanished_is_missing() {
    let bench = Bench::new(&json!({ "generation": "core-2.2" }));
    let judge = bench.judge(bench.settings()).expect("a tool");
    std::fs::remove_file(bench.tool()).expect("there");
    let network = crate::bench::network();
    let none = automcu_toolchain::judge::Judge::analyze(&judge, &crate::bench::question(&network));
    assert_eq!(kind(&none.expect_err("gone")), "missing");
}
