//! Signals and spectrograms. Time runs down the rows; where there is one row, along the columns.

use automcu_model::Shape;

use super::{Augmentation, SpecAugment};
use crate::random::Random;

/// The most channels whose scales are told apart; more share them.
const MOST_SCALES: usize = 64;

/// How values of a sample lie: steps of time, bands in each, values in each band.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    steps: usize,
    bands: usize,
    depth: usize,
    channels: usize,
}

impl Layout {
    pub(crate) fn of(shape: Shape) -> Self {
        let [height, width, channels] = [shape.height, shape.width, shape.channels].map(|size| size as usize);
        if height > 1 {
            Self { steps: height, bands: width, depth: channels, channels }
        } else {
            Self { steps: width, bands: channels, depth: 1, channels }
        }
    }

    const fn step(self) -> usize {
        self.bands * self.depth
    }
}

/// Writes a sample to `out`, changed as the augmentation says.
pub(crate) fn signal(
    layout: Layout,
    augmentation: &Augmentation,
    sample: &[f32],
    random: &mut Random,
    out: &mut [f32],
) {
    match augmentation.time_shift {
        Some(shift) => shifted(layout, shift.most, sample, random, out),
        None => out.copy_from_slice(sample),
    }
    if let Some(scale) = augmentation.scale {
        scaled(layout, scale.deviation, random, out);
    }
    if let Some(noise) = augmentation.noise {
        let deviation = narrowed(noise.deviation);
        out.iter_mut().for_each(|value| *value += deviation * random.nearly_normal());
    }
    if let Some(spec) = augmentation.spec_augment {
        mask(layout, spec, random, out);
    }
}

fn narrowed(number: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to the nearest float")]
    let narrow = number as f32;
    narrow
}

/// Moves the sample along time by up to `most` steps; its first or last step is repeated.
fn shifted(layout: Layout, most: u32, sample: &[f32], random: &mut Random, out: &mut [f32]) {
    let step = layout.step();
    let most = (most as usize).min(layout.steps - 1);
    let drawn = random.place(2 * most + 1);
    if drawn >= most {
        let late = (drawn - most) * step;
        out[late..].copy_from_slice(&sample[..sample.len() - late]);
        out[..late].chunks_exact_mut(step).for_each(|part| part.copy_from_slice(&sample[..step]));
    } else {
        let early = (most - drawn) * step;
        let kept = sample.len() - early;
        out[..kept].copy_from_slice(&sample[early..]);
        out[kept..].chunks_exact_mut(step).for_each(|part| part.copy_from_slice(&sample[sample.len() - step..]));
    }
}

fn scaled(layout: Layout, deviation: f64, random: &mut Random, out: &mut [f32]) {
    let deviation = narrowed(deviation);
    let mut scales = [0.0; MOST_SCALES];
    let count = layout.channels.min(MOST_SCALES);
    scales[..count].iter_mut().for_each(|scale| *scale = 1.0 + deviation * random.nearly_normal());
    for place in out.chunks_exact_mut(layout.channels) {
        for part in place.chunks_mut(MOST_SCALES) {
            part.iter_mut().zip(&scales).for_each(|(value, scale)| *value *= scale);
        }
    }
}

fn mask(layout: Layout, spec: SpecAugment, random: &mut Random, out: &mut [f32]) {
    let mean = narrowed(out.iter().map(|&value| f64::from(value)).sum::<f64>() / out.len() as f64);
    let mut stretch = |most: u32, length: usize| {
        let width = random.place(most as usize + 1).min(length);
        (random.place(length - width + 1), width)
    };
    for _ in 0..spec.time_masks {
        let (first, width) = stretch(spec.time_width, layout.steps);
        out[first * layout.step()..(first + width) * layout.step()].fill(mean);
    }
    for _ in 0..spec.band_masks {
        let (first, width) = stretch(spec.band_width, layout.bands);
        let range = first * layout.depth..(first + width) * layout.depth;
        out.chunks_exact_mut(layout.step()).for_each(|step| step[range.clone()].fill(mean));
    }
}
