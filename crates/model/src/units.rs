//! Byte counts, data types and provenance: what every figure that a user sees is made of.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// `count` times 1,024 bytes.
    #[must_use]
    pub const fn kib(count: u64) -> Self {
        Self(count.saturating_mul(1024))
    }

    /// What is left of `self` after `used`, or by how much `used` is too large.
    pub fn minus(self, used: Self) -> Result<Self, Self> {
        self.0.checked_sub(used.0).map(Self).ok_or_else(|| Self(used.0 - self.0))
    }
}

impl std::ops::Add for Bytes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self(0), |total, item| total + item)
    }
}

/// Bytes below 1 KiB, else KiB or MiB with at most two decimals. Never decimal KB, so that the two are not confused.
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KIB: u64 = 1 << 10;
        const MIB: u64 = 1 << 20;
        let text = match self.0 {
            bytes @ 0..KIB => format!("{bytes} B"),
            bytes @ KIB..MIB => in_units_of(bytes, KIB, "KiB"),
            bytes => in_units_of(bytes, MIB, "MiB"),
        };
        f.pad(&text)
    }
}

fn in_units_of(bytes: u64, unit: u64, name: &str) -> String {
    let hundredths = (u128::from(bytes) * 100 + u128::from(unit) / 2) / u128::from(unit);
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => format!("{whole} {name}"),
        (whole, part) if part % 10 == 0 => format!("{whole}.{} {name}", part / 10),
        (whole, part) => format!("{whole}.{part:02} {name}"),
    }
}

/// A size that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// There is no whole or decimal number at the front.
    #[error("{0:?} is no size; write a number and a unit, like \"64KiB\"")]
    NoNumber(String),
    /// There is a number and nothing behind it.
    #[error("{0:?} has no unit; write \"{0}B\" for bytes, or for example \"{0}KiB\"")]
    NoUnit(String),
    /// `K`, `M` and `G` stand for powers of 1,000 to some and of 1,024 to others.
    #[error(
        "\"{number}{unit}\" can mean two sizes; write \"{number}{unit}iB\" (times {binary}) or \"{number}{unit}B\" (times {decimal})"
    )]
    Ambiguous {
        /// The number as written.
        number: String,
        /// `K`, `M` or `G`.
        unit: char,
        /// What the binary reading multiplies by.
        binary: u64,
        /// What the decimal reading multiplies by.
        decimal: u64,
    },
    /// The unit is none of those known.
    #[error("\"{number}{unit}\": {unit:?} is no unit of size; use B, KB, KiB, MB, MiB, GB or GiB")]
    UnknownUnit {
        /// The number as written.
        number: String,
        /// The unit as written.
        unit: String,
    },
    /// The size is not a whole number of bytes.
    #[error("{0:?} is not a whole number of bytes; write the bytes, like \"1536B\"")]
    Fraction(String),
    /// A lower-case `b` is a bit to those who sell flash chips, and a byte to others.
    #[error("\"{number}{unit}\" may mean bits; write \"{number}{written}\" for bytes")]
    Bits {
        /// The number as written.
        number: String,
        /// The unit as written.
        unit: String,
        /// The unit for bytes.
        written: String,
    },
    /// No size takes so many characters.
    #[error("{0:?} is too long for a size; write a number and a unit, like \"64KiB\"")]
    TooLong(String),
    /// The size does not fit 64 bits.
    #[error("{0:?} is larger than any memory; write a smaller size")]
    TooLarge(String),
}

impl Bytes {
    /// What [`Bytes::from_str`] reads, as a regular expression for schemas.
    pub const PATTERN: &str = r"^[0-9][0-9_]*(\.[0-9]+)? ?([kKmMgG]i?)?B$";
}

/// Reads `64KiB` (65,536), `64KB` (64,000), `1.5 MiB`, `512B`. A bare number, a bare `K` and a lower-case `b` are refused:
/// they mean two things.
impl FromStr for Bytes {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let text = text.trim();
        if text.chars().count() > LONGEST {
            return Err(SizeError::TooLong(text.chars().take(LONGEST).collect::<String>() + "…"));
        }
        let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_')).unwrap_or(text.len());
        let (number, unit) = (text[..end].replace('_', ""), text[end..].trim());
        let (whole, fraction) = decimal(&number).ok_or_else(|| SizeError::NoNumber(text.to_owned()))?;
        let factor = unit_factor(&number, unit)?;
        let digits = u32::try_from(fraction.len()).map_err(|_| SizeError::TooLarge(text.to_owned()))?;
        let scale = 10_u128.checked_pow(digits).ok_or_else(|| SizeError::Fraction(text.to_owned()))?;
        let scaled: u128 = format!("{whole}{fraction}").parse().map_err(|_| SizeError::TooLarge(text.to_owned()))?;
        let product = scaled.checked_mul(u128::from(factor)).ok_or_else(|| SizeError::TooLarge(text.to_owned()))?;
        if product % scale != 0 {
            return Err(SizeError::Fraction(text.to_owned()));
        }
        u64::try_from(product / scale).map(Self).map_err(|_| SizeError::TooLarge(text.to_owned()))
    }
}

/// Sizes are quoted in errors; a hostile one must not fill the screen.
const LONGEST: usize = 40;

fn decimal(number: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    (!whole.is_empty() && digits(whole) && digits(fraction)).then_some((whole, fraction))
}

fn unit_factor(number: &str, unit: &str) -> Result<u64, SizeError> {
    let ambiguous =
        |unit, binary, decimal| Err(SizeError::Ambiguous { number: number.to_owned(), unit, binary, decimal });
    if let Some(prefix) = unit.strip_suffix('b') {
        let bits =
            || SizeError::Bits { number: number.to_owned(), unit: unit.to_owned(), written: format!("{prefix}B") };
        return Err(bits());
    }
    match unit.to_ascii_lowercase().as_str() {
        "b" | "byte" | "bytes" => Ok(1),
        "kb" => Ok(1_000),
        "kib" => Ok(1 << 10),
        "mb" => Ok(1_000_000),
        "mib" => Ok(1 << 20),
        "gb" => Ok(1_000_000_000),
        "gib" => Ok(1 << 30),
        "k" => ambiguous('K', 1 << 10, 1_000),
        "m" => ambiguous('M', 1 << 20, 1_000_000),
        "g" => ambiguous('G', 1 << 30, 1_000_000_000),
        "" => Err(SizeError::NoUnit(number.to_owned())),
        _ => Err(SizeError::UnknownUnit { number: number.to_owned(), unit: unit.to_owned() }),
    }
}

/// The type of a network's weights and activations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// One byte a weight and an activation, four bytes a bias.
    #[default]
    Int8,
    /// Four bytes each.
    Float32,
}

impl DataType {
    /// Every data type, the default first.
    pub const ALL: [Self; 2] = [Self::Int8, Self::Float32];

    /// The bytes of one activation.
    #[must_use]
    pub const fn activation_bytes(self) -> u64 {
        match self {
            Self::Int8 => 1,
            Self::Float32 => 4,
        }
    }

    /// The bytes of one weight.
    #[must_use]
    pub const fn weight_bytes(self) -> u64 {
        self.activation_bytes()
    }

    /// The bytes of one bias: int32 beside int8 weights.
    #[must_use]
    pub const fn bias_bytes(self) -> u64 {
        4
    }

    /// The name as users write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Float32 => "float32",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a figure came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// Computed from the graph.
    Estimated,
    /// Reported by a deployment tool.
    Tool,
    /// Read from a linked firmware image.
    Linked,
    /// The emitted C, compiled and run on this computer.
    Host,
    /// Ran in an emulator.
    Emulated,
    /// Ran on silicon.
    Device,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Estimated => "estimated",
            Self::Tool => "tool",
            Self::Linked => "linked",
            Self::Host => "host",
            Self::Emulated => "emulated",
            Self::Device => "device",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kb_and_kib_are_both_read_and_never_confused() {
        for (text, bytes) in [
            ("64KiB", 65_536),
            ("64 KiB", 65_536),
            ("64kiB", 65_536),
            ("64KB", 64_000),
            ("64 kB", 64_000),
            ("1.5MiB", 1_572_864),
            ("0.5 KiB", 512),
            ("2MB", 2_000_000),
            ("1_024 B", 1_024),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn a_size_that_means_two_things_is_refused_with_both() {
        let said = "64K".parse::<Bytes>().expect_err("ambiguous").to_string();
        assert!(said.contains("\"64KiB\" (times 1024)") && said.contains("\"64KB\" (times 1000)"), "{said}");
        assert_eq!("64".parse::<Bytes>(), Err(SizeError::NoUnit("64".into())));
        assert_eq!("".parse::<Bytes>(), Err(SizeError::NoNumber(String::new())));
        assert_eq!("-4KiB".parse::<Bytes>(), Err(SizeError::NoNumber("-4KiB".into())));
        assert!(matches!("64 kibble".parse::<Bytes>(), Err(SizeError::UnknownUnit { .. })));
        assert!(matches!("0.3B".parse::<Bytes>(), Err(SizeError::Fraction(_))));
        assert!(matches!("99999999999999999999GiB".parse::<Bytes>(), Err(SizeError::TooLarge(_))));
        assert!(matches!("64Mb".parse::<Bytes>(), Err(SizeError::Bits { .. })));
        let said = "64kb".parse::<Bytes>().expect_err("bits").to_string();
        assert_eq!(said, "\"64kb\" may mean bits; write \"64kB\" for bytes");
        let padded = "0".repeat(40) + "64Bananas";
        assert!(matches!(padded.parse::<Bytes>(), Err(SizeError::TooLong(_))));
        assert!("9".repeat(10_000).parse::<Bytes>().expect_err("too long").to_string().len() < 300);
    }

    #[test]
    fn sizes_are_shown_in_binary_units_only() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (49_152, "48 KiB"),
            (77_360, "75.55 KiB"),
            (1 << 20, "1 MiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        assert_eq!(Bytes(u64::MAX).to_string(), "17592186044416 MiB");
    }
}
