//! How many inputs a second the interpreter computes, on one core.

use std::{hint::black_box, path::Path};

use automcu_convert::{Interpreter, Network};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn interpreter(criterion: &mut Criterion) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/models");
    let mut group = criterion.benchmark_group("interpreter");
    group.throughput(Throughput::Elements(1));
    for name in ["resnet8_te_int8", "mbnet32_te_int8"] {
        let file = std::fs::read(models.join(name).with_extension("tflite")).expect("a fixture");
        let network = Network::from_tflite(&file).expect("supported");
        let mut interpreter = Interpreter::new(&network).expect("computed");
        let input: Vec<i8> =
            (0..3072_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0].cast_signed()).collect();
        group.bench_function(name, |bencher| {
            bencher.iter(|| interpreter.run(black_box(&input)).expect("the right length")[0]);
        });
    }
    group.finish();
}

criterion_group!(benches, interpreter);
criterion_main!(benches);
