//! Splits: stratified, seeded, told by their digest.

use std::collections::{BTreeMap, BTreeSet};

use automcu_dataset::{Split, SplitError};
use proptest::prelude::*;

fn counts(samples: &[u32], labels: &[u16]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    samples.iter().for_each(|&sample| *counts.entry(labels[sample as usize]).or_default() += 1);
    counts
}

fn all(split: &Split) -> Vec<u32> {
    let mut all = [split.train(), split.validation()].concat();
    all.sort_unstable();
    all
}

proptest! {
    #[test]
    fn every_sample_is_in_one_part_and_every_class_in_proportion(
        labels in prop::collection::vec(0_u16..6, 20..300), share in 0.05..0.6, seed: u64,
    ) {
        let split = Split::stratified(&labels, None, share, seed).expect("enough samples");
        prop_assert_eq!(all(&split), (0..u32::try_from(labels.len()).expect("few")).collect::<Vec<_>>());
        let (learnt, validates) = (counts(split.train(), &labels), counts(split.validation(), &labels));
        for (class, learnt) in &learnt {
            let validates = validates.get(class).copied().unwrap_or_default();
            let wanted = share * (learnt + validates) as f64;
            prop_assert!((validates as f64 - wanted).abs() <= 1.0, "{validates} of class {class}, not {wanted}");
        }
        let classes: BTreeSet<u16> = labels.iter().copied().collect();
        prop_assert_eq!(learnt.len(), classes.len(), "a class is never learnt");
    }

    #[test]
    fn no_group_is_in_both_parts(
        samples in prop::collection::vec((0_u16..4, 0_u32..40), 50..300), share in 0.1..0.5, seed: u64,
    ) {
        let (labels, groups): (Vec<u16>, Vec<u32>) = samples.into_iter().unzip();
        let split = Split::stratified(&labels, Some(&groups), share, seed).expect("enough groups");
        prop_assert_eq!(all(&split).len(), labels.len());
        let of = |samples: &[u32]| samples.iter().map(|&sample| groups[sample as usize]).collect::<BTreeSet<_>>();
        prop_assert!(of(split.train()).is_disjoint(&of(split.validation())));
        let got = split.validation().len() as f64 / labels.len() as f64;
        prop_assert!((got - share).abs() < 0.15, "{got} for {share}");
    }

    #[test]
    fn a_smaller_rung_is_the_beginning_of_a_larger_one_and_holds_the_classes_in_proportion(
        labels in prop::collection::vec(0_u16..5, 30..300), fraction in 0.05..1.0, other in 0.05..1.0, seed: u64,
    ) {
        let split = Split::stratified(&labels, None, 0.2, seed).expect("enough samples");
        let (less, more) = (f64::min(fraction, other), f64::max(fraction, other));
        let (small, large) = (split.rung(less).expect("a rung"), split.rung(more).expect("a rung"));
        prop_assert!(large.starts_with(small));
        let (some, whole) = (counts(small, &labels), counts(split.train(), &labels));
        for (class, whole) in whole {
            let wanted = whole as f64 * small.len() as f64 / split.train().len() as f64;
            let some = some.get(&class).copied().unwrap_or_default() as f64;
            prop_assert!((some - wanted).abs() <= 2.0, "{some} of class {class}, not {wanted}");
        }
        prop_assert_eq!(split.rung(1.0).expect("all"), split.train());
    }
}

fn labels() -> Vec<u16> {
    (0..1000_u32).map(|i| u16::try_from(i * i % 10).expect("small")).collect()
}

#[test]
fn the_digest_of_a_split_is_the_same_in_every_version() {
    let split = Split::stratified(&labels(), None, 0.1, 7).expect("a split");
    assert_eq!(split.digest().to_string(), "bbe03da2052631bd52f52aecab3092e57403f206c01e8f92a971c3e00334f0ca");
    let groups: Vec<u32> = (0..1000).map(|i| i / 13).collect();
    let grouped = Split::stratified(&labels(), Some(&groups), 0.1, 7).expect("a split");
    assert_eq!(grouped.digest().to_string(), "bf65085c794b1fc50bbc5b3671d133bb4be39c504d656ecb97dc82486093c934");
}

#[test]
fn a_split_is_told_by_its_seed() {
    let digest = |seed| Split::stratified(&labels(), None, 0.1, seed).expect("a split").digest();
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}

#[test]
fn a_split_that_cannot_be_is_refused_with_what_to_do() {
    let refused = |labels: &[u16], groups: Option<&[u32]>, share| {
        Split::stratified(labels, groups, share, 1).expect_err("refused").to_string()
    };
    for share in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(refused(&labels(), None, share).starts_with("share_of_validation is"), "{share}");
    }
    assert!(refused(&[1], None, 0.5).contains("leave the validation part empty"));
    assert!(refused(&[], None, 0.5).contains("leave the train part empty"));
    assert!(refused(&[1, 2], Some(&[1]), 0.5).contains("1 for 2 labels"));
    assert!(refused(&[1, 2], Some(&[1, 1]), 0.5).contains("only one"));
    let split = Split::stratified(&labels(), None, 0.1, 7).expect("a split");
    assert_eq!(split.rung(0.0), Err(SplitError::Fraction(0.0)));
    assert!(split.rung(1.1).is_err() && split.rung(f64::NAN).is_err());
}

#[test]
fn two_groups_are_one_for_each_part_whatever_the_share() {
    let groups: Vec<u32> = (0..1000).map(|i| u32::from(i > 700)).collect();
    for share in [0.01, 0.5, 0.99] {
        let split = Split::stratified(&labels(), Some(&groups), share, 3).expect("a split");
        assert!(!split.train().is_empty() && !split.validation().is_empty());
    }
}
