//! Any bytes are an int8 network or are refused; a small network runs, and reads back from what it writes.
#![no_main]

use automcu_convert::{Interpreter, Network};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(network) = Network::from_tflite(file) else { return };
    let again = Network::from_tflite(&network.to_tflite().expect("written")).expect("what was written");
    assert_eq!(again.graph().digest(), network.graph().digest());
    let length = usize::try_from(network.graph().tensors()[0].elements()).expect("bounded");
    if network.graph().cost().macs > 1_000_000 || length > 100_000 {
        return;
    }
    let mut interpreter = Interpreter::new(&network).expect("what is read is computed");
    interpreter.run(&vec![3; length]).expect("the right length");
});
