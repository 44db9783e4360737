//! The guided search: what it says, what it learns, and what it does not repeat.

use std::sync::Arc;

use automcu_search::{
    Guided, Outcome, Prior, Proposer, Recorded, Source, Space, Staged, Stages, Strategy, Task, Track,
    arena::{run, stand_in},
};
use automcu_target::{Budget, Core};

use crate::{draws, space, task};

const UNSEEDED: Track = Track { prior: Prior::Generic, has_surrogate: true, has_seeds: false };

fn tried(task: &Task<Stages>, members: impl IntoIterator<Item = Staged>) -> Vec<Outcome<Staged>> {
    let score = |member: &Staged| stand_in(&task.space, member, 1);
    members.into_iter().map(|member| Outcome { score: score(&member), member }).collect()
}

#[test]
fn seeds_come_first_and_then_what_the_surrogate_expects_the_most_of_with_its_reasons() {
    let task = task(space(1, 128, 6), 8, 32);
    let mut guided = Guided::new(Arc::clone(&task), Track::ALL, 2);
    let first = guided.propose(&[], 6).proposals;
    assert!(first[..4].iter().all(|proposal| proposal.source == Source::Seed));
    assert!(first[4].rationale.starts_with("the prior alone: "), "{}", first[4].rationale);
    let seen = tried(&task, first.into_iter().map(|proposal| proposal.member));
    let next = guided.propose(&seen, 4).proposals;
    assert_eq!(next.len(), 4);
    for proposal in &next {
        assert_eq!(proposal.source, Source::Surrogate);
        let said = &proposal.rationale;
        assert!(said.starts_with("expected ") && said.contains(" ± ") && said.contains("by 6 outcomes"), "{said}");
        assert!(!proposal.evidence.is_empty() && proposal.evidence.iter().all(|place| *place < seen.len()), "{said}");
    }
}

#[test]
fn it_climbs_higher_than_evolution_and_random_draws() {
    let task = task(space(1, 128, 6), 8, 32);
    let bests = |proposer: Proposer| -> Vec<f64> {
        let of = |seed: u64| {
            let mut strategy = proposer.made(Arc::clone(&task), seed);
            run(strategy.as_mut(), &|member| stand_in(&task.space, member, seed), 24, 4).best_score().expect("scores")
        };
        (0..6).map(of).collect()
    };
    let random = bests(Proposer::Random);
    for proposer in [Proposer::GuidedUnseeded, Proposer::GuidedNoPrior] {
        let scores = bests(proposer);
        let wins = scores.iter().zip(&random).filter(|(score, random)| score > random).count();
        assert!(wins >= 5, "{}: {scores:?} against {random:?}", proposer.word());
    }
}

#[test]
fn failures_are_kept_away_from_and_stop_nothing() {
    let task = task(space(1, 64, 3), 6, 16);
    let drawn = Guided::new(Arc::clone(&task), UNSEEDED, 9).propose(&[], 8).proposals;
    let failed = |(place, member): (usize, Staged)| Outcome { member, score: (place > 3).then_some(0.5) };
    let seen: Vec<_> = drawn.into_iter().map(|proposal| proposal.member).enumerate().map(failed).collect();
    assert_eq!(Guided::new(Arc::clone(&task), UNSEEDED, 9).propose(&seen, 3).proposals.len(), 3);
    let all: Vec<_> = seen.into_iter().map(|outcome| Outcome { score: None, ..outcome }).collect();
    assert_eq!(Guided::new(task, UNSEEDED, 9).propose(&all, 3).proposals.len(), 3);
}

#[test]
fn scores_may_be_shares_or_percents() {
    let task = task(space(1, 64, 3), 6, 16);
    let members: Vec<Staged> = Guided::new(Arc::clone(&task), UNSEEDED, 4)
        .propose(&[], 8)
        .proposals
        .into_iter()
        .map(|one| one.member)
        .collect();
    let next = |factor: f64| {
        let seen: Vec<_> = tried(&task, members.clone())
            .into_iter()
            .map(|outcome| Outcome { score: outcome.score.map(|score| score * factor), ..outcome })
            .collect();
        let found = Guided::new(Arc::clone(&task), UNSEEDED, 4).propose(&seen, 3).proposals;
        found.into_iter().map(|proposal| proposal.id).collect::<Vec<_>>()
    };
    // Powers of two: nothing is rounded otherwise.
    assert_eq!(next(1.0), next(128.0));
}

#[test]
fn a_record_is_searched_within_its_members_until_there_are_no_more() {
    let members: Vec<Staged> = draws(&space(1, 64, 3), 24).collect();
    let record = Recorded::of(space(1, 64, 3), members, Core::CortexM4).expect("some can be built");
    let count = record.members().count();
    let task = Arc::new(Task { space: record, budget: Budget::default(), core: Core::CortexM4, most_macs: None });
    let space = space(1, 64, 3);
    for proposer in Proposer::ALL {
        let mut strategy = proposer.made(Arc::clone(&task), 1);
        let run = run(strategy.as_mut(), &|member| stand_in(&space, member, 1), 40, 3);
        assert!(run.outcomes.len() >= count / 2 && run.outcomes.len() <= count, "{}", proposer.word());
        assert!(run.shortfall.is_some(), "{}", proposer.word());
        let is_member = |outcome: &Outcome<Staged>| task.space.members().any(|member| *member == outcome.member);
        assert!(run.outcomes.iter().all(is_member), "{}", proposer.word());
        let ids: std::collections::BTreeSet<_> =
            run.outcomes.iter().map(|outcome| space.id(&outcome.member).expect("it can be built")).collect();
        assert_eq!(ids.len(), run.outcomes.len(), "{}", proposer.word());
    }
}
