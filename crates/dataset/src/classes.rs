//! What classes are called.

use std::path::Path;

use crate::{DatasetError, file};

/// The names of a data set's classes, as far as they are told.
pub(crate) struct Classes(Vec<String>);

impl Classes {
    /// Those of a folder's `class-names.txt`.
    pub(crate) fn of(folder: &Path) -> Result<Self, DatasetError> {
        Ok(Self(file::names(&folder.join("class-names.txt"))?.unwrap_or_default()))
    }

    /// A name for each class up to the highest label; a class without one is called by its number.
    pub(crate) fn at_least(mut self, labels: &[u16], other: u16) -> Vec<String> {
        let highest = labels.iter().copied().max().unwrap_or(0).max(other);
        self.0.extend((self.0.len()..=usize::from(highest)).map(|class| class.to_string()));
        self.0
    }
}

/// The distinct names: by their numbers where all are whole numbers, by their letters otherwise.
pub(crate) fn sorted<'n>(labels: impl Iterator<Item = &'n str>) -> Vec<String> {
    let names: std::collections::BTreeSet<&str> = labels.collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or(0));
    }
    names.into_iter().map(String::from).collect()
}

/// Where each of these stands among the names. More names than can be numbered make a label that is no class, which is
/// refused where samples are put together.
pub(crate) fn numbers<'n>(names: &[String], labels: impl Iterator<Item = &'n str>) -> Vec<u16> {
    let places: std::collections::HashMap<&str, usize> =
        names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    labels.map(|label| places.get(label).and_then(|&place| u16::try_from(place).ok()).unwrap_or(u16::MAX)).collect()
}
