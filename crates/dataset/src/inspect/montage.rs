//! Some samples of each class side by side, as a PNG. Signals and features become grey: time runs to the right.

use crate::{Samples, Values};

/// Samples in a row, and rows.
const COLUMNS: usize = 16;
const MOST_ROWS: usize = 128;
/// The least and the most pixels along a side of a cell, and between cells.
const LEAST_SIDE: usize = 32;
const MOST_SIDE: usize = 128;
const GAP: usize = 2;
const GROUND: u8 = 24;

/// A picture of samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Montage {
    /// Rows of pixels.
    pub height: u32,
    /// Columns of pixels.
    pub width: u32,
    /// Red, green and blue of each pixel.
    pub pixels: Vec<u8>,
}

/// A row for each class, with its first samples.
#[must_use]
pub fn montage(samples: &Samples) -> Montage {
    let rows = samples.classes().min(MOST_ROWS);
    let cell = Cell::of(samples);
    let (height, width) = (rows * (cell.height + GAP) + GAP, COLUMNS * (cell.width + GAP) + GAP);
    let mut pixels = vec![GROUND; 3 * height * width];
    let mut filled = vec![0; rows];
    for (sample, &label) in samples.labels().iter().enumerate() {
        let Some(column) = filled.get_mut(usize::from(label)).filter(|column| **column < COLUMNS) else { continue };
        let left = GAP + *column * (cell.width + GAP);
        let top = GAP + usize::from(label) * (cell.height + GAP);
        *column += 1;
        for y in 0..cell.height {
            for x in 0..cell.width {
                let at = 3 * ((top + y) * width + left + x);
                pixels[at..at + 3].copy_from_slice(&cell.pixel(samples, sample, y, x));
            }
        }
    }
    let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    Montage { height: size(height), width: size(width), pixels }
}

impl Montage {
    /// The picture as a PNG file.
    #[must_use]
    pub fn to_png(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().expect("memory takes what is written");
        writer.write_image_data(&self.pixels).expect("there are as many pixels as is said");
        writer.finish().expect("memory takes what is written");
        file
    }
}

/// How one sample is drawn.
struct Cell {
    height: usize,
    width: usize,
    /// The sample's own places, down and to the right.
    rows: usize,
    columns: usize,
}

impl Cell {
    fn of(samples: &Samples) -> Self {
        let size = |size: u32| usize::try_from(size).unwrap_or(1).max(1);
        let shape = samples.shape();
        let (rows, columns) = match samples.values() {
            Values::Bytes(_) => (size(shape.height), size(shape.width)),
            Values::Floats(_) => (size(shape.width) * size(shape.channels), size(shape.height)),
        };
        let side = |own: usize| own.clamp(LEAST_SIDE, MOST_SIDE);
        Self { height: side(rows), width: side(columns), rows, columns }
    }

    fn pixel(&self, samples: &Samples, sample: usize, y: usize, x: usize) -> [u8; 3] {
        let (row, column) = (y * self.rows / self.height, x * self.columns / self.width);
        let start = sample * samples.each();
        match samples.values() {
            Values::Bytes(values) => {
                let channels = usize::try_from(samples.shape().channels).unwrap_or(1).max(1);
                let pixel = &values[start + (row * self.columns + column) * channels..][..channels];
                if let [red, green, blue] = *pixel { [red, green, blue] } else { [pixel[0]; 3] }
            }
            Values::Floats(values) => {
                // The highest band or the last channel is on top.
                let value = values[start + column * self.rows + (self.rows - 1 - row)];
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
                let grey = ((value / 5.0 + 0.5).clamp(0.0, 1.0) * 255.0) as u8;
                [grey; 3]
            }
        }
    }
}
