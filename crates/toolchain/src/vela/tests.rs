//! The judge with compilers that are none: each is a script that answers as the test asks.

use automcu_target::Catalogue;

use super::*;
use crate::{
    judge::{Patience, Verdict, ask},
    testing::{brief, network, program, question},
};

/// A script that writes what Vela writes, for these figures and whatever network it is given.
fn compiling(figures: &str, said: &str) -> String {
    let names = "network,accelerator_configuration,sram_memory_used,dram_memory_used,on_chip_flash_memory_used,\
                 off_chip_flash_memory_used,nn_macs,cycles_total";
    format!(
        "name=\"${{1%.tflite}}\"; mkdir -p \"$3\"\n\
         printf '%s\\n' '{names}' \"$name,{figures}\" > \"$3/${{name}}_summary_Ethos_U55_High_End_Embedded.csv\"\n\
         printf 0123456789 > \"$3/${{name}}_vela.tflite\"\n{said}"
    )
}

const FIGURES: &str = "Ethos_U55_128,1.5,0.0,0.0,2.0,700,90";
const SAID: &str = "echo 'CPU operators = 0 (0.0%)'; echo 'NPU operators = 1 (100.0%)'; \
                    echo '   NPU: FullyConnected = a (outputs [1, 1, 1, 2])'";

fn setting(folder: &Path) -> Setting {
    Setting::within(folder.join("work"), "ethos-u55-128".parse().expect("an accelerator"))
}

fn judge(folder: &Path, script: &str) -> Vela {
    let vela = program(folder, "vela", &format!("[ \"$1\" = --version ] && {{ echo 5.2.0; exit 0; }}\n{script}"));
    Vela::new(&[vela], setting(folder)).expect("a version")
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
fn a_summary_becomes_a_footprint() {
    let measurement = answer_of(&compiling(FIGURES, SAID)).expect("an answer");
    let Footprint { provenance, ram, flash, .. } = measurement.footprint;
    assert_eq!(provenance, Provenance::Tool);
    assert_eq!(ram, RamUse { activations: Bytes(1_536), runtime: None, stack: None });
    assert_eq!(flash, FlashUse { weights: Bytes(10), tables: Some(Bytes(0)), code: None });
    assert_eq!((measurement.macs, measurement.operators), (Some(700), vec!["FullyConnected".to_owned()]));
    assert!(
        measurement.remarks.iter().any(|remark| remark.contains("Vela counts 2048 B")),
        "{:?}",
        measurement.remarks
    );
    assert!(!measurement.remarks.iter().any(|remark| remark.contains("on the processor")));
}

#[test]
fn operators_on_the_processor_are_named() {
    let said = "echo 'CPU operators = 10 (90.0%)'; echo '   CPU: Passthrough = tensor_1 (outputs [1, 1, 1, 2])'; \
                echo '   CPU: Passthrough = other'; echo 'NPU operators = 1 (10.0%)'; echo ' NPU: Conv2D = a'";
    let measurement = answer_of(&compiling(FIGURES, said)).expect("an answer");
    let last = measurement.remarks.last().expect("a remark");
    assert!(last.ends_with("counted: 10, for tensor_1 (dense), other and 8 more"), "{last}");
    let none = "echo 'CPU operators = 1 (100.0%)'; echo 'NPU operators = 0 (0.0%)'";
    for script in [compiling(FIGURES, none), compiling("Ethos_U55_128,0.0,0.0,0.0,0.0,0,0", SAID)] {
        assert!(matches!(answer_of(&script), Err(NoAnswer::Unsupported { .. })), "{script}");
    }
}

#[test]
fn a_tool_that_fails_in_a_known_way_is_told_apart() {
    let other = compiling(FIGURES, SAID).replace("\"$name,", "\"other,");
    for (script, words) in [
        ("echo Hello, world".to_owned(), "Hello, world"),
        ("kill -SEGV $$".to_owned(), "crashed with signal 11"),
        ("echo 'Compilation failed: whatever' >&2; exit 1".to_owned(), "whatever"),
        (other, "of the network \"other\""),
        (compiling(&FIGURES.replace("128", "256"), SAID), "for \"Ethos_U55_256\""),
        (compiling(&FIGURES.replace("1.5", "much"), SAID), "\"much\" of sram_memory_used"),
    ] {
        match answer_of(&script) {
            Err(NoAnswer::Failed { words: said }) => assert!(said.contains(words), "{script}: {said}"),
            other => panic!("{script}: {other:?}"),
        }
    }
    let ending = |words: &str, status: u8| answer_of(&format!("echo '{words}' >&2; exit {status}"));
    let flags = "vela: error: argument --accelerator-config: invalid choice";
    assert!(matches!(ending(flags, 2), Err(NoAnswer::WrongFlags { .. })));
    assert!(matches!(ending("Failed to load TfLite model. Inconsistent", 1), Err(NoAnswer::BadModel { .. })));
    assert!(matches!(ending("MemoryError", 1), Err(NoAnswer::Transient { .. })));
    assert!(matches!(answer_of("kill -KILL $$"), Err(NoAnswer::Transient { .. })));
}

#[test]
fn a_compiler_that_hangs_is_ended_and_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut judge = judge(folder.path(), "sleep 60");
    judge.setting.limits = brief();
    let network = network();
    let judged = ask(&judge, &question(&network), Patience { tries: 2, pause: std::time::Duration::ZERO });
    assert_eq!(judged.tries, 2);
    assert!(matches!(judged.verdict, Verdict::ToolFailed { may_retry: true, .. }));
}

#[test]
fn only_a_program_with_a_version_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = [
        folder.path().join("nothing"),
        program(folder.path(), "other", "echo Hello, world"),
        program(folder.path(), "vela", "echo 5.2.0"),
    ];
    let vela = Vela::new(&programs, setting(folder.path())).expect("the last is one");
    assert_eq!(vela.identity().tool, "Vela 5.2.0");
    assert_eq!(vela.identity().settings[..2], ["ethos-u55-128", "Ethos_U55_High_End_Embedded"]);
    match Vela::new(&programs[..2], setting(folder.path())) {
        Err(NoAnswer::Missing { remedy, .. }) => {
            assert!(remedy.contains("pip install ethos-u-vela") && remedy.contains("Hello, world"), "{remedy}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_part_without_an_accelerator_is_not_judged() {
    let catalogue = Catalogue::built_in();
    let part = catalogue.find("STM32F407").expect("a part");
    let folder = tempfile::tempdir().expect("a folder");
    let mut judge = judge(folder.path(), &compiling(FIGURES, SAID));
    let network = network();
    let question = Question { part: Some(part), ..question(&network) };
    let verdict = ask(&judge, &question, Patience::default()).verdict;
    assert!(matches!(verdict, Verdict::Unknown { words } if words.contains("ethos-u55-128")));
    assert!(matches!(judge.generate(&question, folder.path()), Err(NoAnswer::NotForTarget { .. })));
    judge.setting.parts.push(part.name().to_owned());
    assert!(judge.analyze(&question).is_ok());
    assert_eq!(judge.generate(&question, folder.path()), Ok(vec![folder.path().join("network_vela.tflite")]));
}
