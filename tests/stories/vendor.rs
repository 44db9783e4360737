//! `automcu vendor-report`.

use automcu::Outcome;
use automcu_tests::{automcu, automcu_reading, fixture};
use serde_json::{Value, json};

#[test]
fn a_report_is_told_with_provenance_and_version() {
    let said = automcu(&["vendor-report", &fixture("vendor/edgeai-2.2-analyze.txt")]);
    assert_eq!((said.outcome, said.errors.as_str()), (Outcome::Yes, ""));
    for part in [
        "by ST Edge AI Core 2.2.0-20266 2adc00962",
        "(report.txt)",
        "target       stm32f4",
        "quantised    ss/sa per channel",
        "MACs         6,762",
        "weights           6,888   6.73 KiB  tool",
        "Flash            18,840   18.4 KiB  tool        in all; application not counted",
        "hidden  Dense     6,336",
    ] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    let said = automcu(&["vendor-report", &fixture("vendor/edgeai-4.0-c_info.json")]);
    assert!(said.output.contains("runtime RAM      unknown\n"), "{}", said.output);
}

#[test]
fn where_a_network_of_an_accelerator_lies_is_told() {
    let file = fixture("vendor/edgeai-2.2-analyze-npu.txt");
    let said = automcu(&["vendor-report", &file]);
    for part in [
        "npuRAM4    2,048      458,752  internal  activations",
        "octoFlash    320  117,440,512  external  weights",
        "steps        2: 1 by the accelerator, 1 by the processor",
    ] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    let said = automcu(&["vendor-report", "--json", &file]);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    let steps = json!({ "all": 2, "software": 1, "hardware": 1, "controlled": 0 });
    assert_eq!(answer.pointer("/0/reading/steps"), Some(&steps));
    assert_eq!(answer.pointer("/0/reading/pools/0/place"), Some(&json!("internal")));
}

#[test]
fn reports_of_several_files_are_a_list_in_json() {
    let names = ["cubeai-5.0-analyze.txt", "edgeai-2.2-c_info.json", "edgeai-4.0-analyze-stdout.log"];
    let files = names.map(|name| fixture(&format!("vendor/{name}")));
    let said = automcu(&["vendor-report", &files[0], &files[1], &files[2], "--json"]);
    assert_eq!(said.outcome, Outcome::Yes);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    for (pointer, expected) in [
        ("/0/provenance", json!("tool")),
        ("/0/reading/source", json!("report_text")),
        ("/0/reading/tool/major", json!(5)),
        ("/0/reading/runtime_ram_bytes", Value::Null),
        ("/0/reading/io_bytes", json!(108)),
        ("/1/reading/runtime_ram_bytes", json!(1_788)),
        ("/1/reading/layers/1", json!({ "name": "scores", "operator": "Dense", "macs": 426, "weights_bytes": null })),
        ("/1/problem", Value::Null),
        ("/2/reading/source", json!("stdout")),
        ("/2/reading/operators", json!(["Transpose", "Conv2D"])),
    ] {
        assert_eq!(answer.pointer(pointer), Some(&expected), "{pointer}");
    }
}

#[test]
fn one_file_that_is_no_report_does_not_keep_the_others_from_being_read() {
    let (report, other) = (fixture("vendor/edgeai-1.0-report.json"), fixture("specs/resnet8.json"));
    let said = automcu(&["vendor-report", &other, "no-such-file", &report]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.output.contains("edgeai-1.0-report.json") && said.output.contains("6,762"), "{}", said.output);
    assert!(said.errors.contains("resnet8.json: neither `json_schema_version` nor"), "{}", said.errors);
    assert!(said.errors.contains("no-such-file: No such file"), "{}", said.errors);
    let said = automcu(&["vendor-report", &other, &report, "--json"]);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((said.outcome, &answer[0]["reading"]), (Outcome::Refused, &Value::Null));
    assert!(answer[0]["problem"].as_str().is_some_and(|problem| problem.contains("json_schema_version")));
    assert_eq!(answer[1]["reading"]["macs"], json!(6_762));
}

#[test]
fn one_file_alone_ends_as_it_is() {
    assert_eq!(automcu(&["vendor-report", "no-such-file"]).outcome, Outcome::Unreadable);
    assert_eq!(automcu(&["vendor-report", &fixture("specs/resnet8.json")]).outcome, Outcome::Refused);
    assert_eq!(automcu(&["vendor-report"]).outcome, Outcome::Misused);
}

#[test]
fn a_run_that_failed_is_told_with_whose_fault_it_is() {
    let log = std::fs::read(fixture("vendor/edgeai-2.2-FAIL-ir-version.log")).expect("a fixture");
    let said = automcu_reading(&log, &["vendor-report", "-"]);
    assert_eq!(said.outcome, Outcome::Yes);
    assert!(
        said.output.contains("the network's file is wrong: INTERNAL ERROR: Your model ir_version 10"),
        "{}",
        said.output
    );
    let said = automcu(&["vendor-report", "--json", &fixture("vendor/cubeai-7.0-FAIL-report.json")]);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    let expected =
        json!({ "kind": "unsupported", "what": "Mean", "message": "NOT IMPLEMENTED: Unsupported operator type: Mean" });
    assert_eq!(answer[0]["reading"]["failure"], expected);
}
