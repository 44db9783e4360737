//! `automcu screen`: every judge that is there is asked, and what they say stands side by side.

use std::path::Path;

use automcu::{Outcome, Surroundings};
use automcu_needs::need;
use automcu_tests::{Ended, automcu_among, automcu_within, fixture};
use serde_json::Value;

/// The folder of the compilers that are there.
fn folders() -> Vec<String> {
    ["arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "qemu-system-arm", "cc"]
        .into_iter()
        .filter_map(need)
        .filter_map(|program| Some(program.parent()?.display().to_string()))
        .collect()
}

fn screened(arguments: &[&str]) -> (Outcome, Value) {
    let folders = folders();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let line = [&["screen", "--json", "--afresh"], arguments].concat();
    let said = automcu_among(&folders, b"", &line);
    let answer = serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}{}", said.output, said.errors));
    (said.outcome, answer)
}

fn judges(answer: &Value) -> Vec<&str> {
    let judges = answer["judges"].as_array().expect("judges");
    judges.iter().map(|judged| judged["judge"]["name"].as_str().expect("a name")).collect()
}

#[test]
fn an_architecture_is_judged_before_it_is_trained() {
    let arch = fixture("specs/cifar-44k.json");
    let (outcome, answer) = screened(&[&arch, "--target", "STM32F407"]);
    assert_eq!(outcome, Outcome::Yes, "{answer}");
    assert_eq!((answer["verdict"].as_str(), answer["drawn_weights"].as_bool()), (Some("fits"), Some(true)));
    let has_clang = || need("clang").is_some() && need("lld").is_some();
    let is_linked = need("arm-none-eabi-gcc").is_some() || has_clang();
    let own = if is_linked { ("gcc", "linked") } else { ("plan", "estimated") };
    assert_eq!(judges(&answer), [own.0]);
    assert_eq!(answer["judges"][0]["measurement"]["footprint"]["provenance"], own.1);
    let latency = &answer["latency"];
    assert!(latency["low_us"].as_u64() < latency["high_us"].as_u64(), "{latency}");
    // Another seed draws other weights, for which the same is said.
    let (_, again) = screened(&[&arch, "--target", "STM32F407", "--seed", "7", "--backend", "plan"]);
    let (_, first) = screened(&[&arch, "--target", "STM32F407", "--backend", "plan"]);
    assert_eq!(again["judges"][0]["measurement"], first["judges"][0]["measurement"]);
}

#[test]
fn what_is_too_much_is_refused_by_its_memory() {
    let (outcome, answer) = screened(&[&fixture("specs/cifar-44k.json"), "--flash", "48KiB", "--backend", "plan"]);
    assert_eq!((outcome, answer["verdict"].as_str()), (Outcome::No, Some("over_budget")));
    assert_eq!(answer["margins"]["flash"]["state"], "over", "{answer}");
    let said = automcu_among(&[], b"", &["screen", &fixture("specs/cifar-44k.json"), "--flash", "48KiB"]);
    assert_eq!(said.outcome, Outcome::No);
    assert!(said.output.contains("too much: Flash by"), "{}", said.output);
}

#[test]
fn without_any_tool_the_planner_answers_and_says_what_would_make_it_firm() {
    let said = automcu_among(&[], b"", &["screen", &fixture("specs/separable.json"), "--target", "STM32F407"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.output.contains("estimated") && said.output.contains("with a compiler"), "{}", said.output);
    let asked = automcu_among(&[], b"", &["screen", &fixture("specs/separable.json"), "--backend", "gcc"]);
    assert_eq!(asked.outcome, Outcome::Unavailable, "{}", asked.output);
    assert!(asked.errors.contains("gcc"), "{}", asked.errors);
}

/// The same judge by another compiler, which says who it is; where it is not there, that is said.
#[test]
fn the_compiler_can_be_named() {
    let arch = fixture("specs/separable.json");
    let line = ["screen", &arch, "--target", "STM32F407", "--compiler", "clang"];
    let said = automcu_among(&[], b"", &line);
    assert_eq!(said.outcome, Outcome::Unavailable, "{}", said.output);
    assert!(said.errors.contains("no clang with ld.lld in 0 folders of PATH"), "{}", said.errors);
    let (Some(clang), Some(lld)) = (need("clang"), need("lld")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (program, name) in [(clang, "clang"), (lld, "ld.lld")] {
        std::os::unix::fs::symlink(program, folder.path().join(name)).expect("ours");
    }
    let said = automcu_among(&[folder.path().to_str().expect("text")], b"", &[&line[..], &["--json"]].concat());
    let answer: Value = serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}", said.errors));
    assert_eq!((said.outcome, judges(&answer)), (Outcome::Yes, vec!["gcc"]), "{answer}");
    let judged = &answer["judges"][0];
    assert!(judged["judge"]["tool"].as_str().is_some_and(|tool| tool.contains("clang version")), "{judged}");
    assert_eq!(judged["measurement"]["footprint"]["provenance"], "linked");
}

#[test]
fn without_a_cross_compiler_the_bits_are_compared_on_this_computer() {
    let Some(compiler) = need("cc") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(compiler, folder.path().join("cc")).expect("ours");
    let folders = [folder.path().to_str().expect("text")];
    let said = automcu_among(&folders, b"", &["screen", &fixture("specs/separable.json"), "--run", "--json"]);
    let answer: Value = serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}", said.errors));
    let ran = &answer["judges"][0]["measurement"]["ran"];
    assert_eq!((ran["provenance"].as_str(), ran["differing_bytes"].as_u64()), (Some("host"), Some(0)), "{answer}");
}

/// A compiler for other cores is none for this one.
#[test]
fn a_core_without_a_compiler_is_planned_for() {
    let (outcome, answer) = screened(&[&fixture("specs/separable.json"), "--target", "ESP32-S3-WROOM-1-N8"]);
    assert_eq!((outcome, judges(&answer)), (Outcome::Yes, vec!["plan"]), "{answer}");
    // Asked for by name, the judge says why it cannot, which is no refusal.
    let (outcome, answer) =
        screened(&[&fixture("specs/separable.json"), "--target", "ESP32-S3-WROOM-1-N8", "--backend", "gcc"]);
    let expected = if need("arm-none-eabi-gcc").is_some() { "unknown" } else { return };
    assert_eq!((outcome, answer["verdict"].as_str()), (Outcome::Unavailable, Some(expected)), "{answer}");
}

#[test]
fn a_network_of_ones_own_is_judged_as_it_is() {
    let (outcome, answer) = screened(&[&fixture("models/resnet8_int8.tflite"), "--run", "--target", "STM32F407"]);
    assert_eq!((outcome, answer["drawn_weights"].as_bool()), (Outcome::Yes, Some(false)), "{answer}");
    if need("arm-none-eabi-gcc").is_some() && need("qemu-system-arm").is_some() {
        let ran = &answer["judges"][0]["measurement"]["ran"];
        assert_eq!((ran["provenance"].as_str(), ran["differing_bytes"].as_u64()), (Some("emulated"), Some(0)));
    }
}

#[test]
fn what_is_no_architecture_is_refused_as_check_refuses_it() {
    let said = automcu_among(&[], b"{\"version\": 1}", &["screen", "-", "--json"]);
    assert_eq!(said.outcome, Outcome::Refused);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!(answer["constructible"], false);
}

/// All judges that can be had, the vendor's tool played by a program that speaks its command line.
#[test]
fn judges_stand_side_by_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("stedgeai");
    std::os::unix::fs::symlink(fake(), &link).expect("ours");
    std::fs::write(folder.path().join("behaviour.json"), r#"{"generation": "core-2.2"}"#).expect("ours");
    let mut folders = folders();
    folders.push(folder.path().display().to_string());
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let arch = fixture("specs/separable.json");
    let ask = |more: &[&str]| -> Ended {
        let line = [&["screen", &arch, "--target", "STM32F407", "--backend", "all", "--json"], more].concat();
        let surroundings = Surroundings { cache: Some(folder.path().join("cache")), ..Surroundings::default() };
        automcu_within(&surroundings, &folders, &line)
    };
    let read = |said: &Ended| -> Value {
        serde_json::from_str(&said.output).unwrap_or_else(|_| panic!("{}{}", said.output, said.errors))
    };
    let first = read(&ask(&[]));
    let names = judges(&first);
    assert!(names.contains(&"stedgeai") && names.contains(&"plan"), "{names:?}");
    let vendor =
        first["judges"].as_array().expect("judges").iter().find(|judged| judged["judge"]["name"] == "stedgeai");
    let vendor = vendor.expect("asked");
    assert_eq!(vendor["measurement"]["footprint"]["provenance"], "tool", "{vendor}");
    assert!(first["gaps"].as_array().expect("gaps").iter().any(|gap| gap["judge"] == "stedgeai"), "{first}");
    let as_float = read(&ask(&["--vendor-format", "float32", "--vendor-tool", link.to_str().expect("text")]));
    let float =
        as_float["judges"].as_array().expect("judges").iter().find(|judged| judged["judge"]["name"] == "stedgeai");
    assert_eq!(float.expect("asked")["measurement"]["footprint"]["dtype"], "float32", "{as_float}");
    // What was said once is not asked again, unless that is wanted.
    let remembered = |answer: &Value| -> Vec<bool> {
        let others = answer["judges"].as_array().expect("judges").iter().filter(|judged| {
            // Our own code is judged each time.
            !["gcc", "plan"].contains(&judged["judge"]["name"].as_str().expect("a name"))
        });
        others.map(|judged| judged["remembered"] == true).collect()
    };
    assert!(remembered(&first).iter().all(|is| !is));
    let again = read(&ask(&[]));
    assert!(remembered(&again).iter().all(|is| *is) && !remembered(&again).is_empty(), "{again}");
    assert!(remembered(&read(&ask(&["--afresh"]))).iter().all(|is| !is));
}

fn fake() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stedgeai-of-stories"))
}
