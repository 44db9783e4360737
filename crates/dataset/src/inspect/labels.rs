//! Doubtful labels: a sample whose nearest neighbours all agree on another class.
//!
//! Neighbours are looked for among a bounded number of samples in a random projection. Where neighbours seldom agree even
//! with right labels, as in photographs, they say nothing, and no sample is named.

use serde::Serialize;

use super::pool::{Place, Pool, weighed};
use crate::{Part, numbers::Numbers};

/// The most samples that are compared with each other.
const MOST: usize = 6_000;
const DIMENSIONS: usize = 48;
const NEIGHBOURS: usize = 5;
/// Neighbours must agree with labels so often before they are asked about single ones.
const LEAST_AGREEMENT: f64 = 0.8;
/// As many samples are named.
const NAMED: usize = 20;

/// What neighbours say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelHints {
    /// How many samples were looked at.
    pub looked_at: usize,
    /// In what share of them most neighbours have the sample's own label.
    pub agreement: f64,
    /// Whether neighbours agree often enough to be asked.
    pub is_telling: bool,
    /// How many samples have neighbours that all agree on another class.
    pub doubtful: usize,
    /// Some of them.
    pub samples: Vec<Doubt>,
}

/// A sample with a label that its neighbours do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// The sample.
    #[serde(flatten)]
    pub place: Place,
    /// What its neighbours are.
    pub neighbours: u16,
}

pub(crate) fn hints(pool: &Pool) -> Option<LabelHints> {
    let count = pool.len();
    if count <= 4 * NEIGHBOURS {
        return None;
    }
    let looked_at = count.min(MOST);
    // Evenly from all parts, but by lot: classes often come in turns, and a fixed step would meet only some.
    let mut lot = Numbers::of(0x53, 0);
    let chosen = (0..looked_at).map(|i| {
        let (first, after) = (i * count / looked_at, (i + 1) * count / looked_at);
        first + usize::try_from(lot.bits() % (after - first) as u64).unwrap_or(0)
    });
    let chosen: Vec<usize> = chosen.collect();
    let points = projected(pool, &chosen);
    let labels: Vec<u16> = chosen.iter().map(|&sample| pool.place(sample).label).collect();
    let mut agreeing = 0_usize;
    let mut doubts = Vec::new();
    for i in 0..looked_at {
        let near = nearest(&points, i).map(|neighbour| labels[neighbour]);
        let same = near.iter().filter(|&&label| label == labels[i]).count();
        agreeing += usize::from(2 * same > NEIGHBOURS);
        if same == 0 && near.iter().all(|&label| label == near[0]) {
            doubts.push(Doubt { place: pool.place(chosen[i]), neighbours: near[0] });
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of samples")]
    let agreement = agreeing as f64 / looked_at as f64;
    let is_telling = agreement >= LEAST_AGREEMENT;
    if !is_telling {
        doubts.clear();
    }
    let doubtful = doubts.len();
    // What is only for the last word matters most.
    doubts.sort_by_key(|doubt| doubt.place.part == Part::Train);
    doubts.truncate(NAMED);
    Some(LabelHints { looked_at, agreement, is_telling, doubtful, samples: doubts })
}

/// Each sample as a point in few dimensions.
fn projected(pool: &Pool, chosen: &[usize]) -> Vec<[f32; DIMENSIONS]> {
    let length = pool.first().map_or(1, crate::Samples::each);
    let axes: Vec<_> = (0..DIMENSIONS as u64).map(|axis| weighed(0x52, axis, length)).collect();
    let point = |&sample: &usize| {
        let view = pool.view(sample);
        std::array::from_fn(|i| axes[i].iter().map(|&(place, sign)| sign * view.at(place)).sum())
    };
    chosen.iter().map(point).collect()
}

/// The points that lie nearest to point `i`, the nearest first.
fn nearest(points: &[[f32; DIMENSIONS]], i: usize) -> [usize; NEIGHBOURS] {
    let mut best = [(f32::INFINITY, 0); NEIGHBOURS];
    for (other, point) in points.iter().enumerate() {
        let distance: f32 = points[i].iter().zip(point).map(|(a, b)| (a - b) * (a - b)).sum();
        if other != i && distance < best[NEIGHBOURS - 1].0 {
            let at = best.iter().position(|(worse, _)| distance < *worse).unwrap_or(NEIGHBOURS - 1);
            best[at..].rotate_right(1);
            best[at] = (distance, other);
        }
    }
    best.map(|(_, other)| other)
}
