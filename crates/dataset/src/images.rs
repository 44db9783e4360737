//! Images with labels.

use automcu_model::Shape;

/// Images of one shape, one byte a value, each with the number of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    shape: Shape,
    values: Vec<u8>,
    labels: Vec<u8>,
}

impl Images {
    /// Puts images and labels together: as many of the one as of the other.
    pub(crate) fn new(shape: Shape, values: Vec<u8>, labels: Vec<u8>) -> Self {
        debug_assert_eq!(values.len() as u64, shape.elements() * labels.len() as u64);
        Self { shape, values, labels }
    }

    /// The shape of each, channels last.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The class of each.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Each image, rows first, channels last.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.values.chunks_exact(self.values.len() / self.len().max(1))
    }

    /// The first of them, at most so many.
    #[must_use]
    pub fn first(mut self, most: usize) -> Self {
        let each = self.values.len() / self.len().max(1);
        self.labels.truncate(most);
        self.values.truncate(each * self.labels.len());
        self
    }

    /// These, and then others of the same shape.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        debug_assert_eq!(self.shape, other.shape);
        self.values.extend(other.values);
        self.labels.extend(other.labels);
        self
    }
}
