//! The search, held against the judge's planner and against brute force.

mod arena;
mod cells;
mod feedback;
mod front;
mod glance;
mod guided;
mod largest;
mod members;
mod scale;
mod spaces;
mod strategies;

use std::sync::Arc;

use automcu_model::{
    Bytes,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_search::{Numbers, Purpose, Space, Staged, Stages, Task};
use automcu_target::{Budget, Core};

/// The space for inputs of this shape.
fn space(height: u32, width: u32, channels: u32) -> Stages {
    let input =
        Input { height: Side::fixed(height), width: Side::fixed(width), channels: InputChannels::fixed(channels) };
    Stages::new(input, Classes::fixed(10)).expect("small")
}

/// Pictures, spectrograms, signals lying and standing, and the least of inputs.
fn spaces() -> Vec<Stages> {
    [
        (32, 32, 3),
        (28, 28, 1),
        (96, 96, 3),
        (49, 40, 1),
        (49, 10, 1),
        (1, 128, 6),
        (128, 1, 6),
        (1, 16384, 1),
        (2, 2, 1),
        (1, 1, 9),
    ]
    .map(|(height, width, channels)| space(height, width, channels))
    .to_vec()
}

fn budget(ram: u64, flash: u64) -> Budget {
    Budget { ram: Some(Bytes::kib(ram)), flash: Some(Bytes::kib(flash)) }
}

fn task(space: Stages, ram: u64, flash: u64) -> Arc<Task<Stages>> {
    Arc::new(Task { space, budget: budget(ram, flash), core: Core::CortexM4, most_macs: None })
}

/// So many draws of a space.
fn draws(space: &Stages, count: u64) -> impl Iterator<Item = Staged> {
    (0..count).map(move |place| space.draw(&mut Numbers::of(7, Purpose::Draw, place)))
}
