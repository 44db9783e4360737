//! `automcu targets`.

use automcu::Outcome;
use automcu_tests::{automcu, fixture};
use serde_json::{Value, json};

fn targets(arguments: &[&str]) -> Value {
    let said = automcu(&[&["targets", "--json"], arguments].concat());
    serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}", said.errors))
}

#[test]
fn all_targets_are_listed() {
    let said = automcu(&["targets"]);
    assert_eq!(said.outcome, Outcome::Yes);
    let answer = targets(&[]);
    let all = answer["targets"].as_array().expect("a list");
    assert!(all.len() >= 30);
    for target in all {
        assert!(said.output.contains(target["name"].as_str().expect("a name")));
    }
}

#[test]
fn one_target_is_described_region_by_region_with_its_sources() {
    let said = automcu(&["targets", "STM32F407"]);
    for part in ["STM32F407VET6", "0x10000000", "64 KiB", "192 KiB", "128 KiB of it in one piece", "DS8626"] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    let answer = targets(&["STM32F407"]);
    assert_eq!((&answer["ram_contiguous_bytes"], &answer["ram_total_bytes"]), (&json!(131_072), &json!(196_608)));
    assert_eq!(automcu(&["targets", "Z80"]).outcome, Outcome::Misused);
    assert_eq!(automcu(&["targets", "STM32F407", "--dtype", "float32"]).outcome, Outcome::Misused);
}

#[test]
fn targets_that_fit_come_cheapest_class_first_and_others_not_at_all() {
    let answer = targets(&["--fits", &fixture("specs/resnet8.json")]);
    let all = answer["targets"].as_array().expect("a list");
    assert!(!all.is_empty() && all.len() < targets(&[])["targets"].as_array().expect("a list").len());
    let order = ["entry", "mainstream", "performance", "premium"];
    let class = |target: &Value| order.iter().position(|class| target["class"] == **class).expect("a class");
    assert!(all.is_sorted_by_key(class), "{all:?}");
    for target in all {
        assert!(target["ram_contiguous_bytes"].as_u64() >= Some(49_152));
        assert!(target["flash_contiguous_bytes"].as_u64() >= Some(78_744));
    }
    assert_eq!(answer["footprint"]["provenance"], "estimated");
}

#[test]
fn where_nothing_fits_the_answer_is_no() {
    let network = fixture("specs/mobilenet_v2-10.json");
    let small = ["--fits", &network, "--dtype", "float32", "--targets-dir", &fixture("targets")];
    assert_eq!(automcu(&[&["targets"], &small[..]].concat()).outcome, Outcome::Yes);
    let spec = r#"{"version":1,"input":{"height":2048,"width":2048,"channels":3},
        "backbone":[{"op":"conv","channels":1}],"head":{"op":"classifier","classes":2}}"#;
    let said = automcu_tests::automcu_reading(spec.as_bytes(), &["targets", "--fits", "-"]);
    assert_eq!(said.outcome, Outcome::No);
    assert!(said.output.contains("could hold it"), "{}", said.output);
}

#[test]
fn a_user_s_own_targets_join_the_built_in_ones() {
    let folder = fixture("targets");
    let said = automcu(&["check", &fixture("specs/resnet8.json"), "--target", "bench-1", "--targets-dir", &folder]);
    assert_eq!(said.outcome, Outcome::No, "{}", said.output);
    let wrong = tempfile::tempdir().expect("a folder");
    std::fs::write(wrong.path().join("mine.toml"), "version = 1\nfamily = \"x\"\n").expect("writable");
    let said = automcu(&["targets", "--targets-dir", wrong.path().to_str().expect("text")]);
    assert_eq!(said.outcome, Outcome::Refused);
    assert!(said.errors.contains("mine.toml: not a family of targets"), "{}", said.errors);
    assert_eq!(automcu(&["targets", "--targets-dir", "no-such-folder"]).outcome, Outcome::Unreadable);
}

#[test]
fn an_odd_folder_of_targets_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = || automcu(&["targets", "--targets-dir", folder.path().to_str().expect("text")]);
    let said = asked();
    assert_eq!(said.outcome, Outcome::Misused);
    assert!(said.errors.contains("there are 0 files of targets"), "{}", said.errors);
    std::fs::create_dir(folder.path().join("folder.toml")).expect("writable");
    assert_eq!(asked().outcome, Outcome::Misused, "a folder is no file");
    for (content, problem) in [(vec![b'#'; 2 << 20], "longer than"), (vec![0xff], "no UTF-8 text")] {
        std::fs::write(folder.path().join("mine.toml"), content).expect("writable");
        let said = asked();
        assert_eq!(said.outcome, Outcome::Refused);
        assert!(
            said.errors.contains("mine.toml: not a family of targets") && said.errors.contains(problem),
            "{}",
            said.errors
        );
    }
}
