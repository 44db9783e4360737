//! What a hundred networks leave behind: nothing. Alone in its program, so that nothing else takes memory.

use automcu_dataset::Target;
use automcu_model::Spec;
use automcu_trainer::{Executor, Isa, Loss, Setup};

/// The memory that this process has in use, in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4096
}

fn train(channels: usize, second: usize) {
    let spec = format!(
        r#"{{"version":1,"input":{{"height":24,"width":24,"channels":3}},"backbone":[{{"op":"conv","channels":{channels}}},
        {{"op":"depthwise_separable","channels":{second},"stride":2}},{{"op":"residual","channels":{second}}}],
        "head":{{"op":"classifier","classes":10}}}}"#
    );
    let graph = Spec::from_json(spec.as_bytes()).and_then(|spec| spec.lower()).expect("a network");
    let mut executor = Executor::new(&graph, Setup { batch: 32, threads: 2, isa: Isa::best() }).expect("trained");
    let mut state = executor.initial(&graph, 1);
    let values: Vec<f32> = (0..32 * 24 * 24 * 3).map(|i| (i % 251) as f32 / 125.0 - 1.0).collect();
    let targets: Vec<Target> = (0..32).map(|i| Target::of(i % 10)).collect();
    for step in 0..2 {
        executor.step(&mut state, &values, &Loss { targets: &targets, smoothing: 0.0 }, step);
    }
}

#[test]
fn a_hundred_networks_leave_no_memory_behind() {
    // The largest first: what the allocator keeps is what one network needs.
    train(32, 48);
    (0..10).for_each(|i| train(8 + i, 40));
    let before = resident();
    (0..100).for_each(|i| train(4 + i % 28, 12 + i % 36));
    let after = resident();
    assert!(after < before + before / 20 + (1 << 20), "{before} bytes grew to {after}");
}
