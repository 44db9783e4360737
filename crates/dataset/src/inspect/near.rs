//! Samples that are nearly equal: by signatures of 64 bits that hardly change when a sample hardly does, then by their values.
//!
//! Signatures that differ in at most seven bits agree in one of eight blocks of eight, so only samples that share a block are
//! compared.

use automcu_model::Shape;

use super::{
    pool::{Pool, View},
    twins::{Gathered, Pair, Twins},
};
use crate::numbers::Numbers;

/// How alike near-duplicates are at least.
const LEAST_LIKENESS: f32 = 0.98;
const MOST_BITS: u32 = BLOCKS - 1;
const BLOCKS: u32 = 8;
const BLOCK_BITS: u32 = u64::BITS / BLOCKS;
/// The most pairs of signatures, and the most values of samples, that are compared.
const MOST_PAIRS: u64 = 1_500_000_000;
const MOST_VALUES: u64 = 2_000_000_000;
/// A plane of a signature weighs so many values.
const WEIGHED: usize = 96;

/// Finds samples that are nearly equal; those that are said to repeat another exactly are left out.
pub(crate) fn search(pool: &Pool, repeated: &[bool]) -> Twins {
    let Some(shape) = pool.first().map(crate::Samples::shape) else { return Twins::default() };
    let signer = Signer::new(shape);
    let samples = (0..pool.len()).filter(|&sample| !repeated[sample]);
    // Without contrast there is nothing to be alike.
    let mut signed: Vec<(u64, u32)> = samples
        .filter_map(|sample| Some((signer.signature(pool.view(sample))?, u32::try_from(sample).ok()?)))
        .collect();
    let mut search = Search { pool, pairs: MOST_PAIRS, values: MOST_VALUES, found: Vec::new() };
    let is_complete = (0..BLOCKS).all(|block| search.within(block, &mut signed));
    search.found.sort_by_key(|&(first, second, _)| (second, first));
    let mut gathered = Gathered::default();
    for pairs in search.found.chunk_by(|a, b| a.1 == b.1) {
        let second = pool.place(pairs[0].1);
        let pair = |&(first, _, likeness): &(usize, usize, f32)| Pair { first: pool.place(first), second, likeness };
        gathered.add(pairs[0].1, second, pairs.iter().map(pair));
    }
    gathered.twins(is_complete)
}

struct Search<'p, 's> {
    pool: &'p Pool<'s>,
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
                if self.values < view.len() as u64 {
                    return false;
                }
                self.values -= view.len() as u64;
                let likeness = view.likeness(&self.pool.view(second));
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

/// How samples of a shape are signed.
enum Signer {
    /// Whether each of 8x8 places of a small grey picture is brighter than the one to its right.
    Picture(Shape),
    /// On which side of 64 planes a sample lies; a plane is given by values, and the signs that they count with.
    Planes(Vec<Vec<(usize, f32)>>),
}

impl Signer {
    fn new(shape: Shape) -> Self {
        let is_picture = shape.height >= 8 && shape.width >= 9;
        if is_picture {
            return Self::Picture(shape);
        }
        let length = usize::try_from(shape.elements()).unwrap_or(1);
        let plane = |plane: u64| {
            let mut numbers = Numbers::of(0x51, plane);
            let bits = (0..WEIGHED.min(length)).map(|_| numbers.bits());
            bits.map(|bits| {
                let place = usize::try_from((bits >> 1) % length as u64).unwrap_or(0);
                (place, if bits & 1 == 0 { 1.0 } else { -1.0 })
            })
            .collect()
        };
        Self::Planes((0..64).map(plane).collect())
    }

    /// None where a sample has the same value everywhere.
    fn signature(&self, view: View) -> Option<u64> {
        if (1..view.len()).all(|place| view.at(place) == view.at(0)) {
            return None;
        }
        let bits: Vec<bool> = match self {
            Self::Picture(shape) => {
                let small = small(*shape, view);
                small.iter().flat_map(|row| row.windows(2).map(|pair| pair[0] > pair[1])).collect()
            }
            Self::Planes(planes) => planes
                .iter()
                .map(|plane| plane.iter().map(|&(place, sign)| sign * view.at(place)).sum::<f32>() > 0.0)
                .collect(),
        };
        Some(bits.iter().fold(0, |signature, &bit| signature << 1 | u64::from(bit)))
    }
}

/// A picture as 8 rows of 9 grey places.
fn small(shape: Shape, view: View) -> [[f32; 9]; 8] {
    let size = |size: u32| usize::try_from(size).unwrap_or(1);
    let (height, width, channels) = (size(shape.height), size(shape.width), size(shape.channels));
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let rows = row * height / 8..((row + 1) * height / 8).max(row * height / 8 + 1);
            let columns = column * width / 9..((column + 1) * width / 9).max(column * width / 9 + 1);
            #[expect(clippy::cast_precision_loss, reason = "a count of values")]
            let count = (rows.len() * columns.len()) as f32;
            let line = |y: usize| {
                let first = (y * width + columns.start) * channels;
                (first..first + columns.len() * channels).map(|place| view.at(place)).sum::<f32>()
            };
            rows.map(line).sum::<f32>() / count
        })
    })
}
