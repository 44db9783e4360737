//! Published networks, written as specs, have the published parameters, work and memory.

use automcu_model::{DataType, Graph, Spec};

const SPECS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/specs");

fn trained(name: &str) -> Graph {
    let text = std::fs::read(format!("{SPECS}/{name}.json")).expect("the fixture is in the repository");
    Spec::from_json(&text).and_then(|spec| spec.lower()).unwrap_or_else(|refusals| panic!("{name}: {refusals}"))
}

/// What is published of a network; `None` where it is not.
#[derive(Default)]
struct Published {
    parameters: Option<u64>,
    folded: Option<u64>,
    macs: Option<u64>,
    int8: Option<(u64, u64)>,
    peak: Option<u64>,
}

#[test]
fn published_networks_have_their_published_figures() {
    for (name, published) in [
        ("mobilenet_v2-10", Published { parameters: Some(2_236_682), folded: Some(2_219_626), ..Default::default() }),
        ("mobilenet_v2-100", Published { folded: Some(2_334_916), ..Default::default() }),
        ("squeezenet-10", Published { parameters: Some(740_554), folded: Some(740_554), ..Default::default() }),
        (
            "resnet8",
            Published {
                folded: Some(77_706),
                macs: Some(12_501_632),
                int8: Some((77_360, 1_384)),
                peak: Some(49_152),
                ..Default::default()
            },
        ),
        (
            "mbnet32",
            Published { macs: Some(4_702_848), int8: Some((22_752, 2_728)), peak: Some(49_152), ..Default::default() },
        ),
        ("ds-cnn-keywords", Published { macs: Some(2_656_768), ..Default::default() }),
    ] {
        let graph = trained(name);
        let deployed = graph.deployed();
        let cost = deployed.cost();
        let check = |what, published: Option<u64>, ours| assert_eq!(published.unwrap_or(ours), ours, "{name}: {what}");
        check("parameters", published.parameters, graph.cost().parameters());
        check("parameters once folded", published.folded, cost.parameters());
        check("multiply-accumulates", published.macs, cost.macs);
        check("int8 weights", published.int8.map(|(weights, _)| weights), cost.weights);
        check("int32 bias bytes", published.int8.map(|(_, biases)| biases), cost.biases * 4);
        check("peak", published.peak, deployed.peak().bytes(DataType::Int8).0);
        assert_eq!(graph.cost().macs, cost.macs, "{name}: folding changes no work");
    }
}

#[test]
fn float32_weights_of_mobilenet_v2_take_the_paper_s_kilobytes() {
    let bytes = trained("mobilenet_v2-10").deployed().cost().weight_bytes(DataType::Float32);
    assert_eq!(bytes.0 * 100 / 1024, 867_041);
}

#[test]
fn every_fixture_lowers_and_writes_back_to_itself() {
    let mut seen = 0;
    for entry in std::fs::read_dir(SPECS).expect("the fixtures are in the repository") {
        let path = entry.expect("readable").path();
        let spec = Spec::from_json(&std::fs::read(&path).expect("readable")).expect("a spec");
        let again = Spec::from_json(spec.to_json().as_bytes()).expect("what was written");
        assert_eq!(spec, again, "{}", path.display());
        assert!(spec.lower().expect("constructible").deployed().peak().is_optimal(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 10);
}

/// Digests are stored in histories: this one may never change.
#[test]
fn the_digest_of_resnet8_is_what_it_always_was() {
    assert_eq!(
        trained("resnet8").digest().to_string(),
        "9c808dff3e76d42827fc05a47c734a6970d6761c9380c934de62640250c08329"
    );
}
