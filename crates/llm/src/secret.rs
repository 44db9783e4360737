//! Keys, which nobody gets to see.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The shortest key that is looked for in what servers say: shorter ones are no secrets, and occur by chance.
const SHORTEST: usize = 8;

/// A key. It is neither shown nor written anywhere, and its memory is cleared behind it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// This key, without white space around it: files that hold one often end in a line feed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(SecretString::from(text.trim().to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text with every occurrence of the key blacked out: some servers repeat it in their refusals.
    pub(crate) fn blacked_out(&self, text: String) -> String {
        let key = self.expose();
        if key.len() < SHORTEST || !text.contains(key) { text } else { text.replace(key, "[key]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown_and_is_blacked_out_where_others_show_it() {
        let key = Secret::new("sk-0123456789\n");
        assert_eq!(key.expose(), "sk-0123456789");
        assert_eq!(format!("{key:?}"), "Secret(..)");
        assert_eq!(key.blacked_out("wrong key sk-0123456789.".to_owned()), "wrong key [key].");
        assert_eq!(Secret::new("x").blacked_out("x86".to_owned()), "x86");
    }
}
