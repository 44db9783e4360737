//! Plain members from which larger and smaller ones are scaled: one module throughout, twice as wide wherever a map is halved.

use super::{Kind, Stage, Staged, Stages};

/// The width before the first halving.
const FIRST: u32 = 16;
/// How many stages.
const DEPTHS: [u32; 6] = [1, 2, 3, 5, 8, 12];
/// How many blocks of each.
const REPEATS: [u32; 3] = [1, 2, 4];

impl Stages {
    /// Such members, each with what it is.
    pub(crate) fn ladders(&self) -> Vec<(String, Staged)> {
        let depth = &self.rules.depth;
        let mut depths = DEPTHS.map(|stages| stages.clamp(depth.least(), depth.most())).to_vec();
        depths.dedup();
        let mut all: Vec<(String, Staged)> = Vec::new();
        for kind in self.rules.modules() {
            for &stages in &depths {
                for (repeat, is_early, is_expanded) in ways(kind) {
                    let member = self.ladder(kind, stages, repeat, is_early, is_expanded);
                    if all.iter().all(|(_, other)| *other != member) {
                        let where_ = if is_early { "early" } else { "late" };
                        let count = member.stages.len();
                        all.push((format!("{count} stages of {}, maps halved {where_}", kind.word()), member));
                    }
                }
            }
        }
        all
    }

    fn ladder(&self, kind: Kind, stages: u32, repeat: u32, is_early: bool, is_expanded: bool) -> Staged {
        let stem = &self.rules.stem;
        let stem_halvings = if is_early { stem.halvings.most() } else { stem.halvings.least() };
        let stage = |at: u32| {
            let expansions = &self.rules.place(at as usize).expansions;
            let end = if is_expanded { expansions.iter().max() } else { expansions.iter().min() };
            let expansion = end.copied().unwrap_or(1);
            // Which maps are halved is told by mending: all, so that the last are not, or none, so that the last are.
            Stage { kind, repeat, expansion, halves: is_early, ..Stage::plain(FIRST) }
        };
        let plain = Staged {
            stem_channels: FIRST,
            stem_kernel: 3,
            stem_halvings,
            stages: (0..stages).map(stage).collect(),
            takes_most: false,
        };
        let mut member = self.mended(plain);
        let mut channels = FIRST << member.stem_halvings.min(1);
        for (at, stage) in member.stages.iter_mut().enumerate() {
            channels <<= u32::from(stage.halves);
            stage.channels = self.rules.place(at).channels.at_least(channels);
        }
        member
    }
}

/// How often each block stands there, whether maps are halved early, and whether blocks expand as far as they may.
fn ways(kind: Kind) -> impl Iterator<Item = (u32, bool, bool)> {
    let expanded: &[bool] = if kind.expands() { &[false, true] } else { &[false] };
    REPEATS.into_iter().flat_map(move |repeat| {
        let ends = [false, true].into_iter();
        ends.flat_map(move |is_early| expanded.iter().map(move |expanded| (repeat, is_early, *expanded)))
    })
}
