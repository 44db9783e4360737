//! Samples that are kept between verifications, as all candidates of a job are verified on the same: within a bound of bytes, the
//! ones that were used last.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use automcu_dataset::{DatasetError, Options, Part, Samples, Source, Values};
use automcu_trainer::Conditions;

/// Which samples.
type Key = (PathBuf, Option<u32>);

/// The samples that were used last, the latest first.
#[derive(Debug)]
pub(crate) struct Shelf {
    most_bytes: u64,
    kept: Mutex<VecDeque<(Key, Arc<Samples>)>>,
}

impl Shelf {
    pub(crate) const fn new(most_bytes: u64) -> Self {
        Self { most_bytes, kept: Mutex::new(VecDeque::new()) }
    }

    /// The training part of the data set. While one loads, others wait: twice the same in memory would help nobody.
    pub(crate) fn training_part(&self, conditions: &Conditions) -> Result<Arc<Samples>, DatasetError> {
        let key = (conditions.data.clone(), conditions.left_out);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(other, _)| *other == key).and_then(|place| kept.remove(place));
        let samples = match found {
            Some((_, samples)) => samples,
            None => Arc::new(source(conditions)?.read(Part::Train)?),
        };
        kept.push_front((key, Arc::clone(&samples)));
        while kept.iter().map(|(_, samples)| bytes(samples)).sum::<u64>() > self.most_bytes {
            kept.pop_back();
        }
        Ok(samples)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.kept.lock().expect("whole").len()
    }
}

/// The data set that candidates are trained on.
pub(crate) fn source(conditions: &Conditions) -> Result<Source, DatasetError> {
    let options = Options { left_out: conditions.left_out, ..Options::default() };
    Source::open_with(&conditions.data, options)
}

fn bytes(samples: &Samples) -> u64 {
    match samples.values() {
        Values::Bytes(values) => values.len() as u64,
        Values::Floats(values) => size_of_val(&values[..]) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_trainer::{Nature, Recipe, Splitting};

    fn conditions(data: &str) -> Conditions {
        Conditions {
            data: data.into(),
            left_out: None,
            split: Splitting::default(),
            recipe: Recipe::named("rung-0", Nature::Colour).expect("built in"),
            threads: 1,
            memory_bytes: None,
            deadline_s: 60.0,
            checkpoint_every_s: 60.0,
        }
    }

    #[test]
    fn what_was_used_last_is_not_loaded_again_within_the_bound() {
        // The built-in signals take 15 MB, the pictures 31.
        for (most_bytes, are_both_kept) in [(1 << 30, true), (40 << 20, false), (1 << 20, false)] {
            let shelf = Shelf::new(most_bytes);
            let first = shelf.training_part(&conditions("signals")).expect("built in");
            let again = shelf.training_part(&conditions("signals")).expect("built in");
            assert_eq!(Arc::ptr_eq(&first, &again), most_bytes > 20 << 20);
            shelf.training_part(&conditions("synthetic")).expect("built in");
            let again = shelf.training_part(&conditions("signals")).expect("built in");
            assert_eq!(Arc::ptr_eq(&first, &again), are_both_kept);
            assert!(shelf.len() <= if are_both_kept { 2 } else { 1 });
        }
        assert!(Shelf::new(1).training_part(&conditions("nowhere")).is_err());
    }
}
