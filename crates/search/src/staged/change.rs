//! Members changed: one step away, crossed, deeper or finer.

use super::{Kind, Stage, Staged, Stages, draw::only};
use crate::{
    numbers::Numbers,
    rules::{Choice, PlaceRules},
    space::Variant,
};

/// A mutation that changes nothing is tried again so often.
const TRIES: u32 = 16;
/// Kinds of changes in every space; what only some spaces have follows, each twice as likely as one of these.
const KINDS: u32 = 16;

/// What a stage has in some spaces only.
#[derive(Clone, Copy)]
enum Extra {
    Squeeze,
    Skips,
    Follows,
    HalvedBy,
}

impl Extra {
    const ALL: [Self; 4] = [Self::Squeeze, Self::Skips, Self::Follows, Self::HalvedBy];

    /// Whether there is a choice.
    fn is_open(self, rules: &PlaceRules) -> bool {
        match self {
            Self::Squeeze => rules.squeeze_excite.len() > 1 || rules.reductions.len() > 1,
            Self::Skips => rules.skips.len() > 1,
            Self::Follows => rules.activations.len() > 1,
            Self::HalvedBy => rules.halved_by.len() > 1,
        }
    }

    fn changed(self, stage: Stage, rules: &PlaceRules, numbers: &mut Numbers) -> Stage {
        match self {
            Self::Squeeze => {
                let has_one = only(&rules.squeeze_excite, numbers);
                Stage { squeeze: if has_one { only(&rules.reductions, numbers) } else { 0 }, ..stage }
            }
            Self::Skips => Stage { skips: !stage.skips, ..stage },
            Self::Follows => Stage { follows: only(&rules.activations, numbers), ..stage },
            Self::HalvedBy => Stage { halved_by: only(&rules.halved_by, numbers), ..stage },
        }
    }
}

impl Stages {
    pub(super) fn mutated(&self, member: &Staged, numbers: &mut Numbers) -> Staged {
        for _ in 0..TRIES {
            let mut changed = member.clone();
            self.change(&mut changed, numbers);
            let changed = self.mended(changed);
            if changed != *member {
                return changed;
            }
        }
        self.drawn(numbers)
    }

    fn change(&self, member: &mut Staged, numbers: &mut Numbers) {
        let is_open = |extra: &Extra| self.rules.all_places().any(|rules| extra.is_open(rules));
        let extras: Vec<Extra> = Extra::ALL.into_iter().filter(is_open).collect();
        let more = 2 * u32::try_from(extras.len()).unwrap_or(0);
        let place = numbers.place(member.stages.len().max(1));
        let kind = numbers.below(KINDS + more);
        let rules = self.rules.place(place);
        let Some(stage) = member.stages.get_mut(place) else {
            return self.change_whole(member, place, 12 + kind % 4, numbers);
        };
        match kind {
            0..=3 => stage.channels = stepped(&rules.channels, stage.channels, numbers),
            4..=5 => stage.repeat = one_step(&rules.repeats, stage.repeat, numbers),
            6 => stage.kernel = numbers.one(self.seen(rules.kernels(self.is_signal()))),
            7 => stage.expansion = numbers.one(&rules.expansions),
            8..=9 => {
                let kind: Kind = numbers.one(&rules.modules);
                *stage = Stage { kind, expansion: numbers.one(&rules.expansions), ..*stage };
            }
            10..=11 => stage.halves = !stage.halves,
            12..KINDS => self.change_whole(member, place, kind, numbers),
            extra => *stage = extras[((extra - KINDS) / 2) as usize].changed(*stage, rules, numbers),
        }
    }

    fn change_whole(&self, member: &mut Staged, place: usize, kind: u32, numbers: &mut Numbers) {
        let (stem, most) = (&self.rules.stem, self.rules.depth.most() as usize);
        match kind {
            12 => member.stem_channels = stepped(&stem.channels, member.stem_channels, numbers),
            13 if numbers.chance(1, 2) => {
                member.stem_kernel = numbers.one(self.seen(stem.kernels(self.is_signal())));
            }
            13 => member.stem_halvings = numbers.one(&stem.halvings.drawn),
            14 if member.stages.len() < most => {
                let channels = member.stages.get(place).map_or(member.stem_channels, |stage| stage.channels);
                let at = (place + 1).min(member.stages.len());
                let stage = self.stage(at, channels, false, numbers);
                member.stages.insert(at, stage);
            }
            14 | 15 if numbers.chance(3, 4) && member.stages.len() > 1 => {
                member.stages.remove(place);
            }
            _ => member.takes_most = !member.takes_most,
        }
    }

    /// The first stages of one and the last of the other.
    pub(super) fn crossed(&self, one: &Staged, other: &Staged, numbers: &mut Numbers) -> Staged {
        let head = numbers.place(one.stages.len() + 1);
        let tail = numbers.place(other.stages.len() + 1);
        let stages = one.stages[..head].iter().chain(&other.stages[tail..]).copied().collect();
        self.mended(Staged { stages, takes_most: other.takes_most, ..*one })
    }

    pub(super) fn variant(&self, member: &Staged, variant: Variant) -> Option<Staged> {
        let mut varied = member.clone();
        let repeats = |at: usize| &self.rules.place(at).repeats;
        let stages = varied.stages.iter_mut().enumerate();
        match variant {
            Variant::Plain => return Some(varied),
            Variant::Deeper => stages.for_each(|(at, stage)| stage.repeat = repeats(at).above(stage.repeat)),
            Variant::Shallower => stages.for_each(|(at, stage)| stage.repeat = repeats(at).below(stage.repeat)),
            Variant::Finer => self.finer(&mut varied)?,
            Variant::Coarser => self.coarser(&mut varied)?,
        }
        let varied = self.mended(varied);
        (varied != *member).then_some(varied)
    }

    /// A step of two one stage later.
    fn finer(&self, member: &mut Staged) -> Option<()> {
        let open = |at: &usize| !member.stages[*at].halves && self.is_free(*at);
        let stem = &self.rules.stem.halvings;
        if member.stem_halvings > stem.least() {
            let at = (0..member.stages.len()).find(open)?;
            member.stem_halvings = stem.below(member.stem_halvings);
            self.set_halves(member, at, true);
        } else {
            let first = member.stages.iter().position(|stage| stage.halves)?;
            let later = (first..member.stages.len()).find(open)?;
            self.set_halves(member, first, false);
            self.set_halves(member, later, true);
        }
        Some(())
    }

    /// A step of two one stage earlier.
    fn coarser(&self, member: &mut Staged) -> Option<()> {
        let first = member.stages.iter().position(|stage| stage.halves)?;
        let open = |at: &usize| !member.stages[*at].halves && self.is_free(*at);
        let stem = &self.rules.stem.halvings;
        match (0..first).rev().find(open) {
            Some(earlier) => self.set_halves(member, earlier, true),
            None if member.stem_halvings < stem.most() => member.stem_halvings = stem.above(member.stem_halvings),
            None => return None,
        }
        self.set_halves(member, first, false);
        Some(())
    }
}

/// A width some steps away.
fn stepped(widths: &Choice, channels: u32, numbers: &mut Numbers) -> u32 {
    let step = if channels <= 16 { 4 } else { 8 };
    let far = step * numbers.one(&[1, 1, 2, 4]);
    let (is_less, stays) = (numbers.chance(1, 2), |to: u32| to == channels);
    let to = if is_less { widths.at_least(channels.saturating_sub(far)) } else { widths.at_least(channels + far) };
    match is_less {
        // Where few widths are named, a step may not come as far as the next.
        true if stays(to) => widths.below(channels),
        false if stays(to) => widths.above(channels),
        _ => to,
    }
}

fn one_step(choice: &Choice, number: u32, numbers: &mut Numbers) -> u32 {
    numbers.one(&[choice.below(number), choice.above(number)])
}
