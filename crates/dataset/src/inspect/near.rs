//! Samples that are nearly equal: by signatures of 64 bits that hardly change when a sample hardly does, then by their values.
//!
//! Signatures that differ in at most seven bits agree in one of eight blocks of eight, so only samples that share a block are
//! compared.

use automcu_model::Shape;

use super::{
    pool::{Pool, View, channels, weighed},
    twins::{Gathered, Pair, Twins},
};

/// Samples have so many values a channel at least.
const LEAST_VALUES: u64 = 24;
/// How alike near-duplicates are at least.
const LEAST_LIKENESS: f32 = 0.98;
const MOST_BITS: u32 = BLOCKS - 1;
const BLOCKS: u32 = 8;
const BLOCK_BITS: u32 = u64::BITS / BLOCKS;
/// The most samples that are compared at all.
const MOST_SAMPLES: usize = 400_000;
/// The most pairs of signatures, and the most values of samples, that are compared.
const MOST_PAIRS: u64 = 1_500_000_000;
const MOST_VALUES: u64 = 2_000_000_000;
/// The most pairs that are found.
const MOST_FOUND: usize = 2_000_000;
/// The small copy of a picture has so many rows and columns.
const SIDE: usize = 8;

/// Finds samples that are nearly equal; those that are said to repeat another exactly are left out. A few values are alike by
/// chance, so that nothing is said of them.
pub(crate) fn search(pool: &Pool, repeated: &[bool]) -> Option<Twins> {
    let shape = pool.first()?.shape();
    if shape.elements() / (channels(shape) as u64) < LEAST_VALUES {
        return None;
    }
    let samples = (0..pool.len()).filter(|&sample| !repeated[sample]);
    let mut signed = signatures(pool, shape, samples.take(MOST_SAMPLES));
    let mut search =
        Search { pool, channels: channels(shape), pairs: MOST_PAIRS, values: MOST_VALUES, found: Vec::new() };
    let is_searched = (0..BLOCKS).all(|block| search.within(block, &mut signed));
    search.found.sort_by_key(|&(first, second, _)| (second, first));
    let mut gathered = Gathered::default();
    for pairs in search.found.chunk_by(|a, b| a.1 == b.1) {
        let second = pool.place(pairs[0].1);
        let pair = |&(first, _, likeness): &(usize, usize, f32)| Pair { first: pool.place(first), second, likeness };
        gathered.add(pairs[0].1, second, pairs.iter().map(pair));
    }
    Some(gathered.twins(is_searched && pool.len() <= MOST_SAMPLES))
}

struct Search<'p, 's> {
    pool: &'p Pool<'s>,
    channels: usize,
    /// How many more may be compared.
    pairs: u64,
    values: u64,
    found: Vec<(usize, usize, f32)>,
}

impl Search<'_, '_> {
    /// Compares samples that agree in a block and in none before it; `false` where that would take too long.
    fn within(&mut self, block: u32, signed: &mut [(u64, u32)]) -> bool {
        let of = |signature: u64| block_of(block, signature);
        signed.sort_by_key(|&(signature, sample)| (of(signature), sample));
        let mut buckets: Vec<&[(u64, u32)]> = signed.chunk_by(|a, b| of(a.0) == of(b.0)).collect();
        // What many samples share says least.
        buckets.sort_by_key(|bucket| bucket.len());
        buckets.into_iter().all(|bucket| self.bucket(block, bucket))
    }

    fn bucket(&mut self, block: u32, bucket: &[(u64, u32)]) -> bool {
        for (i, &(signature, sample)) in bucket.iter().enumerate() {
            let others = &bucket[i + 1..];
            if self.pairs < others.len() as u64 {
                return false;
            }
            self.pairs -= others.len() as u64;
            for &(other_signature, other) in others {
                let difference = signature ^ other_signature;
                let agreed_before = (0..block).any(|block| block_of(block, difference) == 0);
                if difference.count_ones() > MOST_BITS || agreed_before {
                    continue;
                }
                let (first, second) = (sample as usize, other as usize);
                let view = self.pool.view(first);
                if self.values < view.len() as u64 || self.found.len() >= MOST_FOUND {
                    return false;
                }
                self.values -= view.len() as u64;
                let likeness = view.likeness(&self.pool.view(second), self.channels);
                if likeness >= LEAST_LIKENESS {
                    self.found.push((first, second, likeness));
                }
            }
        }
        true
    }
}

fn block_of(block: u32, signature: u64) -> u64 {
    signature >> (BLOCK_BITS * block) & ((1 << BLOCK_BITS) - 1)
}

/// The signatures of samples, with their numbers. Each bit says on which side of a plane a sample lies; the planes cut all
/// samples into halves, so that every bit tells as much as it can.
fn signatures(pool: &Pool, shape: Shape, samples: impl Iterator<Item = usize>) -> Vec<(u64, u32)> {
    let signer = Signer::new(shape);
    let mut signed: Vec<(u64, u32)> = Vec::new();
    let mut sides: Vec<[f32; 64]> = Vec::new();
    for sample in samples {
        // Without contrast there is nothing to be alike.
        if let (Some(own), Ok(number)) = (signer.sides(pool.view(sample)), u32::try_from(sample)) {
            sides.push(own);
            signed.push((0, number));
        }
    }
    for plane in 0..64 {
        let mut ordered: Vec<f32> = sides.iter().map(|sides| sides[plane]).collect();
        let middle = ordered.len() / 2;
        if ordered.is_empty() {
            break;
        }
        let (_, &mut median, _) = ordered.select_nth_unstable_by(middle, f32::total_cmp);
        for ((signature, _), sides) in signed.iter_mut().zip(&sides) {
            *signature |= u64::from(sides[plane] > median) << plane;
        }
    }
    signed
}

/// How samples of a shape are signed: pictures by a small grey copy, anything else by some of its values.
struct Signer {
    shape: Shape,
    is_small: bool,
    /// The values that each plane weighs, and the signs that they count with.
    planes: Vec<Vec<(usize, f32)>>,
}

impl Signer {
    fn new(shape: Shape) -> Self {
        let is_small = u64::from(shape.height.min(shape.width)) >= SIDE as u64;
        let length = if is_small { SIDE * SIDE } else { usize::try_from(shape.elements()).unwrap_or(1) };
        let planes = (0..64).map(|plane| weighed(0x51, plane, length)).collect();
        Self { shape, is_small, planes }
    }

    /// How far a sample lies on one side of each plane; none where it has the same value everywhere.
    fn sides(&self, view: View) -> Option<[f32; 64]> {
        let values = if self.is_small {
            centred(&small(self.shape, view), 1)?
        } else {
            centred(&view.values(), channels(self.shape))?
        };
        Some(std::array::from_fn(|plane| self.planes[plane].iter().map(|&(place, sign)| sign * values[place]).sum()))
    }
}

/// Less the mean of its channel, and of length 1.
fn centred(values: &[f32], channels: usize) -> Option<Vec<f32>> {
    let mut centred = values.to_vec();
    #[expect(clippy::cast_precision_loss, reason = "a count of values")]
    let count = (values.len() / channels) as f32;
    for channel in 0..channels {
        let mean = values.iter().skip(channel).step_by(channels).sum::<f32>() / count;
        centred.iter_mut().skip(channel).step_by(channels).for_each(|value| *value -= mean);
    }
    let length = centred.iter().map(|value| value * value).sum::<f32>().sqrt();
    (length > 1e-6).then(|| centred.into_iter().map(|value| value / length).collect())
}

/// A picture in small and grey.
fn small(shape: Shape, view: View) -> [f32; SIDE * SIDE] {
    let size = |size: u32| usize::try_from(size).unwrap_or(1);
    let (height, width, channels) = (size(shape.height), size(shape.width), size(shape.channels));
    std::array::from_fn(|place| {
        let (row, column) = (place / SIDE, place % SIDE);
        let rows = row * height / SIDE..(row + 1) * height / SIDE;
        let columns = column * width / SIDE..(column + 1) * width / SIDE;
        #[expect(clippy::cast_precision_loss, reason = "a count of values")]
        let count = (rows.len() * columns.len() * channels) as f32;
        let line = |y: usize| {
            let first = (y * width + columns.start) * channels;
            (first..first + columns.len() * channels).map(|place| view.at(place)).sum::<f32>()
        };
        rows.map(line).sum::<f32>() / count
    })
}
