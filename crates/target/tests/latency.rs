//! Latency ranges rest on published runs, contain them, and are refused where there are none.

use automcu_model::Spec;
use automcu_target::{
    Catalogue, LatencyRange, NoLatency, Part,
    latency::{Committed, GROUPINGS, Kind, LeftOut, Runs, Work, chosen},
};
use proptest::prelude::*;

fn part(name: &str) -> &'static Part {
    Catalogue::built_in().find(name).expect(name)
}

fn range(spec: &str, on: &str) -> Result<LatencyRange, NoLatency> {
    let graph = Spec::from_json(spec.as_bytes()).expect("a spec").lower().expect("it can be built").deployed();
    LatencyRange::of(&graph, part(on))
}

const RESNET8: &str = include_str!("../../../tests/fixtures/specs/resnet8.json");

#[test]
fn the_committed_fit_is_the_one_that_the_runs_give() {
    let samples = Runs::published().samples();
    assert_eq!(
        &Committed::of(&samples),
        Committed::built_in(),
        "run `cargo xtask nightly latency`, which writes crates/target/latency/fit.toml"
    );
}

#[test]
fn there_are_enough_runs_of_enough_networks_on_enough_boards() {
    let (all, fit) = (Runs::published(), Committed::built_in());
    assert!(fit.runs >= 80 && fit.networks >= 20 && fit.all.families >= 10 && all.boards.len() >= 7);
    assert_eq!(fit.cores.keys().collect::<Vec<_>>(), ["cortex-m33", "cortex-m4", "cortex-m7"]);
    assert!(fit.cores.values().all(|core| core.runs >= 14 && core.networks >= 6));
}

#[test]
fn every_run_lies_in_the_range_even_when_its_family_is_left_out() {
    let (samples, fit) = (Runs::published().samples(), Committed::built_in());
    for (sample, ratio) in LeftOut::of(&samples, chosen(&samples)).0 {
        let spread = if sample.work.has_lines() { fit.all } else { fit.without_lines };
        assert!((spread.low..=spread.high).contains(&ratio), "{} on {}: {ratio}", sample.network, sample.board);
    }
}

#[test]
fn the_range_of_a_published_run_contains_it() {
    let all = Runs::published();
    for (sample, name) in all.samples().iter().zip(all.runs.iter().map(|run| &run.network)) {
        let network = all.networks.iter().find(|network| network.name == *name).expect("it is there");
        let on = match sample.core.name() {
            "cortex-m4" => "STM32F407",
            "cortex-m7" => "STM32H743",
            _ => "STM32U575",
        };
        let range = LatencyRange::of(&network.graph().expect("built"), part(on)).expect("there are runs");
        let cycles = range.low_cycles as f64..=range.high_cycles as f64;
        assert!(cycles.contains(&sample.cycles), "{name} on {}: {} not in {cycles:?}", sample.board, sample.cycles);
    }
}

#[test]
fn the_grouping_that_is_used_is_nearly_as_good_as_the_best() {
    let samples = Runs::published().samples();
    let best = GROUPINGS.iter().map(|one| LeftOut::of(&samples, one).typical()).fold(f64::INFINITY, f64::min);
    let used = LeftOut::of(&samples, chosen(&samples)).typical();
    assert!(used <= best + 0.02 && used < 0.25, "{used} against {best}");
}

#[test]
fn a_range_says_what_it_rests_on_and_how_far_off_it_may_be() {
    let range = range(RESNET8, "STM32F407").expect("there are runs on such a core");
    assert!(range.low_us < range.high_us && range.clock_mhz == 168);
    assert!(range.low_us <= range.low_cycles.div_ceil(168) && range.high_us >= range.high_cycles / 168);
    assert!(range.error.low_factor < 1.0 && range.error.high_factor > 1.0 && range.error.typical_percent > 5.0);
    assert!(range.basis.contains("published runs") && range.basis.contains("cortex-m4"), "{}", range.basis);
    let json = serde_json::to_value(&range).expect("plain");
    assert_eq!(json["provenance"], "estimated");
    assert!(json["error"]["families"].is_u64() && json["basis"].is_string());
}

#[test]
fn where_nothing_was_measured_there_is_no_range_but_a_reason() {
    for (on, said) in [
        ("STM32G0B1", "no published runs on a cortex-m0plus"),
        ("RP2350", "its flash is a chip of its own"),
        ("ESP32-S3", "no published runs on a xtensa-lx7"),
    ] {
        let words = range(RESNET8, on).expect_err(on).to_string();
        assert!(words.contains(said), "{words}");
        assert!(words.starts_with("no latency range for ") && words.contains(part(on).name()), "{words}");
    }
    let idle = automcu_model::GraphBuilder::new(automcu_model::Shape::vector(8)).expect("small");
    let idle = idle.finish(automcu_model::Graph::INPUT);
    assert_eq!(LatencyRange::of(&idle, part("STM32F407")), Err(NoLatency::NothingCounted));
}

#[test]
fn every_part_of_the_catalogue_has_a_range_or_a_reason() {
    let graph = Spec::from_json(RESNET8.as_bytes()).expect("a spec").lower().expect("built").deployed();
    let parts = Catalogue::built_in().parts();
    let with = parts.iter().filter(|part| LatencyRange::of(&graph, part).is_ok()).count();
    assert!(with > 20 && with < parts.len(), "{with} of {}", parts.len());
}

proptest! {
    #[test]
    fn more_work_never_takes_less(amounts in prop::array::uniform7(0_u64..1 << 30), kind in 0_usize..7, more in 0_u64..1 << 30) {
        let fit = Committed::built_in();
        let work = Kind::ALL.iter().zip(amounts).fold(Work::default(), |work, (kind, amount)| work.and(*kind, amount));
        let cost = |work: &Work| -> f64 { Kind::ALL.iter().map(|kind| fit.cycles[kind] * work.amount(*kind) as f64).sum() };
        prop_assert!(cost(&work.and(Kind::ALL[kind], more)) >= cost(&work));
    }

    #[test]
    fn a_wider_network_never_takes_less(channels in 8_u32..64, more in 0_u32..64) {
        let spec = |channels: u32| format!(
            r#"{{"version": 1, "input": {{"height": 16, "width": 16, "channels": 3}}, "backbone": [
                {{"op": "conv", "channels": 8, "stride": 2}},
                {{"op": "inverted_residual", "channels": {channels}, "stride": 2}}
            ], "head": {{"op": "classifier", "classes": 4}}}}"#
        );
        let (narrow, wide) = (range(&spec(channels), "STM32H743").expect("a range"), range(&spec(channels + more), "STM32H743").expect("a range"));
        prop_assert!(wide.low_cycles >= narrow.low_cycles && wide.high_cycles >= narrow.high_cycles);
        prop_assert!(wide.low_us >= narrow.low_us && wide.high_us >= narrow.high_us);
    }
}
