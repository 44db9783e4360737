//! A Gaussian process on what the prior leaves unsaid.
//!
//! A score is `c + s (b p + g)`: `p` is the prior, `b` about how much it is worth, `g` a process that is alike where members are
//! alike, with noise. The constant `c` is anything, the unit `s` what fits best; so scores may be shares, percents or losses. Reach,
//! noise and worth are the best of a small grid by marginal likelihood.

use super::prior::Standing;

/// The most points that are fitted to.
pub(super) const MOST_POINTS: usize = 128;
/// The most that are believed on top.
const MOST_BELIEVED: usize = 32;
/// How far members are alike, in the mean deviation of a feature.
const REACHES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];
/// Noise, as a share of the variance of the process.
const NOISES: [f64; 2] = [0.02, 0.15];
/// How much of a deviation of the process a deviation of the prior is worth.
const WORTHS: [f64; 3] = [0.5, 1.0, 2.0];
/// How sure the worth is: the variance of its share.
const DOUBT: f64 = 0.25;
/// With fewer scores the middle of the grid is taken.
const FEWEST: usize = 5;

/// A member that was tried.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) standing: Standing,
    pub(super) score: f64,
    /// How many times as noisy as a single score.
    pub(super) noise: f64,
}

/// What is thought of a member, in the units of the process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Belief {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    reach: f64,
    noise: f64,
    worth: f64,
}

/// The lower half of a covariance, factored.
#[derive(Clone, Debug)]
struct Factor {
    rows: Vec<Vec<f64>>,
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

impl Factor {
    /// By Cholesky and Banachiewicz; nothing where the matrix is not positive definite.
    fn of(covariance: &[Vec<f64>]) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(covariance.len());
        for (at, given) in covariance.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(at + 1);
            for column in 0..at {
                let other = &rows[column];
                row.push((given[column] - product(&row, &other[..column])) / other[column]);
            }
            let left = given[at] - product(&row, &row);
            if !left.is_finite() || left <= 0.0 {
                return None;
            }
            row.push(left.sqrt());
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// What the factor makes these of.
    fn forward(&self, values: &[f64]) -> Vec<f64> {
        let mut solved: Vec<f64> = Vec::with_capacity(values.len());
        for (row, value) in self.rows.iter().zip(values) {
            let at = solved.len();
            solved.push((value - product(&row[..at], &solved)) / row[at]);
        }
        solved
    }

    /// What the covariance makes these of.
    fn solve(&self, values: &[f64]) -> Vec<f64> {
        let mut solved = self.forward(values);
        for at in (0..solved.len()).rev() {
            let after: f64 = (at + 1..solved.len()).map(|below| self.rows[below][at] * solved[below]).sum();
            solved[at] = (solved[at] - after) / self.rows[at][at];
        }
        solved
    }

    fn log_determinant(&self) -> f64 {
        self.rows.iter().enumerate().map(|(at, row)| 2.0 * row[at].ln()).sum()
    }
}

/// The process, fitted.
#[derive(Clone, Debug)]
pub(super) struct Process {
    settings: Settings,
    points: Vec<Point>,
    factor: Factor,
    /// Units of the process in one of the scores; 0 where nothing can be said.
    pub(super) unit: f64,
    constant: f64,
    /// The covariance's inverse times what the prior leaves, and times ones.
    left: Vec<f64>,
    ones: Vec<f64>,
    likelihood: f64,
}

/// Matérn's covariance with 5/2, of a mean squared distance.
fn alike(one: &[f64], other: &[f64], reach: f64) -> f64 {
    let squares: f64 = one.iter().zip(other).map(|(one, other)| (one - other) * (one - other)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few features")]
    let square = 5.0 * squares / (one.len().max(1) as f64 * reach * reach);
    let root = square.sqrt();
    (1.0 + root + square / 3.0) * (-root).exp()
}

impl Settings {
    fn covariance(&self, one: &Standing, other: &Standing) -> f64 {
        let doubt = DOUBT * self.worth * self.worth;
        alike(&one.place, &other.place, self.reach) + doubt * one.prior * other.prior
    }
}

impl Process {
    /// The likeliest of the grid. Without a prior its worth is nothing.
    pub(super) fn fitted(points: &[Point], has_prior: bool) -> Option<Self> {
        let worths = if has_prior { WORTHS.to_vec() } else { vec![0.0] };
        if points.len() < FEWEST {
            let middle =
                Settings { reach: REACHES[1], noise: NOISES[0], worth: if has_prior { WORTHS[1] } else { 0.0 } };
            return Self::of(points.to_vec(), middle, None);
        }
        let mut best: Option<Self> = None;
        for reach in REACHES {
            for noise in NOISES {
                for &worth in &worths {
                    let other = Self::of(points.to_vec(), Settings { reach, noise, worth }, None);
                    best = match (best, other) {
                        (Some(best), Some(other)) if other.likelihood > best.likelihood => Some(other),
                        (None, other) => other,
                        (best, _) => best,
                    };
                }
            }
        }
        best
    }

    fn of(points: Vec<Point>, settings: Settings, unit: Option<f64>) -> Option<Self> {
        let row = |at: usize| {
            let to = |other: usize| settings.covariance(&points[at].standing, &points[other].standing);
            let mut row: Vec<f64> = (0..=at).map(to).collect();
            row[at] += settings.noise * points[at].noise;
            row
        };
        let covariance: Vec<Vec<f64>> = (0..points.len()).map(row).collect();
        let factor = Factor::of(&covariance)?;
        let ones = factor.solve(&vec![1.0; points.len()]);
        let all: f64 = ones.iter().sum();
        // Free of the constant.
        let centred = |values: Vec<f64>| -> (Vec<f64>, f64) {
            let mean = if points.is_empty() { 0.0 } else { product(&ones, &values) / all };
            (values.into_iter().map(|value| value - mean).collect(), mean)
        };
        let (scores, mean_score) = centred(points.iter().map(|point| point.score).collect());
        let (priors, mean_prior) = centred(points.iter().map(|point| settings.worth * point.standing.prior).collect());
        let (score_solved, prior_solved) = (factor.solve(&scores), factor.solve(&priors));
        let (own, both) = (product(&scores, &score_solved), product(&scores, &prior_solved));
        let free = f64::from(u32::try_from(points.len().saturating_sub(1)).unwrap_or(u32::MAX));
        let best = if own > 1e-18 { (both + (both * both + 4.0 * free * own).sqrt()) / (2.0 * own) } else { 0.0 };
        let unit = unit.unwrap_or(best);
        let misfit = unit * unit * own - 2.0 * unit * both + product(&priors, &prior_solved);
        let likelihood = free * unit.max(1e-12).ln() - 0.5 * (misfit + factor.log_determinant() + all.max(1e-12).ln());
        let left = score_solved.iter().zip(&prior_solved).map(|(score, prior)| unit * score - prior).collect();
        let constant = unit * mean_score - mean_prior;
        Some(Self { settings, points, factor, unit, constant, left, ones, likelihood })
    }

    /// What is thought of a member.
    pub(super) fn belief(&self, standing: &Standing) -> Belief {
        let to: Vec<f64> =
            self.points.iter().map(|point| self.settings.covariance(&point.standing, standing)).collect();
        let mean = self.constant + self.settings.worth * standing.prior + product(&to, &self.left);
        let known = self.factor.forward(&to);
        let all: f64 = self.ones.iter().sum();
        let unsure = if self.points.is_empty() { 0.0 } else { (1.0 - product(&to, &self.ones)).powi(2) / all };
        let variance = self.settings.covariance(standing, standing) - product(&known, &known) + unsure;
        Belief { mean, deviation: variance.max(1e-12).sqrt() }
    }

    /// The best that is believed of what was tried; nothing where nothing was.
    pub(super) fn best(&self) -> Option<f64> {
        self.points.iter().map(|point| self.belief(&point.standing).mean).reduce(f64::max)
    }

    /// As if a member had come to what is believed of it: means stay as they are, deviations near it shrink, so that the next of a
    /// batch is another.
    pub(super) fn believing(self, standing: Standing) -> Self {
        if self.points.len() >= MOST_POINTS + MOST_BELIEVED {
            return self;
        }
        let mut points = self.points.clone();
        points.push(Point { standing, score: 0.0, noise: 1.0 });
        Self::of(points, self.settings, Some(self.unit)).unwrap_or(self)
    }

    /// Places of points that a member is most like, the nearest first.
    pub(super) fn nearest(&self, standing: &Standing, count: usize) -> Vec<usize> {
        let mut places: Vec<(f64, usize)> = (0..self.points.len())
            .map(|at| (alike(&self.points[at].standing.place, &standing.place, self.settings.reach), at))
            .collect();
        places.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        places.into_iter().take(count).map(|(_, at)| at).collect()
    }

    /// In the units of the scores.
    pub(super) fn in_scores(&self, belief: Belief) -> Option<Belief> {
        (self.unit > 0.0).then(|| Belief { mean: belief.mean / self.unit, deviation: belief.deviation / self.unit })
    }
}

/// The logarithm of the improvement to be expected over the best, so that what is far below it is still told apart.
pub(super) fn expected_improvement(belief: Belief, best: f64) -> f64 {
    let steps = (belief.mean - best) / belief.deviation;
    let density = (-0.5 * steps * steps).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let share = if steps < -5.0 {
        -0.5 * steps * steps - 2.0 * (-steps).ln() - 0.919
    } else {
        (steps * below(steps) + density).max(1e-300).ln()
    };
    belief.deviation.ln() + share
}

/// The share of a normal distribution below so many deviations, to 7 digits (Abramowitz and Stegun 26.2.17).
fn below(steps: f64) -> f64 {
    let near = 1.0 / (1.0 + 0.231_641_9 * steps.abs());
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let tail = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * near);
    let tail = tail * (-0.5 * steps * steps).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if steps < 0.0 { tail } else { 1.0 - tail }
}
