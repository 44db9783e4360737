//! The steps of an inference, written short: streams repeat themselves.

/// A stretch of steps that is done several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    /// Where the stretch starts in the pattern.
    pub(crate) start: usize,
    /// How many steps it has.
    pub(crate) length: usize,
    /// How often it is done.
    pub(crate) times: usize,
}

/// Steps as rounds over a pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// Nodes.
    pub(crate) pattern: Vec<usize>,
    /// What is done with them, in order.
    pub(crate) rounds: Vec<Round>,
}

/// The longest stretch that is looked for again.
const LONGEST: usize = 512;
/// What a round costs, in steps: shorter savings are not worth one.
const ROUND_BYTES: usize = 6;
/// Rounds count in 16 bits.
const MOST: usize = 65_535;

impl Order {
    pub(crate) fn of(steps: &[usize]) -> Self {
        let mut order = Self::default();
        let mut single = Vec::new();
        let mut at = 0;
        while at < steps.len() {
            let (length, times) = best_repeat(&steps[at..]);
            if length * (times - 1) > 2 * ROUND_BYTES {
                order.push(&std::mem::take(&mut single), 1);
                order.push(&steps[at..at + length], times);
                at += length * times;
            } else {
                single.push(steps[at]);
                at += 1;
            }
        }
        order.push(&single, 1);
        order
    }

    fn push(&mut self, stretch: &[usize], times: usize) {
        for stretch in stretch.chunks(MOST) {
            let known = self.pattern.windows(stretch.len()).position(|window| window == stretch);
            let start = known.unwrap_or_else(|| {
                self.pattern.extend_from_slice(stretch);
                self.pattern.len() - stretch.len()
            });
            self.rounds.push(Round { start, length: stretch.len(), times });
        }
    }

    /// How wide a node's number is.
    pub(crate) fn node_bytes(nodes: usize) -> u64 {
        if nodes <= 256 { 1 } else { 2 }
    }

    /// How wide the start of a round is.
    pub(crate) fn start_bytes(&self) -> u64 {
        if self.pattern.len() <= MOST { 2 } else { 4 }
    }

    /// The bytes of both in the emitted code.
    pub(crate) fn bytes(&self, nodes: usize) -> u64 {
        // Three numbers, the first as wide as the others where it can be; wider ones come with padding.
        let round = if self.start_bytes() == 2 { 6 } else { 8 };
        Self::node_bytes(nodes) * self.pattern.len() as u64 + round * self.rounds.len() as u64
    }
}

/// The stretch at the start that saves most by being done again and again, and how often it is.
fn best_repeat(steps: &[usize]) -> (usize, usize) {
    let mut best = (1, 1);
    for length in 1..=LONGEST.min(steps.len() / 2) {
        let (first, rest) = steps.split_at(length);
        if rest[0] != first[0] {
            continue;
        }
        let times = 1 + rest.chunks_exact(length).take(MOST - 1).take_while(|stretch| *stretch == first).count();
        if length * (times - 1) > best.0 * (best.1 - 1) {
            best = (length, times);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unrolled(order: &Order) -> Vec<usize> {
        let stretch = |round: &Round| order.pattern[round.start..][..round.length].repeat(round.times);
        order.rounds.iter().flat_map(stretch).collect()
    }

    #[test]
    fn what_is_written_short_is_done_in_full() {
        let stream = |rows: usize| [vec![0, 0, 1], [0, 1, 2, 0, 1].repeat(rows), vec![2, 3]].concat();
        for steps in [
            vec![],
            vec![5],
            vec![1, 2, 3],
            stream(1),
            stream(300),
            [stream(40), stream(40)].concat(),
            vec![7; 200_000],
        ] {
            let order = Order::of(&steps);
            assert_eq!(unrolled(&order), steps);
            assert!(order.bytes(9) <= (steps.len() + 3 * ROUND_BYTES) as u64, "{}", steps.len());
        }
        assert!(Order::of(&stream(300)).bytes(9) < 60);
    }
}
