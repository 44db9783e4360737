//! Where in one arena everything lies. Two things may share bytes as long as they do not live at the same time; this is
//! held for each row by itself, so that rows may be written where rows were that nobody reads any more.

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

/// How two rings stand to each other.
#[derive(Clone)]
enum Relation {
    /// They never live at the same time.
    Apart,
    /// By slot of the lower-numbered one, then of the other.
    Slots(Vec<Clash>),
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
    relations: Vec<Relation>,
}

impl<'r> Placer<'r> {
    pub(crate) fn new(rings: &'r [Ring]) -> Self {
        let spans: Vec<Life> = rings.iter().map(Ring::span).collect();
        let mut relations = Vec::with_capacity(rings.len() * rings.len());
        for a in 0..rings.len() {
            for b in 0..rings.len() {
                relations.push(if a < b && spans[a].meets(spans[b]) { relation(rings, a, b) } else { Relation::Apart });
            }
        }
        Self { rings, spans, relations }
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
        let mut is_done = orders.iter().any(|order| consider(order, &mut best_order));
        // Then small changes of the best order, the same ones every time.
        let mut numbers = Numbers::default();
        let most = if all.len() < 8 { 300 } else { 30_000 / all.len().max(60) };
        for _ in 0..most {
            if is_done || all.len() < 2 {
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
        let (low, high) = (ring.min(other), ring.max(other));
        let Relation::Slots(clashes) = &self.relations[low * self.rings.len() + high] else { return None };
        let (own, its) = (&self.rings[ring], &self.rings[other]);
        if at >= other_at + its.bytes() || other_at >= at + own.bytes() {
            return None;
        }
        let columns = self.rings[high].slots.len();
        for i in 0..own.slots.len() {
            let start = at + u32::try_from(i).expect("rows are bounded") * own.slot_bytes;
            let end = start + own.slot_bytes;
            // Only slots of the other that lie under this one.
            let first = start.saturating_sub(other_at) / its.slot_bytes.max(1);
            for j in first as usize..its.slots.len() {
                let other_start = other_at + u32::try_from(j).expect("rows are bounded") * its.slot_bytes;
                let other_end = other_start + its.slot_bytes;
                if other_start >= end {
                    break;
                }
                if other_end <= start {
                    continue;
                }
                let clash = if ring == low { clashes[i * columns + j] } else { clashes[j * columns + i] };
                let is_same = start == other_start && end == other_end;
                if clash == Clash::Always || clash == Clash::UnlessSame && !is_same {
                    // At least one byte more, even where the alignment already leads past.
                    return Some((at + (other_end - start)).max(at + 1));
                }
            }
        }
        None
    }
}

fn relation(rings: &[Ring], a: usize, b: usize) -> Relation {
    let takes_over = |new: usize, old: usize| rings[new].takes_over.contains(&old);
    let mut clashes = Vec::with_capacity(rings[a].slots.len() * rings[b].slots.len());
    for slot in &rings[a].slots {
        for other in &rings[b].slots {
            clashes.push(clash_of(slot, other, takes_over(b, a), takes_over(a, b)));
        }
    }
    if clashes.iter().all(|clash| *clash == Clash::Never) { Relation::Apart } else { Relation::Slots(clashes) }
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
