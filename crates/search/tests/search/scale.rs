//! Seeds scaled to budgets.

use std::sync::Arc;

use automcu_model::Bytes;
use automcu_search::{MOST_EIGHTHS, Seeds, Shortfall, Space, Strategy, Tally, Task, scaled};
use automcu_target::{Budget, Core};

use crate::{budget, space, task};

#[test]
fn a_larger_budget_gives_a_network_at_least_as_wide_and_the_widest_that_fits() {
    for (space, budgets) in [
        (space(1, 128, 6), [(4, 8), (4, 16), (8, 16), (8, 32), (16, 64), (64, 256)]),
        (space(16, 16, 1), [(4, 8), (8, 16), (8, 24), (16, 32), (32, 64), (64, 128)]),
    ] {
        for seed in space.seeds() {
            let mut before = 0;
            for (ram, flash) in budgets {
                let task =
                    Task { space: space.clone(), budget: budget(ram, flash), core: Core::CortexM4, most_macs: None };
                let Some(scaled) = scaled(&task, &seed.member, &mut Tally::default()) else { continue };
                assert!(scaled.eighths >= before, "{} at {ram}/{flash} KiB", seed.name);
                before = scaled.eighths;
                let size = space.size(&scaled.member, Core::CortexM4).expect("it can be built");
                assert_eq!(size, scaled.size);
                assert!(size.ram() <= Bytes::kib(ram) && size.flash() <= Bytes::kib(flash));
                let wider = space.widened(&seed.member, scaled.eighths + 1);
                assert!(scaled.eighths == MOST_EIGHTHS || task.admit(&wider).is_err(), "{}", seed.name);
            }
            assert!(before > 0, "{} fits nowhere", seed.name);
        }
    }
}

#[test]
fn what_lacks_is_said_where_nothing_fits() {
    let task = task(space(32, 32, 3), 2, 64);
    let found = Seeds::new(task).propose(&[], 3);
    assert!(found.proposals.is_empty());
    let Some(Shortfall::NothingFits(nothing)) = found.shortfall else { panic!("{:?}", found.shortfall) };
    let said = nothing.to_string();
    assert!(
        said.starts_with("nothing fits: the smallest network of the space needs ") && said.contains(" of RAM, "),
        "{said}"
    );
    assert!(nothing.needed > Bytes::kib(2) && nothing.needed.minus(Bytes::kib(2)) == Ok(nothing.over), "{said}");
}

#[test]
fn without_a_budget_a_seed_can_be_as_wide_as_it_gets_and_is_put_forward_as_it_is() {
    let space = space(1, 32, 2);
    let task = Task { space: space.clone(), budget: Budget::default(), core: Core::CortexM0Plus, most_macs: None };
    for seed in space.seeds() {
        assert_eq!(scaled(&task, &seed.member, &mut Tally::default()).map(|scaled| scaled.eighths), Some(MOST_EIGHTHS));
    }
    // There is nothing to fill: seeds are put forward as they are known.
    let found = Seeds::new(Arc::new(task)).propose(&[], space.seeds().len());
    let members: Vec<_> = found.proposals.into_iter().map(|proposal| proposal.member).collect();
    assert_eq!(members, space.seeds().into_iter().map(|seed| seed.member).collect::<Vec<_>>());
}
