//! Mixup and cutmix: the first sample of a batch with the last, the second with the last but one, and so on, each pair
//! with a share of its own. A sample without a partner stays as it is.

use automcu_model::Shape;

use super::Augmentation;
use crate::{batches::Target, random::Random};

/// Mixes a batch, if the augmentation says so. Zhang et al., "mixup" (2018); Yun et al., "CutMix" (2019).
pub(crate) fn mix(
    augmentation: &Augmentation,
    shape: Shape,
    values: &mut [f32],
    targets: &mut [Target],
    random: &mut Random,
) {
    let (alpha, is_cut) = match (augmentation.mixup, augmentation.cutmix) {
        (None, None) => return,
        (Some(mixup), None) => (mixup.alpha, false),
        (None, Some(cutmix)) => (cutmix.alpha, true),
        (Some(mixup), Some(cutmix)) => {
            if random.chance(0.5) {
                (mixup.alpha, false)
            } else {
                (cutmix.alpha, true)
            }
        }
    };
    let count = targets.len();
    let size = values.len() / count.max(1);
    for one in 0..count / 2 {
        let other = count - 1 - one;
        let (before, behind) = values.split_at_mut(other * size);
        let pair = (&mut before[one * size..(one + 1) * size], &mut behind[..size]);
        let drawn = random.beta(alpha);
        let share = if is_cut { cut(shape, drawn, pair, random) } else { blend(drawn, pair) };
        let (first, second) = (targets[one].first, targets[other].first);
        targets[one] = Target { first, second, share };
        targets[other] = Target { first: second, second: first, share };
    }
}

/// Each becomes `share` of itself and the rest of the other.
fn blend(share: f64, (one, other): (&mut [f32], &mut [f32])) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to the nearest float")]
    let share = share as f32;
    for (one, other) in one.iter_mut().zip(other) {
        let difference = (1.0 - share) * (*other - *one);
        *one += difference;
        *other -= difference;
    }
    share
}

/// Swaps a rectangle of about `1 - share` of the area; what of the area is not swapped is the share.
fn cut(shape: Shape, share: f64, (one, other): (&mut [f32], &mut [f32]), random: &mut Random) -> f32 {
    let [height, width, channels] = [shape.height, shape.width, shape.channels].map(|size| size as usize);
    let side = libm::sqrt(1.0 - share);
    let ((top, bottom), (left, right)) = (stretch(height, side, random), stretch(width, side, random));
    for y in top..bottom {
        let range = (y * width + left) * channels..(y * width + right) * channels;
        one[range.clone()].swap_with_slice(&mut other[range]);
    }
    let pasted = (bottom - top) * (right - left);
    1.0 - pasted as f32 / (height * width) as f32
}

/// A stretch of this share of a side, its centre anywhere, cut off at the ends. Along a single row or column there is
/// nothing to choose.
fn stretch(length: usize, share: f64, random: &mut Random) -> (usize, usize) {
    if length == 1 {
        return (0, 1);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
    let cut = (share * length as f64) as usize;
    let centre = random.place(length);
    (centre.saturating_sub(cut / 2), (centre + cut - cut / 2).min(length))
}
