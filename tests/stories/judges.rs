//! Deployment tools say what networks take.

use std::path::Path;

use automcu_convert::{Network, Plan};
use automcu_model::Bytes;
use automcu_needs::need;
use automcu_process::{Limits, Program, Status};
use automcu_target::Budget;
use automcu_tests::fixture;
use automcu_toolchain::{
    judge::{Judge, Measurement, NoAnswer, Patience, Question, Verdict, ask},
    tflm::{self, Tflm},
    vela::{self, Vela},
};
use proptest::test_runner::TestRunner;

use crate::draw;

const MODELS: [&str; 4] = ["mbnet32_int8", "mbnet32_te_int8", "resnet8_int8", "resnet8_te_int8"];

/// Whether the interpreter can be made in an arena of this size. In too small a one it may crash: each has a process.
const TRY: &str = r#"
import sys
from tflite_micro import runtime
runtime.Interpreter.from_bytes(open(sys.argv[1], "rb").read(), arena_size=int(sys.argv[2]))
"#;

fn network(name: &str) -> Network {
    let file = std::fs::read(fixture(&format!("models/{name}.tflite"))).expect("a fixture");
    Network::from_tflite(&file).expect("supported")
}

fn question(network: &Network) -> Question<'_> {
    Question { network, float: None, part: None, budget: Budget { ram: None, flash: None } }
}

/// Whether the interpreter is made in this arena, and in none that is smaller by a step.
fn is_smallest(python: &Path, network: &Network, arena_bytes: u64) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("model.tflite"), network.to_tflite().expect("written")).expect("writable");
    let is_enough = |bytes: u64| {
        let program = Program::new(python, folder.path()).args(["-c", TRY, "model.tflite", &bytes.to_string()]);
        program.run(Limits::of_seconds(60)).expect("Python starts").status == Status::Exited(0)
    };
    is_enough(arena_bytes) && !is_enough(arena_bytes - 16)
}

fn answer(judge: &dyn Judge, network: &Network) -> Measurement {
    let answer = judge.analyze(&question(network));
    answer.unwrap_or_else(|none| panic!("{}: {none}", judge.identity().tool))
}

#[test]
fn the_arena_is_the_smallest_in_which_the_interpreter_is_made() {
    let Some(python) = need("tflite-micro") else { return };
    let root = tempfile::tempdir().expect("a folder");
    let judge =
        Tflm::new(std::slice::from_ref(&python), tflm::Setting::within(root.path())).expect("it has the package");
    assert!(judge.identity().tool.starts_with("tflite-micro 0.dev"), "{:?}", judge.identity());
    for name in MODELS {
        let network = network(name);
        let Measurement { footprint, operators, .. } = answer(&judge, &network);
        let (activations, runtime) = (footprint.ram.activations.0, footprint.ram.runtime.expect("counted").0);
        assert!(is_smallest(&python, &network, activations + runtime), "{name}: {activations} + {runtime}");
        // It plans whole tensors, where our code computes row by row.
        let ours = u64::from(Plan::of(&network).arena_bytes);
        println!("{name}: {activations} + {runtime} bytes, where our code takes {ours}");
        assert!(activations > ours, "{name}: {activations}, ours {ours}");
        assert!(runtime > 2_000 && runtime < 20_000, "{name}: {runtime}");
        assert_eq!(footprint.flash.weights.0, network.to_tflite().expect("written").len() as u64);
        assert!(operators.contains(&"CONV_2D".to_owned()), "{operators:?}");
    }
}

/// In a small arena there is little room to make the plan in, and what is used in the end is not enough.
#[test]
fn the_arena_of_a_small_network_holds_its_planning_too() {
    let Some(python) = need("tflite-micro") else { return };
    let root = tempfile::tempdir().expect("a folder");
    let judge = Tflm::new(std::slice::from_ref(&python), tflm::Setting::within(root.path())).expect("it has it");
    let (mut runner, mut seen, mut planned) = (TestRunner::deterministic(), 0, 0);
    while seen < draw::count(6) {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let measurement = answer(&judge, &network);
        let arena = measurement.footprint.known_ram().0;
        assert!(is_smallest(&python, &network, arena), "{arena}: {}", spec.to_json());
        planned +=
            u32::from(measurement.remarks.iter().any(|remark| remark.contains("only while the arena is planned")));
        seen += 1;
    }
    assert!(planned > 0, "no arena is larger than what is used in the end");
}

#[test]
fn what_tensorflow_lite_micro_does_not_fit_is_over_budget() {
    let Some(python) = need("tflite-micro") else { return };
    let root = tempfile::tempdir().expect("a folder");
    let judge = Tflm::new(&[python], tflm::Setting::within(root.path())).expect("it has the package");
    let network = network("resnet8_te_int8");
    for (ram, word) in [(Bytes::kib(40), "over budget"), (Bytes::kib(64), "fits")] {
        let budget = Budget { ram: Some(ram), flash: None };
        let judged = ask(&judge, &Question { budget, ..question(&network) }, Patience::default());
        assert_eq!((judged.verdict.word(), judged.tries), (word, 1), "{judged:?}");
    }
    let files = judge.generate(&question(&network), root.path()).expect("written");
    assert_eq!(std::fs::read(&files[0]).expect("there"), network.to_tflite().expect("written"));
}

#[test]
fn networks_are_compiled_for_an_accelerator() {
    let Some(python) = need("ethos-u-vela") else { return };
    let root = tempfile::tempdir().expect("a folder");
    for accelerator in ["ethos-u55-128", "ethos-u65-256", "ethos-u85-256"] {
        let setting = vela::Setting::within(root.path(), accelerator.parse().expect("an accelerator"));
        let judge = Vela::new(&[python.with_file_name("vela")], setting).expect("installed");
        for name in MODELS {
            let network = network(name);
            let measurement = answer(&judge, &network);
            assert_eq!(answer(&judge, &network), measurement, "{name}: the same again");
            let (ram, flash) = (measurement.footprint.ram.activations.0, measurement.footprint.flash.weights.0);
            let cost = network.graph().cost();
            let macs = measurement.macs.expect("counted");
            assert!(macs.abs_diff(cost.macs) < cost.macs / 50, "{name}: {macs} where we count {}", cost.macs);
            assert!(ram >= Bytes::kib(8).0 && ram <= Bytes::kib(64).0, "{name}: {ram}");
            assert!(flash > cost.weights / 4 && flash < 4 * cost.weights, "{name}: {flash}");
            assert!(measurement.operators.contains(&"Conv2D".to_owned()), "{:?}", measurement.operators);
        }
    }
}

/// Architectures drawn from all that a spec can say: a tool that fails at one of them would end a search.
#[test]
fn networks_drawn_at_random_have_an_answer() {
    let root = tempfile::tempdir().expect("a folder");
    let mut judges: Vec<Box<dyn Judge>> = Vec::new();
    if let Some(python) = need("tflite-micro") {
        let judge = Tflm::new(&[python], tflm::Setting::within(root.path()));
        judges.push(Box::new(judge.expect("it has the package")));
    }
    if let Some(python) = need("ethos-u-vela") {
        let setting = vela::Setting::within(root.path(), "ethos-u55-128".parse().expect("an accelerator"));
        judges.push(Box::new(Vela::new(&[python.with_file_name("vela")], setting).expect("installed")));
    }
    let (mut runner, mut seen, wanted) = (TestRunner::deterministic(), 0, draw::count(6));
    while seen < wanted {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        for judge in &judges {
            let answer = judge.analyze(&question(&network));
            let is_answered = matches!(answer, Ok(_) | Err(NoAnswer::Unsupported { .. }));
            assert!(is_answered, "{}: {answer:?} of {}", judge.identity().tool, spec.to_json());
        }
        seen += 1;
    }
}

/// A size that this Vela does not have.
#[test]
fn an_accelerator_that_is_not_known_stops_a_search() {
    let Some(python) = need("ethos-u-vela") else { return };
    let root = tempfile::tempdir().expect("a folder");
    let setting = vela::Setting::within(root.path(), "ethos-u55-129".parse().expect("of the right form"));
    let judge = Vela::new(&[python.with_file_name("vela")], setting).expect("installed");
    let judged = ask(&judge, &question(&network(MODELS[0])), Patience::default());
    assert!(matches!(judged.verdict, Verdict::ToolFailed { stops_search: true, .. }), "{judged:?}");
}
