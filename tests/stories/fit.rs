//! `automcu fit`: whether, why not, and what would help.

use automcu::Outcome;
use automcu_convert::{Code, Name, Need, Room, edits};
use automcu_tests::{automcu, fixture};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::draw;

const MODEL: &str = "models/mbnet32_te_int8.tflite";

#[test]
fn a_network_that_fits_needs_no_changes() {
    let said = automcu(&["fit", &fixture(MODEL), "--target", "STM32F407"]);
    assert_eq!(said.outcome, Outcome::Yes, "{}", said.errors);
    assert!(said.output.contains("fits") && !said.output.contains("changes"), "{}", said.output);
}

#[test]
fn a_network_that_does_not_fit_is_told_why_and_what_would_help() {
    let said = automcu(&["fit", &fixture(MODEL), "--ram", "12KiB", "--flash", "32KiB", "--json"]);
    assert_eq!(said.outcome, Outcome::No);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    let figure = |value: &Value, name: &str| value[name].as_u64().expect("a figure");
    let peak = &answer["peak"];
    let pieces = peak["pieces"].as_array().expect("pieces");
    assert_eq!(pieces.iter().map(|piece| figure(piece, "bytes")).sum::<u64>(), figure(peak, "in_use_bytes"));
    assert!(figure(peak, "in_use_bytes") > 12 << 10, "{peak}");
    assert!(answer["largest"][0]["description"].as_str().expect("text").contains("4,096 weights"), "{answer}");
    let proposed = answer["edits"].as_array().expect("edits");
    assert!(proposed.len() >= 2, "{proposed:?}");
    for edit in proposed {
        assert!(figure(edit, "ram_bytes") <= 12 << 10 && figure(edit, "flash_bytes") <= 32 << 10, "{edit}");
    }
    let kinds = |word: &str| proposed.iter().any(|edit| edit["what"].as_str().expect("text").starts_with(word));
    assert!(kinds("narrow"), "{proposed:?}");
    // Less to ask for, more ways.
    let said = automcu(&["fit", &fixture("models/resnet8_te_int8.tflite"), "--ram", "12KiB"]);
    for part in ["most bytes live at step", "narrow layers", "drop layer", "move the step", "of the MACs"] {
        assert!(said.output.contains(part), "{part:?} in\n{}", said.output);
    }
    let said = automcu(&["fit", &fixture(MODEL), "--ram", "100B"]);
    assert!(said.output.contains("no single change makes it fit"), "{}", said.output);
}

#[test]
fn every_target_is_compared_at_once() {
    let said = automcu(&["fit", &fixture(MODEL), "--all", "--json"]);
    assert_eq!(said.outcome, Outcome::Yes);
    let answer: Value = serde_json::from_str(&said.output).expect("JSON");
    let targets = answer["targets"].as_array().expect("targets");
    assert!(targets.len() >= 55 && targets.iter().all(|target| target["fits"].is_boolean()));
    let plain = automcu(&["fit", &fixture(MODEL)]);
    assert!(plain.output.contains("STM32G431RBT6") && plain.output.contains("to spare"), "{}", plain.output);
}

/// What is said without weights is what is written with them, and every change that is proposed was tried.
#[test]
fn what_a_graph_needs_is_what_its_code_takes() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut proposed) = (0, 0);
    while seen < 40 {
        let Some((spec, network)) = draw::network(&mut runner, seen) else { continue };
        let need = Need::of(network.graph());
        let code = Code::of(&network, &need.plan, &Name::new("net").expect("a name")).expect("emitted");
        assert_eq!(need.flash(), code.table_bytes, "{}", spec.to_json());
        if seen % 4 == 0 && network.graph().nodes().len() < 30 {
            let rooms = [
                Room { ram: Some(need.ram() * 9 / 10), flash: None },
                Room { ram: Some(need.ram()), flash: Some(need.flash() * 9 / 10) },
            ];
            for (room, edit) in rooms
                .into_iter()
                .flat_map(|room| edits(network.graph(), room).into_iter().map(move |edit| (room, edit)))
            {
                let within = |most: Option<u64>, bytes: u64| most.is_none_or(|most| bytes <= most);
                assert!(within(room.ram, edit.ram_bytes) && within(room.flash, edit.flash_bytes), "{edit:?}");
                assert!(edit.weights_left < 1.0 || edit.macs_left < 1.0 || edit.what.starts_with("move"), "{edit:?}");
                proposed += 1;
            }
        }
        seen += 1;
    }
    assert!(proposed >= 5, "{proposed}");
}
