//! Which samples are learnt from and which validate: decided by a seed, in proportion for every class, told by a digest.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

use crate::random::{Purpose, Random};

/// A split that cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// The share does not lie between 0 and 1.
    #[error("share_of_validation is {0}: give a number above 0 and below 1, such as 0.1")]
    Share(f64),
    /// The fraction is none.
    #[error("fraction is {0}: give a number above 0 and at most 1, such as 0.25")]
    Fraction(f64),
    /// One of the parts would have nothing in it.
    #[error("{samples} samples leave the {part} part empty at a share_of_validation of {share}: give more samples")]
    Empty {
        /// How many there are.
        samples: usize,
        /// Which part.
        part: &'static str,
        /// The share that was asked for.
        share: f64,
    },
    /// All samples are of one group.
    #[error(
        "groups: there is only one, and no group may be in both parts; give samples of two groups or more, or no groups"
    )]
    OneGroup,
    /// As many groups as labels are needed.
    #[error("groups: {groups} for {labels} labels; give one for each")]
    Groups {
        /// How many groups.
        groups: usize,
        /// How many labels.
        labels: usize,
    },
    /// More samples than numbers.
    #[error("labels: {0} are more than a split can number (4294967295); give fewer samples")]
    TooMany(usize),
}

/// The digest of a split: the same for the same samples in the same parts, in every version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SplitDigest([u8; 32]);

impl fmt::Display for SplitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for SplitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SplitDigest({self})")
    }
}

impl Serialize for SplitDigest {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

/// Two parts of a data set, by the places of their samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// In an order in which every beginning holds the classes in proportion.
    train: Vec<u32>,
    /// Ascending.
    validation: Vec<u32>,
}

impl Split {
    /// Splits samples with these labels so that every class is in both parts in proportion, as nearly as whole samples
    /// allow. Where groups are given (say, who was recorded), no group is in both parts, and the classes are as near to
    /// proportion as whole groups, taken greedily, allow.
    pub fn stratified(
        labels: &[u16],
        groups: Option<&[u32]>,
        share_of_validation: f64,
        seed: u64,
    ) -> Result<Self, SplitError> {
        if !(share_of_validation > 0.0 && share_of_validation < 1.0) {
            return Err(SplitError::Share(share_of_validation));
        }
        let count = u32::try_from(labels.len()).map_err(|_| SplitError::TooMany(labels.len()))?;
        let mut random = Random::of(seed, Purpose::Split, 0, 0);
        let validates = match groups {
            None => by_sample(labels, share_of_validation, &mut random),
            Some(groups) => by_group(labels, groups, share_of_validation, &mut random)?,
        };
        let (validation, train): (Vec<u32>, Vec<u32>) = (0..count).partition(|&sample| validates[sample as usize]);
        for (part, name) in [(&train, "train"), (&validation, "validation")] {
            if part.is_empty() {
                return Err(SplitError::Empty { samples: labels.len(), part: name, share: share_of_validation });
            }
        }
        let train = in_rungs(&train, labels, &mut Random::of(seed, Purpose::Rung, 0, 0));
        Ok(Self { train, validation })
    }

    /// What is learnt from, in an order in which every beginning holds the classes in proportion.
    #[must_use]
    pub fn train(&self) -> &[u32] {
        &self.train
    }

    /// What validates, in ascending order.
    #[must_use]
    pub fn validation(&self) -> &[u32] {
        &self.validation
    }

    /// A share of what is learnt from, the classes in proportion: one sample at least. A smaller rung is the beginning of
    /// a larger one.
    pub fn rung(&self, fraction: f64) -> Result<&[u32], SplitError> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(SplitError::Fraction(fraction));
        }
        Ok(&self.train[..rounded(fraction * self.train.len() as f64).clamp(1, self.train.len())])
    }

    /// Tells this split from every other, its rungs included.
    #[must_use]
    pub fn digest(&self) -> SplitDigest {
        // Stored digests outlive the program, so the bytes are written by hand, and a test pins them.
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"automcu split 1\n");
        for part in [&self.train, &self.validation] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            for sample in part {
                hasher.update(&sample.to_le_bytes());
            }
        }
        SplitDigest(*hasher.finalize().as_bytes())
    }
}

/// The nearest whole number.
fn rounded(number: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length; casts saturate")]
    let whole = (number + 0.5) as usize;
    whole
}

/// The samples of each class, in ascending order.
fn by_class(samples: impl Iterator<Item = u32>, labels: &[u16]) -> BTreeMap<u16, Vec<u32>> {
    let mut classes: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
    for sample in samples {
        classes.entry(labels[sample as usize]).or_default().push(sample);
    }
    classes
}

/// Which samples validate: of each class the share rounded down, and one more of those that lose most by rounding, until
/// the whole has its share. The last sample of a class is always learnt from.
fn by_sample(labels: &[u16], share: f64, random: &mut Random) -> Vec<bool> {
    let samples = (0..=u32::MAX).take(labels.len());
    let mut classes: Vec<Vec<u32>> = by_class(samples, labels).into_values().collect();
    let wanted: Vec<f64> = classes.iter().map(|class| share * class.len() as f64).collect();
    let mut counts: Vec<usize> = wanted.iter().map(|&wanted| rounded(wanted - 0.5)).collect();
    let mut order: Vec<usize> = (0..classes.len()).collect();
    random.shuffle(&mut order);
    order.sort_by(|&one, &other| f64::total_cmp(&wanted[other].fract(), &wanted[one].fract()));
    let total = counts.iter().sum::<usize>();
    let missing = rounded(share * labels.len() as f64).max(1).saturating_sub(total);
    let can_spare: Vec<usize> = order.into_iter().filter(|&class| counts[class] + 1 < classes[class].len()).collect();
    for &class in can_spare.iter().take(missing) {
        counts[class] += 1;
    }
    let mut validates = vec![false; labels.len()];
    for (class, count) in classes.iter_mut().zip(counts) {
        random.shuffle(class);
        class[..count].iter().for_each(|&sample| validates[sample as usize] = true);
    }
    validates
}

/// How many samples a group has of each class.
type Counts = BTreeMap<u16, f64>;

/// Which samples validate, whole groups at a time: the largest group first, each to validation if that brings the classes
/// nearer to their shares.
fn by_group(labels: &[u16], groups: &[u32], share: f64, random: &mut Random) -> Result<Vec<bool>, SplitError> {
    if groups.len() != labels.len() {
        return Err(SplitError::Groups { groups: groups.len(), labels: labels.len() });
    }
    let mut all: BTreeMap<u32, Counts> = BTreeMap::new();
    let mut totals = Counts::new();
    for (&group, &label) in groups.iter().zip(labels) {
        *all.entry(group).or_default().entry(label).or_default() += 1.0;
        *totals.entry(label).or_default() += 1.0;
    }
    if all.len() == 1 {
        return Err(SplitError::OneGroup);
    }
    let mut order: Vec<(u32, Counts)> = all.into_iter().collect();
    random.shuffle(&mut order);
    order.sort_by(|(_, one), (_, other)| f64::total_cmp(&other.values().sum(), &one.values().sum()));
    let mut missing: Counts = totals.iter().map(|(&label, &total)| (label, share * total)).collect();
    let mut chosen: Vec<u32> = Vec::new();
    for (group, counts) in &order {
        if chosen.len() + 1 < order.len() && worsening(counts, &missing, &totals) < 0.0 {
            counts.iter().for_each(|(label, count)| *missing.entry(*label).or_default() -= count);
            chosen.push(*group);
        }
    }
    if chosen.is_empty() {
        // Every group is too large, and one has to be.
        let least = order.iter().min_by(|(_, one), (_, other)| {
            f64::total_cmp(&worsening(one, &missing, &totals), &worsening(other, &missing, &totals))
        });
        chosen.extend(least.map(|(group, _)| *group));
    }
    chosen.sort_unstable();
    Ok(groups.iter().map(|group| chosen.binary_search(group).is_ok()).collect())
}

/// By how much a group in validation would add to the classes' squared distances from their shares.
fn worsening(counts: &Counts, missing: &Counts, totals: &Counts) -> f64 {
    let of = |counts: &Counts, label: &u16| counts.get(label).copied().unwrap_or_default();
    let class = |(label, count): (&u16, &f64)| (count * count - 2.0 * count * of(missing, label)) / of(totals, label);
    counts.iter().map(class).sum()
}

/// These samples in an order in which every beginning holds the classes in proportion.
fn in_rungs(samples: &[u32], labels: &[u16], random: &mut Random) -> Vec<u32> {
    let mut placed = Vec::with_capacity(samples.len());
    for class in by_class(samples.iter().copied(), labels).values_mut() {
        random.shuffle(class);
        // Each class is spread evenly from 0 to 1, from a start of its own so that small classes do not come all at once.
        let start = random.share();
        let place = |rank: usize| (rank as f64 + start) / class.len() as f64;
        placed.extend(class.iter().enumerate().map(|(rank, &sample)| (place(rank), sample)));
    }
    placed.sort_by(|(one, first), (other, second)| one.total_cmp(other).then(first.cmp(second)));
    placed.into_iter().map(|(_, sample)| sample).collect()
}
