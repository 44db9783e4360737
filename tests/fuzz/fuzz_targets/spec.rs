//! Any bytes are a spec or are refused; a spec lowers or is refused; what lowers can be measured, and reads back.
#![no_main]

use automcu_model::{DataType, Spec};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let spec = match Spec::from_json(text) {
        Ok(spec) => spec,
        Err(refusals) => {
            assert!(!refusals.as_slice().is_empty());
            assert!(refusals.to_string().len() < 16_000);
            return;
        }
    };
    assert_eq!(Spec::from_json(spec.to_json().as_bytes()).as_ref(), Ok(&spec));
    let Ok(trained) = spec.lower() else { return };
    let deployed = trained.deployed();
    assert_eq!(trained.cost().macs, deployed.cost().macs);
    let peak = deployed.peak();
    let timeline = deployed.timeline(peak.order(), DataType::Int8);
    assert_eq!(timeline.steps().iter().map(|step| step.bytes).max(), Some(peak.bytes(DataType::Int8)));
    let _ = trained.digest();
});
