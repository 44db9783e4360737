//! What is thought of a network before any was trained: a weighted sum of a few generic features.
//!
//! The weights follow from the reasons in `docs/SEARCH.md`, which were written down before any table was read. They are not tuned.

/// What is thought of members before any is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// Nothing.
    None,
    /// Capacity, depth, ways around and what is left of detail.
    Generic,
}

/// Of each feature, by its name, how much a standard deviation of it counts. A space has some of them.
pub const WEIGHTS: [(&str, f64); 8] = [
    ("log2_parameters", 1.0),
    ("log2_macs", 1.0),
    ("depth", 0.5),
    ("blocks", 0.5),
    ("share_residual", 0.5),
    ("share_inverted", 0.5),
    ("share_pooling", -0.5),
    (SHARE_OF_BUDGET, 0.5),
];
/// The feature that is not of the space but of the task: how much of the scarcer memory is used.
pub(super) const SHARE_OF_BUDGET: &str = "share_of_budget";
/// Nothing is further from the mean than so many deviations.
const MOST: f64 = 3.0;

/// The weights of features of these names, that of the budget last.
pub(super) fn weights(names: &[&str]) -> Vec<f64> {
    let weight = |name: &str| WEIGHTS.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, weight)| *weight);
    names.iter().copied().chain([SHARE_OF_BUDGET]).map(weight).collect()
}

/// Means and deviations of a pool, by which its members and others are described.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    columns: Vec<(f64, f64)>,
    weights: Vec<f64>,
    prior: (f64, f64),
}

/// A member in deviations from the mean of the pool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standing {
    pub(super) place: Vec<f64>,
    pub(super) prior: f64,
}

fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = f64::from(u32::try_from(values.clone().count().max(1)).unwrap_or(u32::MAX));
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// What does not vary says nothing.
fn deviations(value: f64, (mean, deviation): (f64, f64)) -> f64 {
    if deviation > 1e-9 { ((value - mean) / deviation).clamp(-MOST, MOST) } else { 0.0 }
}

impl Scale {
    /// That of a pool.
    pub(super) fn of<'f>(pool: impl Iterator<Item = &'f [f32]> + Clone, weights: Vec<f64>) -> Self {
        let column = |at: usize| {
            mean_and_deviation(pool.clone().map(move |features| features.get(at).copied().unwrap_or(0.0).into()))
        };
        let mut scale = Self { columns: (0..weights.len()).map(column).collect(), weights, prior: (0.0, 1.0) };
        let sums: Vec<f64> = pool.map(|features| scale.sum(&scale.place(features))).collect();
        scale.prior = mean_and_deviation(sums.iter().copied());
        scale
    }

    fn place(&self, features: &[f32]) -> Vec<f64> {
        features.iter().zip(&self.columns).map(|(value, column)| deviations(f64::from(*value), *column)).collect()
    }

    fn sum(&self, place: &[f64]) -> f64 {
        place.iter().zip(&self.weights).map(|(value, weight)| value * weight).sum()
    }

    /// Where a member stands.
    pub(super) fn standing(&self, features: &[f32]) -> Standing {
        let place = self.place(features);
        let (mean, deviation) = self.prior;
        let prior = if deviation > 1e-9 { (self.sum(&place) - mean) / deviation } else { 0.0 };
        Standing { place, prior }
    }

    /// The column that says the most for a member, or against it.
    pub(super) fn weightiest(&self, standing: &Standing) -> Option<usize> {
        let part = |at: &usize| (standing.place[*at] * self.weights[*at]).abs();
        (0..standing.place.len()).max_by(|one, other| part(one).total_cmp(&part(other)))
    }
}
