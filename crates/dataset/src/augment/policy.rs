//! AutoAugment and RandAugment: which operations, how strong, how often.
//!
//! Cubuk et al., "AutoAugment" (2019), the policy of CIFAR-10, and "RandAugment" (2020). Ranges are those of the papers.

use super::{RandAugment, canvas::Canvas, geometry::Affine};
use crate::random::Random;

/// What can be done to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Colour,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}

use Operation::{
    AutoContrast, Brightness, Colour, Contrast, Equalize, Identity, Invert, Posterize, Rotate, Sharpness, ShearX,
    ShearY, Solarize, TranslateX, TranslateY,
};

/// The largest magnitude of AutoAugment.
const AUTO_MOST: f64 = 9.0;
/// The largest magnitude of RandAugment.
const RAND_MOST: f64 = 30.0;
/// The largest move, as a share of a side.
const FARTHEST: f64 = 150.0 / 331.0;

/// One step of a policy: what, how often of ten times, how strong of nine.
type Step = (Operation, u8, u8);

/// The 25 policies of CIFAR-10, of which each picture gets one.
const CIFAR10: [[Step; 2]; 25] = [
    [(Invert, 1, 0), (Contrast, 2, 6)],
    [(Rotate, 7, 2), (TranslateX, 3, 9)],
    [(Sharpness, 8, 1), (Sharpness, 9, 3)],
    [(ShearY, 5, 8), (TranslateY, 7, 9)],
    [(AutoContrast, 5, 0), (Equalize, 9, 0)],
    [(ShearY, 2, 7), (Posterize, 3, 7)],
    [(Colour, 4, 3), (Brightness, 6, 7)],
    [(Sharpness, 3, 9), (Brightness, 7, 9)],
    [(Equalize, 6, 0), (Equalize, 5, 0)],
    [(Contrast, 6, 7), (Sharpness, 6, 5)],
    [(Colour, 7, 7), (TranslateX, 5, 8)],
    [(Equalize, 3, 0), (AutoContrast, 4, 0)],
    [(TranslateY, 4, 3), (Sharpness, 2, 6)],
    [(Brightness, 9, 6), (Colour, 2, 8)],
    [(Solarize, 5, 2), (Invert, 0, 0)],
    [(Equalize, 2, 0), (AutoContrast, 6, 0)],
    [(Equalize, 2, 0), (Equalize, 6, 0)],
    [(Colour, 9, 9), (Equalize, 6, 0)],
    [(AutoContrast, 8, 0), (Solarize, 2, 8)],
    [(Brightness, 1, 3), (Colour, 7, 0)],
    [(Solarize, 4, 5), (AutoContrast, 9, 0)],
    [(TranslateY, 9, 9), (TranslateY, 7, 9)],
    [(AutoContrast, 9, 0), (Solarize, 8, 3)],
    [(Equalize, 8, 0), (Invert, 1, 0)],
    [(TranslateY, 7, 9), (AutoContrast, 9, 0)],
];

/// What RandAugment draws from.
const RAND: [Operation; 14] = [
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Colour,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
];

/// Does to a picture what one of the 25 policies of CIFAR-10 says.
pub(crate) fn auto_cifar10(canvas: &mut Canvas, random: &mut Random) {
    for (operation, tenths, magnitude) in CIFAR10[random.place(CIFAR10.len())] {
        let (is_done, sign) = (random.chance(f64::from(tenths) / 10.0), sign(random));
        if is_done {
            canvas.apply(operation, f64::from(magnitude) / AUTO_MOST, sign);
        }
    }
}

/// Does so many operations to a picture, each drawn anew.
pub(crate) fn rand(canvas: &mut Canvas, rand: RandAugment, random: &mut Random) {
    for _ in 0..rand.count {
        let operation = RAND[random.place(RAND.len())];
        let sign = sign(random);
        canvas.apply(operation, f64::from(rand.magnitude) / RAND_MOST, sign);
    }
}

fn sign(random: &mut Random) -> f64 {
    if random.chance(0.5) { 1.0 } else { -1.0 }
}

impl Canvas {
    /// Does one operation, from not at all (a strength of 0) to as strongly as it goes (1); the sign is that of operations
    /// that have two ways.
    fn apply(&mut self, operation: Operation, strength: f64, sign: f64) {
        let (height, width) = (self.height, self.width);
        let signed = strength * sign;
        let moved = |side: usize| libm::trunc(FARTHEST * signed * side as f64);
        #[expect(clippy::cast_possible_truncation, reason = "a factor from 0.1 to 1.9")]
        let factor = (1.0 + 0.9 * signed) as f32;
        match operation {
            Identity => {}
            ShearX => self.map(Affine::shear_x(0.3 * signed)),
            ShearY => self.map(Affine::shear_y(0.3 * signed)),
            TranslateX => self.map(Affine::translate(moved(width), 0.0)),
            TranslateY => self.map(Affine::translate(0.0, moved(height))),
            Rotate => self.map(Affine::rotate(30.0 * signed, height, width)),
            Brightness => self.brightness(factor),
            Colour => self.colour(factor),
            Contrast => self.contrast(factor),
            Sharpness => self.sharpness(factor),
            Posterize => self.posterize(8 - whole(4.0 * strength)),
            // From above the largest value, where nothing is changed, to 0, where all is.
            Solarize => self.solarize(256 - u16::try_from(whole(256.0 * strength)).unwrap_or(256)),
            AutoContrast => self.auto_contrast(),
            Equalize => self.equalize(),
            Invert => self.invert(),
        }
    }
}

fn whole(number: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 256")]
    let whole = (number + 0.5) as u32;
    whole
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
