//! What outcomes say to whoever proposes by reading: the front, the best, what the good have in common, and what follows.
//!
//! Plain data of bounded size, whatever was seen: a prompt or a page is made of it elsewhere. After the feedback of LMaNet.

use automcu_target::{Budget, Fit};
use serde::Serialize;

use crate::{cost::Size, strategy::Outcome};

/// The most of the front that is told.
pub const FRONT_TOLD: usize = 12;
/// The most trends that are told.
pub const TRENDS_TOLD: usize = 8;
/// The most suggestions.
pub const SUGGESTIONS: usize = 6;
/// With fewer scores there are no trends.
const FEWEST: usize = 9;
/// A trend is told from so many deviations between the upper and the lower third.
const CLEAR: f64 = 0.5;
/// A memory or the work is used well from this share on.
const WELL_USED: f64 = 0.8;

/// An outcome with what it takes and how it is described.
#[derive(Clone, Debug)]
pub struct Told<'o, M> {
    /// What became of it.
    pub outcome: &'o Outcome<M>,
    /// What it takes.
    pub size: Size,
    /// Its features, in the order of their names.
    pub features: &'o [f32],
}

/// How much may be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// The least that is of interest.
    pub least: u64,
    /// The most that is allowed.
    pub most: u64,
}

/// An outcome in figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Its place in what was seen.
    pub place: usize,
    /// How well it does.
    pub score: f64,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Parameters.
    pub parameters: u64,
    /// RAM.
    pub ram_bytes: u64,
    /// Flash.
    pub flash_bytes: u64,
}

/// What the upper third has more or less of than the lower.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// The feature.
    pub feature: String,
    /// Its mean in the upper third by score.
    pub upper: f64,
    /// Its mean in the lower third.
    pub lower: f64,
    /// The difference, in deviations over all.
    pub deviations: f64,
}

/// What would be worth trying.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Suggestion {
    /// The upper third has more of this.
    More {
        /// The feature.
        feature: String,
        /// Where the upper third is.
        towards: f64,
    },
    /// The upper third has less of this.
    Less {
        /// The feature.
        feature: String,
        /// Where the upper third is.
        towards: f64,
    },
    /// The best leaves memory unused.
    UseMemory {
        /// `RAM` or `Flash`.
        memory: String,
        /// What is left of it.
        left_bytes: u64,
    },
    /// The best computes less than the window's middle.
    ComputeMore {
        /// What it computes.
        macs: u64,
        /// What is allowed.
        most: u64,
    },
}

/// What is said of all outcomes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Feedback {
    /// How many were seen.
    pub seen: usize,
    /// Of those, how many have a score.
    pub scored: usize,
    /// Of those, how many fit the budget and the window.
    pub feasible: usize,
    /// The most accurate that fits, whatever it takes.
    pub best: Option<Figures>,
    /// How many stand on the front.
    pub front_size: usize,
    /// Of the front: the ends by each cost, then the most accurate.
    pub front: Vec<Figures>,
    /// The clearest first.
    pub trends: Vec<Trend>,
    /// The most useful first.
    pub suggestions: Vec<Suggestion>,
    /// How much may be computed, where that is bounded.
    pub macs: Option<Window>,
    /// What the best computes.
    pub macs_of_best: Option<u64>,
}

impl Figures {
    const fn costs(&self) -> [u64; 4] {
        [self.macs, self.parameters, self.ram_bytes, self.flash_bytes]
    }

    fn dominates(&self, other: &Self) -> bool {
        let mut pairs = self.costs().into_iter().zip(other.costs());
        let is_nowhere_worse = self.score >= other.score && pairs.all(|(one, other)| one <= other);
        is_nowhere_worse && (self.score > other.score || self.costs() != other.costs())
    }
}

impl Feedback {
    /// Composed of outcomes, in order. What does not fit is on no front and is not the best, but counts in trends.
    #[must_use]
    pub fn of<M>(told: &[Told<'_, M>], names: &[&str], budget: Budget, macs: Option<Window>) -> Self {
        let fits = |size: &Size| {
            Fit::of(&size.footprint, budget).holds() && macs.is_none_or(|window| size.macs <= window.most)
        };
        let scored: Vec<(Figures, &[f32], bool)> = told
            .iter()
            .enumerate()
            .filter_map(|(place, one)| {
                let score = one.outcome.known_score()?;
                Some((figures(place, score, &one.size), one.features, fits(&one.size)))
            })
            .collect();
        let feasible: Vec<Figures> = scored.iter().filter(|(.., fits)| *fits).map(|(figures, ..)| *figures).collect();
        let better = |best: Figures, other: Figures| if other.score > best.score { other } else { best };
        let best = feasible.iter().copied().reduce(better);
        let front = front(&feasible);
        let trends = trends(&scored, names);
        Self {
            seen: told.len(),
            scored: scored.len(),
            feasible: feasible.len(),
            best,
            front_size: front.len(),
            front: ends(front),
            suggestions: suggestions(best.as_ref(), &trends, budget, macs),
            trends,
            macs,
            macs_of_best: best.map(|best| best.macs),
        }
    }
}

fn figures(place: usize, score: f64, size: &Size) -> Figures {
    let (ram_bytes, flash_bytes) = (size.ram().0, size.flash().0);
    Figures { place, score, macs: size.macs, parameters: size.parameters, ram_bytes, flash_bytes }
}

/// What none dominates, the most accurate first.
fn front(all: &[Figures]) -> Vec<Figures> {
    let mut order = all.to_vec();
    order.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then(one.costs().cmp(&other.costs())).then(one.place.cmp(&other.place))
    });
    let mut front: Vec<Figures> = Vec::new();
    for one in order {
        // Only what is at least as accurate can dominate, and that stands before.
        if !front.iter().any(|other| other.dominates(&one)) {
            front.push(one);
        }
    }
    front
}

/// The ends by each cost, and the most accurate; by accuracy.
fn ends(front: Vec<Figures>) -> Vec<Figures> {
    if front.len() <= FRONT_TOLD {
        return front;
    }
    let mut chosen: Vec<usize> = vec![0];
    for cost in 0..4 {
        let end = (0..front.len()).min_by_key(|place| (front[*place].costs()[cost], *place));
        chosen.extend(end);
    }
    // The rest are spread evenly over the front.
    let spread = (0..FRONT_TOLD).map(|part| part * front.len() / FRONT_TOLD);
    for place in spread {
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.len() < FRONT_TOLD {
            chosen.push(place);
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen.into_iter().map(|place| front[place]).collect()
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = u32::try_from(values.clone().count().max(1)).unwrap_or(u32::MAX);
    values.sum::<f64>() / f64::from(count)
}

fn trends(scored: &[(Figures, &[f32], bool)], names: &[&str]) -> Vec<Trend> {
    if scored.len() < FEWEST {
        return Vec::new();
    }
    let mut order: Vec<&(Figures, &[f32], bool)> = scored.iter().collect();
    order.sort_by(|one, other| other.0.score.total_cmp(&one.0.score).then(one.0.place.cmp(&other.0.place)));
    let third = order.len() / 3;
    let trend = |(column, name): (usize, &&str)| {
        let of = |part: &[&(Figures, &[f32], bool)]| -> Vec<f64> {
            part.iter().filter_map(|(_, features, _)| features.get(column).copied().map(f64::from)).collect()
        };
        let all = of(&order);
        let middle = mean(all.iter().copied());
        let deviation = mean(all.iter().map(|value| (value - middle).powi(2))).sqrt();
        let upper = mean(of(&order[..third]).into_iter());
        let lower = mean(of(&order[order.len() - third..]).into_iter());
        let deviations = if deviation > 1e-9 { (upper - lower) / deviation } else { 0.0 };
        Trend { feature: (*name).to_owned(), upper, lower, deviations }
    };
    let mut all: Vec<Trend> = names.iter().enumerate().map(trend).collect();
    all.retain(|trend| trend.deviations.abs() >= CLEAR);
    all.sort_by(|one, other| other.deviations.abs().total_cmp(&one.deviations.abs()));
    all.truncate(TRENDS_TOLD);
    all
}

/// Memory and work first: those are sure. Then the clearest trends.
fn suggestions(best: Option<&Figures>, trends: &[Trend], budget: Budget, macs: Option<Window>) -> Vec<Suggestion> {
    let mut all = Vec::new();
    if let Some(best) = best {
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let is_idle = |used: u64, of: u64| (used as f64) < WELL_USED * of as f64;
        for (memory, used, of) in [("RAM", best.ram_bytes, budget.ram), ("Flash", best.flash_bytes, budget.flash)] {
            if let Some(of) = of.filter(|of| is_idle(used, of.0)) {
                all.push(Suggestion::UseMemory { memory: memory.to_owned(), left_bytes: of.0 - used });
            }
        }
        if let Some(window) = macs {
            let (macs, most) = (best.macs, window.most);
            if macs < u64::midpoint(window.least, most) {
                all.push(Suggestion::ComputeMore { macs, most });
            }
        }
    }
    all.extend(trends.iter().map(|trend| {
        let (feature, towards) = (trend.feature.clone(), trend.upper);
        if trend.deviations > 0.0 {
            Suggestion::More { feature, towards }
        } else {
            Suggestion::Less { feature, towards }
        }
    }));
    all.truncate(SUGGESTIONS);
    all
}
