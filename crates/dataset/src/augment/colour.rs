//! What the Python Imaging Library does to values of pixels, to the same bytes.

use super::canvas::Canvas;

impl Canvas {
    /// The negative.
    pub(crate) fn invert(&mut self) {
        self.pixels.iter_mut().for_each(|value| *value = !*value);
    }

    /// Values of the threshold and above made negative.
    pub(crate) fn solarize(&mut self, threshold: u16) {
        for value in &mut self.pixels {
            *value = if u16::from(*value) < threshold { *value } else { !*value };
        }
    }

    /// Only the highest bits kept.
    pub(crate) fn posterize(&mut self, bits: u32) {
        let mask = 0xff_u8.checked_shr(bits).map_or(0xff, |low| !low);
        self.pixels.iter_mut().for_each(|value| *value &= mask);
    }

    /// Nearer to black, or away from it.
    pub(crate) fn brightness(&mut self, factor: f32) {
        self.look_up(&std::array::from_fn(|value| blend(0.0, value as f32, factor)));
    }

    /// Nearer to the mean grey, or away from it.
    pub(crate) fn contrast(&mut self, factor: f32) {
        let greys = self.pixels.chunks_exact(self.channels).map(|pixel| u64::from(grey(pixel)));
        let (sum, area) = (greys.sum::<u64>(), (self.height * self.width) as u64);
        let mean = ((2 * sum + area) / (2 * area)) as f32;
        self.look_up(&std::array::from_fn(|value| blend(mean, value as f32, factor)));
    }

    /// Nearer to grey, or away from it. Pictures of one channel are grey.
    pub(crate) fn colour(&mut self, factor: f32) {
        if self.channels != 3 {
            return;
        }
        for pixel in self.pixels.as_chunks_mut::<3>().0 {
            let grey = f32::from(grey(pixel));
            *pixel = pixel.map(|value| blend(grey, value.into(), factor));
        }
    }

    /// Nearer to the smoothed picture, or away from it; the outermost pixels stay.
    pub(crate) fn sharpness(&mut self, factor: f32) {
        if self.height < 3 || self.width < 3 {
            return;
        }
        let (row, side) = (self.width * self.channels, self.channels);
        self.spare.copy_from_slice(&self.pixels);
        for y in 1..self.height - 1 {
            let rows = &self.pixels[(y - 1) * row..(y + 2) * row];
            let (above, rest) = rows.split_at(row);
            let (here, below) = rest.split_at(row);
            for (i, value) in self.spare[y * row..][..row].iter_mut().enumerate().take(row - side).skip(side) {
                let three = |line: &[u8]| u16::from(line[i - side]) + u16::from(line[i]) + u16::from(line[i + side]);
                let sum = three(above) + three(here) + three(below) + 4 * u16::from(here[i]);
                let smooth = f32::from((2 * sum + 13) / 26);
                *value = blend(smooth, here[i].into(), factor);
            }
        }
        self.swap();
    }

    /// Each channel stretched to all values.
    pub(crate) fn auto_contrast(&mut self) {
        self.by_channel(|counts| {
            let least = counts.iter().position(|&count| count > 0)?;
            let most = counts.iter().rposition(|&count| count > 0)?;
            let scale = 255.0 / (most > least).then_some((most - least) as f64)?;
            let offset = -(least as f64) * scale;
            Some(std::array::from_fn(|value| clipped(value as f64 * scale + offset)))
        });
    }

    /// Each channel's values spread so that all are as frequent as can be.
    pub(crate) fn equalize(&mut self) {
        self.by_channel(|counts| {
            let last = *counts.iter().rfind(|&&count| count > 0)?;
            let step = (counts.iter().sum::<u32>() - last) / 255;
            let mut sum = (step > 0).then_some(step / 2)?;
            Some(std::array::from_fn(|value| {
                let spread = sum / step;
                sum += counts[value];
                u8::try_from(spread).unwrap_or(u8::MAX)
            }))
        });
    }

    /// Replaces values by those of a table that is made of their frequencies, each channel by its own.
    fn by_channel(&mut self, table: impl Fn(&[u32; 256]) -> Option<[u8; 256]>) {
        for channel in 0..self.channels {
            let mut counts = [0_u32; 256];
            self.pixels.chunks_exact(self.channels).for_each(|pixel| counts[usize::from(pixel[channel])] += 1);
            if let Some(table) = table(&counts) {
                let values = self.pixels.iter_mut().skip(channel).step_by(self.channels);
                values.for_each(|value| *value = table[usize::from(*value)]);
            }
        }
    }

    fn look_up(&mut self, table: &[u8; 256]) {
        self.pixels.iter_mut().for_each(|value| *value = table[usize::from(*value)]);
    }
}

/// The luma of ITU-R 601, as the library rounds it.
fn grey(pixel: &[u8]) -> u8 {
    let &[red, green, blue] = pixel else { return pixel[0] };
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue) + 0x8000;
    sum.to_le_bytes()[2]
}

/// From `one` towards `other`, and beyond where the factor is above 1; cut off, not rounded.
fn blend(one: f32, other: f32, factor: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut off and saturated on purpose")]
    let value = (one + factor * (other - one)) as u8;
    value
}

fn clipped(number: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut off and saturated on purpose")]
    let value = number as u8;
    value
}
