//! Sizes, spans of time and goals, as users write them. What is shown reads back as the same amount.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}; write {remedy}")]
pub struct AmountError {
    text: String,
    what: &'static str,
    remedy: String,
}

/// Texts of users are quoted; a hostile one must not fill the screen.
const QUOTED: usize = 40;

impl AmountError {
    fn new(text: impl ToString, what: &'static str, remedy: impl Into<String>) -> Self {
        Self { text: text.to_string().chars().take(QUOTED).collect(), what, remedy: remedy.into() }
    }
}

/// A number of bytes, from 1 on: `"64 KB"` (64,000), `"64 KiB"` (65,536), or whole bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// A span of time in whole seconds, from 1 on: `"2 h"`, `"90 min"`, `"1 h 30 min"`, or seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// An accuracy above 0 and up to 1: `0.91` or `"91 %"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Goal(f64);

/// An amount of money in the currency that the provider bills in: `"2.50"`, down to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

impl Money {
    /// The most: ten million.
    pub const MOST: Self = Self(10_000_000_000_000);
    const REMEDY: &str = "an amount of money like \"2.50\", in the currency that the provider bills in";

    /// So many millionths.
    #[must_use]
    pub fn new(micros: u64) -> Option<Self> {
        (1..=Self::MOST.0).contains(&micros).then_some(Self(micros))
    }

    /// The millionths.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }
}

impl FromStr for Money {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::new(text, "amount of money", Self::REMEDY);
        let (number, behind) = Decimal::at_front(text.trim()).ok_or_else(wrong)?;
        let micros = number.times(1_000_000).filter(|_| behind.is_empty());
        micros.and_then(Self::new).ok_or_else(wrong)
    }
}

/// With as many places as it takes, and at least two.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % 1_000_000);
        let places = fraction.trim_end_matches('0').len().max(2);
        f.pad(&format!("{}.{}", self.0 / 1_000_000, &fraction[..places]))
    }
}

impl Size {
    /// The most: beyond any microcontroller.
    pub const MOST: Self = Self(1 << 40);
    const REMEDY: &str = "a size like \"64 KiB\" (times 1024) or \"64 KB\" (times 1000)";

    /// So many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Option<Self> {
        (1..=Self::MOST.0).contains(&bytes).then_some(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = |remedy: &str| AmountError::new(text, "size", remedy);
        let (number, unit) = Decimal::at_front(text.trim()).ok_or_else(|| wrong(Self::REMEDY))?;
        let factor = match unit.trim() {
            "B" | "byte" | "bytes" => 1,
            "KB" | "kB" => 1_000,
            "KiB" | "kiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            "k" | "K" => return Err(wrong("KiB (times 1024) or KB (times 1000): a bare K means either")),
            "m" | "M" => return Err(wrong("MiB (times 1048576) or MB (times 1000000): a bare M means either")),
            unit if unit.ends_with('b') => return Err(wrong("a capital B for bytes: a small one may mean bits")),
            _ => return Err(wrong(Self::REMEDY)),
        };
        number.times(factor).and_then(Self::new).ok_or_else(|| wrong("whole bytes, from 1 to 2^40"))
    }
}

/// In the largest unit that gives a whole number.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(1 << 20, "MiB"), (1_000_000, "MB"), (1 << 10, "KiB"), (1_000, "KB")];
        let unit = UNITS.into_iter().find(|(factor, _)| self.0.is_multiple_of(*factor));
        let (factor, unit) = unit.unwrap_or((1, "B"));
        f.pad(&format!("{} {unit}", self.0 / factor))
    }
}

impl Span {
    /// The most: a year.
    pub const MOST: Self = Self(366 * 24 * 3600);
    const REMEDY: &str = "a time like \"2 h\", \"90 min\" or \"1 h 30 min\", up to 366 days";

    /// So many seconds.
    #[must_use]
    pub fn new(seconds: u64) -> Option<Self> {
        (1..=Self::MOST.0).contains(&seconds).then_some(Self(seconds))
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// Seconds of a unit, by any of its names.
    #[must_use]
    pub fn unit(name: &str) -> Option<u64> {
        match name {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(1),
            "m" | "min" | "mins" | "minute" | "minutes" => Some(60),
            "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600),
            "d" | "day" | "days" => Some(24 * 3600),
            "week" | "weeks" => Some(7 * 24 * 3600),
            _ => None,
        }
    }
}

impl FromStr for Span {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::new(text, "time", Self::REMEDY);
        let (mut rest, mut seconds, mut last) = (text.trim(), 0_u64, u64::MAX);
        while !rest.is_empty() {
            let (number, behind) = Decimal::at_front(rest).ok_or_else(wrong)?;
            let behind = behind.trim_start();
            let end = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
            let unit = Self::unit(&behind[..end]).filter(|unit| *unit < last).ok_or_else(wrong)?;
            seconds = number.times(unit).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
            (rest, last) = (behind[end..].trim_start(), unit);
        }
        Self::new(seconds).ok_or_else(wrong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.0 / 3600, "h"), (self.0 / 60 % 60, "min"), (self.0 % 60, "s")];
        let shown: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
        f.pad(&shown.join(" "))
    }
}

impl Goal {
    const REMEDY: &str = "an accuracy like 0.91 or \"91 %\"";

    /// This share of samples.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        (share > 0.0 && share <= 1.0).then_some(Self(share))
    }

    /// The share of samples.
    #[must_use]
    pub const fn share(self) -> f64 {
        self.0
    }
}

impl FromStr for Goal {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::new(text, "accuracy", Self::REMEDY);
        let (number, unit) = Decimal::at_front(text.trim()).ok_or_else(wrong)?;
        let number = match unit.trim() {
            "%" | "percent" => number.shifted(2),
            "" => number,
            _ => return Err(wrong()),
        };
        Self::new(number.float()).ok_or_else(wrong)
    }
}

/// As a percentage. Its digits are those of the share, so that it reads back as the same number.
impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let fraction = format!("{fraction:0<2}");
        let percents = format!("{whole}{}", &fraction[..2]);
        let percents = percents.trim_start_matches('0');
        let percents = if percents.is_empty() { "0" } else { percents };
        let point = if fraction.len() > 2 { "." } else { "" };
        f.pad(&format!("{percents}{point}{} %", &fraction[2..]))
    }
}

/// A decimal number as written, digit for digit.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
    /// By how many places the point stands further left than written.
    shift: usize,
}

impl<'a> Decimal<'a> {
    /// The number that a text begins with, and what is behind it.
    fn at_front(text: &'a str) -> Option<(Self, &'a str)> {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, behind) = text.split_at(digits(text));
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(fraction) => fraction.split_at(digits(fraction)),
            None => ("", behind),
        };
        let has_point = whole.len() + fraction.len() + behind.len() < text.len();
        let is_sound = !whole.is_empty() && whole.len() <= 20 && has_point != fraction.is_empty();
        is_sound.then_some((Self { whole, fraction, shift: 0 }, behind))
    }

    fn shifted(self, places: usize) -> Self {
        Self { shift: self.shift + places, ..self }
    }

    /// The number times this one, if that is whole.
    fn times(&self, factor: u64) -> Option<u64> {
        let fraction = self.fraction.trim_end_matches('0');
        let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let scaled: u128 = format!("{}{fraction}", self.whole).parse().ok()?;
        let product = scaled.checked_mul(u128::from(factor))?;
        if product.is_multiple_of(scale) { u64::try_from(product / scale).ok() } else { None }
    }

    fn float(&self) -> f64 {
        let digits = format!("{:0>1$}", self.whole, self.shift + 1);
        let (whole, moved) = digits.split_at(digits.len() - self.shift);
        format!("{whole}.{moved}{}", self.fraction).parse().unwrap_or(f64::NAN)
    }
}

/// What may stand as a text or as a number.
trait Amount: FromStr<Err = AmountError> + fmt::Display {
    const WHAT: &str;
    const HELP: &str;

    fn of_whole(number: u64) -> Option<Self>;

    fn of_fraction(_: f64) -> Option<Self> {
        None
    }
}

impl Amount for Size {
    const WHAT: &str = "size";
    const HELP: &str = Self::REMEDY;

    fn of_whole(bytes: u64) -> Option<Self> {
        Self::new(bytes)
    }
}

impl Amount for Span {
    const WHAT: &str = "time";
    const HELP: &str = Self::REMEDY;

    fn of_whole(seconds: u64) -> Option<Self> {
        Self::new(seconds)
    }
}

impl Amount for Money {
    const WHAT: &str = "amount of money";
    const HELP: &str = Self::REMEDY;

    fn of_whole(number: u64) -> Option<Self> {
        number.checked_mul(1_000_000).and_then(Self::new)
    }

    fn of_fraction(number: f64) -> Option<Self> {
        number.to_string().parse().ok()
    }
}

impl Amount for Goal {
    const WHAT: &str = "accuracy";
    const HELP: &str = Self::REMEDY;

    fn of_whole(number: u64) -> Option<Self> {
        (number == 1).then_some(Self(1.0))
    }

    fn of_fraction(share: f64) -> Option<Self> {
        Self::new(share)
    }
}

struct Visitor<A>(std::marker::PhantomData<A>);

impl<A: Amount> Visitor<A> {
    fn held<E: de::Error>(amount: Option<A>, number: impl ToString) -> Result<A, E> {
        amount.ok_or_else(|| E::custom(AmountError::new(number, A::WHAT, A::HELP)))
    }
}

impl<A: Amount> de::Visitor<'_> for Visitor<A> {
    type Value = A;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(A::HELP)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<A, E> {
        Self::held(A::of_whole(number), number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<A, E> {
        Self::held(u64::try_from(number).ok().and_then(A::of_whole), number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<A, E> {
        Self::held(A::of_fraction(number), number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<A, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! written {
    ($name:ident, $schema:tt) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
                sink.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                source.deserialize_any(Visitor(std::marker::PhantomData))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

written!(Size, {
    "description": "A number of bytes: \"64 KiB\" (times 1024), \"64 KB\" (times 1000), or whole bytes.",
    "anyOf": [
        { "type": "string", "pattern": "^ *[0-9]+(\\.[0-9]+)? *(B|byte|bytes|[kK]B|[kK]iB|MB|MiB|GB|GiB) *$" },
        { "type": "integer", "minimum": 1, "maximum": 1_099_511_627_776_u64 }
    ]
});
written!(Span, {
    "description": "A span of time: \"2 h\", \"90 min\", \"1 h 30 min\", or seconds.",
    "anyOf": [
        { "type": "string", "pattern": "^ *([0-9]+(\\.[0-9]+)? *[a-z]+ *)+$" },
        { "type": "integer", "minimum": 1, "maximum": 31_622_400 }
    ]
});
written!(Money, {
    "description": "An amount of money in the currency that the provider bills in: \"2.50\".",
    "anyOf": [
        { "type": "string", "pattern": "^ *[0-9]+(\\.[0-9]+)? *$" },
        { "type": "number", "exclusiveMinimum": 0, "maximum": 10_000_000 }
    ]
});
written!(Goal, {
    "description": "An accuracy: 0.91 or \"91 %\".",
    "anyOf": [
        { "type": "string", "pattern": "^ *[0-9]+(\\.[0-9]+)? *(%|percent)? *$" },
        { "type": "number", "exclusiveMinimum": 0, "maximum": 1 }
    ]
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, proptest};

    #[test]
    fn money_is_read_to_the_millionth_and_shown_as_it_reads_back() {
        for (text, micros, shown) in [
            ("2.50", 2_500_000, "2.50"),
            ("3", 3_000_000, "3.00"),
            (" 0.000001 ", 1, "0.000001"),
            ("12.3456", 12_345_600, "12.3456"),
        ] {
            let money: Money = text.parse().expect(text);
            assert_eq!((money.micros(), money.to_string()), (micros, shown.to_owned()));
            assert_eq!(shown.parse(), Ok(money));
        }
        for text in ["", "0", "2.50 EUR", "-1", "0.0000001", "1e3", "10000001"] {
            let error = text.parse::<Money>().expect_err(text).to_string();
            assert!(error.contains("write an amount of money like \"2.50\""), "{error}");
        }
    }

    #[test]
    fn sizes_are_read_and_what_means_two_things_is_refused() {
        for (text, bytes) in [
            ("64KB", 64_000),
            ("64 KiB", 65_536),
            ("1.5 MiB", 1_572_864),
            ("512 B", 512),
            (" 2 MB ", 2_000_000),
            ("4 GiB", 1 << 32),
        ] {
            assert_eq!(text.parse::<Size>().map(Size::bytes), Ok(bytes), "{text}");
        }
        for (text, part) in [
            ("64 K", "KiB (times 1024) or KB (times 1000)"),
            ("64 kb", "may mean bits"),
            ("64", "64 KiB"),
            ("0 B", "whole bytes"),
            ("0.3 B", "whole bytes"),
            ("-1 KB", "64 KiB"),
            ("1. KB", "64 KiB"),
            (".5 KB", "64 KiB"),
            ("9999999 MiB", "2^40"),
        ] {
            let said = text.parse::<Size>().expect_err(text).to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn times_are_read_in_parts_from_long_to_short() {
        for (text, seconds) in [
            ("2h", 7200),
            ("90 min", 5400),
            ("1 h 30 min", 5400),
            ("1h30m5s", 5405),
            ("1.5 hours", 5400),
            ("2 days", 172_800),
            ("1 week", 604_800),
        ] {
            assert_eq!(text.parse::<Span>().map(Span::seconds), Ok(seconds), "{text}");
        }
        for wrong in ["", "2", "2 hurs", "h", "30 min 1 h", "1 h 1 h", "0 s", "0.1 s", "400 days", "1h,5m", "-1 h"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
        let said = "2 hurs".parse::<Span>().expect_err("none").to_string();
        assert!(said.starts_with("\"2 hurs\" is no time; write a time like \"2 h\""), "{said}");
    }

    #[test]
    fn goals_are_shares_or_percentages() {
        for (text, share, shown) in [
            ("91 %", 0.91, "91 %"),
            ("0.57", 0.57, "57 %"),
            ("99.25%", 0.9925, "99.25 %"),
            ("0.5 percent", 0.005, "0.5 %"),
            ("1", 1.0, "100 %"),
            ("100%", 1.0, "100 %"),
            ("7 %", 0.07, "7 %"),
        ] {
            let goal: Goal = text.parse().expect(text);
            assert_eq!((goal.share(), goal.to_string()), (share, shown.to_owned()), "{text}");
        }
        for wrong in ["", "91", "0", "0 %", "101 %", "-5 %", "91 % of", "nan"] {
            assert!(wrong.parse::<Goal>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_bytes_seconds_and_shares() {
        let read = |json: &str| serde_json::from_str::<(Size, Span, Goal)>(json).map_err(|error| error.to_string());
        let all = (Size(9), Span(8), Goal(0.7));
        assert_eq!(read("[9, 8, 0.7]"), Ok(all));
        assert_eq!(read("[\"9 B\", \"8 s\", \"70%\"]"), Ok(all));
        for wrong in ["[0, 8, 0.7]", "[-1, 8, 0.7]", "[9.5, 8, 0.7]", "[9, 8.5, 0.7]", "[9, 8, 91]", "[9, 8, null]"] {
            let said = read(wrong).expect_err(wrong);
            assert!(said.contains("size") || said.contains("time") || said.contains("accuracy"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(bytes in 1_u64..=Size::MOST.0, seconds in 1_u64..=Span::MOST.0, share in 0.0_f64..=1.0) {
            assert_eq!(Size(bytes).to_string().parse(), Ok(Size(bytes)));
            assert_eq!(Size(bytes / 1000 * 1000 + 1000).to_string().parse(), Ok(Size(bytes / 1000 * 1000 + 1000)));
            assert_eq!(Span(seconds).to_string().parse(), Ok(Span(seconds)));
            for goal in [Goal::new(share), Goal::new((share * 1000.0).ceil() / 1000.0)].into_iter().flatten() {
                assert_eq!(goal.to_string().parse(), Ok(goal));
            }
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>(), number in "[0-9.]{0,30} ?[a-zA-Z%]{0,5}") {
            for text in [text, number] {
                let _ = (text.parse::<Size>(), text.parse::<Span>(), text.parse::<Goal>());
            }
        }
    }
}
