//! The judge with Pythons that are none: each is a script that answers as the test asks.

use std::path::Path;

use automcu_target::Budget;

use super::*;
use crate::{
    judge::{Patience, Verdict, ask},
    testing::{brief, network, program, question},
};

const PROBED: &str = r#"{"answer":"probed","package":{"version":"0.dev7","python":"3.11.7","pointer_bits":64}}"#;

fn probing(then: &str) -> String {
    format!("[ \"$3\" = probe ] && {{ echo 'automcu: {PROBED}'; exit 0; }}\n{then}")
}

/// What a good driver says of a file.
fn measured(file: &[u8], version: &str) -> String {
    let (bytes, sum) = (file.len(), adler32(file));
    format!(
        "automcu: {{\"answer\":\"measured\",\"package\":{{\"version\":\"{version}\",\"python\":\"3.11.7\",\
         \"pointer_bits\":64}},\"file_bytes\":{bytes},\"file_adler32\":{sum},\"head_bytes\":16,\"tail_bytes\":600,\
         \"total_bytes\":616,\"needed_bytes\":640,\"operators\":[\"FULLY_CONNECTED\"]}}"
    )
}

/// The judge with this script behind its driver, after a probe that went well.
fn judge(folder: &Path, script: &str) -> Tflm {
    let python = program(folder, "python", &probing(script));
    Tflm::new(&[python], Setting::within(folder.join("work"))).expect("it has the package")
}

fn answer_of(script: &str) -> Result<Measurement, NoAnswer> {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = judge(folder.path(), script).analyze(&question(&network()));
    let left = std::fs::read_dir(folder.path().join("work")).expect("made").flatten();
    let names: Vec<_> = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| name.starts_with("failed-")), "{names:?}");
    assert!(names.len() <= usize::from(answer.is_err()), "a run that went well leaves nothing: {names:?}");
    answer
}

#[test]
fn what_the_driver_says_becomes_a_footprint() {
    let file = network().to_tflite().expect("written");
    let measurement = answer_of(&format!("echo '{}'", measured(&file, "0.dev7"))).expect("an answer");
    let Footprint { provenance, ram, flash, .. } = measurement.footprint;
    assert_eq!(provenance, Provenance::Tool);
    assert_eq!(ram, RamUse { activations: Bytes(16), runtime: Some(Bytes(624)), stack: None });
    let weights = Bytes(u64::try_from(file.len()).expect("small"));
    assert_eq!(flash, FlashUse { weights, tables: Some(Bytes(0)), code: Some(Bytes(99_116)) });
    assert_eq!((measurement.macs, measurement.operators), (None, vec!["FULLY_CONNECTED".to_owned()]));
    for words in ["2 to 3 %", "24 B of it are needed only"] {
        assert!(measurement.remarks.iter().any(|remark| remark.contains(words)), "{:?}", measurement.remarks);
    }
}

#[test]
fn the_first_python_that_has_the_package_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let lacks = r#"echo 'automcu: {"answer":"missing","words":"No module named tflite_micro"}'"#;
    let pythons = [
        folder.path().join("nothing"),
        program(folder.path(), "lacks", lacks),
        program(folder.path(), "nonsense", "echo Hello, world"),
        program(folder.path(), "has", &probing("")),
    ];
    let setting = || Setting::within(folder.path());
    let judge = Tflm::new(&pythons, setting()).expect("the last has it");
    assert_eq!(judge.python, pythons[3]);
    assert_eq!((judge.identity().name, judge.identity().tool.as_str()), ("tflm", "tflite-micro 0.dev7"));
    assert!(judge.identity().settings.contains(&"64-bit pointers".to_owned()));
    match Tflm::new(&pythons[..3], setting()) {
        Err(NoAnswer::Missing { tool, remedy }) => {
            assert_eq!(tool, "tflite-micro");
            for words in ["pip install tflite-micro", "it is not there", "No module named", "Hello, world"] {
                assert!(remedy.contains(words), "{words}: {remedy}");
            }
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(Tflm::new(&[], setting()), Err(NoAnswer::Missing { .. })));
    let unusable = Setting::within(folder.path().join("naïve"));
    assert!(matches!(Tflm::new(&pythons, unusable), Err(NoAnswer::Bench { .. })));
}

#[test]
fn a_tool_that_fails_in_a_known_way_is_told_apart() {
    let file = network().to_tflite().expect("written");
    let refused = |errors: &str| {
        let line = r#"{"answer":"refused","error":"RuntimeError","words":"TFLM failed to allocate tensors"}"#;
        format!("echo \"{errors}\" >&2; echo 'automcu: {line}'")
    };
    assert_eq!(
        answer_of(&refused("Didn't find op for builtin opcode 'CUMSUM'")),
        Err(NoAnswer::Unsupported { operator: "CUMSUM".to_owned(), layer: None })
    );
    for (script, words) in [
        ("echo Hello, world".to_owned(), "no answer, but \"Hello, world\""),
        ("kill -SEGV $$".to_owned(), "crashed with signal 11"),
        ("exit 3".to_owned(), "it said nothing"),
        (format!("echo '{}'", measured(b"another file", "0.dev7")), "another file"),
        (format!("echo '{}'", measured(&file, "0.dev8")), "0.dev8 is there now"),
        (format!("echo '{}'", measured(&file, "0.dev7").replace("616", "617")), "does not say"),
        (format!("echo '{}'", measured(&file, "0.dev7").replace("616", "null")), "does not say"),
    ] {
        match answer_of(&script) {
            Err(NoAnswer::Failed { words: said }) => assert!(said.contains(words), "{script}: {said}"),
            other => panic!("{script}: {other:?}"),
        }
    }
    assert!(answer_of("kill -KILL $$").is_err_and(|error| error.is_transient()));
}

#[test]
fn a_driver_that_hangs_is_ended_and_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut judge = judge(folder.path(), "sleep 60");
    judge.setting.limits = brief();
    let network = network();
    let judged = ask(&judge, &question(&network), Patience { tries: 2, pause: std::time::Duration::ZERO });
    assert_eq!(judged.tries, 2);
    assert!(matches!(judged.verdict, Verdict::ToolFailed { may_retry: true, stops_search: false, .. }));
}

#[test]
fn a_python_that_goes_away_is_missed() {
    let folder = tempfile::tempdir().expect("a folder");
    let judge = judge(folder.path(), "");
    std::fs::remove_file(folder.path().join("python")).expect("there");
    assert!(matches!(judge.analyze(&question(&network())), Err(NoAnswer::Missing { .. })));
}

#[test]
fn a_network_for_a_project_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = network();
    let file = network.to_tflite().expect("written");
    let judge = judge(folder.path(), &format!("echo '{}'", measured(&file, "0.dev7")));
    let files = judge.generate(&question(&network), folder.path()).expect("written");
    assert_eq!(files, ["network.tflite", "network.cc", "network.h"].map(|name| folder.path().join(name)));
    assert_eq!(std::fs::read(&files[0]).expect("there"), file);
    let header = std::fs::read_to_string(&files[2]).expect("there");
    assert!(header.contains("kNetworkArenaBytes = 640;") && header.contains("tflite-micro 0.dev7"), "{header}");
    let question = Question { budget: Budget { ram: Some(Bytes(1)), flash: None }, ..question(&network) };
    let verdict = ask(&judge, &question, Patience::default()).verdict;
    assert_eq!(verdict.excess().as_deref(), Some("RAM by 639 B (639 B)"));
}
