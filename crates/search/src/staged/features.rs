//! What a surrogate may learn from, the same for networks of any input.

use automcu_target::Core;

use super::{Follows, Kind, Staged, Stages};
use crate::{description::HalvedBy, space::Space};

pub(super) const NAMES: &[&str] = &[
    "log2_parameters",
    "log2_macs",
    "log2_ram",
    "log2_flash",
    "stages",
    "blocks",
    "share_conv",
    "share_separable",
    "share_inverted",
    "share_residual",
    "log2_stem_channels",
    "log2_last_channels",
    "log2_mean_channels",
    "mean_kernel",
    "mean_expansion",
    "halvings",
    "stem_halvings",
    "mean_halvings_before",
    "takes_most",
    "share_fused",
    "share_skip",
    "share_squeeze_excite",
    "share_pooled",
    "share_hard_swish",
];

impl Stages {
    pub(super) fn described(&self, member: &Staged) -> Vec<f32> {
        let size = self.glance(member, Core::CortexM4);
        let figure = |of: &dyn Fn(&crate::Size) -> u64| size.as_ref().map_or(0.0, |size| log2(of(size)));
        let blocks: u32 = member.stages.iter().map(|stage| stage.repeat).sum();
        // Of all blocks the mean; 0 where there are none.
        let mean = |of: &dyn Fn(usize) -> f32| {
            let sum: f32 = (0..member.stages.len()).map(|at| of(at) * number(member.stages[at].repeat)).sum();
            sum / number(blocks.max(1))
        };
        let share = |kind: Kind| mean(&|at| is(member.stages[at].kind == kind));
        let before = |at: usize| {
            let halved = member.stages[..=at].iter().filter(|stage| stage.halves).count();
            number(member.stem_halvings + u32::try_from(halved).unwrap_or(u32::MAX))
        };
        let last = member.stages.last().map_or(member.stem_channels, |stage| stage.channels);
        vec![
            figure(&|size| size.parameters),
            figure(&|size| size.macs),
            figure(&|size| size.ram().0),
            figure(&|size| size.flash().0),
            number(u32::try_from(member.stages.len()).unwrap_or(u32::MAX)),
            number(blocks),
            share(Kind::Conv),
            share(Kind::Separable),
            share(Kind::Inverted),
            share(Kind::Residual),
            log2(member.stem_channels.into()),
            log2(last.into()),
            mean(&|at| log2(member.stages[at].channels.into())),
            mean(&|at| number(member.stages[at].kernel)),
            mean(&|at| number(member.stages[at].expansion)),
            number(member.halvings()),
            number(member.stem_halvings),
            mean(&before),
            is(member.takes_most),
            share(Kind::Fused),
            mean(&|at| is(member.stages[at].skips)),
            mean(&|at| is(member.stages[at].squeeze > 0)),
            mean(&|at| is(member.stages[at].halved_by != HalvedBy::Stride)),
            mean(&|at| is(member.stages[at].follows == Follows::HardSwish)),
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "a feature")]
fn log2(number: u64) -> f32 {
    (number.max(1) as f32).log2()
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
fn number(number: u32) -> f32 {
    number as f32
}

fn is(said: bool) -> f32 {
    f32::from(u8::from(said))
}
