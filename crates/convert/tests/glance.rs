//! A glance at what a network takes is close to what the planner then finds.

use automcu_convert::{Need, integer_form};
use automcu_model::{Graph, Spec};
use automcu_target::Core;

fn fixture(name: &str) -> Graph {
    let path = format!("{}/../../tests/fixtures/specs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let spec = Spec::from_json(&std::fs::read(path).expect("a fixture")).expect("a spec");
    integer_form(&spec.lower().expect("it can be built").deployed()).expect("small")
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "ratios")]
fn a_glance_knows_tables_exactly_and_memory_and_code_about() {
    for name in ["cifar-44k", "resnet8", "activity", "activity-1d", "spoken-digits", "every-module", "mbnet32"] {
        let graph = fixture(name);
        let (glance, need) = (Need::glance(&graph), Need::of(&graph));
        assert_eq!(glance.flash() + need.plan.order_bytes(), need.flash(), "{name}");
        let ram = glance.ram() as f64 / need.ram() as f64;
        let core = Core::CortexM4;
        let code = |bytes: Option<u64>| bytes.expect("a Cortex-M4 is known") as f64;
        let code = code(glance.code_bytes(core)) / code(need.code_bytes(core));
        println!("{name}: glance / plan {ram:.3} of RAM, {code:.3} of code");
        assert!((0.6..1.1).contains(&ram), "{name}: {} against {}", glance.ram(), need.ram());
        assert!((0.9..1.1).contains(&code), "{name}: {code}");
    }
}

#[test]
fn a_glance_knows_no_code_for_cores_that_were_never_linked_for() {
    let graph = fixture("resnet8");
    for core in [Core::CortexM0Plus, Core::CortexM7, Core::Rv32imc] {
        assert_eq!(Need::glance(&graph).code_bytes(core).is_some(), Need::of(&graph).code_bytes(core).is_some());
    }
}
