//! What is said of outcomes is true, and short however many there are.

use automcu_model::Bytes;
use automcu_search::{FRONT_TOLD, Feedback, Numbers, Outcome, Purpose, Size, Suggestion, TRENDS_TOLD, Told, Window};

use crate::budget;

const NAMES: &[&str] = &["log2_macs", "share_pooling", "takes_most"];

/// Made up: more work is better, pooling is worse, the last says nothing.
fn outcomes(count: u64) -> Vec<(Outcome<u64>, Size, Vec<f32>)> {
    let one = |place: u64| {
        let mut numbers = Numbers::of(5, Purpose::Draw, place);
        let (macs, pooling) = (numbers.within(1, 1000), numbers.within(0, 100));
        let ram = u64::from(numbers.within(1, 100)) * 1024;
        let size = Size::of_sums(Bytes(ram), Bytes(u64::from(macs) * 100), macs.into(), u64::from(macs) * 7);
        let score = f64::from(macs).log2() - f64::from(pooling) / 50.0 + f64::from(numbers.within(0, 10)) / 100.0;
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let features = vec![(macs as f32).log2(), pooling as f32 / 100.0, numbers.below(2) as f32];
        (Outcome { member: place, score: (place % 10 != 9).then_some(score) }, size, features)
    };
    (0..count).map(one).collect()
}

fn feedback(all: &[(Outcome<u64>, Size, Vec<f32>)]) -> Feedback {
    let told =
        |(outcome, size, features): &'_ (Outcome<u64>, Size, Vec<f32>)| (outcome.clone(), *size, features.clone());
    let all: Vec<_> = all.iter().map(told).collect();
    let told: Vec<Told<'_, u64>> =
        all.iter().map(|(outcome, size, features)| Told { outcome, size: *size, features }).collect();
    Feedback::of(&told, NAMES, budget(64, 64), Some(Window { least: 10, most: 900 }))
}

#[test]
fn what_does_not_fit_is_neither_the_best_nor_on_the_front_and_nothing_on_it_is_dominated() {
    let all = outcomes(300);
    let said = feedback(&all);
    let fits = |size: &Size| size.ram() <= Bytes::kib(64) && size.flash() <= Bytes::kib(64) && size.macs <= 900;
    let feasible = || all.iter().filter(|(outcome, size, _)| outcome.score.is_some() && fits(size));
    assert_eq!((said.seen, said.scored, said.feasible), (300, 270, feasible().count()));
    let best = feasible().filter_map(|(outcome, ..)| outcome.score).fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(said.best.map(|best| best.score), Some(best));
    assert_eq!(said.front.first(), said.best.as_ref());
    for told in &said.front {
        let (outcome, size, _) = &all[told.place];
        assert!(fits(size) && outcome.score == Some(told.score));
        let beats = |other: &Size, score: Option<f64>| {
            let costs = |size: &Size| [size.macs, size.parameters, size.ram().0, size.flash().0];
            score > outcome.score && costs(other).iter().zip(costs(size)).all(|(other, own)| *other <= own)
        };
        assert!(!feasible().any(|(other, size, _)| beats(size, other.score)), "{told:?}");
    }
}

#[test]
fn trends_are_those_that_were_put_in_and_suggestions_follow() {
    let said = feedback(&outcomes(300));
    let names: Vec<(&str, bool)> =
        said.trends.iter().map(|trend| (trend.feature.as_str(), trend.deviations > 0.0)).collect();
    assert_eq!(names, [("log2_macs", true), ("share_pooling", false)]);
    assert!(
        said.suggestions.iter().any(|one| matches!(one, Suggestion::More { feature, .. } if feature == "log2_macs"))
    );
    assert!(
        said.suggestions
            .iter()
            .any(|one| matches!(one, Suggestion::Less { feature, .. } if feature == "share_pooling"))
    );
    assert_eq!(said.macs_of_best, said.best.map(|best| best.macs));
}

#[test]
fn ten_thousand_outcomes_are_told_as_shortly_as_a_hundred() {
    let said = feedback(&outcomes(10_000));
    assert!(said.front_size > FRONT_TOLD, "{}", said.front_size);
    assert!(said.front.len() <= FRONT_TOLD && said.trends.len() <= TRENDS_TOLD);
    let text = format!("{said:#?}");
    // About three bytes a token: 8,000 tokens.
    assert!(text.len() < 24_000, "{}", text.len());
}

#[test]
fn nothing_is_said_of_nothing() {
    let said = feedback(&[]);
    assert_eq!((said.best, said.front.len(), said.trends.len(), said.suggestions.len()), (None, 0, 0, 0));
}
