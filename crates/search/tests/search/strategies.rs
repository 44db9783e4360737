//! What every strategy promises: it fits, it is new, and it is the same every time.

use std::{collections::BTreeSet, sync::Arc};

use automcu_search::{
    Evolution, Mixed, Outcome, Proposer, Random, Seeds, Shortfall, Source, Space, Staged, Stages, Strategy, Task,
    arena::stand_in,
};
use automcu_target::{Core, Fit};

use crate::{space, task};

type Made = Box<dyn Strategy<Stages>>;

fn all(task: &Arc<Task<Stages>>, seed: u64) -> Vec<(&'static str, Made)> {
    let seeds: Made = Box::new(Seeds::new(Arc::clone(task)));
    let others = Proposer::ALL.into_iter().map(|proposer| (proposer.word(), proposer.made(Arc::clone(task), seed)));
    [("seeds", seeds)].into_iter().chain(others).collect()
}

/// Seeds, and all that have a name.
const COUNT: usize = 1 + Proposer::ALL.len();

fn tried(task: &Task<Stages>, members: impl IntoIterator<Item = Staged>) -> Vec<Outcome<Staged>> {
    let score = |member: &Staged| stand_in(&task.space, member, 1);
    members.into_iter().map(|member| Outcome { score: score(&member), member }).collect()
}

#[test]
fn all_that_is_proposed_fits_by_the_exact_planner_and_is_new() {
    for (task, wanted) in [(task(space(1, 128, 6), 6, 24), 15), (task(space(16, 16, 1), 6, 20), 6)] {
        for (name, mut strategy) in all(&task, 3) {
            let (mut seen, mut ids) = (Vec::new(), BTreeSet::new());
            for _ in 0..3 {
                let found = strategy.propose(&seen, wanted / 3);
                assert_eq!(found.tally.kept, found.proposals.len() as u64, "{name}");
                assert!(found.proposals.len() == wanted / 3 || found.shortfall.is_some(), "{name}");
                for proposal in &found.proposals {
                    let size = task.space.size(&proposal.member, Core::CortexM4).expect("it can be built");
                    assert_eq!(size, proposal.size, "{name}");
                    assert!(Fit::of(&size.footprint, task.budget).holds(), "{name}: {:?}", proposal.member);
                    assert!(ids.insert(proposal.id), "{name} repeats {:?}", proposal.member);
                    assert!(!proposal.rationale.is_empty() && !proposal.rationale.contains('\n'));
                }
                seen.extend(tried(&task, found.proposals.into_iter().map(|proposal| proposal.member)));
            }
            assert!(!seen.is_empty(), "{name}");
        }
    }
}

#[test]
fn the_same_seed_and_outcomes_give_the_same_proposals_also_after_a_restart() {
    let task = task(space(1, 64, 3), 6, 16);
    for place in 0..COUNT {
        let mut strategy = all(&task, 5).remove(place).1;
        let first = strategy.propose(&[], 9);
        let seen = tried(&task, first.proposals.iter().map(|proposal| proposal.member.clone()));
        let next = strategy.propose(&seen, 4);

        let (name, mut again) = all(&task, 5).remove(place);
        assert_eq!(again.propose(&[], 9), first, "{name}");
        assert_eq!(again.propose(&seen, 4), next, "{name}");

        let mut fresh = all(&task, 5).remove(place).1;
        assert_eq!(fresh.propose(&seen, 4), next, "{name} made anew");

        let mut told = all(&task, 5).remove(place).1;
        told.recall(&first.proposals.iter().map(|proposal| proposal.id).collect::<Vec<_>>());
        assert_eq!(told.propose(&seen, 4), next, "{name} that was told the ids");
    }
}

#[test]
fn another_seed_gives_other_draws() {
    let task = task(space(1, 64, 3), 6, 16);
    let ids =
        |seed| Random::new(Arc::clone(&task), seed).propose(&[], 6).proposals.into_iter().map(|one| one.id).collect();
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (ids(1), ids(2));
    assert!(one.is_disjoint(&other));
}

#[test]
fn what_others_put_forward_is_not_proposed() {
    let task = task(space(1, 64, 3), 6, 16);
    for place in 0..COUNT {
        let taken = all(&task, 5).remove(place).1.propose(&[], 3).proposals;
        let (name, mut strategy) = all(&task, 5).remove(place);
        taken.iter().for_each(|proposal| strategy.know(proposal.id));
        let found = strategy.propose(&[], 3);
        assert_eq!(found.proposals.len(), 3, "{name}");
        assert!(found.proposals.iter().all(|proposal| taken.iter().all(|other| other.id != proposal.id)), "{name}");
    }
}

#[test]
fn draws_are_repaired_where_hardly_anything_fits() {
    let tight = task(space(32, 32, 3), 5, 6);
    let found = Random::new(tight, 1).propose(&[], 3);
    assert!(found.tally.repaired > 0, "{:?}", found.tally);
    assert!(found.tally.over_flash > 0, "{:?}", found.tally);
    assert_eq!(found.proposals.len(), 3, "{:?}", found.shortfall);
}

#[test]
fn every_strategy_says_that_nothing_fits() {
    for (name, mut strategy) in all(&task(space(32, 32, 3), 64, 1), 1) {
        let found = strategy.propose(&[], 2);
        assert!(found.proposals.is_empty(), "{name}");
        assert!(matches!(found.shortfall, Some(Shortfall::NothingFits(_))), "{name}: {:?}", found.shortfall);
    }
}

#[test]
fn failed_attempts_have_no_offspring() {
    let task = task(space(1, 64, 3), 6, 16);
    let drawn = Random::new(Arc::clone(&task), 9).propose(&[], 12).proposals;
    let outcome = |(place, member): (usize, Staged)| Outcome {
        member,
        score: match place % 3 {
            0 => None,
            1 => Some(f64::NAN),
            _ => Some(0.5),
        },
    };
    let seen: Vec<_> = drawn.into_iter().map(|proposal| proposal.member).enumerate().map(outcome).collect();
    let found = Evolution::new(Arc::clone(&task), 1).propose(&seen, 4);
    assert!(found.proposals.iter().all(|proposal| proposal.source == Source::Random), "four with a score are too few");
    assert_eq!(found.proposals.len(), 4);
}

#[test]
fn a_mixture_begins_with_seeds_and_goes_on_by_evolution() {
    let task = task(space(1, 128, 6), 8, 32);
    let mut mixed = Mixed::new(Arc::clone(&task), 2);
    let first = mixed.propose(&[], 10).proposals;
    assert!(first[..4].iter().all(|proposal| proposal.source == Source::Seed));
    assert!(first[4..].iter().all(|proposal| proposal.source == Source::Random));
    let seen = tried(&task, first.into_iter().map(|proposal| proposal.member));
    let next = mixed.propose(&seen, 24).proposals;
    let of = |source| next.iter().filter(|proposal| proposal.source == source).count();
    assert!(
        of(Source::Evolution) >= 12 && of(Source::Random) >= 1,
        "{:?}",
        next.iter().map(|one| one.source).collect::<Vec<_>>()
    );
}
