//! How fast members are drawn, and how soon a glance says whether one fits.

use std::{hint::black_box, sync::Arc};

use automcu_model::{
    Bytes,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_search::{
    Guided, Numbers, Outcome, Purpose, Random, Space, Stages, Strategy, Task, Track, arena::stand_in, largest,
};
use automcu_target::{Budget, Core};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn space(height: u32, width: u32, channels: u32) -> Stages {
    let (height, width) = (Side::fixed(height), Side::fixed(width));
    let input = Input { height, width, channels: InputChannels::fixed(channels) };
    Stages::new(input, Classes::fixed(10)).expect("small")
}

fn search(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("search");
    for (name, space) in [("32x32", space(32, 32, 3)), ("49x40", space(49, 40, 1)), ("1x128", space(1, 128, 6))] {
        let mut numbers = Numbers::of(1, Purpose::Draw, 0);
        group.bench_function(format!("draw {name}"), |bencher| bencher.iter(|| black_box(space.draw(&mut numbers))));
        group.bench_function(format!("glance {name}"), |bencher| {
            bencher.iter_batched(
                || space.draw(&mut numbers),
                |member| black_box(space.glance(&member, Core::CortexM4)),
                criterion::BatchSize::SmallInput,
            );
        });
        group.sample_size(10).bench_function(format!("four plans {name}"), |bencher| {
            let mut numbers = Numbers::of(1, Purpose::Draw, 0);
            let members: Vec<_> = (0..4).map(|_| space.draw(&mut numbers)).collect();
            bencher.iter(|| members.iter().filter(|member| space.size(member, Core::CortexM4).is_ok()).count());
        });
        for (ram, flash) in [(32, 64), (64, 128), (256, 512)] {
            let budget = Budget { ram: Some(Bytes::kib(ram)), flash: Some(Bytes::kib(flash)) };
            let task = Task { space: space.clone(), budget, core: Core::CortexM4, most_macs: None };
            group.bench_function(format!("largest {name} {ram}/{flash}"), |bencher| {
                bencher.iter(|| black_box(largest(&task, 1)));
            });
        }
        group.sample_size(100);
    }
    group.finish();
}

/// An answer of one proposal after 50 outcomes, by how many members that fit are scored for it. The draws of the search were looked at
/// before, as they are for all but its first answer.
fn guided(criterion: &mut Criterion) {
    let space = space(32, 32, 3);
    let budget = Budget { ram: Some(Bytes::kib(64)), flash: Some(Bytes::kib(64)) };
    let task = Arc::new(Task { space, budget, core: Core::CortexM4, most_macs: None });
    let drawn = Random::new(Arc::clone(&task), 1).propose(&[], 50).proposals;
    let outcome = |member| Outcome { score: stand_in(&task.space, &member, 1), member };
    let seen: Vec<_> = drawn.into_iter().map(|proposal| outcome(proposal.member)).collect();
    let mut strategy = Guided::new(Arc::clone(&task), Track::ALL, 1);
    let first = strategy.propose(&seen, 1).tally;
    // What was not refused at a glance was scored; the planner refused few.
    let scored = first.drawn - first.unbuildable - first.over_ram - first.over_flash - first.over_work;
    let mut group = criterion.benchmark_group("guided");
    group.sample_size(10).throughput(Throughput::Elements(scored));
    group.bench_function("an answer after 50", |bencher| {
        bencher.iter_batched(
            || strategy.clone(),
            |mut strategy| black_box(strategy.propose(&seen, 1)),
            criterion::BatchSize::SmallInput,
        );
    });
    group.bench_function("the first answer after 50", |bencher| {
        bencher.iter(|| black_box(Guided::new(Arc::clone(&task), Track::ALL, 1).propose(&seen, 1)));
    });
    group.finish();
}

criterion_group!(benches, search, guided);
criterion_main!(benches);
