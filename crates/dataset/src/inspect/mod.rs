//! What can be said of samples by looking at them: counts, channels, duplicates, doubtful labels. Every search is bounded, and
//! says where it stopped early. Nothing here reads a file.

mod figures;
mod labels;
mod montage;
mod near;
mod pool;
mod twins;

use serde::Serialize;

pub use figures::{Channel, PartFigures};
pub use labels::{Doubt, LabelHints};
pub use montage::{Montage, montage};
pub use pool::Place;
pub use twins::{Pair, Twins};

use crate::{Part, Samples};
use pool::Pool;

/// What is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// Each part that is there.
    pub parts: Vec<PartFigures>,
    /// The classes, with how many samples of each part are of them.
    pub classes: Vec<Class>,
    /// The groups, where samples are grouped.
    pub groups: Option<Groups>,
    /// Samples that are equal to the last bit.
    pub duplicates: Twins,
    /// Samples that are nearly equal and no duplicates; none where samples have so few values that many are.
    pub near_duplicates: Option<Twins>,
    /// What neighbours say about labels; none where there are too few samples.
    pub label_hints: Option<LabelHints>,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Class {
    /// What it is called.
    pub name: String,
    /// Samples to learn from.
    pub train: usize,
    /// Samples for the last word.
    pub test: usize,
}

/// The groups of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// How many are in the training part.
    pub train: usize,
    /// How many are in the test part.
    pub test: usize,
    /// How many are in both: what is learnt of them helps in the test as it will not elsewhere.
    pub both: usize,
}

/// Looks at the parts that are there. They are of one data set, so that their samples have one shape.
#[must_use]
pub fn inspect(parts: &[(Part, &Samples)]) -> Inspection {
    let pool = Pool::new(parts);
    let duplicates = twins::exact(&pool);
    let near_duplicates = near::search(&pool, &duplicates.later);
    Inspection {
        parts: parts.iter().map(|(part, samples)| PartFigures::of(*part, samples)).collect(),
        classes: classes(parts),
        groups: groups(parts),
        duplicates: duplicates.twins,
        near_duplicates,
        label_hints: labels::hints(&pool),
    }
}

fn classes(parts: &[(Part, &Samples)]) -> Vec<Class> {
    let names = parts.iter().map(|(_, samples)| samples.names()).max_by_key(|names| names.len()).unwrap_or_default();
    let mut classes: Vec<Class> = names.iter().map(|name| Class { name: name.clone(), train: 0, test: 0 }).collect();
    for (part, samples) in parts {
        for &label in samples.labels() {
            let class = &mut classes[usize::from(label)];
            match part {
                Part::Train => class.train += 1,
                Part::Test => class.test += 1,
            }
        }
    }
    classes
}

fn groups(parts: &[(Part, &Samples)]) -> Option<Groups> {
    let of = |wanted: Part| {
        let own = parts.iter().filter(|(part, _)| *part == wanted);
        own.filter_map(|(_, samples)| samples.groups()).flatten().copied().collect::<std::collections::BTreeSet<u32>>()
    };
    let (train, test) = (of(Part::Train), of(Part::Test));
    let is_grouped = !train.is_empty() || !test.is_empty();
    is_grouped.then(|| Groups { train: train.len(), test: test.len(), both: train.intersection(&test).count() })
}
