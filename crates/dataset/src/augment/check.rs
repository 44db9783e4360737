//! Whether an augmentation can be done, and to these samples.

use automcu_model::Shape;

use super::Augmentation;

/// The longest side of a picture.
const LONGEST_SIDE: u32 = 4096;

/// An augmentation that cannot be done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AugmentationError {
    /// A value is out of its range.
    #[error("augmentation.{field} is {value}: give {range}")]
    Range {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: String,
    },
    /// Two fields exclude each other.
    #[error("augmentation.{0} and augmentation.{1} exclude each other: leave one out")]
    Both(&'static str, &'static str),
    /// A step is for other samples.
    #[error("augmentation.{field} is for {wanted}, and the samples are {given}: leave it out")]
    Samples {
        /// Which field.
        field: &'static str,
        /// What it is for.
        wanted: &'static str,
        /// What the samples are.
        given: String,
    },
}

/// A field that is given, with its value and its range.
type Field = (&'static str, f64, f64, f64);

impl Augmentation {
    /// Whether every value is in its range, whatever the samples are.
    pub fn check(&self) -> Result<(), AugmentationError> {
        if self.auto.is_some() && self.rand.is_some() {
            return Err(AugmentationError::Both("auto", "rand"));
        }
        for (field, value, least, most) in self.fields() {
            if !(value >= least && value <= most) {
                return Err(AugmentationError::Range { field, value, range: format!("{least} to {most}") });
            }
        }
        Ok(())
    }

    fn fields(&self) -> Vec<Field> {
        let side = f64::from(LONGEST_SIDE);
        let mut fields: Vec<Field> = Vec::new();
        if let Some(resize) = self.resize {
            fields.push(("resize.height", resize.height.into(), 1.0, side));
            fields.push(("resize.width", resize.width.into(), 1.0, side));
        }
        fields.extend(self.crop.map(|crop| ("crop.pad", crop.pad.into(), 1.0, side)));
        fields.extend(self.cutout.map(|cutout| ("cutout.side", cutout.side.into(), 1.0, side)));
        fields.extend(self.mixup.map(|mixup| ("mixup.alpha", mixup.alpha, 0.01, 100.0)));
        fields.extend(self.cutmix.map(|cutmix| ("cutmix.alpha", cutmix.alpha, 0.01, 100.0)));
        if let Some(rand) = self.rand {
            fields.push(("rand.count", rand.count.into(), 1.0, 16.0));
            fields.push(("rand.magnitude", rand.magnitude.into(), 0.0, 30.0));
        }
        if let Some(jitter) = self.colour_jitter {
            fields.push(("colour_jitter.brightness", jitter.brightness, 0.0, 1.0));
            fields.push(("colour_jitter.contrast", jitter.contrast, 0.0, 1.0));
            fields.push(("colour_jitter.saturation", jitter.saturation, 0.0, 1.0));
        }
        fields.extend(self.time_shift.map(|shift| ("time_shift.most", shift.most.into(), 1.0, f64::from(u32::MAX))));
        fields.extend(self.time_stretch.map(|stretch| ("time_stretch.most", stretch.most, 0.0, 0.9)));
        fields.extend(self.band_shift.map(|shift| ("band_shift.most", shift.most.into(), 1.0, f64::from(u32::MAX))));
        fields.extend(self.rotation.map(|rotation| ("rotation.degrees", rotation.degrees, 0.0, 180.0)));
        fields.extend(self.scale.map(|scale| ("scale.deviation", scale.deviation, 0.0, 1.0)));
        fields.extend(self.noise.map(|noise| ("noise.deviation", noise.deviation, 0.0, 1e6)));
        if let Some(spec) = self.spec_augment {
            fields.push(("spec_augment.time_masks", spec.time_masks.into(), 0.0, 16.0));
            fields.push(("spec_augment.band_masks", spec.band_masks.into(), 0.0, 16.0));
        }
        fields
    }

    /// Whether it can be done to samples of this shape, of bytes or of floats.
    pub(crate) fn check_for(&self, shape: Shape, are_bytes: bool) -> Result<(), AugmentationError> {
        self.check()?;
        let is_picture = are_bytes && matches!(shape.channels, 1 | 3);
        let largest = shape.height.max(shape.width);
        let (wanted, unfit) = if is_picture && largest <= LONGEST_SIDE {
            ("signals", self.first_for_signals())
        } else if are_bytes {
            ("pictures of 1 or 3 channels and at most 4096 pixels a side", self.first_for_pictures())
        } else {
            ("pictures", self.first_for_pictures())
        };
        // Bytes are never a signal, whatever their channels are.
        let unfit = unfit.or(if are_bytes { self.first_for_signals() } else { None });
        let kind = if are_bytes { "bytes" } else { "floats" };
        let channels = shape.channels;
        let given = || format!("{kind} of {}x{}x{channels}", shape.height, shape.width);
        unfit.map_or(Ok(()), |field| Err(AugmentationError::Samples { field, wanted, given: given() }))?;
        if self.rotation.is_some() && !channels.is_multiple_of(3) {
            let wanted = "signals whose channels are the three axes of one sensor or more";
            return Err(AugmentationError::Samples { field: "rotation", wanted, given: given() });
        }
        let bands = if shape.height > 1 { shape.width } else { channels };
        if self.band_shift.is_some() && bands == 1 {
            let wanted = "spectrograms of two bands or more";
            return Err(AugmentationError::Samples { field: "band_shift", wanted, given: given() });
        }
        self.check_masks(shape)
    }

    fn check_masks(&self, shape: Shape) -> Result<(), AugmentationError> {
        let Some(spec) = self.spec_augment else { return Ok(()) };
        let (steps, bands) = if shape.height > 1 { (shape.height, shape.width) } else { (shape.width, shape.channels) };
        for (field, width, most) in
            [("spec_augment.time_width", spec.time_width, steps), ("spec_augment.band_width", spec.band_width, bands)]
        {
            if width > most {
                let range = format!("0 to {most}, which is all of a sample");
                return Err(AugmentationError::Range { field, value: width.into(), range });
            }
        }
        Ok(())
    }

    fn first_for_pictures(&self) -> Option<&'static str> {
        let steps = [
            ("resize", self.resize.is_some()),
            ("crop", self.crop.is_some()),
            ("flip", self.flip),
            ("auto", self.auto.is_some()),
            ("rand", self.rand.is_some()),
            ("colour_jitter", self.colour_jitter.is_some()),
            ("cutout", self.cutout.is_some()),
        ];
        steps.into_iter().find_map(|(field, is_given)| is_given.then_some(field))
    }

    fn first_for_signals(&self) -> Option<&'static str> {
        let steps = [
            ("time_shift", self.time_shift.is_some()),
            ("time_stretch", self.time_stretch.is_some()),
            ("band_shift", self.band_shift.is_some()),
            ("rotation", self.rotation.is_some()),
            ("scale", self.scale.is_some()),
            ("noise", self.noise.is_some()),
            ("spec_augment", self.spec_augment.is_some()),
        ];
        steps.into_iter().find_map(|(field, is_given)| is_given.then_some(field))
    }
}
