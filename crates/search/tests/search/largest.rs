//! The largest members, and the space to search, held against brute force.

use std::sync::Arc;

use automcu_model::Bytes;
use automcu_search::{
    By, Description, MOST_EIGHTHS, Rules, Shortfall, Space, Spread, Stages, Tally, Task, choose, largest, scaled,
};
use automcu_target::{Budget, Core, Fit};

use crate::{budget, space};

fn task(space: Stages, budget: Budget) -> Task<Stages> {
    Task { space, budget, core: Core::CortexM4, most_macs: None }
}

#[test]
fn the_largest_fit_by_the_planner_and_no_scaled_seed_is_larger() {
    for (space, budgets) in
        [(space(1, 128, 6), [(4, 8), (8, 32), (32, 128)]), (space(16, 16, 1), [(4, 8), (8, 24), (32, 64)])]
    {
        for (ram, flash) in budgets {
            let task = task(space.clone(), budget(ram, flash));
            let all = largest(&task, 3);
            assert!(!all.is_cut_short && all.lacks.is_none(), "{ram}/{flash}: {} planned", all.planned);
            for (by, found) in &all.found {
                let measure = |size: &automcu_search::Size| match by {
                    By::Macs => size.macs,
                    By::Parameters => size.parameters,
                };
                assert!(!found.is_empty() && found.len() <= 3);
                assert!(found.is_sorted_by(|one, next| measure(&one.size) >= measure(&next.size)), "{by:?}");
                for large in found {
                    let planned = space.size(&large.member, Core::CortexM4).expect("it can be built");
                    assert_eq!(planned, large.size, "{}", large.family);
                    assert!(Fit::of(&planned.footprint, task.budget).holds(), "{}", large.family);
                    assert_eq!(space.id(&large.member).expect("it lowers"), large.id);
                }
                // A seed at the widest that fits, by the bisection over exact plans alone, is never larger.
                for seed in space.seeds() {
                    let Some(scaled) = scaled(&task, &seed.member, &mut Tally::default()) else { continue };
                    let (best, this) = (measure(&found[0].size), measure(&scaled.size));
                    assert!(best >= this, "{} with {this} against {best} by {by:?}", seed.name);
                }
            }
        }
    }
}

#[test]
fn without_a_budget_the_widest_form_is_found_and_without_room_what_lacks_is_said() {
    let all = largest(&task(space(1, 32, 2), Budget::default()), 1);
    // Or the widest that a spec can hold.
    let is_widest = |eighths: u32, parameters: u64| eighths == MOST_EIGHTHS || parameters > 48_000_000;
    for (by, found) in &all.found {
        assert!(is_widest(found[0].eighths, found[0].size.parameters), "{by:?}: {:?}", found[0]);
    }
    let none = largest(&task(space(32, 32, 3), budget(2, 64)), 1);
    assert!(none.found.iter().all(|(_, found)| found.is_empty()));
    let lacks = none.lacks.expect("nothing fits");
    let said = Shortfall::NothingFits(Box::new(lacks.clone())).to_string();
    assert!(lacks.needed > Bytes::kib(2) && said.contains("RAM"), "{said}");
}

/// The built-in spaces at sides and widths, as tasks.
fn offered(budget: Budget) -> Vec<Task<Stages>> {
    let rules = Rules::built_in("mobile").expect("built in");
    let shape = space(96, 96, 3).input();
    let at = |side: u32, percent: u32| {
        let name = format!("{side} px, {percent} %");
        let variant =
            Description { name, side: Some(side), width_percent: Some(percent), ..rules.description().clone() };
        let rules = Arc::new(Rules::of("a variant", variant).expect("checked"));
        task(Stages::of(rules, shape, automcu_model::spec::Classes::fixed(10)).expect("a space"), budget)
    };
    [(32, 30), (48, 50), (96, 100)].map(|(side, percent)| at(side, percent)).to_vec()
}

#[test]
fn more_memory_chooses_a_larger_space_and_says_why() {
    let chosen = |ram: u64, flash: u64| choose(&offered(budget(ram, flash)), 48, 1);
    let (small, large) = (chosen(24, 96), chosen(512, 2048));
    assert!(small.chosen < large.chosen, "{} against {}", small.reason, large.reason);
    for choice in [&small, &large] {
        let best = &choice.spreads[choice.chosen.expect("some fit")];
        let mean = |spread: &Spread| spread.mean_macs.filter(|_| spread.fitting * 20 >= spread.drawn);
        assert_eq!(mean(best), choice.spreads.iter().filter_map(mean).max());
        assert!(best.mean_macs <= best.p80_macs.map(|p80| p80 * 5));
        assert!(choice.reason.starts_with(&format!("{}: {} of 48 draws fit", best.space, best.fitting)));
    }
    assert_eq!(chosen(24, 96), small, "the same again");
    let none = chosen(1, 1);
    assert_eq!(none.chosen, None);
    assert!(none.reason.contains("allow more memory"), "{}", none.reason);
    assert!(none.spreads.iter().all(|spread| spread.mean_macs.is_none() && spread.p80_macs.is_none()));
}
