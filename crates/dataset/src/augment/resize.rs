//! Pictures in another size: bilinear, one way after the other, with a filter that is as wide as the reduction.

use automcu_model::Shape;

use super::Resize;

/// The bits behind the point of a weight: a weight and a byte, each of 16 bits, are multiplied many at a time.
const BITS: u32 = 14;
/// Half of the last place, so that results are rounded.
const HALF: i32 = 1 << (BITS - 1);

/// Where one value of the result comes from.
#[derive(Clone, Debug)]
struct Taps {
    first: usize,
    weights: Vec<i16>,
}

/// All that is known beforehand of resizing pictures of one size to another, and the room it takes.
#[derive(Clone, Debug)]
pub(crate) struct Resizer {
    from: Shape,
    columns: Vec<Taps>,
    rows: Vec<Taps>,
    /// As high as what comes in, as wide as what comes out.
    between: Vec<u8>,
    /// One row of what comes out.
    sums: Vec<i32>,
}

impl Resizer {
    pub(crate) fn new(from: Shape, to: Resize) -> Self {
        let row = to.width as usize * from.channels as usize;
        let (columns, rows) = (taps(from.width, to.width), taps(from.height, to.height));
        Self { from, columns, rows, between: vec![0; from.height as usize * row], sums: vec![0; row] }
    }

    /// Writes the picture in the other size to `out`.
    pub(crate) fn resize(&mut self, picture: &[u8], out: &mut [u8]) {
        match self.from.channels {
            1 => self.along_rows::<1>(picture),
            3 => self.along_rows::<3>(picture),
            // Checked before: pictures have one or three channels.
            _ => return,
        }
        let row = self.sums.len();
        for (taps, line) in self.rows.iter().zip(out.chunks_exact_mut(row)) {
            self.sums.fill(HALF);
            for (weight, source) in taps.weights.iter().zip(self.between[taps.first * row..].chunks_exact(row)) {
                for (sum, value) in self.sums.iter_mut().zip(source) {
                    *sum += i32::from(*weight) * i32::from(*value);
                }
            }
            line.iter_mut().zip(&self.sums).for_each(|(value, sum)| *value = byte(*sum));
        }
    }

    fn along_rows<const CHANNELS: usize>(&mut self, picture: &[u8]) {
        let sources = picture.as_chunks::<CHANNELS>().0.chunks_exact(self.from.width as usize);
        let lines = self.between.as_chunks_mut::<CHANNELS>().0.chunks_exact_mut(self.columns.len());
        for (source, line) in sources.zip(lines) {
            for (taps, pixel) in self.columns.iter().zip(line) {
                let mut sums = [HALF; CHANNELS];
                for (weight, values) in taps.weights.iter().zip(&source[taps.first..]) {
                    let both = sums.iter_mut().zip(values);
                    both.for_each(|(sum, value)| *sum += i32::from(*weight) * i32::from(*value));
                }
                *pixel = sums.map(byte);
            }
        }
    }
}

/// Weights are never negative and make one together, so that there is nothing to clip.
fn byte(sum: i32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    let byte = (sum >> BITS) as u8;
    byte
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
        Taps { first: places.first().copied().unwrap_or_default(), weights: fixed(&weights) }
    };
    (0..to).map(taps).collect()
}

/// Weights in fixed point that make exactly one together: each is what its sum with those before it still lacks.
fn fixed(weights: &[f64]) -> Vec<i16> {
    let all: f64 = weights.iter().sum();
    let (mut sum, mut before) = (0.0, 0);
    let step = |weight: &f64| {
        sum += weight;
        #[expect(clippy::cast_possible_truncation, reason = "at most one, which has 15 bits")]
        let so_far = libm::round(sum / all * f64::from(1 << BITS)) as i16;
        let fixed = so_far - before;
        before = so_far;
        fixed
    };
    weights.iter().map(step).collect()
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
