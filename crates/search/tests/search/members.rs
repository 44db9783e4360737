//! Members are architectures that the model crate reads back, and stay within their space.

use automcu_model::{RefusalKind, Spec, spec::Input};
use automcu_search::{
    Buildable, Memory, NARROWEST, Numbers, Purpose, REPEATS, STAGES, Space, Staged, Stages, Variant, WIDEST,
};
use automcu_target::Core;
use proptest::{
    prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest},
    test_runner::RngSeed,
};

use crate::{draws, space, spaces};

/// Everything that must hold of a member.
fn check(space: &Stages, member: &Staged) {
    let spec = space.spec(member);
    let graph = match spec.lower() {
        Ok(graph) => graph,
        // What a budget would refuse many times over may be beyond the limits of a spec, and nothing else.
        Err(refusals) => {
            let is_large = refusals.as_slice().iter().all(|refusal| refusal.kind == RefusalKind::Limit);
            assert!(is_large, "{refusals} in {}", spec.to_json());
            return;
        }
    };
    let read = Spec::from_json(spec.to_json().as_bytes()).expect("what is written is read");
    assert_eq!(read, spec);
    assert_eq!(read.lower().expect("the same").digest(), graph.digest());
    assert_eq!(space.id(member).expect("it lowers"), graph.digest());
    assert!(member.stages.len() <= STAGES as usize);
    for stage in &member.stages {
        assert!((1..=REPEATS).contains(&stage.repeat), "{member:?}");
        assert!((NARROWEST..=WIDEST).contains(&stage.channels), "{member:?}");
        assert!(stage.channels.is_multiple_of(if stage.channels <= 16 { 4 } else { 8 }), "{member:?}");
    }
    assert_eq!(space.features(member).len(), space.feature_names().len());
    assert!(space.features(member).iter().all(|feature| feature.is_finite()));
    let Input { height, width, .. } = spec.input;
    let sides =
        [height.get(), width.get()].map(|side| if side == 1 { 1 } else { side.div_ceil(1 << member.halvings()) });
    assert!(sides.iter().all(|&side| side == 1 || side >= 2), "{sides:?} of {member:?}");
    // Where one side is much shorter it stays at 2, and the longest signals have too few strides.
    let longer = height.get().max(width.get());
    if longer <= 128 && (height == width || height.get().min(width.get()) == 1) {
        assert!(sides.iter().all(|&side| side <= 8), "{sides:?} of {member:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_members_they_can_be_built(seed in any::<u64>(), place in 0..10_usize) {
        let space = spaces()[place];
        let mut numbers = Numbers::of(seed, Purpose::Draw, 0);
        let (one, other) = (space.draw(&mut numbers), space.draw(&mut numbers));
        check(&space, &one);
        let mut mutant = one.clone();
        for _ in 0..8 {
            let next = space.mutate(&mutant, &mut numbers);
            prop_assert!(next != mutant);
            mutant = next;
            check(&space, &mutant);
        }
        check(&space, &space.cross(&mutant, &other, &mut numbers));
        for variant in Variant::ALL {
            if let Some(varied) = space.varied(&other, variant) {
                check(&space, &varied);
            }
        }
        for eighths in [1, 5, 8, 40] {
            check(&space, &space.widened(&one, eighths));
        }
        prop_assert_eq!(space.widened(&one, 8), one);
    }

    #[test]
    fn shrinking_ends_at_the_smallest(seed in any::<u64>(), place in 0..10_usize) {
        let space = spaces()[place];
        let mut numbers = Numbers::of(seed, Purpose::Draw, 1);
        let mut member = space.draw(&mut numbers);
        let mut steps = 0;
        while let Some(smaller) = space.shrink(&member, if steps % 2 == 0 { Memory::Ram } else { Memory::Flash }, &mut numbers) {
            check(&space, &smaller);
            member = smaller;
            steps += 1;
            prop_assert!(steps < 300, "{:?}", member);
        }
        prop_assert_eq!(member, space.smallest());
    }
}

#[test]
fn the_smallest_member_takes_the_least_of_both_memories() {
    for space in spaces() {
        let smallest = space.size(&space.smallest(), Core::CortexM4).expect("it can be built");
        check(&space, &space.smallest());
        for member in draws(space, 400) {
            // What is beyond the limits of a spec is not small.
            let Ok(size) = space.glance(&member, Core::CortexM4) else { continue };
            assert!(size.flash() >= smallest.flash(), "{} < {} of {member:?}", size.flash(), smallest.flash());
            assert!(size.ram() >= smallest.ram(), "{} < {} of {member:?}", size.ram(), smallest.ram());
        }
    }
}

#[test]
fn seeds_are_the_architectures_that_reached_the_figures() {
    for (input, name, file) in [
        ((32, 32, 3), "mixed-44k", "cifar-44k"),
        ((28, 28, 1), "mixed-42k", "grey-42k"),
        ((32, 32, 3), "resnet-8", "resnet8"),
    ] {
        let space = space(input.0, input.1, input.2);
        let text = std::fs::read(format!("{}/../../tests/fixtures/specs/{file}.json", env!("CARGO_MANIFEST_DIR")));
        let spec = Spec::from_json(&text.expect("a fixture")).expect("a spec");
        let seeds = space.seeds();
        let seed = seeds.iter().find(|seed| seed.name == name).expect("a seed");
        assert_eq!(space.id(&seed.member).expect("it lowers"), spec.lower().expect("it lowers").digest(), "{name}");
    }
    for space in spaces() {
        space.seeds().iter().for_each(|seed| check(&space, &seed.member));
    }
}
