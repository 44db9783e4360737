//! Samples with labels: pictures, signals, features or rows of a table. Nothing here reads a file.

use std::slice::ChunksExact;

use automcu_model::Shape;

use crate::{
    Augmentation, AugmentationError, Pixels, Resize, SamplesRef, Standard, augment::Resizer, file::MOST_VALUES,
};

/// Samples of one shape, each with the number of its class.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    shape: Shape,
    values: Values,
    labels: Vec<u16>,
    names: Vec<String>,
    groups: Option<Vec<u32>>,
    standard: Option<Standard>,
}

/// The values of all samples, one after the other, rows first and channels last.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Pictures, from 0 to 255.
    Bytes(Vec<u8>),
    /// Signals, features and tables.
    Floats(Vec<f32>),
}

/// Parts that do not make samples.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uneven {
    /// There are too many or too few values.
    #[error("{values} values for {labels} samples of {shape}; give {} a sample", shape.elements())]
    Values {
        /// How many values there are.
        values: usize,
        /// How many labels there are.
        labels: usize,
        /// The shape of a sample.
        shape: Shape,
    },
    /// A label is no class.
    #[error("sample {sample} has the class {label} of {classes}; classes count from 0")]
    Label {
        /// Which sample.
        sample: usize,
        /// Its label.
        label: u16,
        /// How many classes there are.
        classes: usize,
    },
    /// The parts are of different kinds.
    #[error(
        "samples of {one} in one part and of {other} in the other, or other classes or kinds of values; give both the same"
    )]
    Kinds {
        /// What they are in one part.
        one: Shape,
        /// What they are in the other.
        other: Shape,
    },
    /// There are too many or too few groups.
    #[error("{groups} groups for {labels} samples; give one a sample")]
    Groups {
        /// How many groups there are.
        groups: usize,
        /// How many labels there are.
        labels: usize,
    },
}

impl Values {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn truncate(&mut self, length: usize) {
        match self {
            Self::Bytes(values) => values.truncate(length),
            Self::Floats(values) => values.truncate(length),
        }
    }
}

impl Samples {
    /// Puts values and labels together, of the classes that `names` are.
    pub fn new(shape: Shape, values: Values, labels: Vec<u16>, names: Vec<String>) -> Result<Self, Uneven> {
        if shape.elements() == 0 || Some(values.len() as u64) != shape.elements().checked_mul(labels.len() as u64) {
            return Err(Uneven::Values { values: values.len(), labels: labels.len(), shape });
        }
        let classes = names.len();
        match labels.iter().position(|&label| usize::from(label) >= classes) {
            Some(sample) => Err(Uneven::Label { sample, label: labels[sample], classes }),
            None => Ok(Self { shape, values, labels, names, groups: None, standard: None }),
        }
    }

    /// The same samples, each of a group.
    pub fn grouped(self, groups: Vec<u32>) -> Result<Self, Uneven> {
        if groups.len() == self.len() {
            Ok(Self { groups: Some(groups), ..self })
        } else {
            Err(Uneven::Groups { groups: groups.len(), labels: self.len() })
        }
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
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// What the classes are called.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many classes there are, with those that no sample is of.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.names.len()
    }

    /// The group of each, such as the person or the speaker: samples of one group must not be on both sides of a split.
    #[must_use]
    pub fn groups(&self) -> Option<&[u32]> {
        self.groups.as_deref()
    }

    /// The values of all.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// What was taken from the values and what they were divided by: a part of what a deployed network must do to its
    /// input. Pictures are left as they are.
    #[must_use]
    pub const fn standard(&self) -> Option<&Standard> {
        self.standard.as_ref()
    }

    /// Each sample, where they are pictures.
    #[must_use]
    pub fn bytes(&self) -> Option<ChunksExact<'_, u8>> {
        match &self.values {
            Values::Bytes(values) => Some(values.chunks_exact(self.each())),
            Values::Floats(_) => None,
        }
    }

    /// Each sample, where they are no pictures.
    #[must_use]
    pub fn floats(&self) -> Option<ChunksExact<'_, f32>> {
        match &self.values {
            Values::Floats(values) => Some(values.chunks_exact(self.each())),
            Values::Bytes(_) => None,
        }
    }

    /// How many values a sample has.
    #[must_use]
    pub fn each(&self) -> usize {
        usize::try_from(self.shape.elements()).unwrap_or(usize::MAX)
    }

    /// The first of them, at most so many.
    #[must_use]
    pub fn first(mut self, most: usize) -> Self {
        let each = self.each();
        self.labels.truncate(most);
        self.values.truncate(each * self.labels.len());
        if let Some(groups) = &mut self.groups {
            groups.truncate(most);
        }
        self
    }

    /// Those with these numbers, in this order.
    ///
    /// # Panics
    ///
    /// If there is no such number.
    #[must_use]
    pub fn subset(&self, indices: &[usize]) -> Self {
        let each = self.each();
        let values = match &self.values {
            Values::Bytes(values) => Values::Bytes(chosen(values, each, indices)),
            Values::Floats(values) => Values::Floats(chosen(values, each, indices)),
        };
        Self {
            shape: self.shape,
            values,
            labels: chosen(&self.labels, 1, indices),
            names: self.names.clone(),
            groups: self.groups.as_ref().map(|groups| chosen(groups, 1, indices)),
            standard: self.standard.clone(),
        }
    }

    /// These samples and then those, which are of the same kind.
    pub(crate) fn followed_by(mut self, others: Self) -> Result<Self, Uneven> {
        let (one, other) = (self.shape, others.shape);
        let is_same = one == other && self.names == others.names && self.groups.is_some() == others.groups.is_some();
        match (&mut self.values, &others.values) {
            (Values::Bytes(values), Values::Bytes(more)) if is_same => values.extend_from_slice(more),
            (Values::Floats(values), Values::Floats(more)) if is_same => values.extend_from_slice(more),
            _ => return Err(Uneven::Kinds { one, other }),
        }
        self.labels.extend_from_slice(&others.labels);
        if let (Some(groups), Some(more)) = (&mut self.groups, &others.groups) {
            groups.extend_from_slice(more);
        }
        Ok(self)
    }

    /// The same pictures in another size, as batches that validate have them.
    pub fn resized(mut self, resize: Resize) -> Result<Self, AugmentationError> {
        let augmentation = Augmentation { resize: Some(resize), ..Augmentation::none() };
        augmentation.check_for(self.shape, matches!(self.values, Values::Bytes(_)))?;
        let Values::Bytes(pictures) = &self.values else { return Ok(self) };
        let to = Shape { height: resize.height, width: resize.width, ..self.shape };
        let all = to.elements().saturating_mul(self.labels.len() as u64);
        if all > MOST_VALUES {
            let range = format!("sizes that make at most {MOST_VALUES} values of all pictures");
            return Err(AugmentationError::Range { field: "resize", value: f64::from(resize.height), range });
        }
        let (mut resizer, mut resized) = (Resizer::new(self.shape, resize), vec![0; usize::try_from(all).unwrap_or(0)]);
        let each = resized.len() / self.labels.len().max(1);
        for (from, to) in pictures.chunks_exact(self.each()).zip(resized.chunks_exact_mut(each.max(1))) {
            resizer.resize(from, to);
        }
        (self.shape, self.values) = (to, Values::Bytes(resized));
        Ok(self)
    }

    /// As batches borrow them.
    #[must_use]
    pub fn borrowed(&self) -> SamplesRef<'_> {
        let pixels = match &self.values {
            Values::Bytes(values) => Pixels::Bytes(values),
            Values::Floats(values) => Pixels::Floats(values),
        };
        SamplesRef { shape: self.shape, pixels, labels: &self.labels, standard: self.standard.as_ref() }
    }

    /// The same samples by this standard; pictures stay as they are.
    #[must_use]
    pub fn standardised(mut self, standard: &Standard) -> Self {
        if let Values::Floats(values) = &mut self.values {
            standard.apply(values);
            self.standard = Some(standard.clone());
        }
        self
    }
}

fn chosen<T: Copy>(values: &[T], each: usize, indices: &[usize]) -> Vec<T> {
    indices.iter().flat_map(|index| &values[index * each..(index + 1) * each]).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Samples {
        let values = Values::Bytes((0..12).collect());
        let names = ["cat", "dog", "cow"].map(String::from).to_vec();
        Samples::new(Shape { height: 2, width: 1, channels: 2 }, values, vec![2, 0, 1], names).expect("even")
    }

    #[test]
    fn a_subset_keeps_values_labels_and_groups_together() {
        let all = samples().grouped(vec![7, 8, 9]).expect("a group each");
        let some = all.subset(&[2, 0]);
        assert_eq!((some.labels(), some.groups()), ([1, 2].as_slice(), Some([9, 7].as_slice())));
        assert_eq!(some.bytes().expect("pictures").next(), Some([8, 9, 10, 11].as_slice()));
        assert_eq!(all.clone().first(1).groups(), Some([7].as_slice()));
        assert_eq!(all.first(99).len(), 3);
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_its_numbers() {
        let shape = Shape::vector(4);
        let names = || vec!["one".to_owned()];
        let error = Samples::new(shape, Values::Floats(vec![0.0; 7]), vec![0, 0], names()).expect_err("one short");
        assert_eq!(error.to_string(), "7 values for 2 samples of 1x1x4; give 4 a sample");
        let error = Samples::new(shape, Values::Floats(vec![0.0; 8]), vec![0, 3], names()).expect_err("one class");
        assert_eq!(error, Uneven::Label { sample: 1, label: 3, classes: 1 });
        assert!(samples().grouped(vec![1]).is_err());
        assert!(Samples::new(Shape::vector(0), Values::Bytes(vec![]), vec![0], names()).is_err());
    }
}
