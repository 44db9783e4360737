//! What a network hears: the logarithm of the energy in mel bands, window by window, or the cepstrum of that.
//!
//! A deployed network's caller must compute the very same, so every number that goes into it stands in [`Frontend`].

use std::{f32::consts::PI, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};
use serde::Serialize;

/// The most values of a window.
const LONGEST_WINDOW: usize = 1 << 14;

/// What is so quiet that it would have to be made louder than that is noise.
const LARGEST_GAIN: f32 = 1_000.0;

/// How sound becomes features, whatever its rate is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audio {
    /// How long a window is.
    pub window_ms: u32,
    /// From one window to the next.
    pub hop_ms: u32,
    /// How many bands there are.
    pub bands: u32,
    /// Where the lowest band begins; the highest ends at half the rate.
    pub low_hz: f32,
    /// How long a sample is: silence around it is cut away, and it is padded or cut to this.
    pub length_ms: u32,
    /// What is quieter than this share of the loudest moment counts as silence.
    pub silence: f32,
    /// The root mean square that what is heard is brought to, as an automatic gain does; none leaves it as loud as it was.
    pub level: Option<f32>,
    /// What is added to an energy before its logarithm is taken.
    pub floor: f32,
    /// How many cepstral coefficients (MFCC) are taken; none leaves the bands as they are.
    pub coefficients: Option<u32>,
}

impl Default for Audio {
    fn default() -> Self {
        Self {
            window_ms: 32,
            hop_ms: 20,
            bands: 40,
            low_hz: 20.0,
            length_ms: 1_000,
            silence: 0.02,
            level: Some(0.1),
            floor: 1e-4,
            coefficients: None,
        }
    }
}

/// Settings that make no features.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("audio: {field} of {value} at {rate_hz} Hz; use {remedy}")]
pub struct WrongAudio {
    field: &'static str,
    value: f32,
    rate_hz: u32,
    remedy: &'static str,
}

/// How sound of one rate becomes features, in numbers of values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Frontend {
    /// Values a second.
    pub rate_hz: u32,
    /// Values in a window, which is weighted by Hann's cosine.
    pub window: usize,
    /// Values from one window to the next.
    pub hop: usize,
    /// The length of the Fourier transform: the window, and zeros.
    pub transform: usize,
    /// Values in a sample.
    pub length: usize,
    /// Windows in a sample.
    pub frames: usize,
    /// What it was made of.
    #[serde(flatten)]
    pub audio: Audio,
}

impl Frontend {
    /// That for sound of this rate.
    pub fn new(audio: &Audio, rate_hz: u32) -> Result<Self, WrongAudio> {
        let values = |ms: u32| usize::try_from(u64::from(ms) * u64::from(rate_hz) / 1_000).unwrap_or(usize::MAX);
        let (window, hop, length) = (values(audio.window_ms), values(audio.hop_ms), values(audio.length_ms));
        let transform = window.min(LONGEST_WINDOW).next_power_of_two();
        let coefficients = audio.coefficients.unwrap_or(audio.bands);
        let is_between = |value: u32, least, most| (least..=most).contains(&(value as usize));
        for (is_right, field, value, remedy) in [
            (is_between(rate_hz, 1_000, 192_000), "rate", figure(rate_hz), "1,000 to 192,000 Hz"),
            (is_between(audio.length_ms, 1, 60_000), "length_ms", figure(audio.length_ms), "1 to 60,000"),
            (window <= length, "length_ms", figure(audio.length_ms), "no less than a window"),
            ((16..=LONGEST_WINDOW).contains(&window), "window_ms", figure(audio.window_ms), "16 to 16,384 values"),
            (hop > 0, "hop_ms", figure(audio.hop_ms), "one value or more"),
            (is_between(audio.bands, 2, transform / 2), "bands", figure(audio.bands), "2 to half a window's values"),
            ((0.0..half(rate_hz)).contains(&audio.low_hz), "low_hz", audio.low_hz, "0 to half the rate"),
            (audio.floor > 0.0, "floor", audio.floor, "more than 0"),
            (
                audio.level.is_none_or(|level| level > 0.0 && level <= 1.0),
                "level",
                audio.level.unwrap_or(0.0),
                "more than 0 and at most 1",
            ),
            (
                (1..=audio.bands).contains(&coefficients),
                "coefficients",
                figure(coefficients),
                "1 to as many as there are bands",
            ),
        ] {
            if !is_right {
                return Err(WrongAudio { field, value, rate_hz, remedy });
            }
        }
        let frames = (length - window) / hop + 1;
        Ok(Self { rate_hz, window, hop, transform, length, frames, audio: audio.clone() })
    }

    /// Features of a window.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.audio.coefficients.unwrap_or(self.audio.bands)
    }

    /// The weight of each value of a window.
    #[must_use]
    pub fn weights(&self) -> Vec<f32> {
        #[expect(clippy::cast_precision_loss, reason = "windows are short")]
        let turn = |i: usize| 2.0 * PI * i as f32 / self.window as f32;
        (0..self.window).map(|i| 0.5 - 0.5 * turn(i).cos()).collect()
    }

    /// For each band the first of the energies that it takes, and the share of each.
    #[must_use]
    pub fn bands(&self) -> Vec<(usize, Vec<f32>)> {
        let (low, high) = (mel(self.audio.low_hz), mel(half(self.rate_hz)));
        #[expect(clippy::cast_precision_loss, reason = "bands are few")]
        let edge = |i: u32| hz(low + (high - low) * i as f32 / (self.audio.bands + 1) as f32);
        #[expect(clippy::cast_precision_loss, reason = "transforms are short")]
        let place = |bin: usize| bin as f32 * self.rate_hz as f32 / self.transform as f32;
        let bins = self.transform / 2 + 1;
        let band = |i: u32| {
            let (left, centre, right) = (edge(i), edge(i + 1), edge(i + 2));
            let share = |bin: usize| {
                let at = place(bin);
                ((at - left) / (centre - left)).min((right - at) / (right - centre)).max(0.0)
            };
            let mut first = (0..bins).find(|&bin| share(bin) > 0.0).unwrap_or(0);
            let mut shares: Vec<f32> = (first..bins).map(share).take_while(|&share| share > 0.0).collect();
            if shares.is_empty() || share(first) <= 0.0 {
                // A band between two energies takes the nearer one.
                let distance = |bin: &usize| (place(*bin) - centre).abs();
                first = (0..bins).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
                shares = vec![1.0];
            }
            (first, shares)
        };
        (0..self.audio.bands).map(band).collect()
    }
}

fn half(rate_hz: u32) -> f32 {
    figure(rate_hz) / 2.0
}

#[expect(clippy::cast_precision_loss, reason = "rates and settings are small")]
fn figure(setting: u32) -> f32 {
    setting as f32
}

fn mel(hz: f32) -> f32 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn hz(mel: f32) -> f32 {
    700.0 * (10_f32.powf(mel / 2595.0) - 1.0)
}

/// A frontend with its tables, at work.
pub(crate) struct Listener {
    frontend: Frontend,
    weights: Vec<f32>,
    bands: Vec<(usize, Vec<f32>)>,
    /// The rows of the cosine transform, where there is one.
    cosines: Vec<Vec<f32>>,
    transform: Arc<dyn RealToComplex<f32>>,
    values: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Listener {
    pub(crate) fn new(frontend: Frontend) -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(frontend.transform);
        Self {
            weights: frontend.weights(),
            bands: frontend.bands(),
            cosines: cosines(&frontend.audio),
            values: transform.make_input_vec(),
            spectrum: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform,
            frontend,
        }
    }

    /// Adds the features of a sound, window by window.
    pub(crate) fn features(&mut self, sound: &[f32], into: &mut Vec<f32>) {
        let mut sound = centred(sound, self.frontend.audio.silence, self.frontend.length);
        if let Some(level) = self.frontend.audio.level {
            bring_to(level, &mut sound);
        }
        for frame in 0..self.frontend.frames {
            let start = frame * self.frontend.hop;
            self.values.fill(0.0);
            let window = sound[start..start + self.frontend.window].iter().zip(&self.weights);
            self.values.iter_mut().zip(window).for_each(|(value, (sound, weight))| *value = sound * weight);
            self.transform
                .process_with_scratch(&mut self.values, &mut self.spectrum, &mut self.scratch)
                .expect("the buffers are the transform's own");
            let floor = self.frontend.audio.floor;
            let energies = self.bands.iter().map(|(first, shares)| {
                let energy: f32 =
                    self.spectrum[*first..].iter().zip(shares).map(|(value, share)| value.norm_sqr() * share).sum();
                (energy + floor).ln()
            });
            if self.cosines.is_empty() {
                into.extend(energies);
            } else {
                let energies: Vec<f32> = energies.collect();
                let coefficient =
                    |row: &Vec<f32>| row.iter().zip(&energies).map(|(cosine, energy)| cosine * energy).sum::<f32>();
                into.extend(self.cosines.iter().map(coefficient));
            }
        }
    }
}

/// The orthonormal cosine transform.
fn cosines(audio: &Audio) -> Vec<Vec<f32>> {
    #[expect(clippy::cast_precision_loss, reason = "bands are few")]
    let row = |k: u32| {
        let bands = audio.bands as f32;
        let scale = if k == 0 { 1.0 / bands } else { 2.0 / bands }.sqrt();
        (0..audio.bands).map(|band| scale * (PI * k as f32 * (band as f32 + 0.5) / bands).cos()).collect()
    };
    (0..audio.coefficients.unwrap_or(0)).map(row).collect()
}

/// The sound without silence at its ends, its middle in the middle of so many values.
fn centred(sound: &[f32], silence: f32, length: usize) -> Vec<f32> {
    let loudest = sound.iter().fold(0.0_f32, |loudest, value| loudest.max(value.abs()));
    let is_heard = |value: &f32| loudest > 0.0 && value.abs() >= silence * loudest;
    let first = sound.iter().position(is_heard).unwrap_or(0);
    let last = sound.iter().rposition(is_heard).map_or(sound.len(), |last| last + 1);
    let mut heard = &sound[first..last];
    if heard.len() > length {
        let start = (heard.len() - length) / 2;
        heard = &heard[start..start + length];
    }
    let mut values = vec![0.0; length];
    let start = (length - heard.len()) / 2;
    values[start..start + heard.len()].copy_from_slice(heard);
    values
}

/// Makes what is heard as loud as that; silence stays silent.
fn bring_to(level: f32, sound: &mut [f32]) {
    let heard = sound.iter().filter(|value| **value != 0.0);
    let (count, energy) = heard.fold((0.0_f32, 0.0_f32), |(count, sum), value| (count + 1.0, sum + value * value));
    let gain = level / (energy / count.max(1.0)).sqrt();
    if gain.is_finite() {
        sound.iter_mut().for_each(|value| *value *= gain.min(LARGEST_GAIN));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32) -> Vec<f32> {
        (0..8_000_u16).map(|i| (2.0 * PI * hz * f32::from(i) / 8_000.0).sin()).collect()
    }

    #[test]
    fn a_tone_is_heard_in_its_band_at_every_moment() {
        let frontend = Frontend::new(&Audio::default(), 8_000).expect("right");
        assert_eq!((frontend.window, frontend.hop, frontend.frames, frontend.width()), (256, 160, 49, 40));
        let mut features = Vec::new();
        Listener::new(frontend).features(&tone(1_000.0), &mut features);
        let loudest = |frame: &[f32]| {
            frame.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(band, _)| band).expect("bands")
        };
        let bands: Vec<usize> = features.chunks_exact(40).map(loudest).collect();
        // 1,000 Hz are 1,000 mel of 32 to 2,146 in 41 steps.
        assert!(bands.iter().all(|&band| (17..=19).contains(&band)), "{bands:?}");
    }

    #[test]
    fn silence_around_a_sound_does_not_matter() {
        let sound: Vec<f32> = tone(440.0)[..3_000].iter().map(|value| value + 0.1).collect();
        let padded = [vec![0.0; 700], sound.clone(), vec![0.0; 1_900]].concat();
        assert_eq!(centred(&sound, 0.02, 8_000), centred(&padded, 0.02, 8_000));
        assert_eq!(centred(&[0.0; 10], 0.02, 4), [0.0; 4]);
    }

    #[test]
    fn how_loud_a_sound_was_does_not_matter_unless_it_is_asked_for() {
        let features = |audio: &Audio, gain: f32| {
            let sound: Vec<f32> = tone(440.0).iter().map(|value| value * gain).collect();
            let mut features = Vec::new();
            Listener::new(Frontend::new(audio, 8_000).expect("right")).features(&sound, &mut features);
            features
        };
        let apart = |audio: &Audio| {
            let (loud, quiet) = (features(audio, 0.5), features(audio, 0.002));
            loud.iter().zip(&quiet).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        assert!(apart(&Audio::default()) < 1e-2);
        assert!(apart(&Audio { level: None, ..Audio::default() }) > 5.0);
        let silence = [0.0; 8_000];
        let mut heard = Vec::new();
        Listener::new(Frontend::new(&Audio::default(), 8_000).expect("right")).features(&silence, &mut heard);
        assert!(heard.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn a_flat_spectrum_has_no_higher_coefficients() {
        let rows = cosines(&Audio { coefficients: Some(13), ..Audio::default() });
        let sums: Vec<f32> = rows.iter().map(|row| row.iter().sum()).collect();
        assert!(sums[0] > 6.0 && sums[1..].iter().all(|sum| sum.abs() < 1e-4), "{sums:?}");
    }

    #[test]
    fn settings_that_make_no_features_are_named() {
        let with = |change: fn(&mut Audio)| {
            let mut audio = Audio::default();
            change(&mut audio);
            Frontend::new(&audio, 8_000).expect_err("wrong").to_string()
        };
        assert!(with(|audio| audio.hop_ms = 0).contains("hop_ms of 0 at 8000 Hz"));
        assert!(with(|audio| audio.bands = 500).contains("bands"));
        assert!(with(|audio| audio.window_ms = 2_000).contains("length_ms"));
        assert!(with(|audio| audio.low_hz = f32::NAN).contains("low_hz"));
        assert!(with(|audio| audio.coefficients = Some(41)).contains("coefficients"));
        assert!(Frontend::new(&Audio::default(), 0).is_err());
    }
}
