//! Members changed: one step away, crossed, made smaller, deeper or finer, and brought back within the space.

use super::{
    Kind, NARROWEST, REPEATS, STAGES, STEM_HALVINGS, Stage, Staged, Stages, WIDEST,
    draw::{EXPANSIONS, tidy},
    width,
};
use crate::{
    numbers::Numbers,
    space::{Memory, Space, Variant},
};

/// A mutation that changes nothing is tried again so often.
const TRIES: u32 = 16;

impl Stages {
    /// The member with as many halvings as the input's shape takes, no more stages than there may be, and kernels of the space.
    pub(super) fn mended(&self, mut member: Staged) -> Staged {
        let (least, most) = self.halvings();
        member.stages.truncate(STAGES as usize);
        if self.is_point() {
            member.stem_kernel = self.kernels()[0];
            member.stages.iter_mut().for_each(|stage| stage.kernel = member.stem_kernel);
        }
        while member.halvings() > most {
            // The last goes: maps are kept large for as long as they were.
            match member.stages.iter_mut().rev().find(|stage| stage.halves) {
                Some(stage) => stage.halves = false,
                None => member.stem_halvings -= 1,
            }
        }
        while member.halvings() < least {
            let free = member.stages.iter_mut().rev().find(|stage| !stage.halves);
            match free {
                Some(stage) => stage.halves = true,
                None if member.stem_halvings < STEM_HALVINGS => member.stem_halvings += 1,
                None => {
                    let channels = member.stages.last().map_or(member.stem_channels, |stage| stage.channels);
                    let kind = Kind::Separable;
                    member.stages.push(Stage { kind, channels, repeat: 1, kernel: 3, expansion: 1, halves: true });
                }
            }
        }
        member
    }

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
        let place = numbers.place(member.stages.len().max(1));
        let kind = numbers.below(16);
        let Some(stage) = member.stages.get_mut(place) else {
            return self.change_whole(member, place, 12 + kind % 4, numbers);
        };
        match kind {
            0..=3 => stage.channels = stepped(stage.channels, numbers),
            4..=5 => stage.repeat = numbers.one(&[stage.repeat - 1, stage.repeat + 1]).clamp(1, REPEATS),
            6 => stage.kernel = numbers.one(self.kernels()),
            7 => *stage = tidy(Stage { expansion: numbers.one(&EXPANSIONS), ..*stage }),
            8..=9 => {
                let (kind, expansion) = (numbers.one(&Kind::ALL), numbers.one(&EXPANSIONS));
                *stage = tidy(Stage { kind, expansion, ..*stage });
            }
            10..=11 => stage.halves = !stage.halves,
            other => self.change_whole(member, place, other, numbers),
        }
    }

    fn change_whole(&self, member: &mut Staged, place: usize, kind: u32, numbers: &mut Numbers) {
        match kind {
            12 => member.stem_channels = stepped(member.stem_channels, numbers),
            13 if numbers.chance(1, 2) => member.stem_kernel = numbers.one(self.kernels()),
            13 => member.stem_halvings = numbers.below(STEM_HALVINGS),
            14 if member.stages.len() < STAGES as usize => {
                let channels = member.stages.get(place).map_or(member.stem_channels, |stage| stage.channels);
                let stage = self.stage(channels, false, numbers);
                member.stages.insert((place + 1).min(member.stages.len()), stage);
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

    /// The widest or the deepest stage becomes narrower or less deep; for RAM also an early map smaller.
    pub(super) fn shrunk(&self, member: &Staged, memory: Memory, numbers: &mut Numbers) -> Option<Staged> {
        let smallest = self.smallest();
        if *member == smallest {
            return None;
        }
        let mut shrunk = member.clone();
        let done = match memory {
            Memory::Ram if numbers.chance(1, 4) => self.coarsen(&mut shrunk),
            Memory::Ram => narrow_early(&mut shrunk) || self.coarsen(&mut shrunk),
            Memory::Flash if numbers.chance(1, 4) => shorten(&mut shrunk) || narrow_heaviest(&mut shrunk),
            Memory::Flash => narrow_heaviest(&mut shrunk) || shorten(&mut shrunk),
        };
        let done = done || narrow_heaviest(&mut shrunk) || shorten(&mut shrunk);
        let done = done || (shrunk.stages.len() > 1 && shrunk.stages.pop().is_some());
        let shrunk = self.mended(shrunk);
        Some(if done && shrunk != *member { shrunk } else { smallest })
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
        let free = member.stages.iter_mut().find(|stage| !stage.halves);
        free.map(|stage| stage.halves = true).is_some()
    }

    pub(super) fn variant(&self, member: &Staged, variant: Variant) -> Option<Staged> {
        let mut varied = member.clone();
        match variant {
            Variant::Plain => return Some(varied),
            Variant::Deeper => {
                varied.stages.iter_mut().for_each(|stage| stage.repeat = (stage.repeat + 1).min(REPEATS))
            }
            Variant::Shallower => {
                varied.stages.iter_mut().for_each(|stage| stage.repeat = (stage.repeat - 1).max(1));
            }
            Variant::Finer => {
                let first = varied.stages.iter().position(|stage| stage.halves);
                if varied.stem_halvings > 0 {
                    let free = varied.stages.iter_mut().find(|stage| !stage.halves)?;
                    free.halves = true;
                    varied.stem_halvings -= 1;
                } else {
                    let later = varied.stages.iter().skip(first?).position(|stage| !stage.halves)? + first?;
                    varied.stages[first?].halves = false;
                    varied.stages[later].halves = true;
                }
            }
            Variant::Coarser => {
                let first = varied.stages.iter().position(|stage| stage.halves)?;
                match varied.stages[..first].iter().rposition(|stage| !stage.halves) {
                    Some(earlier) => varied.stages[earlier].halves = true,
                    None if varied.stem_halvings < STEM_HALVINGS => varied.stem_halvings += 1,
                    None => return None,
                }
                varied.stages[first].halves = false;
            }
        }
        let varied = self.mended(varied);
        (varied != *member).then_some(varied)
    }
}

/// A width some steps away.
fn stepped(channels: u32, numbers: &mut Numbers) -> u32 {
    let step = if channels <= 16 { 4 } else { 8 };
    let far = step * numbers.one(&[1, 1, 2, 4]);
    width(if numbers.chance(1, 2) { channels.saturating_sub(far).max(NARROWEST) } else { (channels + far).min(WIDEST) })
}

/// About a quarter less.
fn narrower(channels: u32) -> u32 {
    let (goal, step) = (channels * 3 / 4, if channels <= 16 { 4 } else { 8 });
    (goal / step * step).min(channels.saturating_sub(step)).max(NARROWEST)
}

/// The stage with the most weights becomes narrower.
fn narrow_heaviest(member: &mut Staged) -> bool {
    let mut before = member.stem_channels;
    let mut weights = Vec::with_capacity(member.stages.len());
    for stage in &member.stages {
        let (from, to, area) = (before, stage.channels, stage.kernel * stage.kernel);
        let later = stage.repeat.saturating_sub(1);
        weights.push(match stage.kind {
            Kind::Conv => area * to * (from + later * to),
            Kind::Residual => area * to * (from + to + 2 * later * to),
            Kind::Separable => from * (area + to) + later * to * (area + to),
            Kind::Inverted => stage.expansion * (from * (from + area + to) + later * to * (2 * to + area)),
        });
        before = to;
    }
    let places = (0..weights.len()).filter(|&place| member.stages[place].channels > NARROWEST);
    let Some(place) = places.max_by_key(|&place| (weights[place], std::cmp::Reverse(place))) else {
        let is_wide = member.stem_channels > NARROWEST;
        member.stem_channels = narrower(member.stem_channels);
        return is_wide;
    };
    member.stages[place].channels = narrower(member.stages[place].channels);
    true
}

/// Whatever has wide maps early becomes narrower: the stem and all stages up to the first that halves.
fn narrow_early(member: &mut Staged) -> bool {
    let before = member.clone();
    member.stem_channels = narrower(member.stem_channels);
    let early = member.stages.iter().take_while(|stage| !stage.halves).count() + 1;
    for stage in member.stages.iter_mut().take(early) {
        stage.channels = narrower(stage.channels);
        stage.expansion = stage.expansion.min(4);
    }
    before != *member
}

/// One block fewer in the deepest stage.
fn shorten(member: &mut Staged) -> bool {
    let deepest = member.stages.iter_mut().filter(|stage| stage.repeat > 1).max_by_key(|stage| stage.repeat);
    deepest.map(|stage| stage.repeat -= 1).is_some()
}
