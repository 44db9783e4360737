//! Numbers in digits and in words, as decimal text: what reads amounts takes it from there.

use crate::scan::Scan;

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number, such as `91`, `1.5`, `ninety-one`, `two hundred`, `a dozen`.
pub(crate) fn number(scan: &mut Scan<'_>) -> Option<String> {
    scan.digits().map(ToOwned::to_owned).or_else(|| scan.attempt(in_words).map(|number| number.to_string()))
}

/// A number of things: a whole one, and no more than fits.
pub(crate) fn count<N: std::str::FromStr>(scan: &mut Scan<'_>) -> Option<N> {
    scan.attempt(|scan| number(scan)?.parse().ok())
}

fn in_words(scan: &mut Scan<'_>) -> Option<u64> {
    let hundreds = |scan: &mut Scan<'_>| {
        let first = scan.attempt(below_hundred).or_else(|| scan.attempt(round))?;
        let scaled = scan.word(&["hundred"]).map(|_| first * 100);
        let Some(hundreds) = scaled else { return Some(first) };
        let rest = scan.attempt(|scan| {
            scan.word(&["and"]);
            below_hundred(scan)
        });
        Some(hundreds + rest.unwrap_or(0))
    };
    let first = hundreds(scan)?;
    if scan.word(&["thousand"]).is_none() {
        return Some(first);
    }
    Some(first * 1000 + scan.attempt(hundreds).unwrap_or(0))
}

fn below_hundred(scan: &mut Scan<'_>) -> Option<u64> {
    if let Some(small) = scan.word(&SMALL) {
        return position(&SMALL, small);
    }
    let tens = scan.word(&TENS).and_then(|tens| position(&TENS, tens))? * 10 + 20;
    let ones = scan.attempt(|scan| {
        scan.symbol("-");
        scan.word(&SMALL[1..10]).and_then(|ones| position(&SMALL, ones))
    });
    Some(tens + ones.unwrap_or(0))
}

/// `a hundred`, `a thousand`, `a dozen`: one of what follows, if that is a number.
fn round(scan: &mut Scan<'_>) -> Option<u64> {
    scan.word(&["a"])?;
    if scan.word(&["dozen"]).is_some() {
        return Some(12);
    }
    let mut ahead = *scan;
    ahead.word(&["hundred", "thousand"]).map(|_| 1)
}

fn position(words: &[&str], word: &str) -> Option<u64> {
    words.iter().position(|own| *own == word).and_then(|at| u64::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;

    #[test]
    fn numbers_are_read_in_digits_and_in_words() {
        for (text, read) in [
            ("91", "91"),
            ("1.5", "1.5"),
            ("seven", "7"),
            ("ninety-one", "91"),
            ("twenty four", "24"),
            ("two hundred", "200"),
            ("one hundred and five", "105"),
            ("a hundred", "100"),
            ("two thousand three hundred", "2300"),
            ("a thousand", "1000"),
            ("a dozen", "12"),
        ] {
            let tokens = tokens(text);
            let mut scan = Scan::new(text, &tokens);
            assert_eq!(number(&mut scan).as_deref(), Some(read), "{text}");
            assert!(scan.is_at_end(), "{text}");
        }
        for text in ["a", "an hour", "hundred", "and", "-1", ""] {
            assert_eq!(number(&mut Scan::new(text, &tokens(text))), None, "{text}");
        }
    }
}
