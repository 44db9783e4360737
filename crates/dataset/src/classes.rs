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
