//! The Pareto front: all that nothing else beats in accuracy, RAM, Flash and multiply-accumulates at once.

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// More is better.
    pub accuracy: f64,
    /// Less is better.
    pub ram_bytes: u64,
    /// Less is better.
    pub flash_bytes: u64,
    /// Less is better.
    pub macs: u64,
}

impl Point {
    /// Whether it is nowhere worse, and somewhere better. What has no accuracy dominates nothing.
    #[must_use]
    pub fn dominates(&self, other: &Self) -> bool {
        let costs = |point: &Self| [point.ram_bytes, point.flash_bytes, point.macs];
        let mut pairs = costs(self).into_iter().zip(costs(other));
        let is_nowhere_worse = self.accuracy >= other.accuracy && pairs.all(|(one, other)| one <= other);
        is_nowhere_worse && self != other
    }
}

/// Points that none dominates, in the order in which they came. Equal points stand side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Front<T> {
    points: Vec<(Point, T)>,
}

impl<T> Default for Front<T> {
    fn default() -> Self {
        Self { points: Vec::new() }
    }
}

impl<T> Front<T> {
    /// Adds a point unless one dominates it, and drops those that it dominates. Without an accuracy it is not added.
    pub fn insert(&mut self, point: Point, item: T) -> bool {
        if point.accuracy.is_nan() || self.points.iter().any(|(other, _)| other.dominates(&point)) {
            return false;
        }
        self.points.retain(|(other, _)| !point.dominates(other));
        self.points.push((point, item));
        true
    }

    /// The points, in the order in which they came.
    #[must_use]
    pub fn points(&self) -> &[(Point, T)] {
        &self.points
    }

    /// The most accurate; of several the one with the least RAM, then Flash, then work, then the first that came.
    #[must_use]
    pub fn best(&self) -> Option<&(Point, T)> {
        let rank = |point: &Point| (point.ram_bytes, point.flash_bytes, point.macs);
        let better = |one: &Point, other: &Point| {
            one.accuracy > other.accuracy || (one.accuracy == other.accuracy && rank(one) < rank(other))
        };
        self.points.iter().reduce(|best, other| if better(&other.0, &best.0) { other } else { best })
    }
}
