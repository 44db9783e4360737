//! Numbers as the tool prints them.

/// A whole number, with commas between groups of three digits or none.
pub(super) fn count(word: &str) -> Option<u64> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match word.split_once(',') {
        None => is_digits(word).then(|| word.parse().ok())?,
        Some((first, rest)) => {
            let are_groups = rest.split(',').all(|group| group.len() == 3 && is_digits(group));
            let is_grouped = is_digits(first) && first.len() <= 3 && are_groups;
            is_grouped.then(|| word.replace(',', "").parse().ok())?
        }
    }
}

/// Bytes at the front of a text: `1,696 (1.66 KiB)`, `740 B (740 B)`, `1.5 KiB`. The tool means 1,024 by its K, whether it
/// writes KiB, KB or KBytes. A rounded figure, which is no whole number of bytes, is none.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace();
    let number = words.next()?;
    let unit = words.next().filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    let factor: u64 = match unit.unwrap_or("B").to_ascii_lowercase().as_str() {
        "b" | "byte" | "bytes" => 1,
        "kib" | "kb" | "kbytes" => 1 << 10,
        "mib" | "mb" | "mbytes" => 1 << 20,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let is_digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let part = if is_digits { fraction.parse::<u64>().ok()? } else { return None };
    let scaled = count(whole)?.checked_mul(scale)?.checked_add(part)?.checked_mul(factor)?;
    scaled.is_multiple_of(scale).then_some(scaled / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_to_the_digit() {
        for (word, expected) in [
            ("0", Some(0)),
            ("3088", Some(3_088)),
            ("23,927,852", Some(23_927_852)),
            ("1,2", None),
            ("1234,567", None),
            (",123", None),
            ("1,", None),
            ("-1", None),
            ("+1", None),
            ("", None),
            ("99,999,999,999,999,999,999", None),
        ] {
            assert_eq!(count(word), expected, "{word:?}");
        }
    }

    #[test]
    fn sizes_are_whole_bytes_or_none() {
        for (text, expected) in [
            ("93,180 (91.00 KiB) 0.83%", Some(93_180)),
            ("13,604 B (13.29 KiB) (1 segment)", Some(13_604)),
            ("538,920 B (526.29 KiB) / +12(+0.0%) vs original model (1 segment)", Some(538_920)),
            ("740 B (740 B)", Some(740)),
            ("784 Bytes", Some(784)),
            ("1.50 KiB", Some(1_536)),
            ("8.00 KBytes", Some(8_192)),
            ("4.00 MiB", Some(4 << 20)),
            ("1.41 KiB", None),
            ("1.5", None),
            ("5 items", None),
            ("1. KiB", None),
            ("99999999999999999999 MiB", None),
            ("1.00000000000000000000000 KiB", None),
            ("", None),
        ] {
            assert_eq!(bytes(text), expected, "{text:?}");
        }
    }
}
