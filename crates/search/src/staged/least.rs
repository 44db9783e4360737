//! The smallest member of a space, and one in its middle.

use automcu_target::Core;

use super::{Kind, Stage, Staged, Stages};
use crate::{
    rules::{Choice, PlaceRules},
    space::Space,
};

impl Stages {
    /// The member that needs the least of both memories: narrow, shallow, its maps halved early. Of which module it is made, a
    /// glance decides.
    pub(super) fn least(&self) -> Staged {
        let (least, most) = self.halvings();
        let stem = &self.rules.stem;
        let stem_halvings = stem.halvings.at_most(most.min(stem.halvings.most()));
        let count = least.saturating_sub(stem_halvings).max(self.rules.depth.least()) as usize;
        let made_of = |kind: Kind| {
            self.mended(Staged {
                stem_channels: stem.channels.least(),
                stem_kernel: smallest_of(stem.kernels(self.is_signal())),
                stem_halvings,
                stages: (0..count).map(|at| self.least_stage(self.rules.place(at), kind)).collect(),
                takes_most: true,
            })
        };
        let mut members: Vec<Staged> = Vec::new();
        for kind in self.rules.modules() {
            let member = made_of(kind);
            if !members.contains(&member) {
                members.push(member);
            }
        }
        if let [_] = members.as_slice() {
            return members.remove(0);
        }
        let need = |member: &Staged| self.glance(member, Core::CortexM4).map(|size| (size.ram(), size.flash())).ok();
        let found =
            members.into_iter().min_by_key(|member| need(member).map_or((true, None), |need| (false, Some(need))));
        found.unwrap_or_else(|| made_of(Kind::Conv))
    }

    fn least_stage(&self, rules: &PlaceRules, kind: Kind) -> Stage {
        Stage {
            kind,
            channels: rules.channels.least(),
            repeat: rules.repeats.least(),
            kernel: smallest_of(rules.kernels(self.is_signal())),
            expansion: smallest_of(&rules.expansions),
            skips: false,
            halves: true,
            ..Stage::plain(0)
        }
    }

    /// The member whose every number is the largest, its maps kept as long as may be: often more than a spec can hold.
    #[must_use]
    pub fn widest(&self) -> Staged {
        let stem = &self.rules.stem;
        let end = |list: &[u32]| list.iter().copied().max().unwrap_or(1);
        let stage = |at: usize| {
            let rules = self.rules.place(at);
            // Of modules the one with the most weights: dense ones expand, or convolve twice.
            let heavy = [Kind::Fused, Kind::Residual, Kind::Conv, Kind::Inverted, Kind::Separable];
            Stage {
                kind: heavy.into_iter().find(|kind| rules.modules.contains(kind)).unwrap_or(Kind::Conv),
                channels: rules.channels.most(),
                repeat: rules.repeats.most(),
                kernel: end(rules.kernels(self.is_signal())),
                expansion: end(&rules.expansions),
                ..Stage::plain(0)
            }
        };
        self.mended(Staged {
            stem_channels: stem.channels.most(),
            stem_kernel: end(stem.kernels(self.is_signal())),
            stem_halvings: stem.halvings.least(),
            stages: (0..self.rules.depth.most() as usize).map(stage).collect(),
            takes_most: false,
        })
    }

    /// The member whose widths, depths and kernels are in the middle of what there is.
    pub(super) fn middle(&self) -> Staged {
        let (least, most) = self.halvings();
        let stem = &self.rules.stem;
        let depth = u32::midpoint(self.rules.depth.least(), self.rules.depth.most().min(6)).max(least);
        let stage = |at: usize| {
            let rules = self.rules.place(at);
            let last = rules.modules.len() / 2;
            Stage {
                kind: rules.modules[last],
                channels: middle_of(&rules.channels),
                repeat: middle_of(&rules.repeats),
                kernel: smallest_of(rules.kernels(self.is_signal())),
                expansion: rules.expansions[rules.expansions.len() / 2],
                halves: at > 0,
                ..Stage::plain(0)
            }
        };
        self.mended(Staged {
            stem_channels: middle_of(&stem.channels),
            stem_kernel: smallest_of(stem.kernels(self.is_signal())),
            stem_halvings: stem.halvings.least().min(most),
            stages: (0..depth as usize).map(stage).collect(),
            takes_most: false,
        })
    }
}

fn smallest_of(list: &[u32]) -> u32 {
    list.iter().copied().min().unwrap_or(1)
}

/// The middle of what is drawn; of a range that does not say, rather the narrow.
fn middle_of(choice: &Choice) -> u32 {
    let mut drawn = choice.drawn.clone();
    drawn.sort_unstable();
    let at = if choice.has_draws { drawn.len() / 2 } else { drawn.len() / 6 };
    drawn[at]
}
