//! A hostile file is refused, never a panic, never unbounded memory; and what is not refused runs.

use automcu_convert::{Interpreter, Network, TfliteError};
use proptest::{prelude::*, sample::Index};

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/models");

fn model(name: &str) -> Vec<u8> {
    std::fs::read(format!("{MODELS}/{name}.tflite")).expect("a fixture")
}

/// Reads, and runs what is a network.
fn survives(file: &[u8]) {
    let Ok(network) = Network::from_tflite(file) else { return };
    assert!(network.graph().cost().macs < 20_000_000_000);
    if network.graph().cost().macs > 50_000_000 {
        return;
    }
    let Ok(mut interpreter) = Interpreter::new(&network) else { return };
    let length = usize::try_from(network.graph().tensors()[0].elements()).expect("bounded");
    interpreter.run(&vec![3; length]).expect("the right length");
    // What can be read can be written, and is the same then.
    let again = Network::from_tflite(&network.to_tflite().expect("written")).expect("what we wrote");
    assert_eq!(again.weights(), network.weights());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_with_bytes_changed_is_read_or_refused(
        which in 0..2_usize,
        changes in prop::collection::vec((any::<Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let mut file = model(["mbnet32_int8", "resnet8_te_int8"][which]);
        for (place, byte, at_the_end) in changes {
            // Tables stand at the ends, weights between them; most changes go where the tables are.
            let reach = file.len().min(9_000);
            let at = place.index(reach);
            let at = if at_the_end { file.len() - 1 - at } else { at };
            file[at] = byte;
        }
        survives(&file);
    }

    #[test]
    fn a_file_cut_short_is_refused(place in any::<Index>()) {
        let file = model("mbnet32_te_int8");
        let short = &file[..place.index(file.len())];
        let refused = matches!(Network::from_tflite(short), Err(TfliteError::Damaged(_) | TfliteError::Wrong { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn garbage_with_the_right_first_bytes_is_refused(mut file in prop::collection::vec(any::<u8>(), 8..400)) {
        file[4..8].copy_from_slice(b"TFL3");
        survives(&file);
    }
}

#[test]
fn what_is_refused_is_named() {
    let error = Network::from_tflite(b"PK\x03\x04 something else").expect_err("no network");
    assert_eq!(error.to_string(), "this is no .tflite file, or a damaged one: byte 4: the identifier is missing");
    assert!(Network::from_tflite(b"").is_err());
}
