//! WAV: chunks within a RIFF chunk; one says how sound is kept, another keeps it. Channels are mixed to one.

use std::path::Path;

use crate::{DatasetError, file::Reader};

/// The longest file.
const LONGEST: u64 = 64 << 20;
/// How sound is kept.
const WHOLE: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// One channel of sound, from -1 to 1.
pub(crate) struct Sound {
    pub(crate) rate_hz: u32,
    pub(crate) values: Vec<f32>,
}

/// What the chunk `fmt ` says.
#[derive(Clone, Copy)]
struct Format {
    code: u16,
    channels: u16,
    rate_hz: u32,
    bits: u16,
}

impl Sound {
    pub(crate) fn read(path: &Path) -> Result<Self, DatasetError> {
        let bytes = Reader::open(path)?.rest(LONGEST)?;
        Self::parse(&bytes).map_err(|(byte, problem)| DatasetError::Damaged {
            path: path.to_owned(),
            byte: byte as u64,
            problem,
        })
    }

    /// The sound of a file, or the byte at which it goes wrong and how.
    fn parse(bytes: &[u8]) -> Result<Self, (usize, String)> {
        if bytes.len() < 12 || !bytes.starts_with(b"RIFF") || &bytes[8..12] != b"WAVE" {
            return Err((0, "it does not start as WAV files do".to_owned()));
        }
        let (mut at, mut format) = (12, None);
        while let Some(head) = bytes.get(at..at + 8) {
            let length =
                usize::try_from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])).unwrap_or(usize::MAX);
            let start = at + 8;
            let body = start.checked_add(length).and_then(|end| bytes.get(start..end));
            let Some(body) = body else {
                let name = String::from_utf8_lossy(&head[..4]).into_owned();
                let there = bytes.len() - start;
                return Err((bytes.len(), format!("the file ends within {name:?}: {there} of {length} bytes")));
            };
            match &head[..4] {
                b"fmt " => format = Some(Format::parse(body).map_err(|problem| (start, problem))?),
                b"data" => {
                    let format = format.ok_or_else(|| (at, "sound before it is said how it is kept".to_owned()))?;
                    return format.sound(body).map_err(|problem| (start, problem));
                }
                _ => {}
            }
            // A chunk takes an even number of bytes.
            at = start + length + length % 2;
        }
        Err((bytes.len(), "the file ends before there is any sound".to_owned()))
    }
}

impl Format {
    fn parse(body: &[u8]) -> Result<Self, String> {
        let number = |at: usize| body.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let (Some(code), Some(channels), Some(rate), Some(bits)) =
            (number(0), number(2), body.get(4..8).and_then(|rate| rate.try_into().ok()), number(14))
        else {
            return Err(format!("{} bytes do not say how sound is kept", body.len()));
        };
        // The extensible form says its code further on.
        let code = if code == EXTENSIBLE { number(24).unwrap_or(code) } else { code };
        let format = Self { code, channels, rate_hz: u32::from_le_bytes(rate), bits };
        match (code, bits) {
            (WHOLE, 8 | 16 | 24 | 32) | (FLOAT, 32) if channels > 0 && format.rate_hz > 0 => Ok(format),
            _ => Err(format!(
                "form {code} of {bits} bits on {channels} channels at {} Hz; save it as PCM of 8, 16, 24 or 32 bits, or \
                 as floats of 32",
                format.rate_hz
            )),
        }
    }

    fn sound(self, body: &[u8]) -> Result<Sound, String> {
        let width = usize::from(self.bits / 8);
        let frame = width * usize::from(self.channels);
        if body.is_empty() || !body.len().is_multiple_of(frame) {
            return Err(format!("{} bytes of sound are no whole number of frames of {frame}", body.len()));
        }
        let mix = |frame: &[u8]| {
            frame.chunks_exact(width).map(|value| self.value(value)).sum::<f32>() / f32::from(self.channels)
        };
        let values: Vec<f32> = body.chunks_exact(frame).map(mix).collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(format!("frame {at} is {}", values[at])),
            None => Ok(Sound { rate_hz: self.rate_hz, values }),
        }
    }

    fn value(self, bytes: &[u8]) -> f32 {
        // Into the uppermost bytes of an i32, whatever the width.
        let mut wide = [0; 4];
        wide[4 - bytes.len()..].copy_from_slice(bytes);
        match (self.code, self.bits) {
            (FLOAT, _) => f32::from_le_bytes(wide),
            // Eight bits have no sign.
            (_, 8) => (f32::from(wide[3]) - 128.0) / 128.0,
            #[expect(clippy::cast_precision_loss, reason = "sound is kept as f32")]
            _ => i32::from_le_bytes(wide) as f32 / 2_147_483_648.0,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file of one channel of 16 bits.
    pub(crate) fn wav(rate_hz: u32, values: &[i16]) -> Vec<u8> {
        let length = u32::try_from(2 * values.len()).expect("short");
        let mut file = [b"RIFF".as_slice(), &(length + 36).to_le_bytes(), b"WAVEfmt ", &16_u32.to_le_bytes()].concat();
        file.extend([1, 0, 1, 0]);
        file.extend(rate_hz.to_le_bytes());
        file.extend((2 * rate_hz).to_le_bytes());
        file.extend([2, 0, 16, 0]);
        file.extend(b"data");
        file.extend(length.to_le_bytes());
        file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        file
    }

    #[test]
    fn sound_is_read_to_its_value() {
        let sound = Sound::parse(&wav(8_000, &[0, 16_384, -32_768])).expect("sound");
        assert_eq!((sound.rate_hz, sound.values), (8_000, vec![0.0, 0.5, -1.0]));
    }

    #[test]
    fn a_damaged_file_is_told_by_the_byte() {
        let good = wav(8_000, &[1, 2, 3]);
        for (file, byte, said) in [
            (good[..good.len() - 2].to_vec(), good.len() - 2, "ends within \"data\": 4 of 6 bytes"),
            (b"RIFX".to_vec(), 0, "does not start"),
            (good[..36].to_vec(), 36, "before there is any sound"),
            ([&good[..12], &good[36..]].concat(), 12, "before it is said"),
            ([&good[..34], &[12, 0], &good[36..]].concat(), 20, "12 bits"),
        ] {
            let (at, problem) = Sound::parse(&file).err().expect(said);
            assert!(at == byte && problem.contains(said), "{at} {problem}");
        }
    }
}
