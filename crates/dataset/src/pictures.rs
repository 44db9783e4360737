//! Pictures by class, as PNG or JPEG, all of one size. What the first one is, in colour or grey, all are to be.

use std::{io::Cursor, path::Path};

use automcu_model::Shape;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{colorspace::ColorSpace, options::DecoderOptions},
};

use crate::{
    DatasetError, Part, Samples, Values,
    file::{MOST_VALUES, Reader, ends_in},
    listing,
};

/// What pictures' names end in.
pub(crate) const EXTENSIONS: &[&str] = &["png", "jpg", "jpeg"];
/// The longest file, and the most pixels along a side.
const LONGEST: u64 = 64 << 20;
const SIDE: u16 = 4096;
const DECODER_BYTES: usize = 256 << 20;

/// A decoded picture: rows first, one or three bytes a pixel.
struct Picture {
    shape: Shape,
    bytes: Vec<u8>,
}

pub(crate) fn read(path: &Path, part: Part) -> Result<Samples, DatasetError> {
    let listing = listing::of(path, part, EXTENSIONS)?;
    let model = model(path, part, &listing)?;
    let (first, shape) = (&model.0, model.1);
    let mut values = Vec::new();
    for (file, _) in &listing.files {
        let picture = Picture::read(file)?;
        let same_size = (picture.shape.height, picture.shape.width) == (shape.height, shape.width);
        if !same_size {
            let (own, wanted) = (size(picture.shape), size(shape));
            let problem = format!("{own} pixels, where {} has {wanted}; make all of one size", first.display());
            return Err(DatasetError::wrong(file, problem));
        }
        match (picture.shape.channels, shape.channels) {
            (own, wanted) if own == wanted => values.extend(picture.bytes),
            (1, _) => values.extend(picture.bytes.into_iter().flat_map(|grey| [grey; 3])),
            _ => {
                let problem =
                    format!("it is in colour, where {} is grey; make all grey or all colour", first.display());
                return Err(DatasetError::wrong(file, problem));
            }
        }
        if values.len() as u64 > MOST_VALUES {
            let problem = format!("more than {MOST_VALUES} values with this one; use fewer or smaller pictures");
            return Err(DatasetError::wrong(file, problem));
        }
    }
    let labels = listing.files.iter().map(|(_, class)| *class).collect();
    Samples::new(shape, Values::Bytes(values), labels, listing.names).map_err(DatasetError::uneven(path))
}

/// The picture that says of which shape all are: the first of the training part, where there is one.
fn model(path: &Path, part: Part, own: &listing::Listing) -> Result<(std::path::PathBuf, Shape), DatasetError> {
    let train = match part {
        Part::Test => listing::of(path, Part::Train, EXTENSIONS).ok(),
        Part::Train => None,
    };
    let (first, _) = &train.as_ref().unwrap_or(own).files[0];
    Ok((first.clone(), Picture::read(first)?.shape))
}

fn size(shape: Shape) -> String {
    format!("{}x{}", shape.height, shape.width)
}

impl Picture {
    fn read(path: &Path) -> Result<Self, DatasetError> {
        let bytes = Reader::open(path)?.rest(LONGEST)?;
        let mut cursor = Cursor::new(bytes.as_slice());
        let picture = if ends_in(path, &["png"]) { Self::of_png(&mut cursor) } else { Self::of_jpeg(&mut cursor) };
        let byte = cursor.position().min(bytes.len() as u64);
        picture.map_err(|problem| DatasetError::Damaged { path: path.to_owned(), byte, problem })
    }

    fn of_png(file: &mut Cursor<&[u8]>) -> Result<Self, String> {
        let mut decoder = png::Decoder::new_with_limits(file, png::Limits { bytes: DECODER_BYTES });
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
        let (width, height) = (reader.info().width, reader.info().height);
        is_allowed(height, width)?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or("it is too large")?];
        let info = reader.next_frame(&mut bytes).map_err(|error| error.to_string())?;
        bytes.truncate(info.buffer_size());
        // What is transparent keeps its colour.
        let (samples, channels) = match info.color_type {
            png::ColorType::Grayscale => (1, 1),
            png::ColorType::GrayscaleAlpha => (2, 1),
            png::ColorType::Rgba => (4, 3),
            png::ColorType::Rgb | png::ColorType::Indexed => (3, 3),
        };
        if samples > channels {
            bytes = bytes.chunks_exact(samples).flat_map(|pixel| &pixel[..channels]).copied().collect();
        }
        Ok(Self { shape: Shape { height, width, channels: if channels == 1 { 1 } else { 3 } }, bytes })
    }

    fn of_jpeg(file: &mut Cursor<&[u8]>) -> Result<Self, String> {
        let options = DecoderOptions::default().set_max_width(SIDE.into()).set_max_height(SIDE.into());
        let options = options.set_strict_mode(true);
        let mut decoder = JpegDecoder::new_with_options(file, options);
        decoder.decode_headers().map_err(|error| error.to_string())?;
        let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
        let colours = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
        decoder.set_options(options.jpeg_set_out_colorspace(colours));
        let bytes = decoder.decode().map_err(|error| error.to_string())?;
        let info = decoder.info().ok_or("it has no size")?;
        let (height, width) = (info.height.into(), info.width.into());
        let shape = Shape { height, width, channels: if is_grey { 1 } else { 3 } };
        if shape.elements() != bytes.len() as u64 {
            return Err(format!("{} values for {shape}", bytes.len()));
        }
        Ok(Self { shape, bytes })
    }
}

fn is_allowed(height: u32, width: u32) -> Result<(), String> {
    let within = |side| (1..=u32::from(SIDE)).contains(&side);
    match within(height) && within(width) {
        true => Ok(()),
        false => Err(format!("{height}x{width} pixels, where {SIDE}x{SIDE} are the most")),
    }
}
