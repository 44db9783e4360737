//! How many candidates a second can be read, lowered, costed and measured: the pace of screening without a tool.

use std::{hint::black_box, path::Path};

use automcu_model::{DataType, Spec};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Text in; parameters, work, peak memory and digest out.
fn screened(text: &[u8]) -> (u64, u64, u64, String) {
    let trained = Spec::from_json(text).and_then(|spec| spec.lower()).expect("constructible");
    let deployed = trained.deployed();
    let cost = deployed.cost();
    (cost.parameters(), cost.macs, deployed.peak().bytes(DataType::Int8).0, trained.digest().short())
}

/// One candidate an iteration, so that criterion prints candidates a second.
fn candidates(criterion: &mut Criterion) {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/specs");
    let mut group = criterion.benchmark_group("candidate");
    group.throughput(Throughput::Elements(1));
    for name in ["twenty-layers", "resnet8", "five-stages", "mobilenet_v2-10"] {
        let text = std::fs::read(specs.join(name).with_extension("json")).expect("a fixture");
        group.bench_function(name, |bencher| bencher.iter(|| screened(black_box(&text))));
    }
    group.finish();
}

criterion_group!(benches, candidates);
criterion_main!(benches);
