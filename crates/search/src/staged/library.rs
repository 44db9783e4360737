//! Architectures that are known to be good, as data: those of `docs/ACCURACY.md` first.

use super::{Follows, Kind, Stage, Staged};
use crate::description::HalvedBy;

pub(super) struct Known {
    pub(super) name: &'static str,
    /// Channels, side of the kernel and halvings of the stem.
    stem: (u32, u32, u32),
    stages: &'static [Stage],
    takes_most: bool,
}

impl Known {
    pub(super) fn member(&self) -> Staged {
        let (stem_channels, stem_kernel, stem_halvings) = self.stem;
        let (stages, takes_most) = (self.stages.to_vec(), self.takes_most);
        Staged { stem_channels, stem_kernel, stem_halvings, stages, takes_most }
    }

    /// Whether a member has the same blocks: what an input's shape asks for may differ.
    pub(super) fn is_like(&self, member: &Staged) -> bool {
        let blocks = |stage: &Stage| Stage { kernel: 0, halves: false, halved_by: HalvedBy::Stride, ..*stage };
        let own = self.stages.iter().map(blocks);
        self.stem.0 == member.stem_channels && own.eq(member.stages.iter().map(blocks).take(self.stages.len()))
    }
}

const fn of(kind: Kind, channels: u32, repeat: u32, kernel: u32, expansion: u32, halves: bool) -> Stage {
    Stage {
        kind,
        channels,
        repeat,
        kernel,
        expansion,
        squeeze: 0,
        skips: !matches!(kind, Kind::Conv),
        follows: Follows::Own,
        halves,
        halved_by: HalvedBy::Stride,
    }
}

const fn conv(channels: u32, kernel: u32, halves: bool) -> Stage {
    of(Kind::Conv, channels, 1, kernel, 1, halves)
}

const fn residual(channels: u32, repeat: u32, halves: bool) -> Stage {
    of(Kind::Residual, channels, repeat, 3, 1, halves)
}

const fn separable(channels: u32, repeat: u32, halves: bool) -> Stage {
    of(Kind::Separable, channels, repeat, 3, 1, halves)
}

const fn inverted(channels: u32, repeat: u32, expansion: u32, halves: bool) -> Stage {
    of(Kind::Inverted, channels, repeat, 3, expansion, halves)
}

pub(super) const PICTURES: &[Known] = &[
    Known {
        name: "mixed-44k",
        stem: (16, 3, 0),
        stages: &[
            residual(16, 1, false),
            separable(32, 2, true),
            inverted(32, 1, 3, false),
            inverted(48, 2, 3, true),
            separable(96, 1, false),
        ],
        takes_most: false,
    },
    Known {
        name: "resnet-8",
        stem: (16, 3, 0),
        stages: &[residual(16, 1, false), residual(32, 1, true), residual(64, 1, true)],
        takes_most: false,
    },
    Known {
        name: "mixed-42k",
        stem: (16, 3, 0),
        stages: &[
            residual(16, 1, false),
            separable(32, 2, true),
            inverted(32, 1, 3, false),
            inverted(48, 2, 3, true),
            separable(48, 1, false),
        ],
        takes_most: false,
    },
    Known {
        name: "spoken-digits",
        stem: (16, 3, 1),
        stages: &[separable(32, 1, false), separable(48, 2, true), separable(64, 2, true)],
        takes_most: false,
    },
    Known {
        name: "separable",
        stem: (16, 3, 0),
        stages: &[separable(32, 1, false), separable(64, 3, true), separable(64, 2, true)],
        takes_most: false,
    },
    Known { name: "ds-cnn", stem: (64, 5, 1), stages: &[separable(64, 4, false)], takes_most: false },
    Known {
        name: "mobilenet-v2",
        stem: (16, 3, 0),
        stages: &[
            inverted(16, 1, 1, false),
            inverted(24, 2, 6, true),
            inverted(40, 2, 6, true),
            inverted(64, 1, 6, false),
        ],
        takes_most: false,
    },
];

pub(super) const SIGNALS: &[Known] = &[
    Known { name: "activity", stem: (24, 11, 1), stages: &[conv(32, 7, true), conv(40, 5, true)], takes_most: true },
    Known {
        name: "activity-separable",
        stem: (16, 7, 1),
        stages: &[
            of(Kind::Separable, 32, 1, 5, 1, true),
            of(Kind::Separable, 48, 1, 5, 1, true),
            of(Kind::Separable, 64, 1, 3, 1, true),
        ],
        takes_most: true,
    },
    Known {
        name: "residual-signal",
        stem: (16, 7, 1),
        stages: &[residual(16, 1, false), residual(32, 1, true), residual(48, 1, true)],
        takes_most: false,
    },
    Known {
        name: "inverted-signal",
        stem: (16, 7, 1),
        stages: &[inverted(24, 1, 3, true), inverted(32, 2, 3, true), inverted(48, 1, 3, false)],
        takes_most: false,
    },
];
