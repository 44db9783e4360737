//! What a stage is made of, and what it does not have.

use automcu_model::spec::{Activation, Pool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stage;
use crate::{description::HalvedBy, rules::PlaceRules};

/// What a stage is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// Dense convolutions.
    #[serde(rename = "conv")]
    Conv,
    /// Depthwise separable convolutions.
    #[serde(rename = "depthwise_separable")]
    Separable,
    /// Inverted residual blocks.
    #[serde(rename = "inverted_residual")]
    Inverted,
    /// Residual blocks.
    #[serde(rename = "residual")]
    Residual,
    /// Inverted residual blocks whose expansion is a dense convolution.
    #[serde(rename = "fused_inverted_residual")]
    Fused,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Conv, Self::Separable, Self::Inverted, Self::Residual, Self::Fused];

    /// The word for it in a spec.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::Separable => "depthwise_separable",
            Self::Inverted => "inverted_residual",
            Self::Residual => "residual",
            Self::Fused => "fused_inverted_residual",
        }
    }

    /// Whether it has more channels inside.
    #[must_use]
    pub const fn expands(self) -> bool {
        matches!(self, Self::Inverted | Self::Fused)
    }

    /// Whether it may have a squeeze-excite, and go without the addition of its input.
    #[must_use]
    pub const fn squeezes(self) -> bool {
        matches!(self, Self::Separable | Self::Inverted | Self::Fused)
    }

    /// What follows its convolutions where nothing else is said.
    pub(super) const fn own(self) -> Activation {
        match self {
            Self::Conv | Self::Separable | Self::Residual => Activation::Relu,
            Self::Inverted | Self::Fused => Activation::Relu6,
        }
    }
}

/// What follows the convolutions of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Follows {
    /// What is usual for its kind: `relu6` for inverted residuals, `relu` for others.
    #[default]
    Own,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x, or x / 10 below 0.
    LeakyRelu,
    /// x * min(max(x + 3, 0), 6) / 6.
    HardSwish,
}

impl Follows {
    /// What it is for a kind.
    pub(super) const fn of(self, kind: Kind) -> Activation {
        match self {
            Self::Own => kind.own(),
            Self::Relu => Activation::Relu,
            Self::Relu6 => Activation::Relu6,
            Self::LeakyRelu => Activation::LeakyRelu,
            Self::HardSwish => Activation::HardSwish,
        }
    }

    /// What a spec says, in the words that there are.
    pub(super) fn read(kind: Kind, activation: Activation, words: &[Self]) -> Option<Self> {
        words.iter().copied().find(|follows| follows.of(kind) == activation)
    }
}

impl HalvedBy {
    pub(super) const fn pool(self) -> Option<Pool> {
        match self {
            Self::Stride => None,
            Self::MaxPool => Some(Pool::Max),
            Self::AveragePool => Some(Pool::Average),
        }
    }
}

/// The stage, with what its kind does not have as if there were none: what is not seen must not tell members apart.
pub(super) fn tidy(stage: Stage, rules: &PlaceRules) -> Stage {
    let kind = stage.kind;
    let is_own = stage.follows.of(kind) == kind.own() && rules.activations.contains(&Follows::Own);
    Stage {
        expansion: if kind.expands() { stage.expansion } else { 1 },
        squeeze: if kind.squeezes() { stage.squeeze } else { 0 },
        skips: if kind.squeezes() { stage.skips } else { kind == Kind::Residual },
        follows: if is_own { Follows::Own } else { stage.follows },
        halved_by: if stage.halves { stage.halved_by } else { HalvedBy::Stride },
        ..stage
    }
}
