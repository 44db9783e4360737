//! Samples that are there twice.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, Hasher, RandomState},
};

use serde::Serialize;

use super::pool::{Place, Pool, View};
use crate::Part;

/// Of equal samples with ever other labels so many are kept to compare with.
const MOST_KEPT: usize = 16;
/// As many pairs are named.
const NAMED: usize = 20;

/// Pairs of samples that are equal, or nearly.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Twins {
    /// Samples to learn from that repeat an earlier one.
    pub within_train: usize,
    /// Samples for the last word that repeat an earlier one.
    pub within_test: usize,
    /// Samples for the last word that are among those to learn from: they test memory.
    pub between: usize,
    /// Samples that repeat one with another label: at least one of the two is wrong.
    pub contradictory: usize,
    /// Some of the pairs: contradictory ones first, then those between the parts.
    pub pairs: Vec<Pair>,
    /// Whether all were looked for: a search that would take too long is stopped.
    pub is_complete: bool,
}

/// Two samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The earlier one.
    pub first: Place,
    /// The later one.
    pub second: Place,
    /// The correlation of their values.
    pub likeness: f32,
}

/// Duplicates, with which samples repeat an earlier one.
pub(crate) struct Exact {
    pub(crate) twins: Twins,
    pub(crate) later: Vec<bool>,
}

/// Finds samples that are equal to the last bit.
pub(crate) fn exact(pool: &Pool) -> Exact {
    let mut first_of: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut gathered = Gathered::default();
    // Keyed anew each time, so that no file can be made to be slow.
    let keys = RandomState::new();
    let mut later = Vec::with_capacity(pool.len());
    for sample in 0..pool.len() {
        let view = pool.view(sample);
        let same_hash = first_of.entry(hash(&keys, view)).or_default();
        let equal: Vec<usize> = same_hash.iter().copied().filter(|&other| pool.view(other) == view).collect();
        let (place, is_new) = (pool.place(sample), equal.is_empty());
        later.push(!is_new);
        // One of each label and part is kept, so that neither a contradiction nor a leak hides behind another.
        let kept = |other: &usize| {
            let other = pool.place(*other);
            (other.part, other.label) == (place.part, place.label)
        };
        if same_hash.len() < MOST_KEPT && !equal.iter().any(kept) {
            same_hash.push(sample);
        }
        gathered.add(
            sample,
            place,
            equal.iter().map(|&other| Pair { first: pool.place(other), second: place, likeness: 1.0 }),
        );
    }
    Exact { twins: gathered.twins(true), later }
}

fn hash(keys: &RandomState, view: View) -> u64 {
    let mut hasher = keys.build_hasher();
    match view {
        View::Bytes(values) => values.hash(&mut hasher),
        View::Floats(values) => values.iter().for_each(|value| value.to_bits().hash(&mut hasher)),
    }
    hasher.finish()
}

/// Pairs on their way to an answer.
#[derive(Default)]
pub(crate) struct Gathered {
    within_train: usize,
    within_test: usize,
    between: usize,
    contradictory: usize,
    last_counted: [Option<usize>; 3],
    pairs: Vec<Pair>,
}

impl Gathered {
    /// Takes the pairs of which a sample is the later one.
    pub(crate) fn add(&mut self, sample: usize, place: Place, pairs: impl Iterator<Item = Pair>) {
        for pair in pairs {
            let (kind, count) = match (pair.first.part, place.part) {
                (Part::Train, Part::Train) => (0, &mut self.within_train),
                (Part::Test, Part::Test) => (1, &mut self.within_test),
                _ => (2, &mut self.between),
            };
            // A sample with many twins is counted once.
            if self.last_counted[kind] != Some(sample) {
                self.last_counted[kind] = Some(sample);
                *count += 1;
            }
            self.pairs.push(pair);
        }
        let own = self.pairs.iter().rev().take_while(|pair| pair.second == place);
        self.contradictory += usize::from(own.into_iter().any(|pair| pair.first.label != place.label));
        if self.pairs.len() > 64 * NAMED {
            self.keep_named();
        }
    }

    fn keep_named(&mut self) {
        let rank = |pair: &Pair| (pair.first.label == pair.second.label, pair.first.part == pair.second.part);
        self.pairs.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.likeness.total_cmp(&a.likeness)));
        self.pairs.truncate(NAMED);
    }

    pub(crate) fn twins(mut self, is_complete: bool) -> Twins {
        self.keep_named();
        let Self { within_train, within_test, between, contradictory, pairs, .. } = self;
        Twins { within_train, within_test, between, contradictory, pairs, is_complete }
    }
}
