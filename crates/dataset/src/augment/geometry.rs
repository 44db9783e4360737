//! Pictures sheared, moved and turned: the nearest pixel, in fixed point, so that every computer takes the same one.

use super::canvas::{Canvas, GREY};

/// Where a place of the result comes from: `x' = a x + b y + c`, `y' = d x + e y + f`, at the centres of pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine {
    along: [f64; 3],
    down: [f64; 3],
}

impl Affine {
    /// Rows moved by as much as they lie below the top.
    pub(crate) const fn shear_x(slope: f64) -> Self {
        Self { along: [1.0, slope, 0.0], down: [0.0, 1.0, 0.0] }
    }

    /// Columns moved by as much as they lie right of the left edge.
    pub(crate) const fn shear_y(slope: f64) -> Self {
        Self { along: [1.0, 0.0, 0.0], down: [slope, 1.0, 0.0] }
    }

    /// All moved by whole pixels.
    pub(crate) const fn translate(right: f64, down: f64) -> Self {
        Self { along: [1.0, 0.0, -right], down: [0.0, 1.0, -down] }
    }

    /// Turned about the centre, anticlockwise.
    pub(crate) fn rotate(degrees: f64, height: usize, width: usize) -> Self {
        let angle = degrees.to_radians();
        let (sin, cos) = (libm::sin(angle), libm::cos(angle));
        let (x, y) = (width as f64 / 2.0, height as f64 / 2.0);
        Self { along: [cos, -sin, x - cos * x + sin * y], down: [sin, cos, y - sin * x - cos * y] }
    }
}

/// One pixel in fixed point.
const ONE: f64 = 65_536.0;

impl Canvas {
    /// Takes every pixel from where the map says, and grey from beyond the picture.
    pub(crate) fn map(&mut self, map: Affine) {
        match self.channels {
            1 => self.map_pixels::<1>(map),
            3 => self.map_pixels::<3>(map),
            // Checked before: pictures have one or three channels.
            _ => return,
        }
        self.swap();
    }

    fn map_pixels<const CHANNELS: usize>(&mut self, map: Affine) {
        #[expect(clippy::cast_possible_truncation, reason = "sides are at most 4096, so that there is room")]
        let fixed = |number: f64| libm::floor(number * ONE + 0.5) as i64;
        let [a, b, c] = map.along;
        let [d, e, f] = map.down;
        let (step_x, step_y) = (fixed(a), fixed(d));
        let source = self.pixels.as_chunks::<CHANNELS>().0;
        let (height, width) = (self.height, self.width);
        let rows = self.spare.as_chunks_mut::<CHANNELS>().0.chunks_exact_mut(width);
        for (row, y) in rows.zip(0_u32..) {
            let middle = f64::from(y) + 0.5;
            let mut x = fixed(a * 0.5 + b * middle + c);
            let mut y = fixed(d * 0.5 + e * middle + f);
            for pixel in row {
                // A negative place is beyond every side.
                let column = usize::try_from(x >> 16).unwrap_or(usize::MAX);
                let line = usize::try_from(y >> 16).unwrap_or(usize::MAX);
                *pixel = if column < width && line < height { source[line * width + column] } else { [GREY; CHANNELS] };
                x += step_x;
                y += step_y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_model::Shape;

    fn mapped(pixels: &[u8], map: Affine) -> Vec<u8> {
        let mut canvas = Canvas::new(Shape { height: 3, width: 3, channels: 1 });
        canvas.pixels.copy_from_slice(pixels);
        canvas.map(map);
        canvas.pixels
    }

    #[test]
    fn pixels_go_where_the_map_says() {
        let picture = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let g = GREY;
        assert_eq!(mapped(&picture, Affine::translate(1.0, 0.0)), [g, 1, 2, g, 4, 5, g, 7, 8]);
        assert_eq!(mapped(&picture, Affine::translate(0.0, -1.0)), [4, 5, 6, 7, 8, 9, g, g, g]);
        assert_eq!(mapped(&picture, Affine::rotate(90.0, 3, 3)), [3, 6, 9, 2, 5, 8, 1, 4, 7]);
        assert_eq!(mapped(&picture, Affine::rotate(180.0, 3, 3)), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(mapped(&picture, Affine::shear_x(1.0)), [2, 3, g, 6, g, g, g, g, g]);
        assert_eq!(mapped(&picture, Affine::shear_y(1.0)), [4, 8, g, 7, g, g, g, g, g]);
    }
}
