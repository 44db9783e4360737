//! Members made smaller, until none is.

use super::{Kind, Staged, Stages};
use crate::{
    numbers::Numbers,
    rules::Choice,
    space::{Memory, Space, Variant},
};

/// Early blocks expand no more where RAM lacks.
const EARLY_EXPANSION: u32 = 4;

/// One way to make a member smaller; false where it is as small as it gets that way.
type Step = fn(&Stages, &mut Staged) -> bool;

impl Stages {
    /// The widest or the deepest stage becomes narrower or less deep; for RAM also an early map smaller.
    pub(super) fn shrunk(&self, member: &Staged, memory: Memory, numbers: &mut Numbers) -> Option<Staged> {
        let smallest = self.smallest();
        if *member == smallest {
            return None;
        }
        let first: &[Step] = match memory {
            Memory::Ram if numbers.chance(1, 4) => &[Self::coarsen],
            Memory::Ram => &[Self::narrow_early, Self::coarsen],
            Memory::Flash if numbers.chance(1, 4) => &[Self::shorten, Self::narrow_heaviest],
            Memory::Flash => &[Self::narrow_heaviest, Self::shorten],
        };
        let last: [Step; 3] = [Self::narrow_heaviest, Self::shorten, Self::drop_last];
        for step in first.iter().copied().chain(last) {
            let mut shrunk = member.clone();
            let is_done = step(self, &mut shrunk);
            let shrunk = self.mended(shrunk);
            if is_done && shrunk != *member {
                return Some(shrunk);
            }
        }
        Some(smallest)
    }

    /// A map is halved earlier, or once more.
    fn coarsen(&self, member: &mut Staged) -> bool {
        if let Some(coarser) = self.variant(member, Variant::Coarser) {
            *member = coarser;
            return true;
        }
        if member.halvings() >= self.halvings().1 {
            return false;
        }
        let free = (0..member.stages.len()).find(|&at| !member.stages[at].halves && self.is_free(at));
        free.map(|at| self.set_halves(member, at, true)).is_some()
    }

    /// The stage with the most weights becomes narrower.
    fn narrow_heaviest(&self, member: &mut Staged) -> bool {
        let weights = weights(member);
        let widths = |at: usize| &self.rules.place(at).channels;
        let places = (0..weights.len()).filter(|&at| member.stages[at].channels > widths(at).least());
        let Some(at) = places.max_by_key(|&at| (weights[at], std::cmp::Reverse(at))) else {
            let stem = &self.rules.stem.channels;
            let is_wide = member.stem_channels > stem.least();
            member.stem_channels = narrower(stem, member.stem_channels);
            return is_wide;
        };
        member.stages[at].channels = narrower(widths(at), member.stages[at].channels);
        true
    }

    /// Whatever has wide maps early becomes narrower: the stem and all stages up to the first that halves.
    fn narrow_early(&self, member: &mut Staged) -> bool {
        let before = member.clone();
        member.stem_channels = narrower(&self.rules.stem.channels, member.stem_channels);
        let early = member.stages.iter().take_while(|stage| !stage.halves).count() + 1;
        for (at, stage) in member.stages.iter_mut().enumerate().take(early) {
            stage.channels = narrower(&self.rules.place(at).channels, stage.channels);
            stage.expansion = stage.expansion.min(EARLY_EXPANSION);
        }
        before != *member
    }

    /// One block fewer in the deepest stage.
    fn shorten(&self, member: &mut Staged) -> bool {
        let repeats = |at: usize| &self.rules.place(at).repeats;
        let deep = member.stages.iter_mut().enumerate().filter(|(at, stage)| stage.repeat > repeats(*at).least());
        let deepest = deep.max_by_key(|(_, stage)| stage.repeat);
        deepest.map(|(at, stage)| stage.repeat = repeats(at).below(stage.repeat)).is_some()
    }

    #[expect(clippy::unused_self, reason = "one of several steps")]
    fn drop_last(&self, member: &mut Staged) -> bool {
        member.stages.len() > 1 && member.stages.pop().is_some()
    }
}

/// About a quarter less.
fn narrower(widths: &Choice, channels: u32) -> u32 {
    let (goal, step) = (channels * 3 / 4, if channels <= 16 { 4 } else { 8 });
    let less = widths.at_most((goal / step * step).min(channels.saturating_sub(step)));
    less.min(channels)
}

/// About how many weights each stage has.
fn weights(member: &Staged) -> Vec<u32> {
    let mut before = member.stem_channels;
    let mut weights = Vec::with_capacity(member.stages.len());
    for stage in &member.stages {
        let (from, to, area) = (before, stage.channels, stage.kernel * stage.kernel);
        let later = stage.repeat.saturating_sub(1);
        let inside = stage.expansion;
        weights.push(match stage.kind {
            Kind::Conv => area * to * (from + later * to),
            Kind::Residual => area * to * (from + to + 2 * later * to),
            Kind::Separable => from * (area + to) + later * to * (area + to),
            Kind::Inverted => inside * (from * (from + area + to) + later * to * (2 * to + area)),
            Kind::Fused => inside * (from * (from * area + to) + later * to * to * (area + 1)),
        });
        before = to;
    }
    weights
}
