//! Pictures in another size: bilinear, one way after the other, with a filter that is as wide as the reduction.

use automcu_model::Shape;

use super::Resize;

/// The bits behind the point of a weight: as many as leave room for a sum of bytes.
const BITS: u32 = 22;

/// Where one value of the result comes from.
#[derive(Clone, Debug)]
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// All that is known beforehand of resizing pictures of one size to another, and the room it takes.
#[derive(Clone, Debug)]
pub(crate) struct Resizer {
    from: Shape,
    columns: Vec<Taps>,
    rows: Vec<Taps>,
    /// As high as what comes in, as wide as what comes out.
    between: Vec<u8>,
}

impl Resizer {
    pub(crate) fn new(from: Shape, to: Resize) -> Self {
        let between = from.height as usize * to.width as usize * from.channels as usize;
        Self {
            from,
            columns: taps(from.width, to.width),
            rows: taps(from.height, to.height),
            between: vec![0; between],
        }
    }

    /// Writes the picture in the other size to `out`.
    pub(crate) fn resize(&mut self, picture: &[u8], out: &mut [u8]) {
        let channels = self.from.channels as usize;
        let (old_row, row) = (self.from.width as usize * channels, self.columns.len() * channels);
        for (source, line) in picture.chunks_exact(old_row).zip(self.between.chunks_exact_mut(row)) {
            for (taps, pixel) in self.columns.iter().zip(line.chunks_exact_mut(channels)) {
                for (channel, value) in pixel.iter_mut().enumerate() {
                    *value = taps.sum(source[taps.first * channels + channel..].iter().step_by(channels));
                }
            }
        }
        for (taps, line) in self.rows.iter().zip(out.chunks_exact_mut(row)) {
            for (column, value) in line.iter_mut().enumerate() {
                *value = taps.sum(self.between[taps.first * row + column..].iter().step_by(row));
            }
        }
    }
}

impl Taps {
    fn sum<'a>(&self, values: impl Iterator<Item = &'a u8>) -> u8 {
        let sum: i32 = self.weights.iter().zip(values).map(|(weight, &value)| weight * i32::from(value)).sum();
        u8::try_from(((sum + (1 << (BITS - 1))) >> BITS).clamp(0, 255)).unwrap_or_default()
    }
}

/// The triangle of each place, cut off at the edges and made to weigh one.
fn taps(from: u32, to: u32) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    let reach = scale.max(1.0);
    let taps = |place: u32| {
        let centre = (f64::from(place) + 0.5) * scale;
        let weight = |source: u32| (1.0 - ((f64::from(source) + 0.5 - centre) / reach).abs()).max(0.0);
        let all = (0..from).map(|source| (source as usize, weight(source))).filter(|&(_, weight)| weight > 0.0);
        let (places, weights): (Vec<usize>, Vec<f64>) = all.unzip();
        let sum: f64 = weights.iter().sum();
        #[expect(clippy::cast_possible_truncation, reason = "at most 1 in fixed point")]
        let fixed = |weight: &f64| libm::round(weight / sum * f64::from(1 << BITS)) as i32;
        Taps { first: places.first().copied().unwrap_or_default(), weights: weights.iter().map(fixed).collect() }
    };
    (0..to).map(taps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(from: Shape, to: Resize, picture: &[u8]) -> Vec<u8> {
        let mut out = vec![0; (to.height * to.width * from.channels) as usize];
        Resizer::new(from, to).resize(picture, &mut out);
        out
    }

    #[test]
    fn the_same_size_is_the_same_picture_and_one_colour_stays_one() {
        let from = Shape { height: 2, width: 3, channels: 1 };
        assert_eq!(resized(from, Resize { height: 2, width: 3 }, &[1, 2, 3, 4, 5, 250]), [1, 2, 3, 4, 5, 250]);
        for (height, width) in [(1, 1), (5, 7), (160, 160)] {
            for value in [0, 77, 255] {
                let picture = resized(from, Resize { height, width }, &[value; 6]);
                assert!(picture.iter().all(|&other| other == value));
            }
        }
    }

    #[test]
    fn half_the_size_takes_all_pixels_and_twice_the_size_lies_between_them() {
        let from = Shape { height: 1, width: 4, channels: 1 };
        // Weights of 3, 3, 1 sevenths at the edge.
        assert_eq!(resized(from, Resize { height: 1, width: 2 }, &[0, 70, 140, 210]), [50, 160]);
        assert_eq!(resized(from, Resize { height: 1, width: 8 }, &[0, 40, 80, 120]), [0, 10, 30, 50, 70, 90, 110, 120]);
    }
}
