//! The test set: sealed until the last word is spoken.

use std::fmt;

/// Something that can be opened once: opening consumes it, and there is no copying it.
///
/// Who opens it says why and records that; this type only sees to it that there is no second time.
///
/// ```compile_fail
/// let test = automcu_dataset::Sealed::new(vec![1, 2, 3]);
/// let (one, other) = (test.open(), test.open());
/// ```
///
/// ```compile_fail
/// let test = automcu_dataset::Sealed::new(vec![1, 2, 3]);
/// let copy = test.clone();
/// ```
#[must_use]
pub struct Sealed<T>(T);

impl<T> Sealed<T> {
    /// Seals something.
    pub const fn new(content: T) -> Self {
        Self(content)
    }

    /// Hands out the content, this one time.
    pub fn open(self) -> T {
        self.0
    }
}

/// Nothing of the content is shown: printing is no way around the seal.
impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_not_shown_and_comes_out_as_it_went_in() {
        let test = Sealed::new(vec![1, 2, 3]);
        assert_eq!(format!("{test:?}"), "Sealed");
        assert_eq!(test.open(), [1, 2, 3]);
    }
}
