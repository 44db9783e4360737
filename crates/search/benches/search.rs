//! How fast members are drawn, and how soon a glance says whether one fits.

use std::hint::black_box;

use automcu_model::spec::{Classes, Input, InputChannels, Side};
use automcu_search::{Numbers, Purpose, Space, Stages};
use automcu_target::Core;
use criterion::{Criterion, criterion_group, criterion_main};

fn space(height: u32, width: u32, channels: u32) -> Stages {
    let (height, width) = (Side::fixed(height), Side::fixed(width));
    let input = Input { height, width, channels: InputChannels::fixed(channels) };
    Stages::new(input, Classes::fixed(10)).expect("small")
}

fn search(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("search");
    for (name, space) in [("32x32", space(32, 32, 3)), ("96x96", space(96, 96, 3)), ("1x128", space(1, 128, 6))] {
        let mut numbers = Numbers::of(1, Purpose::Draw, 0);
        group.bench_function(format!("draw {name}"), |bencher| bencher.iter(|| black_box(space.draw(&mut numbers))));
        group.bench_function(format!("glance {name}"), |bencher| {
            bencher.iter_batched(
                || space.draw(&mut numbers),
                |member| black_box(space.glance(&member, Core::CortexM4)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, search);
criterion_main!(benches);
