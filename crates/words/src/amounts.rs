//! Sizes, spans of time and percentages in words.

use automcu_api::{AmountError, Goal, Size, Span};

use crate::{numbers::number, scan::Scan, token::Kind};

/// Units of size as people write them, and as job files do.
const UNITS: [(&str, &[&str]); 6] = [
    ("KB", &["kb", "kbyte", "kbytes", "kilobyte", "kilobytes"]),
    ("KiB", &["kib", "kibibyte", "kibibytes"]),
    ("MB", &["mb", "mbyte", "mbytes", "megabyte", "megabytes"]),
    ("MiB", &["mib", "mebibyte", "mebibytes"]),
    ("B", &["b", "byte", "bytes"]),
    // These are refused by what reads sizes, with the reason.
    ("K", &["k"]),
];
/// Units of time that may stand behind a bare article.
const LONG_UNITS: [&str; 4] = ["minute", "hour", "day", "week"];

/// A unit of size.
pub(crate) fn unit(scan: &mut Scan<'_>) -> Option<&'static str> {
    scan.attempt(|scan| {
        scan.symbol("-");
        UNITS.iter().find_map(|(unit, spellings)| scan.word(spellings).map(|_| *unit))
    })
}

/// A size as it is said: a number, and a unit as job files have it.
pub(crate) type Said = (String, &'static str);

/// A size with its unit.
pub(crate) fn size(scan: &mut Scan<'_>) -> Option<Said> {
    scan.attempt(|scan| Some((number(scan)?, unit(scan)?)))
}

/// The size that is said.
pub(crate) fn sized((number, unit): &Said) -> Result<Size, AmountError> {
    format!("{number} {unit}").parse()
}

/// `91 %`, `ninety percent`.
pub(crate) fn percentage(scan: &mut Scan<'_>) -> Option<Result<Goal, AmountError>> {
    scan.attempt(|scan| {
        let number = number(scan)?;
        scan.symbol("%").map(drop).or_else(|| scan.words("percent")).or_else(|| scan.words("per cent"))?;
        Some(format!("{number} %").parse())
    })
}

/// `two hours`, `1h30m`, `an hour and a half`, `half a day`.
pub(crate) fn span(scan: &mut Scan<'_>) -> Option<Result<Span, AmountError>> {
    scan.attempt(|scan| {
        let mut text = String::new();
        let mut smallest = u64::MAX;
        while let Some((part, unit)) = scan.attempt(|scan| {
            if smallest < u64::MAX {
                scan.word(&["and"]);
            }
            part(scan).filter(|(_, unit)| *unit < smallest)
        }) {
            text = format!("{text} {part}");
            smallest = unit;
        }
        (!text.is_empty()).then(|| text.trim_start().parse())
    })
}

/// A number of one unit, as text, and the unit's seconds.
fn part(scan: &mut Scan<'_>) -> Option<(String, u64)> {
    let (number, unit) = quantity(scan)?;
    let mut text = format!("{number} {}", unit_name(unit));
    if unit > 1 && scan.words("and a half").is_some() {
        text += &format!(" {} s", unit / 2);
    }
    Some((text, unit))
}

fn quantity(scan: &mut Scan<'_>) -> Option<(String, u64)> {
    scan.attempt(counted).or_else(|| scan.attempt(article))
}

/// `2 h`, `two hours`, `90-minute`, `two and a half hours`.
fn counted(scan: &mut Scan<'_>) -> Option<(String, u64)> {
    let mut number = number(scan)?;
    if scan.words("and a half").is_some() {
        number += ".5";
    }
    scan.symbol("-");
    let Kind::Word(unit) = &scan.next()?.kind else { return None };
    Span::unit(unit).map(|unit| (number, unit))
}

/// `an hour`, `half a day`.
fn article(scan: &mut Scan<'_>) -> Option<(String, u64)> {
    let number = if scan.word(&["half"]).is_some() { "0.5" } else { "1" };
    scan.word(&["a", "an"])?;
    let unit = scan.word(&LONG_UNITS).and_then(Span::unit)?;
    Some((number.to_owned(), unit))
}

const fn unit_name(seconds: u64) -> &'static str {
    match seconds {
        1 => "s",
        60 => "min",
        3600 => "h",
        86_400 => "d",
        _ => "week",
    }
}
