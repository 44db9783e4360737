//! What holds of every spec.

mod support;

use automcu_model::{
    DataType, Graph, Op, Spec,
    spec::{Block, Module, Stride},
};
use proptest::{prelude::*, sample::Index, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;
use support::{any_block, any_head, any_spec};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn lowering_and_measuring_never_panic_and_the_measures_agree(spec in any_spec()) {
        let Ok(graph) = spec.lower() else { return Ok(()) };
        let deployed = graph.deployed();
        prop_assert_eq!(graph.cost().macs, deployed.cost().macs);
        prop_assert_eq!(graph.shape(graph.output()), deployed.shape(deployed.output()));
        prop_assert_eq!(deployed.cost().norms, 0);
        prop_assert!(deployed.nodes().iter().all(|node| !matches!(node.op, Op::Dropout(_) | Op::BatchNorm)));
        for dtype in DataType::ALL {
            let peak = deployed.peak();
            let timeline = deployed.timeline(peak.order(), dtype);
            let highest = timeline.steps().iter().map(|step| step.bytes).max().expect("a graph has nodes");
            prop_assert_eq!(highest, peak.bytes(dtype));
            prop_assert_eq!(timeline.steps()[peak.step()].bytes, highest);
            for step in timeline.steps() {
                let live: u64 = step.live.iter().map(|&t| deployed.tensors()[t].elements()).sum();
                prop_assert_eq!(live * dtype.activation_bytes(), step.bytes.0);
            }
        }
    }

    #[test]
    fn a_spec_reads_back_from_what_it_writes(spec in any_spec()) {
        prop_assert_eq!(Spec::from_json(spec.to_json().as_bytes()), Ok(spec));
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_keys(spec in any_spec(), seed in any::<u64>()) {
        let Ok(graph) = spec.lower() else { return Ok(()) };
        let mut value: Value = serde_json::from_str(&spec.to_json()).expect("JSON");
        shuffle_keys(&mut value, seed);
        let again = Spec::from_json(value.to_string().as_bytes()).expect("the same spec").lower().expect("constructible");
        prop_assert_eq!(graph.digest(), again.digest());
    }

    #[test]
    fn the_digest_does_not_depend_on_writing_a_stage_out(spec in any_spec()) {
        let Ok(graph) = spec.lower() else { return Ok(()) };
        let written_out = Spec { backbone: spec.backbone.iter().flat_map(blocks_of).collect(), ..spec };
        let again = written_out.lower().expect("the blocks of a stage are constructible without it");
        prop_assert_eq!(graph.digest(), again.digest());
    }

    #[test]
    fn digests_are_equal_exactly_where_graphs_are(a in any_spec(), place in any::<Index>(), block in any_block(), head in any_head()) {
        let (mut b, mut c) = (a.clone(), a.clone());
        b.backbone[place.index(a.backbone.len())] = Module::Block(block);
        c.head = head;
        for other in [b, c] {
            let (Ok(one), Ok(other)) = (a.lower(), other.lower()) else { continue };
            prop_assert_eq!(one.digest() == other.digest(), same(&one, &other));
        }
    }

    #[test]
    fn a_change_of_one_field_is_seen_by_the_digest(block in any_block(), field in any::<Index>(), change in any::<Index>()) {
        let one = serde_json::to_value(block).expect("JSON");
        let changed = with_one_field_changed(&one, field, change);
        let graph = |block: &Value| in_the_middle(block).and_then(|spec| spec.lower());
        let (Ok(one), Ok(changed)) = (graph(&one), graph(&changed)) else { return Ok(()) };
        prop_assert_eq!(one.digest() == changed.digest(), same(&one, &changed));
    }

    #[test]
    fn the_order_found_is_the_best_of_all(mut spec in any_spec()) {
        spec.backbone.truncate(3);
        let Ok(graph) = spec.lower() else { return Ok(()) };
        for graph in [graph.deployed(), graph] {
            let peak = graph.peak();
            prop_assert!(peak.is_optimal());
            if let Some(best) = best_of_all_orders(&graph) {
                prop_assert_eq!(best, peak.bytes(DataType::Int8).0);
            }
        }
    }

    #[test]
    fn reading_garbage_never_panics(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Spec::from_json(&text);
    }
}

/// The properties above say nothing of what is not constructible, so much of what is drawn must be, and of each kind.
#[test]
fn most_of_what_is_drawn_is_constructible() {
    let mut runner = TestRunner::deterministic();
    let (mut built, mut branching) = (0, 0);
    for _ in 0..400 {
        let spec = any_spec().new_tree(&mut runner).expect("a spec").current();
        let Ok(graph) = spec.lower() else { continue };
        built += 1;
        branching += usize::from(graph.readers().iter().any(|readers| readers.len() > 1));
    }
    assert!(built > 150 && branching > 100, "{built} built, {branching} of them branching");
}

/// Node by node, without where the nodes come from.
fn same(a: &Graph, b: &Graph) -> bool {
    let nodes = |graph: &Graph| -> Vec<_> {
        graph.nodes().iter().map(|node| (node.op, node.inputs.clone(), node.output)).collect()
    };
    a.tensors() == b.tensors() && nodes(a) == nodes(b) && a.output() == b.output()
}

/// The block between two others, on an input that most blocks can stand on.
fn in_the_middle(block: &Value) -> Result<Spec, automcu_model::Refusals> {
    let conv = serde_json::json!({ "op": "conv", "channels": 8 });
    let document = serde_json::json!({
        "version": 1,
        "input": { "height": 33, "width": 32, "channels": 3 },
        "backbone": [conv, block, conv],
        "head": { "op": "classifier", "classes": 10 },
    });
    Spec::from_json(document.to_string().as_bytes())
}

/// The block with another value in one of its fields: one that some field of some block may have.
fn with_one_field_changed(block: &Value, field: Index, change: Index) -> Value {
    use serde_json::json;
    let values = [
        json!(1),
        json!(2),
        json!(3),
        json!(5),
        json!(8),
        json!(10),
        json!(16),
        json!([3, 1]),
        json!([1, 2]),
        json!(true),
        json!(false),
        json!(null),
        json!("same"),
        json!("valid"),
        json!("batch"),
        json!("none"),
        json!("relu"),
        json!("relu6"),
        json!("swish"),
    ];
    let mut changed = block.clone();
    let object = changed.as_object_mut().expect("a block is an object");
    let keys: Vec<String> = object.keys().filter(|key| *key != "op").cloned().collect();
    object.insert(keys[field.index(keys.len())].clone(), values[change.index(values.len())].clone());
    changed
}

fn shuffle_keys(value: &mut Value, seed: u64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| shuffle_keys(item, seed)),
        Value::Object(object) => {
            let mut entries: Vec<_> = std::mem::take(object).into_iter().collect();
            entries.sort_by_key(|(key, _)| {
                key.bytes().fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
            });
            for (_, entry) in &mut entries {
                shuffle_keys(entry, seed);
            }
            object.extend(entries);
        }
        _ => {}
    }
}

fn blocks_of(module: &Module) -> Vec<Module> {
    let Module::Stage(stage) = module else { return vec![*module] };
    let first = std::iter::once(stage.block);
    let rest = std::iter::repeat_n(with_stride_one(stage.block), stage.repeat.get() as usize - 1);
    first.chain(rest).map(Module::Block).collect()
}

fn with_stride_one(mut block: Block) -> Block {
    let stride = match &mut block {
        Block::Conv(spec) => &mut spec.stride,
        Block::DepthwiseConv(spec) => &mut spec.stride,
        Block::DepthwiseSeparable(spec) => &mut spec.stride,
        Block::InvertedResidual(spec) => &mut spec.stride,
        Block::FusedInvertedResidual(spec) => &mut spec.stride,
        Block::Residual(spec) => &mut spec.stride,
        Block::MaxPool(spec) => &mut spec.stride,
        Block::AveragePool(spec) => &mut spec.stride,
        Block::Fire(_) | Block::SqueezeExcite(_) | Block::Dropout(_) => return block,
    };
    *stride = Stride::fixed(1);
    block
}

/// The lowest peak over every order in which the graph can run, by the definition; nothing where there are too many.
fn best_of_all_orders(graph: &Graph) -> Option<u64> {
    let mut left = 2_000_usize;
    let mut best = u64::MAX;
    explore(graph, &mut Vec::new(), 0, &mut best, &mut left)?;
    Some(best)
}

fn explore(graph: &Graph, order: &mut Vec<usize>, peak: u64, best: &mut u64, left: &mut usize) -> Option<()> {
    *left = left.checked_sub(1)?;
    if order.len() == graph.nodes().len() {
        *best = peak.min(*best);
        return Some(());
    }
    for next in 0..graph.nodes().len() {
        let is_written =
            |tensor| tensor == Graph::INPUT || order.iter().any(|&done: &usize| graph.nodes()[done].output == tensor);
        if order.contains(&next) || !graph.nodes()[next].inputs.iter().all(|&input| is_written(input)) {
            continue;
        }
        order.push(next);
        let now = in_memory(graph, order);
        explore(graph, order, peak.max(now), best, left)?;
        order.pop();
    }
    Some(())
}

/// What is in memory while the last of `order` runs. A reshape and what it renames are one.
fn in_memory(graph: &Graph, order: &[usize]) -> u64 {
    let memory = |tensor| {
        let mut tensor = tensor;
        while let Some(node) = graph.nodes().iter().find(|node| node.output == tensor && node.op == Op::Reshape) {
            tensor = node.inputs[0];
        }
        tensor
    };
    let (last, before) = order.split_last().expect("at least one");
    let read_from_now = |tensor| {
        memory(graph.output()) == tensor
            || graph.nodes().iter().enumerate().any(|(i, node)| {
                !before.contains(&i)
                    && node.op != Op::Reshape
                    && node.inputs.iter().any(|&input| memory(input) == tensor)
            })
    };
    let written = std::iter::once(Graph::INPUT).chain(before.iter().map(|&i| memory(graph.nodes()[i].output)));
    let mut live: Vec<_> = written.filter(|&tensor| read_from_now(tensor)).collect();
    live.push(memory(graph.nodes()[*last].output));
    live.sort();
    live.dedup();
    live.into_iter().map(|tensor| graph.shape(tensor).elements()).sum()
}
