//! Where in one arena everything lies. Two things may share bytes as long as they do not live at the same time; this is
//! held for each row by itself, so that rows may be written where rows were that nobody reads any more.

use std::cell::Cell;

use super::stream::Life;

/// Everything starts at a multiple of this many bytes, so that words can be read in one access.
const ALIGNMENT: u32 = 4;

/// Slots of equal size, one behind the other, used again and again.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    /// The lives of what lies in each slot, in order.
    pub(crate) slots: Vec<Vec<Life>>,
    /// Bytes of each.
    pub(crate) slot_bytes: u32,
    /// Rings whose rows this one's may take over at the time when both meet, at the very same bytes.
    pub(crate) takes_over: Vec<usize>,
}

impl Ring {
    /// Rows in as few slots as hold those that live at one time, at least `least`.
    pub(crate) fn of_rows(rows: &[Life], slot_bytes: u32, least: usize) -> Self {
        let mut count = least.max(1);
        let mut oldest = 0;
        for (row, life) in rows.iter().enumerate() {
            while rows[oldest].to < life.from {
                oldest += 1;
            }
            count = count.max(row - oldest + 1);
        }
        let mut slots = vec![Vec::new(); count];
        for (row, &life) in rows.iter().enumerate() {
            slots[row % count].push(life);
        }
        Self { slots, slot_bytes, takes_over: Vec::new() }
    }

    /// A single slot.
    pub(crate) fn of_one(lives: Vec<Life>, bytes: u32) -> Self {
        Self { slots: vec![lives], slot_bytes: bytes, takes_over: Vec::new() }
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.slots.len()).expect("rows are bounded")
    }

    fn bytes(&self) -> u32 {
        self.count() * self.slot_bytes
    }

    pub(crate) fn span(&self) -> Life {
        let lives = || self.slots.iter().flatten();
        Life {
            from: lives().map(|life| life.from).min().unwrap_or(0),
            to: lives().map(|life| life.to).max().unwrap_or(0),
        }
    }
}

/// Numbers that look random and are the same every time.
pub(crate) struct Numbers(u32);

impl Default for Numbers {
    fn default() -> Self {
        Self(0x9e37_79b9)
    }
}

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % bound
    }
}

/// Slots that are looked at as one, so that there are few enough of them: a block is taken to live from the first life in it
/// to the last where it has many.
struct Blocks {
    /// The lives in each, in order.
    lives: Vec<Vec<Life>>,
    /// Bytes of each but the last, which may be smaller.
    bytes: u32,
}

/// So many slots times slots are compared in all, at most, and so many lives of one block.
const MOST_COMPARED: usize = 1 << 23;
const MOST_LIVES: usize = 64;
/// Placing stops looking for better orders when it has looked at so many pairs of blocks.
const MOST_LOOKED_AT: usize = 40_000_000;

impl Blocks {
    /// The slots of a ring in at most `most` blocks.
    fn of(ring: &Ring, most: usize) -> Self {
        let each = ring.slots.len().div_ceil(most.max(1)).max(1);
        let joined = |slots: &[Vec<Life>]| {
            if let [one] = slots
                && one.len() <= MOST_LIVES
            {
                return one.clone();
            }
            let lives = || slots.iter().flatten();
            let from = lives().map(|life| life.from).min();
            from.zip(lives().map(|life| life.to).max()).map(|(from, to)| Life { from, to }).into_iter().collect()
        };
        let bytes = u32::try_from(each).expect("rows are bounded") * ring.slot_bytes;
        Self { lives: ring.slots.chunks(each).map(joined).collect(), bytes }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Clash {
    Never,
    /// Only where one takes over from the other: the very same bytes are fine.
    UnlessSame,
    Always,
}

/// Places rings.
pub(crate) struct Placer<'r> {
    rings: &'r [Ring],
    spans: Vec<Life>,
    sizes: Vec<u32>,
    blocks: Vec<Blocks>,
    /// By ring and ring, the place among the clashes, from 1; 0 where they are never in each other's way.
    between: Vec<u32>,
    /// By block of the lower-numbered ring, then of the other.
    clashes: Vec<Vec<Clash>>,
    looked_at: Cell<usize>,
}

impl<'r> Placer<'r> {
    pub(crate) fn new(rings: &'r [Ring]) -> Self {
        let spans: Vec<Life> = rings.iter().map(Ring::span).collect();
        let meeting: Vec<(usize, usize)> = (0..rings.len())
            .flat_map(|a| (a + 1..rings.len()).map(move |b| (a, b)))
            .filter(|&(a, b)| spans[a].meets(spans[b]))
            .collect();
        let compared = |most: usize| -> usize {
            let blocks = |ring: usize| rings[ring].slots.len().min(most);
            meeting.iter().map(|&(a, b)| blocks(a) * blocks(b)).sum()
        };
        let most = (0..=12).rev().map(|bits| 1 << bits).find(|&most| compared(most) <= MOST_COMPARED).unwrap_or(1);
        let blocks: Vec<Blocks> = rings.iter().map(|ring| Blocks::of(ring, most)).collect();
        let mut clashes = Vec::new();
        let mut between = vec![0; rings.len() * rings.len()];
        for (a, b) in meeting {
            let found = clashes_between(rings, &blocks, a, b);
            if found.iter().any(|clash| *clash != Clash::Never) {
                clashes.push(found);
                let place = u32::try_from(clashes.len()).expect("rings are bounded");
                between[a * rings.len() + b] = place;
                between[b * rings.len() + a] = place;
            }
        }
        Self {
            rings,
            spans,
            sizes: rings.iter().map(Ring::bytes).collect(),
            blocks,
            between,
            clashes,
            looked_at: Cell::new(0),
        }
    }

    /// The best placement found: for each ring the byte at which it starts, and how many bytes there are in all. Stops
    /// where `bound` is reached, which no placement can do without.
    pub(crate) fn place(&self, bound: u32) -> (Vec<u32>, u32) {
        let mut best: Option<(Vec<u32>, u32)> = None;
        let mut best_order = Vec::new();
        let mut consider = |order: &[usize], best_order: &mut Vec<usize>| {
            let (offsets, bytes) = self.first_fit(order);
            let is_better = best.as_ref().is_none_or(|(_, least)| bytes < *least);
            if is_better {
                best = Some((offsets, bytes));
                order.clone_into(best_order);
            }
            best.as_ref().is_some_and(|(_, least)| *least <= bound)
        };
        let all: Vec<usize> = (0..self.rings.len()).collect();
        let by = |key: &dyn Fn(usize) -> (u32, u32)| {
            let mut order = all.clone();
            order.sort_by_key(|&ring| key(ring));
            order
        };
        let bytes = |ring: usize| u32::MAX - self.rings[ring].bytes();
        let orders = [
            by(&|ring| (bytes(ring), self.spans[ring].from)),
            by(&|ring| (u32::MAX - self.spans[ring].from, bytes(ring))),
            by(&|ring| (self.spans[ring].from, bytes(ring))),
            by(&|ring| (u32::MAX - (self.spans[ring].to - self.spans[ring].from), bytes(ring))),
        ];
        let mut is_done =
            orders.iter().any(|order| consider(order, &mut best_order) || self.looked_at.get() > MOST_LOOKED_AT);
        // Then small changes of the best order, the same ones every time.
        let mut numbers = Numbers::default();
        let most = if all.len() < 8 { 300 } else { 30_000 / all.len().max(60) };
        for _ in 0..most {
            if is_done || all.len() < 2 || self.looked_at.get() > MOST_LOOKED_AT {
                break;
            }
            let mut order = best_order.clone();
            let (from, to) = (numbers.below(order.len()), numbers.below(order.len()));
            let moved = order.remove(from);
            order.insert(to, moved);
            is_done = consider(&order, &mut best_order);
        }
        best.unwrap_or_default()
    }

    /// Each ring as low as it can lie, in this order.
    fn first_fit(&self, order: &[usize]) -> (Vec<u32>, u32) {
        let mut offsets = vec![0; self.rings.len()];
        let mut end = 0;
        for (i, &ring) in order.iter().enumerate() {
            let mut offset = 0;
            while let Some(next) =
                order[..i].iter().filter_map(|&other| self.clash(ring, offset, other, offsets[other])).max()
            {
                offset = next.next_multiple_of(ALIGNMENT);
            }
            offsets[ring] = offset;
            end = end.max(offset + self.rings[ring].bytes());
        }
        (offsets, end)
    }

    /// Where a ring at this byte shares some with another that it may not share: the least start above at which the first
    /// such pair of slots is apart.
    fn clash(&self, ring: usize, at: u32, other: usize, other_at: u32) -> Option<u32> {
        self.looked_at.set(self.looked_at.get() + 1);
        if at >= other_at + self.sizes[other] || other_at >= at + self.sizes[ring] {
            return None;
        }
        let (low, high) = (ring.min(other), ring.max(other));
        let clashes = match self.between[low * self.rings.len() + high] {
            0 => return None,
            place => &self.clashes[place as usize - 1],
        };
        let (own, its) = (&self.blocks[ring], &self.blocks[other]);
        let columns = self.blocks[high].lives.len();
        let block = |blocks: &Blocks, ring: usize, start: u32, i: usize| {
            let first = start + u32::try_from(i).expect("rows are bounded") * blocks.bytes;
            (first, (first + blocks.bytes).min(start + self.sizes[ring]))
        };
        for i in 0..own.lives.len() {
            let (start, end) = block(own, ring, at, i);
            // Only blocks of the other that lie under this one.
            let first = start.saturating_sub(other_at) / its.bytes.max(1);
            for j in first as usize..its.lives.len() {
                self.looked_at.set(self.looked_at.get() + 1);
                let (other_start, other_end) = block(its, other, other_at, j);
                if other_start >= end {
                    break;
                }
                if other_end <= start {
                    continue;
                }
                let clash = if ring == low { clashes[i * columns + j] } else { clashes[j * columns + i] };
                let is_same = (start, end) == (other_start, other_end);
                if clash == Clash::Always || clash == Clash::UnlessSame && !is_same {
                    // At least one byte more, even where the alignment already leads past.
                    return Some((at + (other_end - start)).max(at + 1));
                }
            }
        }
        None
    }
}

fn clashes_between(rings: &[Ring], blocks: &[Blocks], a: usize, b: usize) -> Vec<Clash> {
    // Slots that were joined do not take over from each other one by one.
    let is_whole = |ring: usize| blocks[ring].lives.len() == rings[ring].slots.len();
    let can = is_whole(a) && is_whole(b);
    let takes_over = |new: usize, old: usize| can && rings[new].takes_over.contains(&old);
    let (old_first, new_first) = (takes_over(b, a), takes_over(a, b));
    let others = &blocks[b].lives;
    blocks[a]
        .lives
        .iter()
        .flat_map(|own| others.iter().map(move |its| clash_of(own, its, old_first, new_first)))
        .collect()
}

/// `old_first`: what lies in `b` may take over from `a`; `new_first`: the other way round.
fn clash_of(a: &[Life], b: &[Life], old_first: bool, new_first: bool) -> Clash {
    let (mut i, mut j) = (0, 0);
    let mut found = Clash::Never;
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        if x.meets(y) {
            let is_handover = old_first && x.to == y.from || new_first && y.to == x.from;
            if !is_handover {
                return Clash::Always;
            }
            found = Clash::UnlessSame;
        }
        if x.to < y.to { i += 1 } else { j += 1 }
    }
    found
}

/// The least arena over every order in which rings can be placed: an arena that is as small as can be comes from one of
/// them, each ring being as low as those below it let it be.
#[cfg(test)]
pub(super) fn first_fit_in_every_order(rings: &[Ring]) -> u32 {
    fn permute(placer: &Placer<'_>, order: &mut Vec<usize>, from: usize, least: &mut u32) {
        if from == order.len() {
            *least = (*least).min(placer.first_fit(order).1);
            return;
        }
        for i in from..order.len() {
            order.swap(from, i);
            permute(placer, order, from + 1, least);
            order.swap(from, i);
        }
    }
    let placer = Placer::new(rings);
    let mut least = u32::MAX;
    permute(&placer, &mut (0..rings.len()).collect(), 0, &mut least);
    least
}
