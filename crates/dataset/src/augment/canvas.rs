//! A picture that is worked on: bytes, rows first, channels last; crop, flip and cutout.

use automcu_model::Shape;

use crate::random::Random;

/// What comes in from beyond the picture: the byte that becomes 0.
pub(crate) const GREY: u8 = 128;

/// A picture and as much room again, so that nothing has to be allocated.
#[derive(Debug)]
pub(crate) struct Canvas {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) pixels: Vec<u8>,
    /// Room for a result that cannot be computed in place.
    pub(crate) spare: Vec<u8>,
}

impl Canvas {
    pub(crate) fn new(shape: Shape) -> Self {
        let [height, width, channels] = [shape.height, shape.width, shape.channels].map(|size| size as usize);
        let pixels = vec![GREY; height * width * channels];
        Self { height, width, channels, spare: pixels.clone(), pixels }
    }

    /// Draws a picture of this size, moved by up to `pad` pixels each way, and mirrored or not.
    pub(crate) fn draw(&mut self, picture: &[u8], pad: u32, is_flipped: bool, random: &mut Random) {
        let (down, right) = (self.offset(pad, random), self.offset(pad, random));
        if (down, right, is_flipped) == (0, 0, false) {
            self.pixels.copy_from_slice(picture);
            return;
        }
        let row_bytes = self.width * self.channels;
        let span = Span::of(right, self.width);
        for (y, row) in self.pixels.chunks_exact_mut(row_bytes).enumerate() {
            let from = y.checked_add_signed(-down).filter(|&from| from < self.height);
            let Some(from) = from else {
                row.fill(GREY);
                continue;
            };
            let source = &picture[from * row_bytes..][..row_bytes];
            let (to, kept) = (span.to * self.channels, span.kept * self.channels);
            row[..to].fill(GREY);
            row[to..to + kept].copy_from_slice(&source[span.from * self.channels..][..kept]);
            row[to + kept..].fill(GREY);
            if is_flipped {
                mirror(row, self.channels);
            }
        }
    }

    fn offset(&self, pad: u32, random: &mut Random) -> isize {
        // Sides are at most 4096, and so is the border.
        let pad = isize::try_from(pad).unwrap_or_default();
        if pad == 0 { 0 } else { isize::try_from(random.place(2 * pad.unsigned_abs() + 1)).unwrap_or_default() - pad }
    }

    /// Makes a square grey whose centre is anywhere in the picture.
    pub(crate) fn cut_out(&mut self, side: u32, random: &mut Random) {
        let side = side as usize;
        let (y, x) = (random.place(self.height), random.place(self.width));
        // Half a side before the centre, the other half behind; what lies beyond the picture is lost.
        let range = |centre: usize, most: usize| {
            let end = (centre + side - side / 2).min(most);
            (centre.saturating_sub(side / 2), end)
        };
        let ((top, bottom), (left, right)) = (range(y, self.height), range(x, self.width));
        let row_bytes = self.width * self.channels;
        for row in self.pixels.chunks_exact_mut(row_bytes).take(bottom).skip(top) {
            row[left * self.channels..right * self.channels].fill(GREY);
        }
    }

    /// Makes what was written beside the picture the picture.
    pub(crate) fn swap(&mut self) {
        std::mem::swap(&mut self.pixels, &mut self.spare);
    }
}

/// What remains of a row that is moved.
#[derive(Clone, Copy)]
struct Span {
    from: usize,
    to: usize,
    kept: usize,
}

impl Span {
    fn of(right: isize, width: usize) -> Self {
        let moved = right.unsigned_abs().min(width);
        let (from, to) = if right < 0 { (moved, 0) } else { (0, moved) };
        Self { from, to, kept: width - moved }
    }
}

/// Turns a row round, pixel by pixel.
fn mirror(row: &mut [u8], channels: usize) {
    if channels == 3 {
        row.as_chunks_mut::<3>().0.reverse();
    } else {
        row.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn random(seed: u64) -> Random {
        Random::of(seed, Purpose::Sample, 0, 0)
    }

    fn picture(shape: Shape) -> Vec<u8> {
        // Never grey, so that grey is only what came in.
        (0..shape.elements()).map(|i| u8::try_from(i % 127).expect("small")).collect()
    }

    #[test]
    fn a_flip_is_undone_by_a_flip() {
        for channels in [1, 3] {
            let shape = Shape { height: 5, width: 7, channels };
            let picture = picture(shape);
            let mut canvas = Canvas::new(shape);
            canvas.draw(&picture, 0, true, &mut random(0));
            let once = canvas.pixels.clone();
            assert_ne!(once, picture);
            canvas.draw(&once, 0, true, &mut random(0));
            assert_eq!(canvas.pixels, picture);
        }
    }

    #[test]
    fn a_crop_moves_every_pixel_by_as_much_and_what_comes_in_is_grey() {
        let shape = Shape { height: 5, width: 4, channels: 3 };
        let picture = picture(shape);
        let mut canvas = Canvas::new(shape);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..300 {
            canvas.draw(&picture, 2, false, &mut random(seed));
            let moved = |down: i64, right: i64| {
                (0..5_i64).all(|y| {
                    (0..4_i64).all(|x| {
                        let at = usize::try_from((y * 4 + x) * 3).expect("inside");
                        let (from_y, from_x) = (y - down, x - right);
                        let is_inside = (0..5).contains(&from_y) && (0..4).contains(&from_x);
                        let from = usize::try_from((from_y * 4 + from_x) * 3).unwrap_or_default();
                        canvas.pixels[at..at + 3] == *if is_inside { &picture[from..from + 3] } else { &[GREY; 3] }
                    })
                })
            };
            let offsets = (-2..=2).flat_map(|down| (-2..=2).map(move |right| (down, right)));
            seen.insert(offsets.into_iter().find(|&(down, right)| moved(down, right)).expect("one of the crops"));
        }
        assert_eq!(seen.len(), 25, "every crop turns up");
    }

    #[test]
    fn a_crop_wider_than_the_picture_leaves_grey() {
        let shape = Shape { height: 2, width: 2, channels: 1 };
        let mut canvas = Canvas::new(shape);
        for seed in 0..200 {
            canvas.draw(&[1, 2, 3, 4], 9, seed % 2 == 0, &mut random(seed));
            assert!(canvas.pixels.iter().all(|&pixel| pixel == GREY || pixel < 5));
        }
    }

    #[test]
    fn a_cutout_is_a_square_of_its_side_or_what_the_edge_leaves_of_it() {
        let shape = Shape { height: 9, width: 9, channels: 1 };
        let mut largest = 0;
        for seed in 0..200 {
            let mut canvas = Canvas::new(shape);
            canvas.pixels.fill(1);
            canvas.cut_out(3, &mut random(seed));
            let grey = canvas.pixels.iter().filter(|&&pixel| pixel == GREY).count();
            assert!([4, 6, 9].contains(&grey), "{grey}");
            largest = largest.max(grey);
        }
        assert_eq!(largest, 9);
    }
}
