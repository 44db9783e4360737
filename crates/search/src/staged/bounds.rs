//! A member brought within the rules of its space. What is within them stays as it is: that is what a member is.

use automcu_model::spec::Pool;

use super::{Kind, Stage, Staged, Stages, kinds::tidy};
use crate::{
    description::{HalvedBy, Halves, LastMap},
    rules::PlaceRules,
};

/// A map is halved no more often.
const MOST_HALVINGS: u32 = 12;

impl Stages {
    /// How often maps are halved, at least and at most.
    pub(super) fn halvings(&self) -> (u32, u32) {
        let (shorter, longer) = self.sides();
        let LastMap { least: smallest, most: largest } = self.rules.description().last_map;
        let after = |side: u32, halvings: u32| side.div_ceil(1 << halvings);
        let most = (1..=MOST_HALVINGS).take_while(|&halvings| after(shorter, halvings) >= smallest).last().unwrap_or(0);
        let places = self.rules.all_places().map(|place| u32::from(place.halves != Halves::Never)).sum::<u32>();
        let most = most.min(self.rules.stem.halvings.most() + places);
        let least = (0..=most).find(|&halvings| after(longer, halvings) <= largest).unwrap_or(most);
        (least, most)
    }

    /// The member with what the rules allow in place of what they do not, as many halvings as the input's shape takes, and no
    /// more stages than there may be.
    pub(super) fn mended(&self, mut member: Staged) -> Staged {
        let (least, most) = self.halvings();
        member.stages.truncate(self.rules.depth.most() as usize);
        self.mend_stem(&mut member, most);
        for (at, stage) in member.stages.iter_mut().enumerate() {
            *stage = self.within(at, *stage);
        }
        while member.stages.len() < self.rules.depth.least() as usize {
            self.push(&mut member);
        }
        while member.halvings() > most {
            // The last goes: maps are kept large for as long as they were.
            match member.stages.iter().rposition(|stage| stage.halves) {
                Some(at) => self.set_halves(&mut member, at, false),
                None => member.stem_halvings -= 1,
            }
        }
        while member.halvings() < least && self.halve_once_more(&mut member) {}
        member
    }

    fn mend_stem(&self, member: &mut Staged, most: u32) {
        let stem = &self.rules.stem;
        member.stem_channels = stem.channels.at_least(member.stem_channels);
        member.stem_kernel = self.kernel_of(stem.kernels(self.is_signal()), member.stem_kernel);
        let fewest = stem.halvings.least().min(most);
        member.stem_halvings = stem.halvings.at_least(member.stem_halvings).max(fewest);
        let has = |pool: Pool| self.rules.pools.contains(&pool);
        member.takes_most = has(Pool::Max) && (member.takes_most || !has(Pool::Average));
    }

    /// The nearest kernel; where none is seen, the first.
    fn kernel_of(&self, kernels: &[u32], side: u32) -> u32 {
        if !self.is_point() && kernels.contains(&side) {
            return side;
        }
        let nearest = kernels.iter().copied().min_by_key(|kernel| kernel.abs_diff(side));
        if self.is_point() { kernels[0] } else { nearest.unwrap_or(side) }
    }

    /// A stage as the rules of its place allow.
    pub(super) fn within(&self, at: usize, stage: Stage) -> Stage {
        let rules = self.rules.place(at);
        let stage = Stage {
            kind: among(&rules.modules, stage.kind),
            channels: rules.channels.at_least(stage.channels),
            repeat: rules.repeats.at_least(stage.repeat),
            kernel: self.kernel_of(rules.kernels(self.is_signal()), stage.kernel),
            expansion: nearest(&rules.expansions, stage.expansion),
            squeeze: squeeze(rules, stage.squeeze),
            skips: among(&rules.skips, stage.skips),
            follows: stage.follows,
            halves: match rules.halves {
                Halves::Free => stage.halves,
                Halves::Always => true,
                Halves::Never => false,
            },
            halved_by: among(&rules.halved_by, stage.halved_by),
        };
        // What is usual for one kind may be said of another.
        let follows = if rules.activations.contains(&stage.follows) { stage.follows } else { rules.activations[0] };
        tidy(Stage { follows, ..stage }, rules)
    }

    pub(super) fn set_halves(&self, member: &mut Staged, at: usize, halves: bool) {
        let rules = self.rules.place(at);
        let stage = member.stages[at];
        member.stages[at] = tidy(Stage { halves, halved_by: among(&rules.halved_by, stage.halved_by), ..stage }, rules);
    }

    /// Whether the rules leave open whether the stage halves the map.
    pub(super) fn is_free(&self, at: usize) -> bool {
        self.rules.place(at).halves == Halves::Free
    }

    /// One halving more: by the last stage that may, by the stem, or by a further stage.
    fn halve_once_more(&self, member: &mut Staged) -> bool {
        if let Some(at) = (0..member.stages.len()).rev().find(|&at| !member.stages[at].halves && self.is_free(at)) {
            self.set_halves(member, at, true);
            return true;
        }
        let stem = &self.rules.stem.halvings;
        if member.stem_halvings < stem.most() {
            member.stem_halvings = stem.above(member.stem_halvings);
            return true;
        }
        if member.stages.len() < self.rules.depth.most() as usize {
            self.push(member);
            return true;
        }
        false
    }

    /// One stage more, as wide as the last.
    fn push(&self, member: &mut Staged) {
        let channels = member.stages.last().map_or(member.stem_channels, |stage| stage.channels);
        let stage = Stage { kind: Kind::Separable, halves: true, ..Stage::plain(channels) };
        member.stages.push(self.within(member.stages.len(), stage));
    }

    /// Whether it is within the space's bounds.
    pub(super) fn holds(&self, member: &Staged) -> bool {
        self.mended(member.clone()) == *member
    }
}

/// It, where it is among them; else the first.
fn among<T: Copy + PartialEq>(list: &[T], one: T) -> T {
    if list.contains(&one) { one } else { list[0] }
}

fn nearest(list: &[u32], number: u32) -> u32 {
    list.iter().copied().min_by_key(|one| (one.abs_diff(number), *one)).unwrap_or(number)
}

fn squeeze(rules: &PlaceRules, squeeze: u32) -> u32 {
    match squeeze {
        0 if rules.squeeze_excite.contains(&false) => 0,
        0 => rules.reductions[0],
        _ if !rules.squeeze_excite.contains(&true) => 0,
        _ => among(&rules.reductions, squeeze),
    }
}

impl Stage {
    /// One dense convolution of 3x3.
    pub(super) const fn plain(channels: u32) -> Self {
        Self {
            kind: Kind::Conv,
            channels,
            repeat: 1,
            kernel: 3,
            expansion: 1,
            squeeze: 0,
            skips: true,
            follows: super::Follows::Own,
            halves: false,
            halved_by: HalvedBy::Stride,
        }
    }
}
