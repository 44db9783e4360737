//! Batches: what an epoch is made of, and in which order.
//!
//! Batches that are learnt from and batches that validate are two types: the one always augments, and the other has no
//! place for an augmentation. What is in a batch depends on the seed, the epoch and the batch's number, never on threads.

use std::{ops::Range, thread::Scope};

use automcu_model::Shape;

use crate::{
    Augmentation, AugmentationError, Feed, Resize, Standard,
    augment::{Chain, Workspace, elements, mix},
    feed::{Maker, Place},
    random::{Purpose, Random},
};

/// The most bytes of a batch.
const MOST_BYTES: usize = 1 << 30;

/// The values of all samples, one behind the other.
#[derive(Clone, Copy, Debug)]
pub enum Pixels<'a> {
    /// Pictures.
    Bytes(&'a [u8]),
    /// Signals.
    Floats(&'a [f32]),
}

/// Samples with their classes, wherever they are kept.
#[derive(Clone, Copy, Debug)]
pub struct SamplesRef<'a> {
    /// The shape of each, channels last.
    pub shape: Shape,
    /// Their values.
    pub pixels: Pixels<'a>,
    /// Their classes.
    pub labels: &'a [u16],
    /// What signals were in the units that they were measured in; none where they are in these still.
    pub standard: Option<&'a Standard>,
}

/// What a sample is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Target {
    /// One class.
    pub first: u16,
    /// Another, or the same.
    pub second: u16,
    /// How much of the sample is of the first class; the rest is of the second.
    pub share: f32,
}

impl Target {
    /// All of one class.
    #[must_use]
    pub const fn of(class: u16) -> Self {
        Self { first: class, second: class, share: 1.0 }
    }
}

/// Samples that are computed together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Their values: sample by sample, rows first, channels last. A byte has become `(byte - 128) / 128`.
    pub values: Vec<f32>,
    /// What each is.
    pub targets: Vec<Target>,
}

/// How samples are learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batching {
    /// How many samples a batch has.
    pub batch: usize,
    /// Decides the order of every epoch and all that is drawn.
    pub seed: u64,
    /// Whether the last batch is left out where it is smaller than the others.
    pub drop_last: bool,
}

/// Batches that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The augmentation is wrong, or is for other samples.
    #[error(transparent)]
    Augmentation(#[from] AugmentationError),
    /// Values, labels and shape do not belong together.
    #[error(
        "samples: {values} values and {labels} labels at {each} values a sample; give as many of each as there are samples"
    )]
    Source {
        /// How many values.
        values: usize,
        /// How many labels.
        labels: usize,
        /// How many values a sample has by its shape.
        each: u64,
    },
    /// A sample is asked for that is not there.
    #[error("indices: sample {index} of {samples}; give indices below {samples}")]
    Index {
        /// Which.
        index: u32,
        /// How many there are.
        samples: usize,
    },
    /// A batch has no samples, or too many.
    #[error("batch is {batch}: give 1 to {most}")]
    Batch {
        /// How many samples were asked for.
        batch: usize,
        /// How many there can be.
        most: usize,
    },
    /// A thread cannot be started.
    #[error(
        "threads: {threads} cannot be started: {error}; give 0 to {}, fewer where the system has no more",
        crate::feed::MOST_THREADS
    )]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// Why not.
        error: std::io::Error,
    },
}

/// Batches that are learnt from: in another order each epoch, and always augmented.
///
/// ```
/// use automcu_dataset::{Augmentation, Crop, Batching, Pixels, SamplesRef, Split, TrainingBatches};
///
/// let (bytes, labels): (Vec<u8>, Vec<u16>) = (vec![7; 100 * 32 * 32 * 3], (0..100).map(|i| i % 10).collect());
/// let shape = automcu_model::Shape { height: 32, width: 32, channels: 3 };
/// let source = SamplesRef { shape, pixels: Pixels::Bytes(&bytes), labels: &labels, standard: None };
/// let split = Split::stratified(&labels, None, 0.1, 1)?;
/// let augmentation = Augmentation { crop: Some(Crop { pad: 4 }), flip: true, ..Augmentation::none() };
/// let options = Batching { batch: 16, seed: 1, drop_last: true };
/// let batches = TrainingBatches::new(source, split.train(), augmentation, options)?;
/// let count = std::thread::scope(|scope| {
///     let mut feed = batches.ahead(scope, 2, 0..3)?;
///     let mut count = 0;
///     while let Some(batch) = feed.next_batch() {
///         assert_eq!((batch.values.len(), batch.targets.len()), (16 * 32 * 32 * 3, 16));
///         count += 1;
///     }
///     Ok::<_, automcu_dataset::BatchError>(count)
/// })?;
/// assert_eq!(count, 3 * batches.per_epoch());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrainingBatches<'a> {
    parts: Parts<'a>,
    options: Batching,
}

/// Batches that validate or test: all samples, in the order given, as they are. There is no way to augment them.
///
/// ```compile_fail
/// # use automcu_dataset::{Augmentation, EvaluationBatches, Pixels, SamplesRef};
/// # let shape = automcu_model::Shape { height: 1, width: 1, channels: 1 };
/// # let source = SamplesRef { shape, pixels: Pixels::Bytes(&[0]), labels: &[0], standard: None };
/// EvaluationBatches::new(source, &[0], 1, Augmentation::none());
/// ```
#[derive(Clone, Debug)]
pub struct EvaluationBatches<'a> {
    parts: Parts<'a>,
    batch: usize,
}

/// What both kinds have.
#[derive(Clone, Debug)]
struct Parts<'a> {
    source: SamplesRef<'a>,
    indices: &'a [u32],
    chain: Chain,
}

impl<'a> TrainingBatches<'a> {
    /// Batches of these samples of a source. `Augmentation::none()` says that nothing is done to them.
    pub fn new(
        source: SamplesRef<'a>,
        indices: &'a [u32],
        augmentation: Augmentation,
        options: Batching,
    ) -> Result<Self, BatchError> {
        augmentation.check_for(source.shape, matches!(source.pixels, Pixels::Bytes(_)))?;
        let batches = Self { parts: Parts::new(source, indices, augmentation, options.batch)?, options };
        // Nothing would ever be learnt from.
        if options.drop_last && options.batch > indices.len() {
            return Err(BatchError::Batch { batch: options.batch, most: indices.len() });
        }
        Ok(batches)
    }

    /// The shape of each sample, as it comes out.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.parts.chain.shape()
    }

    /// How many batches an epoch has.
    #[must_use]
    pub const fn per_epoch(&self) -> usize {
        let (samples, batch) = (self.parts.indices.len(), self.options.batch);
        if self.options.drop_last { samples / batch } else { samples.div_ceil(batch) }
    }

    /// The batches of these epochs, made where they are asked for.
    #[must_use]
    pub fn here(&self, epochs: Range<u32>) -> Feed<'_> {
        Feed::here(self, epochs)
    }

    /// The batches of these epochs, made ahead by so many threads; with none, as `here` makes them.
    pub fn ahead<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
        epochs: Range<u32>,
    ) -> Result<Feed<'scope>, BatchError> {
        Feed::ahead(self, scope, threads, epochs)
    }
}

impl<'a> EvaluationBatches<'a> {
    /// Batches of these samples of a source, resized if those that are learnt from are.
    pub fn new(
        source: SamplesRef<'a>,
        indices: &'a [u32],
        batch: usize,
        resize: Option<Resize>,
    ) -> Result<Self, BatchError> {
        let only_resized = Augmentation { resize, ..Augmentation::none() };
        only_resized.check_for(source.shape, matches!(source.pixels, Pixels::Bytes(_)))?;
        Ok(Self { parts: Parts::new(source, indices, only_resized, batch)?, batch })
    }

    /// The shape of each sample, as it comes out.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.parts.chain.shape()
    }

    /// How many batches there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.parts.indices.len().div_ceil(self.batch)
    }

    /// All batches once, made where they are asked for.
    #[must_use]
    pub fn here(&self) -> Feed<'_> {
        Feed::here(self, 0..1)
    }

    /// All batches once, made ahead by so many threads; with none, as `here` makes them.
    pub fn ahead<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
    ) -> Result<Feed<'scope>, BatchError> {
        Feed::ahead(self, scope, threads, 0..1)
    }
}

impl<'a> Parts<'a> {
    fn new(
        source: SamplesRef<'a>,
        indices: &'a [u32],
        augmentation: Augmentation,
        batch: usize,
    ) -> Result<Self, BatchError> {
        let (labels, each) = (source.labels.len(), source.shape.elements());
        let values = match source.pixels {
            Pixels::Bytes(values) => values.len(),
            Pixels::Floats(values) => values.len(),
        };
        if each == 0 || each.checked_mul(labels as u64) != Some(values as u64) {
            return Err(BatchError::Source { values, labels, each });
        }
        if let Some(&index) = indices.iter().find(|&&index| index as usize >= labels) {
            return Err(BatchError::Index { index, samples: labels });
        }
        let chain = Chain::new(source.shape, augmentation, source.standard.cloned());
        let most = MOST_BYTES / size_of::<f32>() / elements(chain.shape());
        if batch == 0 || batch > most {
            return Err(BatchError::Batch { batch, most });
        }
        Ok(Self { source, indices, chain })
    }

    fn blank(&self, batch: usize) -> Batch {
        let count = batch.min(self.indices.len());
        Batch { values: Vec::with_capacity(count * elements(self.chain.shape())), targets: Vec::with_capacity(count) }
    }

    /// Fills a batch with these samples; `random` says what is drawn for the sample at a place.
    fn fill(&self, samples: &[u32], random: impl Fn(u64) -> Random, workspace: &mut Workspace, batch: &mut Batch) {
        let (from, to) = (elements(self.source.shape), elements(self.chain.shape()));
        batch.targets.clear();
        batch.targets.extend(samples.iter().map(|&sample| Target::of(self.source.labels[sample as usize])));
        batch.values.resize(samples.len() * to, 0.0);
        for ((&sample, out), place) in samples.iter().zip(batch.values.chunks_exact_mut(to)).zip(0..) {
            let range = sample as usize * from..(sample as usize + 1) * from;
            match self.source.pixels {
                Pixels::Bytes(bytes) => self.chain.picture(&bytes[range], &mut random(place), workspace, out),
                Pixels::Floats(floats) => self.chain.signal(&floats[range], &mut random(place), out),
            }
        }
    }
}

/// The numbers of the samples of one batch.
fn of_batch(order: &[u32], batch: usize, number: usize) -> &[u32] {
    let first = (number * batch).min(order.len());
    &order[first..(first + batch).min(order.len())]
}

impl Maker for TrainingBatches<'_> {
    fn per_epoch(&self) -> usize {
        self.per_epoch()
    }

    fn workspace(&self) -> Workspace {
        self.parts.chain.workspace()
    }

    fn blank(&self) -> Batch {
        self.parts.blank(self.options.batch)
    }

    fn order(&self, epoch: u32, order: &mut Vec<u32>) {
        order.clear();
        order.extend_from_slice(self.parts.indices);
        Random::of(self.options.seed, Purpose::Order, epoch.into(), 0).shuffle(order);
    }

    fn fill(&self, place: Place, order: &[u32], workspace: &mut Workspace, batch: &mut Batch) {
        let Place { epoch, number } = place;
        let of = |purpose, place| Random::of(self.options.seed, purpose, epoch.into(), place);
        let samples = of_batch(order, self.options.batch, number);
        let first = (number * self.options.batch) as u64;
        self.parts.fill(samples, |place| of(Purpose::Sample, first + place), workspace, batch);
        let mut random = of(Purpose::Mix, number as u64);
        mix(self.parts.chain.augmentation(), self.shape(), &mut batch.values, &mut batch.targets, &mut random);
    }
}

impl Maker for EvaluationBatches<'_> {
    fn per_epoch(&self) -> usize {
        self.count()
    }

    fn workspace(&self) -> Workspace {
        self.parts.chain.workspace()
    }

    fn blank(&self) -> Batch {
        self.parts.blank(self.batch)
    }

    fn order(&self, _: u32, order: &mut Vec<u32>) {
        order.clear();
        order.extend_from_slice(self.parts.indices);
    }

    fn fill(&self, place: Place, order: &[u32], workspace: &mut Workspace, batch: &mut Batch) {
        let samples = of_batch(order, self.batch, place.number);
        // Nothing is drawn: the chain only resizes.
        self.parts.fill(samples, |_| Random::of(0, Purpose::Sample, 0, 0), workspace, batch);
    }
}
