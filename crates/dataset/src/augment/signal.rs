//! Signals and spectrograms. Time runs down the rows; where there is one row, along the columns.

use automcu_model::Shape;

use super::{Augmentation, SpecAugment};
use crate::{Standard, random::Random};

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
    standard: Option<&Standard>,
    sample: &[f32],
    random: &mut Random,
    out: &mut [f32],
) {
    match (augmentation.time_shift, augmentation.time_stretch) {
        (shift, Some(stretch)) => {
            stretched(layout, shift.map_or(0, |shift| shift.most), stretch.most, sample, random, out)
        }
        (Some(shift), None) => shifted(layout, shift.most, sample, random, out),
        (None, None) => out.copy_from_slice(sample),
    }
    if let Some(shift) = augmentation.band_shift {
        shift_bands(layout, shift.most, random, out);
    }
    if let Some(rotation) = augmentation.rotation {
        let turn = turn(rotation.degrees, random);
        for sensor in 0..layout.channels / 3 {
            Turned::new(&turn, standard, 3 * sensor).apply(layout, 3 * sensor, out);
        }
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

/// Draws the sample longer or shorter by up to `most` of its length about its middle, and moves it by up to `shift` steps: each
/// step is what lies there between two steps, by its distance from both.
fn stretched(layout: Layout, shift: u32, most: f64, sample: &[f32], random: &mut Random, out: &mut [f32]) {
    let step = layout.step();
    let last = (layout.steps - 1) as f64;
    let moved = f64::from(shift).min(last) * random.signed();
    let factor = 1.0 + most * random.signed();
    for (i, part) in out.chunks_exact_mut(step).enumerate() {
        let place = ((i as f64 - last / 2.0 - moved) / factor + last / 2.0).clamp(0.0, last);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a step of the sample")]
        let before = place as usize;
        let after = (before + 1).min(layout.steps - 1);
        let share = narrowed(place - before as f64);
        let (before, after) = (&sample[before * step..][..step], &sample[after * step..][..step]);
        for ((value, before), after) in part.iter_mut().zip(before).zip(after) {
            *value = before + share * (after - before);
        }
    }
}

/// Moves every step by the same number of bands; the first or last band is repeated.
fn shift_bands(layout: Layout, most: u32, random: &mut Random, out: &mut [f32]) {
    let Layout { bands, depth, .. } = layout;
    let most = (most as usize).min(bands - 1);
    let drawn = random.place(2 * most + 1);
    for step in out.chunks_exact_mut(layout.step()) {
        if drawn >= most {
            let up = (drawn - most) * depth;
            step.copy_within(..step.len() - up, up);
            (0..up).for_each(|i| step[i] = step[up + i % depth]);
        } else {
            let down = (most - drawn) * depth;
            let kept = step.len() - down;
            step.copy_within(down.., 0);
            (kept..kept + down).for_each(|i| step[i] = step[kept - depth + i % depth]);
        }
    }
}

type Matrix = [[f64; 3]; 3];

/// The rotation about an axis that points anywhere, by an angle of this deviation.
fn turn(degrees: f64, random: &mut Random) -> Matrix {
    let axis = [random.normal(), random.normal(), random.normal()];
    let length = axis.iter().map(|part| part * part).sum::<f64>();
    let length = libm::sqrt(length).max(1e-12);
    let [x, y, z] = axis.map(|part| part / length);
    let (sine, cosine) = libm::sincos(degrees.to_radians() * random.normal());
    let rest = 1.0 - cosine;
    [
        [cosine + rest * x * x, rest * x * y - sine * z, rest * x * z + sine * y],
        [rest * y * x + sine * z, cosine + rest * y * y, rest * y * z - sine * x],
        [rest * z * x - sine * y, rest * z * y + sine * x, cosine + rest * z * z],
    ]
}

/// A rotation of what a sensor measured, as it is done to values without unit.
struct Turned {
    matrix: [[f32; 3]; 3],
    offset: [f32; 3],
}

impl Turned {
    fn new(turn: &Matrix, standard: Option<&Standard>, first: usize) -> Self {
        let of = |figures: &[f32]| [0, 1, 2].map(|axis| f64::from(figures[first + axis]));
        let (means, deviations) =
            standard.map_or(([0.0; 3], [1.0; 3]), |standard| (of(standard.means()), of(standard.deviations())));
        // Measured again, turned, and made without unit again.
        let row = |i: usize| [0, 1, 2].map(|j| narrowed(turn[i][j] * deviations[j] / deviations[i]));
        let offset = |i: usize| {
            let turned: f64 = (0..3).map(|j| turn[i][j] * means[j]).sum();
            narrowed((turned - means[i]) / deviations[i])
        };
        Self { matrix: [row(0), row(1), row(2)], offset: [offset(0), offset(1), offset(2)] }
    }

    fn apply(&self, layout: Layout, first: usize, out: &mut [f32]) {
        for place in out.chunks_exact_mut(layout.channels) {
            let axes = &mut place[first..first + 3];
            let before = [axes[0], axes[1], axes[2]];
            for (axis, (row, offset)) in axes.iter_mut().zip(self.matrix.iter().zip(self.offset)) {
                *axis = row[0] * before[0] + row[1] * before[1] + row[2] * before[2] + offset;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        augment::{AugmentationError, Rotation},
        random::Purpose,
    };

    const SHAPE: Shape = Shape { height: 5, width: 1, channels: 6 };

    fn turned(degrees: f64, standard: Option<&Standard>, sample: &[f32], seed: u64) -> Vec<f32> {
        let augmentation = Augmentation { rotation: Some(Rotation { degrees }), ..Augmentation::none() };
        let mut out = vec![0.0; sample.len()];
        let mut random = Random::of(seed, Purpose::Sample, 0, 0);
        signal(Layout::of(SHAPE), &augmentation, standard, sample, &mut random, &mut out);
        out
    }

    /// What was measured, of two sensors: five moments of six numbers, with an offset as gravity is.
    fn measured() -> Vec<f32> {
        (0..30_u16).map(|i| f32::from(i * 7 % 11) * if i % 6 < 3 { 0.1 } else { 2.0 } + f32::from(i % 3)).collect()
    }

    fn product(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn sensors_are_turned_alike_in_the_units_that_they_measure_in() {
        let raw = measured();
        let standard = Standard::of(&raw, 6);
        let mut sample = raw.clone();
        standard.apply(&mut sample);
        for seed in 0..20 {
            let out = turned(40.0, Some(&standard), &sample, seed);
            let back: Vec<f32> = out
                .chunks_exact(6)
                .flat_map(|place| (0..6).map(|i| place[i] * standard.deviations()[i] + standard.means()[i]))
                .collect();
            // Lengths and angles stay, between moments and between sensors.
            for (before, after) in raw.chunks_exact(6).zip(back.chunks_exact(6)) {
                for (a, b) in [(0..3, 0..3), (3..6, 3..6), (0..3, 3..6)] {
                    let was = product(&before[a.clone()], &before[b.clone()]);
                    let is = product(&after[a], &after[b]);
                    assert!((was - is).abs() < 1e-3 * was.abs().max(1.0), "{was} became {is}");
                }
            }
            assert!(raw.iter().zip(&back).any(|(was, is)| (was - is).abs() > 1e-2), "nothing was turned");
            // Without a standard, values are what was measured.
            let plain = turned(40.0, None, &raw, seed);
            assert!(plain.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-4));
        }
        let still = turned(0.0, Some(&standard), &sample, 1);
        assert!(still.iter().zip(&sample).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    const SPECTRUM: Shape = Shape { height: 9, width: 7, channels: 2 };

    /// A spectrogram whose values tell step, band and depth.
    fn spectrum() -> Vec<f32> {
        let place = |step: u16, band: u16, depth: u16| f32::from(100 * step + 10 * band + depth);
        let steps = (0..9).flat_map(|step| (0..7).map(move |band| (step, band)));
        steps.flat_map(|(step, band)| [place(step, band, 0), place(step, band, 1)]).collect()
    }

    fn changed(augmentation: &Augmentation, sample: &[f32], seed: u64) -> Vec<f32> {
        let mut out = vec![0.0; sample.len()];
        let mut random = Random::of(seed, Purpose::Sample, 0, 0);
        signal(Layout::of(SPECTRUM), augmentation, None, sample, &mut random, &mut out);
        out
    }

    #[test]
    fn a_band_shift_moves_every_step_alike_and_repeats_the_outermost_band() {
        let augmentation =
            Augmentation { band_shift: Some(crate::augment::BandShift { most: 2 }), ..Augmentation::none() };
        let sample = spectrum();
        let mut seen = [false; 5];
        for seed in 0..60 {
            let out = changed(&augmentation, &sample, seed);
            let explains = |shift: i64| {
                out.chunks_exact(2).enumerate().all(|(place, pair)| {
                    let (step, band) = (place / 7, i64::try_from(place % 7).expect("few"));
                    let from = usize::try_from((band - shift).clamp(0, 6)).expect("a band");
                    *pair == sample[14 * step + 2 * from..][..2]
                })
            };
            let shift = (-2..=2).position(explains).unwrap_or_else(|| panic!("seed {seed}: {out:?}"));
            seen[shift] = true;
        }
        assert_eq!(seen, [true; 5]);
    }

    #[test]
    fn a_stretch_keeps_straight_lines_straight_about_the_middle() {
        let stretch = |most| Some(crate::augment::TimeStretch { most });
        let sample = spectrum();
        assert_eq!(changed(&Augmentation { time_stretch: stretch(0.0), ..Augmentation::none() }, &sample, 1), sample);
        let mut slopes = Vec::new();
        for seed in 0..40 {
            let out = changed(&Augmentation { time_stretch: stretch(0.5), ..Augmentation::none() }, &sample, seed);
            let steps: Vec<f32> = out.iter().step_by(14).copied().collect();
            assert!((steps[4] - 400.0).abs() < 1e-3, "the middle stays: {steps:?}");
            let slope = steps[5] - steps[4];
            for (i, value) in steps.iter().enumerate() {
                let wanted = (400.0 + slope * (i as f32 - 4.0)).clamp(0.0, 800.0);
                assert!((value - wanted).abs() < 0.1, "{steps:?}");
            }
            slopes.push(slope);
        }
        let most = slopes.iter().copied().fold(0.0, f32::max);
        let least = slopes.iter().copied().fold(f32::MAX, f32::min);
        assert!((66.6..80.0).contains(&least) && (150.0..200.1).contains(&most), "{least} to {most}");
        // What shifts as well stays within the shift.
        let both = Augmentation {
            time_stretch: stretch(0.5),
            time_shift: Some(crate::augment::TimeShift { most: 2 }),
            ..Augmentation::none()
        };
        let moved = (0..40).map(|seed| {
            let out: Vec<f32> = changed(&both, &sample, seed).into_iter().step_by(14).collect();
            // Where the sample's middle has come to.
            let after = out.iter().position(|value| *value >= 400.0).expect("it is still there");
            let share = (400.0 - out[after - 1]) / (out[after] - out[after - 1]);
            after as f32 - 1.0 + share - 4.0
        });
        let moved: Vec<f32> = moved.collect();
        assert!(moved.iter().all(|by| by.abs() < 2.01) && moved.iter().any(|by| by.abs() > 1.5), "{moved:?}");
    }

    #[test]
    fn channels_that_are_no_axes_are_not_turned() {
        let augmentation = Augmentation { rotation: Some(Rotation { degrees: 20.0 }), ..Augmentation::none() };
        let error = augmentation.check_for(Shape { channels: 4, ..SHAPE }, false).expect_err("no axes");
        assert!(matches!(error, AugmentationError::Samples { field: "rotation", .. }), "{error}");
        assert_eq!(augmentation.check_for(SHAPE, false), Ok(()));
        assert!(augmentation.check_for(Shape { channels: 3, ..SHAPE }, true).is_err(), "a picture is no sensor");
    }
}
