//! Described spaces: the built-in ones hold what every space promises, and what is wrong is refused by name.

use std::{collections::BTreeSet, sync::Arc};

use automcu_model::{
    RefusalKind, Spec,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_search::{
    Buildable, Description, Follows, HalvedBy, Kind, Memory, NoSpace, Numbers, Purpose, Rules, Space, Stage, Staged,
    Stages, Variant, built_in_spaces,
};
use automcu_target::Core;
use proptest::{
    prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest},
    test_runner::RngSeed,
};

use crate::draws;

fn input(height: u32, width: u32, channels: u32) -> Input {
    Input { height: Side::fixed(height), width: Side::fixed(width), channels: InputChannels::fixed(channels) }
}

fn of(rules: Arc<Rules>, (height, width, channels): (u32, u32, u32)) -> Option<Stages> {
    Stages::of(rules, input(height, width, channels), Classes::fixed(10)).ok()
}

/// Every built-in space on every kind of input that it is for, with its name.
fn all() -> Vec<(String, Stages)> {
    let inputs = [(32, 32, 3), (96, 96, 1), (49, 40, 1), (16, 16, 1), (2, 2, 1), (1, 128, 6), (128, 1, 3), (1, 1, 9)];
    let mut all = Vec::new();
    for name in built_in_spaces() {
        let rules = Rules::built_in(name).expect("built in");
        for shape in inputs {
            all.extend(of(Arc::clone(&rules), shape).map(|space| (format!("{name} {shape:?}"), space)));
        }
        for description in rules.description().variants(64).into_iter().take(4) {
            let rules = Arc::new(Rules::of("a variant", description).expect("checked"));
            let name = rules.description().name.clone();
            all.extend(of(rules, (64, 48, 3)).map(|space| (name, space)));
        }
    }
    all
}

/// What holds of every member: it is one, it can be built, and it reads back to the byte.
fn check(name: &str, space: &Stages, member: &Staged) {
    let spec = space.spec(member);
    let text = spec.to_json();
    assert_eq!(space.member(&spec).as_ref(), Some(member), "{name}: {text}");
    let read = Spec::from_json(text.as_bytes()).expect("what is written is read");
    assert_eq!(read.to_json(), text, "{name}");
    match spec.lower() {
        Ok(graph) => assert_eq!(space.id(member).expect("it lowers"), graph.digest(), "{name}"),
        // What a budget would refuse many times over may be beyond the limits of a spec, and nothing else.
        Err(refusals) => {
            let is_large = refusals.as_slice().iter().all(|refusal| refusal.kind == RefusalKind::Limit);
            assert!(is_large, "{name}: {refusals} in {text}");
        }
    }
    let features = space.features(member);
    assert_eq!(features.len(), space.feature_names().len());
    assert!(features.iter().all(|feature| feature.is_finite()), "{name}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_members_of_a_described_space_they_are_members(seed in any::<u64>(), place in any::<prop::sample::Index>()) {
        let mut all = all();
        let (name, space) = all.swap_remove(place.index(all.len()));
        let mut numbers = Numbers::of(seed, Purpose::Draw, 0);
        let (one, other) = (space.draw(&mut numbers), space.draw(&mut numbers));
        check(&name, &space, &one);
        let mut mutant = one.clone();
        for _ in 0..12 {
            mutant = space.mutate(&mutant, &mut numbers);
            check(&name, &space, &mutant);
        }
        check(&name, &space, &space.cross(&mutant, &other, &mut numbers));
        for variant in Variant::ALL {
            space.varied(&other, variant).iter().for_each(|varied| check(&name, &space, varied));
        }
        for eighths in [1, 5, 8, 40] {
            check(&name, &space, &space.widened(&mutant, eighths));
        }
        prop_assert_eq!(space.widened(&mutant, 8), mutant);
        space.seeds().iter().for_each(|seed| check(&name, &space, &seed.member));
        check(&name, &space, &space.smallest());
    }

    #[test]
    fn shrinking_ends_at_the_smallest_of_every_space(seed in any::<u64>(), place in any::<prop::sample::Index>()) {
        let mut all = all();
        let (name, space) = all.swap_remove(place.index(all.len()));
        let mut numbers = Numbers::of(seed, Purpose::Draw, 1);
        let mut member = space.draw(&mut numbers);
        let mut steps = 0;
        while let Some(smaller) = space.shrink(&member, if steps % 2 == 0 { Memory::Ram } else { Memory::Flash }, &mut numbers) {
            check(&name, &space, &smaller);
            member = smaller;
            steps += 1;
            assert!(steps < 600, "{name}: {member:?}");
        }
        prop_assert_eq!(member, space.smallest());
    }
}

#[test]
fn most_draws_can_be_deployed_and_none_needs_less_than_the_smallest_member() {
    for (name, space) in all() {
        let smallest = space.glance(&space.smallest(), Core::CortexM4).expect("it can be built");
        let mut built = 0;
        for member in draws(&space, 60) {
            let Ok(size) = space.glance(&member, Core::CortexM4) else { continue };
            built += 1;
            assert!(size.flash() >= smallest.flash(), "{name}: {} < {}", size.flash(), smallest.flash());
            assert!(size.ram() >= smallest.ram(), "{name}: {} < {}", size.ram(), smallest.ram());
        }
        assert!(built >= 40, "{name}: of 60 draws {built} can be deployed");
    }
}

#[test]
fn mutations_reach_all_that_a_space_has() {
    let space = of(Rules::built_in("free").expect("built in"), (32, 32, 3)).expect("a space");
    let mut numbers = Numbers::of(5, Purpose::Draw, 0);
    let mut member = space.draw(&mut numbers);
    let mut seen: Vec<Stage> = Vec::new();
    for _ in 0..3000 {
        member = space.mutate(&member, &mut numbers);
        seen.extend(&member.stages);
    }
    let some = |has: &dyn Fn(&Stage) -> bool| seen.iter().any(has);
    for kind in Kind::ALL {
        assert!(some(&|stage| stage.kind == kind), "{kind:?}");
    }
    assert!(some(&|stage| stage.squeeze == 4 && stage.kind == Kind::Fused));
    assert!(some(&|stage| !stage.skips && stage.kind == Kind::Separable));
    assert!(some(&|stage| stage.follows == Follows::HardSwish) && some(&|stage| stage.follows == Follows::Own));
    assert!(some(&|stage| stage.halved_by == HalvedBy::MaxPool && stage.halves));
    assert!(seen.iter().all(|stage| stage.halves || stage.halved_by == HalvedBy::Stride));
    assert!(seen.iter().all(|stage| stage.follows == Follows::Own || stage.follows == Follows::HardSwish));
}

#[test]
fn a_stage_of_the_skeleton_has_17_280_configurations() {
    let rules = Rules::built_in("stages").expect("built in");
    assert_eq!(rules.stage_configurations(0, false).to_string(), "17280");
    // A stem of one width, with or without a stride, and one of two pools.
    assert_eq!(rules.configurations(false).to_string(), (17_280_u128.pow(5) * 2 * 2).to_string());
}

/// All stages that can stand at the second place of the skeleton, as graphs behind the same stem.
#[test]
fn fewer_of_them_are_different_graphs() {
    let space = of(Rules::built_in("stages").expect("built in"), (32, 32, 3)).expect("a space");
    let first = Stage { halves: false, ..space.smallest().stages[0] };
    let mut graphs = BTreeSet::new();
    let mut count = 0;
    for kind in [Kind::Separable, Kind::Inverted] {
        for (channels, repeat, kernel) in grid(&[16, 24, 32, 48, 64, 96, 128, 160], &[1, 2, 3, 4, 6], &[3, 5, 7]) {
            for (expansion, squeeze, skip) in grid(&[3, 4, 6], &[0, 0, 2, 4], &[0, 1]) {
                for follows in [Follows::Relu6, Follows::LeakyRelu, Follows::HardSwish] {
                    count += 1;
                    // Depthwise separable blocks do not expand.
                    if kind == Kind::Separable && expansion != 3 {
                        continue;
                    }
                    let expansion = if kind == Kind::Separable { 1 } else { expansion };
                    let skips = skip == 1;
                    let stage = Stage {
                        kind,
                        channels,
                        repeat,
                        kernel,
                        expansion,
                        squeeze,
                        skips,
                        follows,
                        halves: true,
                        ..first
                    };
                    let member = Staged { stages: vec![stage], ..space.smallest() };
                    graphs.insert(space.spec(&member).lower().expect("small").digest());
                }
            }
        }
    }
    assert_eq!(count, 17_280);
    // Whether depthwise separable blocks expand, what is inside of a squeeze-excite that is not there, a skip that shapes forbid.
    assert_eq!(graphs.len(), DISTINCT);
}

const DISTINCT: usize = 7776;

fn grid<'g>(a: &'g [u32], b: &'g [u32], c: &'g [u32]) -> impl Iterator<Item = (u32, u32, u32)> + 'g {
    a.iter().flat_map(move |&a| b.iter().flat_map(move |&b| c.iter().map(move |&c| (a, b, c))))
}

#[test]
fn a_space_for_other_inputs_says_so() {
    let refused = |name: &str, (height, width): (u32, u32)| {
        let rules = Rules::built_in(name).expect("built in");
        Stages::of(rules, input(height, width, 1), Classes::fixed(2)).expect_err("other inputs")
    };
    let pictures = refused("signal", (32, 32));
    assert!(matches!(pictures, NoSpace::Inputs { takes: "signals", .. }), "{pictures}");
    let said = "the space mobile is for pictures, and inputs have 1 x 128 places; name another space";
    assert_eq!(refused("mobile", (1, 128)).to_string(), said);
}

#[test]
fn a_side_is_that_of_all_members() {
    let small = Description { side: Some(24), ..Rules::usual().description().clone() };
    let space = of(Arc::new(Rules::of("small", small).expect("checked")), (96, 64, 3)).expect("a space");
    assert_eq!(space.input(), input(24, 16, 3));
    assert_eq!(space.spec(&space.smallest()).input, input(24, 16, 3));
    let signals = Rules::of("small", Description { side: Some(24), ..Rules::usual().description().clone() });
    let refused = Stages::of(Arc::new(signals.expect("checked")), input(1, 96, 3), Classes::fixed(2));
    assert!(refused.expect_err("signals stay as they are").to_string().contains("pictures, which it resizes"));
}

#[test]
fn widths_are_scaled_in_percent() {
    let rules = Rules::built_in("stages").expect("built in");
    let half = Description { width_percent: Some(50), ..rules.description().clone() };
    let space = of(Arc::new(Rules::of("half", half).expect("checked")), (32, 32, 3)).expect("a space");
    let widths: BTreeSet<u32> =
        draws(&space, 200).flat_map(|member| member.stages).map(|stage| stage.channels).collect();
    assert_eq!(widths.into_iter().collect::<Vec<_>>(), [8, 12, 16, 24, 32, 48, 64, 80]);
}

/// A description that is right, with some of it replaced.
fn edited(from: &str, to: &str) -> String {
    let text = r#"
name = "mine"
depth = { least = 1, most = 4 }

[stem]
channels = [8, 16]
kernels = [3]

[stage]
modules = ["conv", "inverted_residual"]
channels = { least = 8, most = 64 }
expansions = [2, 4]
"#;
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn a_file_that_is_wrong_is_refused_with_field_and_remedy() {
    Rules::read("mine.toml", edited("", "").as_bytes()).expect("right as it is");
    for (from, to, field, says) in [
        ("name = \"mine\"", "", "the document", "missing field `name`"),
        ("\"mine\"", "\"\"", "name", "write 1 to 64 bytes"),
        ("depth", "deepness", "deepness", "unknown field `deepness`"),
        ("{ least = 1, most = 4 }", "{ least = 4, most = 1 }", "depth", "write the smaller one first"),
        ("{ least = 1, most = 4 }", "{ least = 1, most = 99 }", "depth", "write numbers from 0 to 24"),
        ("{ least = 1, most = 4 }", "0", "depth", "no stage at all"),
        ("{ least = 1, most = 4 }", "[1, 3]", "depth", "write { least, most }"),
        ("{ least = 1, most = 4 }", "\"many\"", "depth", "a list of whole numbers, or { least = 1, most = 8 }"),
        ("{ least = 1, most = 4 }", "{ least = 1 }", "depth", "missing field `most`"),
        ("[8, 16]", "[]", "stem.channels", "nothing to choose from"),
        ("[8, 16]", "[8, 8]", "stem.channels", "stands there twice"),
        ("[8, 16]", "[9]", "stem.channels", "multiples of 4 up to 16 and of 8 above"),
        ("[8, 16]", "[8, -1]", "stem.channels[1]", "-1"),
        ("kernels = [3]", "kernels = [2]", "stem.kernels", "write 1, 3, 5, 7, 9 or 11"),
        ("kernels = [3]", "halvings = [3]", "stem.halvings", "write numbers from 0 to 2"),
        ("modules = [\"conv\", \"inverted_residual\"]", "", "stage.modules", "name one at least"),
        ("\"conv\", ", "\"transformer\", ", "stage.modules[0]", "unknown variant `transformer`"),
        ("\"inverted_residual\"", "\"residual\"", "stage.expansions", "no module there expands"),
        ("channels = { least = 8, most = 64 }", "", "stage.channels", "missing"),
        ("most = 64", "most = 1024", "stage.channels", "1024 is not allowed"),
        ("most = 64", "most = 64, draws = [128]", "stage.channels", "draws 128"),
        ("[2, 4]", "[7]", "stage.expansions", "write 1, 2, 3, 4, 5, 6 or 8"),
        ("expansions = [2, 4]", "repeats = [17]", "stage.repeats", "write numbers from 1 to 16"),
        ("expansions = [2, 4]", "reductions = [4]", "stage.reductions", "squeeze_excite is never true there"),
        ("expansions = [2, 4]", "squeeze_excite = [true]\nreductions = [3]", "stage.reductions", "write 2, 4, 8 or 16"),
        ("expansions = [2, 4]", "activations = [\"swish\"]", "stage.activations[0]", "unknown variant `swish`"),
        (
            "expansions = [2, 4]",
            "halves = \"never\"\nhalved_by = [\"max_pool\"]",
            "stage.halved_by",
            "nothing there halves",
        ),
        (
            "expansions = [2, 4]",
            "[[stages]]\n[[stages]]\n[[stages]]\n[[stages]]\n[[stages]]",
            "stages",
            "describe fewer",
        ),
        (
            "expansions = [2, 4]",
            "[[stages]]\nmodules = [\"conv\"]\nskips = [true]",
            "stages[0].skips",
            "no module there",
        ),
        ("expansions = [2, 4]", "[head]\npools = []", "head.pools", "nothing to choose from"),
        ("expansions = [2, 4]", "[last_map]\nleast = 9", "last_map.most", "write 9 to 128"),
        ("expansions = [2, 4]", "[choose]\nsides = [4]\nwidth_percents = [100]", "choose.sides", "write 8 to 512"),
        ("depth =", "side = 4\ndepth =", "side", "write 8 to 512"),
        ("depth =", "version = 2\ndepth =", "version", "write 1"),
        ("depth =", "inputs = \"signals\"\nside = 32\ndepth =", "side", "signals are not resized"),
        ("depth =", "depth depth", "the document", "no TOML"),
    ] {
        let refused = Rules::read("mine.toml", edited(from, to).as_bytes()).expect_err(to);
        assert_eq!((refused.file.as_str(), refused.field.as_str()), ("mine.toml", field), "{to}: {refused}");
        assert!(refused.problem.contains(says), "{to}: {refused}");
        assert!(!refused.to_string().contains('\n'), "{refused:?}");
    }
    let long = vec![b' '; automcu_search::DESCRIPTION_BYTES + 1];
    assert!(Rules::read("long.toml", &long).expect_err("long").problem.contains("shorten it"));
    let json = serde_json::to_string(Rules::usual().description()).expect("plain data");
    assert_eq!(&Rules::read("it.json", json.as_bytes()).expect("the same"), Rules::usual().as_ref());
    assert!(Rules::read("it.json", b"{\"name\": 3}").expect_err("a number").field == "name");
}
