//! Members are architectures that the model crate reads back, and stay within their space.

use automcu_model::{
    RefusalKind, Spec,
    spec::{
        self, Activation, Block, Channels, Classes, Classifier, Dropout, Expansion, Head, Input, InputChannels, Module,
        Norm, Outputs, Percent, Pool, Regression, Repeat, Stride,
    },
};
use automcu_search::{
    Buildable, Memory, NARROWEST, Numbers, Purpose, REPEATS, STAGES, Space, Staged, Stages, Variant, WIDEST,
};
use automcu_target::Core;
use proptest::{
    prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, prop_assume, proptest},
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
    assert_eq!(space.member(&read).as_ref(), Some(member));
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
        let space = spaces().swap_remove(place);
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
        let space = spaces().swap_remove(place);
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
        for member in draws(&space, 400) {
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

/// What may be another member's spec, or nobody's.
fn edited(mut spec: Spec, place: usize) -> Spec {
    let last = spec.backbone.len() - 1;
    match (place, &mut spec.backbone[last]) {
        (0, Module::Block(Block::Conv(conv))) => conv.norm = Norm::None,
        (1, Module::Block(Block::DepthwiseSeparable(block))) => block.skip = false,
        (2, Module::Block(Block::Residual(block))) => block.activation = Activation::Swish,
        (3, module @ Module::Block(_)) => {
            let Module::Block(block) = *module else { return spec };
            *module = Module::Stage(spec::Stage { repeat: Repeat::fixed(1), block });
        }
        (4, Module::Stage(stage)) => stage.repeat = Repeat::fixed(9),
        (5, _) => spec.backbone.push(Module::Block(Block::Dropout(Dropout { percent: Percent::fixed(10) }))),
        (6, _) => spec.head = Head::Regression(Regression { outputs: Outputs::fixed(1), pool: Pool::Average }),
        (7, _) => spec.input.channels = InputChannels::fixed(250),
        (8, _) => drop(spec.backbone.remove(0)),
        (9, _) => spec.backbone.rotate_left(1),
        (10, Module::Block(Block::Conv(conv))) => conv.channels = Channels::fixed(7),
        (11, Module::Block(Block::Conv(conv))) => conv.stride = Stride::fixed(3),
        (12, Module::Block(Block::InvertedResidual(block))) => block.expansion = Expansion::fixed(8),
        (13, Module::Block(Block::Conv(conv))) => conv.channels = Channels::fixed(1024),
        _ => spec.head = Head::Classifier(Classifier { classes: Classes::fixed(11), pool: Pool::Max, dropout: None }),
    }
    spec
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: RngSeed::Fixed(2), ..ProptestConfig::default() })]

    #[test]
    fn a_spec_is_recognised_where_a_member_has_it_and_nowhere_else(seed in any::<u64>(), place in 0..10_usize, edit in 0..15_usize) {
        let space = spaces().swap_remove(place);
        let member = space.draw(&mut Numbers::of(seed, Purpose::Draw, 0));
        let spec = space.spec(&member);
        prop_assert_eq!(space.member(&spec), Some(member.clone()));
        for (other, another) in spaces().into_iter().enumerate() {
            prop_assert!(other == place || another.member(&spec).is_none());
        }
        let edited = edited(spec.clone(), edit);
        prop_assume!(edited != spec);
        if let Some(found) = space.member(&edited) {
            // Stages taken away or put elsewhere may give another member.
            prop_assert!((8..=9).contains(&edit) && space.spec(&found) == edited && found != member, "{:?}", found);
        }
    }
}

/// What becomes of the usual space's members: draws, changes, crossings, variants, smaller and wider ones, seeds, and the smallest.
fn traced(space: &Stages) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325;
    let mut add = |member: &Staged| {
        let text = space.spec(member).to_json();
        sum = text.bytes().fold(sum, |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    };
    let mut numbers = Numbers::of(11, Purpose::Draw, 0);
    let mut member = space.draw(&mut numbers);
    for turn in 0..400_u32 {
        let other = space.draw(&mut numbers);
        member = space.mutate(&member, &mut numbers);
        let crossed = space.cross(&member, &other, &mut numbers);
        [&other, &member, &crossed].into_iter().for_each(&mut add);
        space.varied(&other, Variant::ALL[turn as usize % 5]).iter().for_each(&mut add);
        let memory = if turn % 2 == 0 { Memory::Ram } else { Memory::Flash };
        space.shrink(&crossed, memory, &mut numbers).iter().for_each(&mut add);
        add(&space.widened(&other, 1 + turn % 40));
    }
    space.seeds().iter().for_each(|seed| add(&seed.member));
    add(&space.smallest());
    sum
}

#[test]
fn the_usual_space_draws_what_it_always_drew() {
    // From before its rules were data; of the longest signals the smallest network has become smaller.
    const TRACES: [u64; 10] = [
        0x95b1_c000_3d63_6bd7,
        0x6d46_2070_c79d_a6f7,
        0x0bed_23ce_75b4_c682,
        0xfec7_90a5_da9d_cd3e,
        0xfbe1_8ede_38aa_39a7,
        0xdbc6_c40e_ff41_4479,
        0xe7cd_bfc4_2179_8093,
        0xf27f_961b_ce41_4a0d,
        0xc2f0_7ae0_f37c_2607,
        0x4a6d_1d64_6859_7e7c,
    ];
    for (space, trace) in spaces().iter().zip(TRACES) {
        assert_eq!(format!("{:#x}", traced(space)), format!("{trace:#x}"), "{:?}", space.input());
    }
}
