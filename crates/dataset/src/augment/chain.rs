//! One sample's way: resized, drawn, coloured, cut out, and made floats.

use automcu_model::Shape;

use super::{Augmentation, ColourJitter, Policy, Resize, canvas::Canvas, policy, resize::Resizer, signal};
use crate::{Standard, random::Random};

/// What is done to every sample. What validates has a chain without augmentation.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    from: Shape,
    resize: Option<Resize>,
    augmentation: Augmentation,
    /// What a signal's values are in the units that they were measured in.
    standard: Option<Standard>,
}

/// The room that a thread needs to send samples through a chain.
#[derive(Debug)]
pub(crate) struct Workspace {
    canvas: Canvas,
    resizer: Option<Resizer>,
    resized: Vec<u8>,
}

impl Chain {
    pub(crate) fn new(from: Shape, augmentation: Augmentation, standard: Option<Standard>) -> Self {
        let same = Resize { height: from.height, width: from.width };
        let resize = augmentation.resize.filter(|&resize| resize != same);
        Self { from, resize, augmentation, standard }
    }

    pub(crate) const fn augmentation(&self) -> &Augmentation {
        &self.augmentation
    }

    /// The shape of what comes out.
    pub(crate) fn shape(&self) -> Shape {
        self.resize.map_or(self.from, |Resize { height, width }| Shape { height, width, ..self.from })
    }

    pub(crate) fn workspace(&self) -> Workspace {
        let resizer = self.resize.map(|resize| Resizer::new(self.from, resize));
        let resized = if resizer.is_some() { vec![0; elements(self.shape())] } else { Vec::new() };
        Workspace { canvas: Canvas::new(self.shape()), resizer, resized }
    }

    /// Sends a picture through.
    pub(crate) fn picture(&self, picture: &[u8], random: &mut Random, workspace: &mut Workspace, out: &mut [f32]) {
        let Workspace { canvas, resizer, resized } = workspace;
        let picture = match resizer {
            Some(resizer) => {
                resizer.resize(picture, resized);
                resized.as_slice()
            }
            None => picture,
        };
        let augmentation = &self.augmentation;
        let is_flipped = augmentation.flip && random.chance(0.5);
        canvas.draw(picture, augmentation.crop.map_or(0, |crop| crop.pad), is_flipped, random);
        match augmentation.auto {
            Some(Policy::Cifar10) => policy::auto_cifar10(canvas, random),
            None => {}
        }
        if let Some(rand) = augmentation.rand {
            policy::rand(canvas, rand, random);
        }
        if let Some(jitter) = augmentation.colour_jitter {
            jittered(canvas, jitter, random);
        }
        if let Some(cutout) = augmentation.cutout {
            canvas.cut_out(cutout.side, random);
        }
        to_floats(&canvas.pixels, out);
    }

    /// Sends a signal through.
    pub(crate) fn signal(&self, sample: &[f32], random: &mut Random, out: &mut [f32]) {
        let layout = signal::Layout::of(self.from);
        signal::signal(layout, &self.augmentation, self.standard.as_ref(), sample, random, out);
    }
}

/// How many values a sample has: checked to be few before there is a chain.
pub(crate) fn elements(shape: Shape) -> usize {
    usize::try_from(shape.elements()).unwrap_or(usize::MAX)
}

fn jittered(canvas: &mut Canvas, jitter: ColourJitter, random: &mut Random) {
    let mut factor = |most: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a factor from 0 to 2")]
        let factor = (1.0 + most * random.signed()) as f32;
        (most > 0.0).then_some(factor)
    };
    let [brightness, contrast, saturation] = [jitter.brightness, jitter.contrast, jitter.saturation].map(&mut factor);
    brightness.into_iter().for_each(|factor| canvas.brightness(factor));
    contrast.into_iter().for_each(|factor| canvas.contrast(factor));
    saturation.into_iter().for_each(|factor| canvas.colour(factor));
}

/// Bytes from 0 to 255 become floats from -1 to 127/128, without rounding: the input of an int8 network, over 128.
fn to_floats(pixels: &[u8], out: &mut [f32]) {
    for (&pixel, value) in pixels.iter().zip(out) {
        *value = (f32::from(pixel) - 128.0) * (1.0 / 128.0);
    }
}
