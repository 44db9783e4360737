//! Members drawn at random.

use automcu_model::spec::Pool;

use super::{Kind, Stage, Staged, Stages, kinds::tidy};
use crate::{numbers::Numbers, rules::Choice};

/// How much wider a stage is than the one before it, in eighths: where maps are halved, and elsewhere.
const STEPS_DOWN: [u32; 5] = [8, 10, 12, 16, 16];
const STEPS_ALONG: [u32; 5] = [6, 8, 8, 8, 12];
/// Where it is not said how many stages are drawn, so many more than it takes at most.
const MORE_STAGES: u32 = 3;

impl Stages {
    pub(super) fn drawn(&self, numbers: &mut Numbers) -> Staged {
        let (least, most) = self.halvings();
        let stem = &self.rules.stem;
        let stem_halvings = few(&stem.halvings, most, numbers);
        let rest = numbers.within(least, most).saturating_sub(stem_halvings);
        let count = self.depth(rest, numbers);
        let stem_channels = numbers.one(&stem.channels.drawn);
        let mut member = Staged {
            stem_channels,
            stem_kernel: numbers.one(self.seen(stem.kernels(self.is_signal()))),
            stem_halvings,
            stages: Vec::new(),
            takes_most: numbers.chance(1, 8) || !self.rules.pools.contains(&Pool::Average),
        };
        let (mut channels, mut left) = (stem_channels, rest);
        for stage in 0..count {
            let halves = numbers.chance(left, count - stage);
            left -= u32::from(halves);
            let widths = &self.rules.place(stage as usize).channels;
            channels = if widths.is_listed {
                numbers.one(&widths.drawn)
            } else {
                let steps = if halves { STEPS_DOWN } else { STEPS_ALONG };
                widths.at_least(channels * numbers.one(&steps) / 8)
            };
            member.stages.push(self.stage(stage as usize, channels, halves, numbers));
        }
        self.mended(member)
    }

    /// How many stages, where so many of them halve a map.
    fn depth(&self, halving: u32, numbers: &mut Numbers) -> u32 {
        let depth = &self.rules.depth;
        let fewest = halving.max(1).max(depth.least()).min(depth.most());
        if depth.has_draws && !depth.is_listed {
            return few_at_least(&depth.drawn, fewest, numbers);
        }
        numbers.within(fewest, (fewest + MORE_STAGES).min(depth.most()))
    }

    /// The kernels; one where none is seen.
    pub(super) fn seen<'k>(&self, kernels: &'k [u32]) -> &'k [u32] {
        if self.is_point() { &kernels[..1] } else { kernels }
    }

    pub(super) fn stage(&self, at: usize, channels: u32, halves: bool, numbers: &mut Numbers) -> Stage {
        let rules = self.rules.place(at);
        let kind: Kind = numbers.one(&rules.modules);
        let repeat = numbers.one(&rules.repeats.drawn);
        let expansion = numbers.one(&rules.expansions);
        let kernel = numbers.one(self.seen(rules.kernels(self.is_signal())));
        let squeeze = if only(&rules.squeeze_excite, numbers) { only(&rules.reductions, numbers) } else { 0 };
        let skips = only(&rules.skips, numbers);
        let follows = only(&rules.activations, numbers);
        let halved_by = only(&rules.halved_by, numbers);
        let stage = Stage { kind, channels, repeat, kernel, expansion, squeeze, skips, follows, halves, halved_by };
        tidy(stage, rules)
    }
}

/// One of them; where there is one only, no number is drawn for it, so that spaces without a choice draw what they always drew.
pub(super) fn only<T: Copy>(list: &[T], numbers: &mut Numbers) -> T {
    if let [one] = list { *one } else { numbers.one(list) }
}

/// One of those that are drawn and are not more; the least where all are.
pub(super) fn few(choice: &Choice, most: u32, numbers: &mut Numbers) -> u32 {
    let few: Vec<u32> = choice.drawn.iter().copied().filter(|one| *one <= most).collect();
    if few.is_empty() { choice.least() } else { numbers.one(&few) }
}

fn few_at_least(drawn: &[u32], least: u32, numbers: &mut Numbers) -> u32 {
    let enough: Vec<u32> = drawn.iter().copied().filter(|one| *one >= least).collect();
    if enough.is_empty() { least } else { numbers.one(&enough) }
}
