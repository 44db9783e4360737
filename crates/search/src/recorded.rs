//! A part of a space whose members were really tried: what a strategy asks for is one of them, so that strategies can be held
//! against each other on training that was done once.

use automcu_target::Core;

use crate::{
    cost::Size,
    numbers::Numbers,
    space::{Memory, Seed, Space, Unbuildable, Variant},
};

/// So many of the nearest can be a change of one.
pub const NEIGHBOURS: usize = 8;

/// What is known of a member without training.
#[derive(Clone, Debug)]
struct Row<M> {
    member: M,
    size: Size,
    features: Vec<f32>,
    /// In deviations from the mean.
    place: Vec<f32>,
}

/// Some members of a space, at least one. Sizes are those of a glance.
#[derive(Clone, Debug)]
pub struct Recorded<S: Space> {
    space: S,
    rows: Vec<Row<S::Member>>,
}

/// Each column in deviations from its mean.
#[expect(clippy::cast_precision_loss, reason = "few rows")]
fn standardise<M>(rows: &mut [Row<M>]) {
    let columns = rows.first().map_or(0, |row| row.features.len());
    let count = rows.len().max(1) as f32;
    for column in 0..columns {
        let mean = rows.iter().map(|row| row.features[column]).sum::<f32>() / count;
        let variance = rows.iter().map(|row| (row.features[column] - mean).powi(2)).sum::<f32>() / count;
        let deviation = variance.sqrt().max(1e-6);
        rows.iter_mut().for_each(|row| row.place.push((row.features[column] - mean) / deviation));
    }
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum()
}

impl<S: Space> Recorded<S> {
    /// These members of a space; nothing where none of them can be built.
    #[must_use]
    pub fn of(space: S, members: Vec<S::Member>, core: Core) -> Option<Self> {
        let row = |member: S::Member| {
            let (size, features) = (space.glance(&member, core).ok()?, space.features(&member));
            Some(Row { member, size, features, place: Vec::new() })
        };
        let mut rows: Vec<Row<S::Member>> = members.into_iter().filter_map(row).collect();
        standardise(&mut rows);
        (!rows.is_empty()).then_some(Self { space, rows })
    }

    /// Its members.
    pub fn members(&self) -> impl Iterator<Item = &S::Member> {
        self.rows.iter().map(|row| &row.member)
    }

    fn row(&self, member: &S::Member) -> Option<&Row<S::Member>> {
        self.rows.iter().find(|row| row.member == *member)
    }

    /// Places of rows by how near they are to these features, the nearest first.
    fn nearest(&self, place: &[f32]) -> Vec<usize> {
        let mut order: Vec<(f32, usize)> =
            self.rows.iter().enumerate().map(|(at, row)| (distance(&row.place, place), at)).collect();
        order.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        order.into_iter().map(|(_, at)| at).collect()
    }

    /// The row that is most like a member that may not be of the record.
    fn like(&self, member: &S::Member) -> &Row<S::Member> {
        let features = self.space.features(member);
        let apart = |row: &Row<S::Member>| distance(&row.features, &features);
        let nearest = self.rows.iter().min_by(|one, other| apart(one).total_cmp(&apart(other)));
        nearest.unwrap_or(&self.rows[0])
    }
}

impl<S: Space> Space for Recorded<S> {
    type Member = S::Member;
    type Id = S::Id;

    fn draw(&self, numbers: &mut Numbers) -> S::Member {
        self.rows[numbers.place(self.rows.len())].member.clone()
    }

    fn mutate(&self, member: &S::Member, numbers: &mut Numbers) -> S::Member {
        let row = self.row(member).unwrap_or_else(|| self.like(member));
        let near: Vec<usize> = self
            .nearest(&row.place)
            .into_iter()
            .filter(|at| self.rows[*at].member != *member)
            .take(NEIGHBOURS)
            .collect();
        if near.is_empty() { member.clone() } else { self.rows[numbers.one(&near)].member.clone() }
    }

    fn cross(&self, one: &S::Member, other: &S::Member, _: &mut Numbers) -> S::Member {
        let (one, other) = (self.like(one), self.like(other));
        let middle: Vec<f32> =
            one.place.iter().zip(&other.place).map(|(one, other)| f32::midpoint(*one, *other)).collect();
        self.nearest(&middle).first().map_or_else(|| one.member.clone(), |at| self.rows[*at].member.clone())
    }

    fn shrink(&self, member: &S::Member, memory: Memory, _: &mut Numbers) -> Option<S::Member> {
        let used = |size: &Size| crate::cost::used(size, memory);
        let row = self.row(member).unwrap_or_else(|| self.like(member));
        let smaller = self.nearest(&row.place).into_iter().find(|at| used(&self.rows[*at].size) < used(&row.size))?;
        Some(self.rows[smaller].member.clone())
    }

    fn smallest(&self) -> S::Member {
        let takes = |row: &&Row<S::Member>| (row.size.flash(), row.size.ram());
        self.rows.iter().min_by_key(takes).unwrap_or(&self.rows[0]).member.clone()
    }

    fn seeds(&self) -> Vec<Seed<S::Member>> {
        let seeds = self.space.seeds().into_iter();
        seeds.map(|seed| Seed { name: seed.name, member: self.like(&seed.member).member.clone() }).collect()
    }

    fn widened(&self, member: &S::Member, eighths: u32) -> S::Member {
        let wide = self.space.widened(member, eighths);
        self.row(&wide).map_or_else(|| member.clone(), |row| row.member.clone())
    }

    fn varied(&self, member: &S::Member, variant: Variant) -> Option<S::Member> {
        let varied = self.space.varied(member, variant)?;
        Some(self.row(&varied)?.member.clone())
    }

    fn id(&self, member: &S::Member) -> Result<S::Id, Unbuildable> {
        self.space.id(member)
    }

    fn glance(&self, member: &S::Member, core: Core) -> Result<Size, Unbuildable> {
        self.row(member).map_or_else(|| self.space.glance(member, core), |row| Ok(row.size))
    }

    fn size(&self, member: &S::Member, core: Core) -> Result<Size, Unbuildable> {
        self.glance(member, core)
    }

    fn feature_names(&self) -> &'static [&'static str] {
        self.space.feature_names()
    }

    fn features(&self, member: &S::Member) -> Vec<f32> {
        self.row(member).map_or_else(|| self.space.features(member), |row| row.features.clone())
    }

    fn listed(&self) -> Option<Vec<S::Member>> {
        Some(self.members().cloned().collect())
    }
}
