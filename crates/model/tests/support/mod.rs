//! Specs drawn at random: any spec that the types allow, most of them small enough to be built.

use automcu_model::spec::*;
use proptest::{prelude::*, sample::select};

/// Any module list and head.
pub(crate) fn any_spec() -> impl Strategy<Value = Spec> {
    (any_input(), prop::collection::vec(any_module(), 1..8), any_head()).prop_map(|(input, backbone, head)| Spec {
        version: Spec::VERSION,
        input,
        backbone,
        head,
    })
}

fn any_input() -> impl Strategy<Value = Input> {
    let side = |numbers: Vec<u32>| select(numbers).prop_map(|n| Side::new(n).expect("allowed"));
    let shape = (side(vec![1, 2, 7, 16, 28, 32]), side(vec![1, 3, 16, 32, 100]), select(vec![1_u32, 3, 6]));
    shape.prop_map(|(height, width, channels)| Input {
        height,
        width,
        channels: InputChannels::new(channels).expect("allowed"),
    })
}

fn channels() -> impl Strategy<Value = Channels> {
    select(vec![1_u32, 2, 3, 8, 10, 16, 24, 33]).prop_map(|n| Channels::new(n).expect("allowed"))
}

fn kernel() -> impl Strategy<Value = Kernel> {
    let square = select(Kernel::BOTH.to_vec()).prop_map(|n| Kernel::square(n).expect("allowed"));
    let oblong = (select(Kernel::EACH.to_vec()), select(Kernel::EACH.to_vec()))
        .prop_map(|(height, width)| Kernel::new(height, width).expect("allowed"));
    prop_oneof![3 => square, 1 => oblong]
}

fn stride() -> impl Strategy<Value = Stride> {
    let square = select(vec![1, 1, 1, 2]).prop_map(|n| Stride::square(n).expect("allowed"));
    let oblong = (select(Stride::EACH.to_vec()), select(Stride::EACH.to_vec()))
        .prop_map(|(height, width)| Stride::new(height, width).expect("allowed"));
    prop_oneof![5 => square, 1 => oblong]
}

fn window() -> impl Strategy<Value = Window> {
    let square = select(Window::BOTH.to_vec()).prop_map(|n| Window::square(n).expect("allowed"));
    let oblong = (select(Window::EACH.to_vec()), select(Window::EACH.to_vec()))
        .prop_map(|(height, width)| Window::new(height, width).expect("allowed"));
    prop_oneof![3 => square, 1 => oblong]
}

fn activation() -> impl Strategy<Value = Activation> {
    select(Activation::ALL)
}

fn norm() -> impl Strategy<Value = Norm> {
    select(Norm::ALL)
}

fn padding() -> impl Strategy<Value = Padding> {
    select(Padding::ALL)
}

fn expansion() -> impl Strategy<Value = Expansion> {
    select(Expansion::ALL)
}

fn reduction() -> impl Strategy<Value = Reduction> {
    select(Reduction::ALL)
}

/// A module of a kind chosen evenly; the stage is one more kind.
pub(crate) fn any_module() -> impl Strategy<Value = Module> {
    let stage = (1_u32..4, any_block())
        .prop_map(|(n, block)| Module::Stage(Stage { repeat: Repeat::new(n).expect("allowed"), block }));
    prop_oneof![4 => any_block().prop_map(Module::Block), 1 => stage]
}

pub(crate) fn any_block() -> BoxedStrategy<Block> {
    let windowed = || (kernel(), stride(), activation());
    prop_oneof![
        (channels(), windowed(), padding(), norm()).prop_map(
            |(channels, (kernel, stride, activation), padding, norm)| {
                Block::Conv(Conv { channels, kernel, stride, padding, norm, activation })
            }
        ),
        (windowed(), padding(), norm()).prop_map(|((kernel, stride, activation), padding, norm)| {
            Block::DepthwiseConv(DepthwiseConv { kernel, stride, padding, norm, activation })
        }),
        (channels(), windowed(), norm(), prop::option::of(reduction()), any::<bool>(), any::<bool>()).prop_map(
            |(channels, (kernel, stride, activation), norm, squeeze_excite, linear, skip)| {
                let spec =
                    DepthwiseSeparable { channels, kernel, stride, norm, activation, squeeze_excite, linear, skip };
                Block::DepthwiseSeparable(spec)
            }
        ),
        (channels(), expansion(), windowed(), prop::option::of(reduction()), any::<bool>()).prop_map(
            |(channels, expansion, (kernel, stride, activation), squeeze_excite, skip)| {
                let spec = InvertedResidual { channels, expansion, kernel, stride, activation, squeeze_excite, skip };
                Block::InvertedResidual(spec)
            }
        ),
        (channels(), expansion(), windowed(), prop::option::of(reduction()), any::<bool>()).prop_map(
            |(channels, expansion, (kernel, stride, activation), squeeze_excite, skip)| {
                let spec =
                    FusedInvertedResidual { channels, expansion, kernel, stride, activation, squeeze_excite, skip };
                Block::FusedInvertedResidual(spec)
            }
        ),
        (channels(), windowed(), norm()).prop_map(|(channels, (kernel, stride, activation), norm)| {
            Block::Residual(Residual { channels, kernel, stride, norm, activation })
        }),
        (channels(), channels(), channels(), norm(), activation()).prop_map(
            |(squeeze, expand_1x1, expand_3x3, norm, activation)| {
                Block::Fire(Fire { squeeze, expand_1x1, expand_3x3, norm, activation })
            }
        ),
        (reduction(), activation())
            .prop_map(|(reduction, activation)| Block::SqueezeExcite(SqueezeExcite { reduction, activation })),
        (window(), stride(), padding()).prop_map(|(window, stride, padding)| Block::MaxPool(MaxPool {
            window,
            stride,
            padding
        })),
        (window(), stride(), padding()).prop_map(|(window, stride, padding)| Block::AveragePool(AveragePool {
            window,
            stride,
            padding
        })),
        select(Percent::ALL).prop_map(|percent| Block::Dropout(Dropout { percent })),
    ]
    .boxed()
}

pub(crate) fn any_head() -> impl Strategy<Value = Head> {
    let outputs = || select(vec![1_u32, 5, 64]).prop_map(|n| Outputs::new(n).expect("allowed"));
    let pool = || select(Pool::ALL);
    prop_oneof![
        (select(vec![2_u32, 10, 100]), pool(), prop::option::of(select(Percent::ALL))).prop_map(
            |(classes, pool, dropout)| {
                Head::Classifier(Classifier { classes: Classes::new(classes).expect("allowed"), pool, dropout })
            }
        ),
        (outputs(), pool()).prop_map(|(size, pool)| Head::Embedding(Embedding { size, pool })),
        (outputs(), pool()).prop_map(|(outputs, pool)| Head::Regression(Regression { outputs, pool })),
        (outputs(), outputs(), activation()).prop_map(|(bottleneck, hidden, activation)| {
            Head::Reconstruction(Reconstruction { bottleneck, hidden, activation })
        }),
    ]
}
