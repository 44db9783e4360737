//! How far a glance is from what the planner then finds.

use automcu_search::Space;
use automcu_target::Core;

use crate::{draws, space};

#[test]
fn a_glance_is_close_to_the_planner() {
    for (name, space, count) in
        [("32x32", space(32, 32, 3), 24), ("49x40", space(49, 40, 1), 12), ("1x128", space(1, 128, 6), 60)]
    {
        let mut ratios: [Vec<f64>; 3] = Default::default();
        for member in draws(&space, count) {
            let glance = space.glance(&member, Core::CortexM4).expect("it can be built");
            let size = space.size(&member, Core::CortexM4).expect("it can be built");
            let tables = |size: &automcu_search::Size| {
                size.footprint.flash.weights + size.footprint.flash.tables.expect("known")
            };
            assert!(tables(&glance) <= tables(&size), "weights and tables are exact but for the order of steps");
            #[expect(clippy::cast_precision_loss, reason = "a ratio")]
            let ratio = |one: automcu_model::Bytes, other: automcu_model::Bytes| one.0 as f64 / other.0 as f64;
            let code = |size: &automcu_search::Size| size.footprint.flash.code.expect("a Cortex-M4 is known");
            ratios[0].push(ratio(glance.ram(), size.ram()));
            ratios[1].push(ratio(glance.flash(), size.flash()));
            ratios[2].push(ratio(code(&glance), code(&size)));
        }
        for (what, mut ratios) in ["RAM", "Flash", "code"].into_iter().zip(ratios) {
            ratios.sort_by(f64::total_cmp);
            let at = |share: usize| ratios[(ratios.len() - 1) * share / 100];
            let exact = ratios.iter().filter(|ratio| (0.99..=1.01).contains(*ratio)).count() * 100 / ratios.len();
            println!(
                "{name} {what}: glance / plan {:.3} least, {:.3} at 5 %, {:.3} median, {:.3} at 95 %, {:.3} most; {exact} % within 1 %",
                at(0),
                at(5),
                at(50),
                at(95),
                at(100)
            );
            assert!(at(100) < 2.0, "{name} {what}: a glance refuses too much: {}", at(100));
            assert!(at(0) > 0.6, "{name} {what}: a glance promises too much: {}", at(0));
        }
    }
}
