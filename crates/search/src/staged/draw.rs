//! Members drawn at random.

use super::{Kind, STAGES, Stage, Staged, Stages, WIDEST, width};
use crate::numbers::Numbers;

/// Widths of a first convolution.
const STEMS: [u32; 8] = [4, 8, 12, 16, 24, 32, 48, 64];
/// How much wider a stage is than the one before it, in eighths: where maps are halved, and elsewhere.
const STEPS_DOWN: [u32; 5] = [8, 10, 12, 16, 16];
const STEPS_ALONG: [u32; 5] = [6, 8, 8, 8, 12];
pub(super) const EXPANSIONS: [u32; 5] = [1, 2, 3, 4, 6];

impl Stages {
    pub(super) fn drawn(&self, numbers: &mut Numbers) -> Staged {
        let (least, most) = self.halvings();
        let stem_halvings = numbers.below(most.min(1) + 1);
        let rest = numbers.within(least, most).saturating_sub(stem_halvings);
        let fewest = rest.max(1);
        let count = numbers.within(fewest, (fewest + 3).min(STAGES));
        let stem_channels = numbers.one(&STEMS);
        let mut member = Staged {
            stem_channels,
            stem_kernel: numbers.one(self.kernels()),
            stem_halvings,
            stages: Vec::new(),
            takes_most: numbers.chance(1, 8),
        };
        let (mut channels, mut left) = (stem_channels, rest);
        for stage in 0..count {
            let halves = numbers.chance(left, count - stage);
            left -= u32::from(halves);
            let steps = if halves { STEPS_DOWN } else { STEPS_ALONG };
            channels = width((channels * numbers.one(&steps) / 8).min(WIDEST));
            member.stages.push(self.stage(channels, halves, numbers));
        }
        self.mended(member)
    }

    pub(super) fn stage(&self, channels: u32, halves: bool, numbers: &mut Numbers) -> Stage {
        let kind = numbers.one(&Kind::ALL);
        let repeat = numbers.one(&[1, 1, 1, 2, 2, 3, 4]);
        let expansion = numbers.one(&EXPANSIONS);
        tidy(Stage { kind, channels, repeat, kernel: numbers.one(self.kernels()), expansion, halves })
    }
}

/// The stage, with what its kind does not have at 1: what is not seen must not tell members apart.
pub(super) fn tidy(stage: Stage) -> Stage {
    Stage { expansion: if stage.kind == Kind::Inverted { stage.expansion } else { 1 }, ..stage }
}
