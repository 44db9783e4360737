//! Strategies held against each other.

use std::sync::Arc;

use automcu_search::{
    Evolution, Mixed, Random, Stages, Strategy,
    arena::{run, stand_in},
};

use crate::{space, task};

const SEEDS: u64 = 12;
const EVALUATIONS: usize = 48;

/// The best of each seed's run.
fn bests(made: &dyn Fn(u64) -> Box<dyn Strategy<Stages>>, space: &Stages) -> Vec<f64> {
    (0..SEEDS)
        .map(|seed| {
            let run = run(made(seed).as_mut(), &|member| stand_in(space, member, seed), EVALUATIONS, 4);
            assert_eq!(run.outcomes.len(), EVALUATIONS, "{:?}", run.shortfall);
            assert!(run.best.is_sorted(), "the best so far only grows");
            assert!(!run.front().points().is_empty());
            run.best_score().expect("there are scores")
        })
        .collect()
}

#[test]
fn evolution_and_the_mixture_beat_random_draws() {
    let space = space(1, 128, 6);
    let task = task(space.clone(), 8, 32);
    let random = bests(&|seed| Box::new(Random::new(Arc::clone(&task), seed)), &space);
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / 12.0;
    for (name, scores) in [
        ("evolution", bests(&|seed| Box::new(Evolution::new(Arc::clone(&task), seed)), &space)),
        ("mixed", bests(&|seed| Box::new(Mixed::new(Arc::clone(&task), seed)), &space)),
    ] {
        let wins = scores.iter().zip(&random).filter(|(score, random)| score > random).count();
        println!("{name} {:.4}, random {:.4}, {wins} of {SEEDS} won", mean(&scores), mean(&random));
        // Ten of twelve by chance alone: 2 %.
        assert!(wins >= 10, "{name} wins {wins} of {SEEDS}: {scores:?} against {random:?}");
    }
}
