//! NAS-Bench-201 as a space: 15,625 cells, of which 6,466 differ, in a network whose size is known exactly. A pool of a few drawn
//! cells is a space, too: so a search is measured, and not a formula over the whole of the table.

mod cell;
mod table;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use automcu_target::Core;

pub use cell::{Cell, Operation};
pub use table::{Data, Reached, Table, TableError};

use crate::{
    cost::Size,
    numbers::{Numbers, Purpose},
    space::{Memory, Seed, Space, Unbuildable, Variant},
};
use Operation::{Conv3, None as Nothing, Skip};

/// Known good cells: the basic residual block, and all nodes from all before by convolutions with a way around.
const SEEDS: [(&str, Cell); 2] = [
    ("residual cell", Cell([Conv3, Nothing, Conv3, Skip, Nothing, Skip])),
    ("dense cell", Cell([Conv3, Conv3, Conv3, Skip, Conv3, Conv3])),
];
/// So many steps a change in a pool takes at most, where anything is so near.
const NEAR: usize = 2;

/// What is known of a cell without training.
#[derive(Debug)]
struct Row {
    id: CellId,
    size: Size,
    features: Vec<f32>,
}

/// What tells cells apart: the first of those that are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct CellId(u16);

/// Of all cells, worked out once.
fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut first = BTreeMap::new();
        let row = |place: u16| {
            let cell = Cell::at(place);
            let id = CellId(*first.entry(cell.canonical()).or_insert(place));
            Row { id, size: cell.size(), features: cell::features(cell) }
        };
        (0..cell::COUNT).map(row).collect()
    })
}

/// A space of cells: those of a table, or a pool of them.
#[derive(Clone, Debug)]
pub struct Cells {
    /// In the benchmark's order, at least one.
    members: Arc<[Cell]>,
}

impl Cells {
    /// All cells.
    #[must_use]
    pub fn whole() -> Self {
        Self { members: (0..cell::COUNT).map(Cell::at).collect() }
    }

    /// These cells; nothing where there are none.
    #[must_use]
    pub fn of(mut cells: Vec<Cell>) -> Option<Self> {
        cells.sort_unstable();
        cells.dedup();
        (!cells.is_empty()).then(|| Self { members: cells.into() })
    }

    /// So many of its cells, drawn by a seed; all of them where there are no more.
    #[must_use]
    pub fn pool(&self, count: usize, seed: u64) -> Self {
        let mut numbers = Numbers::of(seed, Purpose::Pool, 0);
        let mut cells = self.members.to_vec();
        for place in 0..count.clamp(1, cells.len()) {
            let other = place + numbers.place(cells.len() - place);
            cells.swap(place, other);
        }
        cells.truncate(count.max(1));
        cells.sort_unstable();
        Self { members: cells.into() }
    }

    /// Its cells, in the benchmark's order.
    #[must_use]
    pub fn members(&self) -> &[Cell] {
        &self.members
    }

    fn is_whole(&self) -> bool {
        self.members.len() == usize::from(cell::COUNT)
    }

    fn row(cell: Cell) -> &'static Row {
        &rows()[cell.place()]
    }

    /// One of the nearest members.
    fn nearest(&self, cell: Cell, numbers: &mut Numbers) -> Cell {
        if self.is_whole() {
            return cell;
        }
        let least = self.members.iter().map(|member| member.distance(cell)).min().unwrap_or(0);
        let near: Vec<Cell> = self.members.iter().copied().filter(|member| member.distance(cell) == least).collect();
        numbers.one(&near)
    }
}

/// Another operation on one edge.
fn changed(mut cell: Cell, numbers: &mut Numbers) -> Cell {
    let edge = numbers.place(6);
    let others: Vec<Operation> = Operation::ALL.into_iter().filter(|other| *other != cell.0[edge]).collect();
    cell.0[edge] = numbers.one(&others);
    cell
}

impl Space for Cells {
    type Member = Cell;
    type Id = CellId;

    fn draw(&self, numbers: &mut Numbers) -> Cell {
        numbers.one(&self.members)
    }

    fn mutate(&self, member: &Cell, numbers: &mut Numbers) -> Cell {
        if self.is_whole() {
            return changed(*member, numbers);
        }
        // In a pool few are one step away: as near as any, or within a few steps.
        let distance = |other: &&Cell| other.distance(*member);
        let least = self.members.iter().filter(|other| *other != member).map(|other| distance(&other)).min();
        let Some(least) = least else { return *member };
        let most = if numbers.chance(1, 2) { least } else { least.max(NEAR) };
        let near: Vec<Cell> =
            self.members.iter().copied().filter(|other| (1..=most).contains(&other.distance(*member))).collect();
        numbers.one(&near)
    }

    fn cross(&self, one: &Cell, other: &Cell, numbers: &mut Numbers) -> Cell {
        let edges = std::array::from_fn(|edge| if numbers.chance(1, 2) { one.0[edge] } else { other.0[edge] });
        self.nearest(Cell(edges), numbers)
    }

    fn shrink(&self, member: &Cell, _: Memory, numbers: &mut Numbers) -> Option<Cell> {
        let flash = Self::row(*member).size.flash();
        let smaller: Vec<Cell> =
            self.members.iter().copied().filter(|other| Self::row(*other).size.flash() < flash).collect();
        let least = smaller.iter().map(|other| other.distance(*member)).min()?;
        let near: Vec<Cell> = smaller.into_iter().filter(|other| other.distance(*member) == least).collect();
        Some(numbers.one(&near))
    }

    fn smallest(&self) -> Cell {
        let takes = |cell: &&Cell| (Self::row(**cell).size.flash(), Self::row(**cell).size.ram());
        self.members.iter().min_by_key(takes).copied().unwrap_or(Cell([Nothing; 6]))
    }

    fn seeds(&self) -> Vec<Seed<Cell>> {
        let place = |place: u64| Numbers::of(place, Purpose::Pool, 1);
        let seed =
            |(at, (name, cell)): (u64, (&'static str, Cell))| Seed { name, member: self.nearest(cell, &mut place(at)) };
        (0..).zip(SEEDS).map(seed).collect()
    }

    fn widened(&self, member: &Cell, _: u32) -> Cell {
        *member
    }

    fn varied(&self, member: &Cell, variant: Variant) -> Option<Cell> {
        (variant == Variant::Plain).then_some(*member)
    }

    fn id(&self, member: &Cell) -> Result<CellId, Unbuildable> {
        Ok(Self::row(*member).id)
    }

    fn glance(&self, member: &Cell, _: Core) -> Result<Size, Unbuildable> {
        Ok(Self::row(*member).size)
    }

    fn size(&self, member: &Cell, _: Core) -> Result<Size, Unbuildable> {
        Ok(Self::row(*member).size)
    }

    fn feature_names(&self) -> &'static [&'static str] {
        cell::NAMES
    }

    fn features(&self, member: &Cell) -> Vec<f32> {
        Self::row(*member).features.clone()
    }

    fn listed(&self) -> Option<Vec<Cell>> {
        Some(self.members.to_vec())
    }
}
