//! How answers look to people: numbers with separators, columns, and colours that only a terminal gets to see.

pub(crate) mod event;
pub(crate) mod figures;
mod table;
pub(crate) mod time;

use anstyle::{AnsiColor, Style};

pub(crate) use table::{Align, Table};

/// What is being talked about.
pub(crate) const TITLE: Style = Style::new().bold();
/// Good news.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Bad news.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What may be passed over.
pub(crate) const FAINT: Style = Style::new().dimmed();

pub(crate) fn styled(text: impl std::fmt::Display, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// `12501632` as `12,501,632`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_get_separators() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_501_632, "12,501,632")] {
            assert_eq!(thousands(number), text);
        }
    }
}
