//! Names that may occur: handed in, and recognised however people write them.

use crate::{piece::Piece, scan::Scan, token::Kind};

/// How people write the names of data sets that are known to many. A spelling counts where its name was handed in.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("fashion-mnist", &["fmnist", "f-mnist", "fashion"]),
    ("mnist", &["mnist digits", "handwritten digits"]),
    ("cifar-10", &["cifar"]),
    ("fsdd", &["free spoken digit dataset", "free spoken digits", "spoken digits", "speech digits", "audio digits"]),
    ("har", &["uci har", "human activity recognition", "activity recognition"]),
    ("synthetic", &["synthetic pictures", "synthetic images"]),
    ("signals", &["synthetic signals"]),
];
/// The most tokens that a name is made of.
const LONGEST: usize = 12;

/// The data sets and targets that may be named.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Each as it is recognised, with what it names.
    data: Vec<(String, String)>,
    targets: Vec<(String, String)>,
}

impl Vocabulary {
    /// These data sets and targets; of a target every name that it goes by.
    #[must_use]
    pub fn new<D: Into<String>, T: Into<String>>(
        data: impl IntoIterator<Item = D>,
        targets: impl IntoIterator<Item = T>,
    ) -> Self {
        let own = |name: String| (plain(&name), name);
        let mut data: Vec<_> = data.into_iter().map(|name| own(name.into())).collect();
        for (name, spellings) in SPELLINGS {
            if data.iter().any(|(_, known)| known == name) {
                data.extend(spellings.iter().map(|spelling| (plain(spelling), (*name).to_owned())));
            }
        }
        Self { data, targets: targets.into_iter().map(|name| own(name.into())).collect() }
    }

    /// The longest name at this place.
    pub(crate) fn at(&self, scan: &mut Scan<'_>) -> Option<Piece> {
        if !scan.is_between_names() {
            return None;
        }
        let mut ahead = *scan;
        let (mut read, mut found) = (String::new(), None);
        for _ in 0..LONGEST {
            match ahead.next().map(|token| &token.kind) {
                Some(Kind::Word(part) | Kind::Number(part)) => read.extend(part.chars().filter(|c| *c != '.')),
                Some(Kind::Symbol('-' | '_')) if !read.is_empty() => continue,
                _ => break,
            }
            if let Some(piece) = self.named(&read).filter(|_| ahead.is_between_names()) {
                found = Some((ahead, piece));
            }
        }
        let (end, piece) = found?;
        *scan = end;
        Some(piece)
    }

    fn named(&self, read: &str) -> Option<Piece> {
        let find =
            |names: &[(String, String)]| names.iter().find(|(plain, _)| plain == read).map(|(_, name)| name.clone());
        find(&self.data).map(Piece::Data).or_else(|| find(&self.targets).map(Piece::Target))
    }

    /// Names that begin with these words.
    pub(crate) fn beginning_with(&self, words: &str) -> Vec<&str> {
        let start = plain(words);
        let all = self.data.iter().chain(&self.targets);
        let mut likely: Vec<&str> = all
            .filter(|(plain, _)| start.len() >= 3 && plain.starts_with(&start))
            .map(|(_, name)| name.as_str())
            .collect();
        likely.sort_unstable();
        likely.dedup();
        likely
    }

    /// The data sets.
    pub(crate) fn data(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.data.iter().map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Letters and digits alone, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;

    #[test]
    fn names_are_recognised_however_they_are_written_and_only_whole() {
        let vocabulary = Vocabulary::new(
            ["mnist", "fashion-mnist", "cifar-10", "cifar-100", "fsdd"],
            ["STM32F407", "STM32F407VG", "ESP32-S3-WROOM-1-N8", "nRF52840-QIAA"],
        );
        let at = |text: &str| vocabulary.at(&mut Scan::new(text, &tokens(text)));
        let data = |name: &str| Some(Piece::Data(name.to_owned()));
        let target = |name: &str| Some(Piece::Target(name.to_owned()));
        for (text, piece) in [
            ("MNIST", data("mnist")),
            ("Fashion MNIST", data("fashion-mnist")),
            ("fashion_mnist,", data("fashion-mnist")),
            ("FMNIST", data("fashion-mnist")),
            ("CIFAR10", data("cifar-10")),
            ("CIFAR-100", data("cifar-100")),
            ("cifar 100", data("cifar-100")),
            ("speech digits", data("fsdd")),
            ("stm32f407", target("STM32F407")),
            ("STM32-F407VG.", target("STM32F407VG")),
            ("esp32-s3-wroom-1-n8", target("ESP32-S3-WROOM-1-N8")),
            ("STM32F407ZZ", None),
            ("MNISTs", None),
            ("mnist-like", None),
            ("har", None),
        ] {
            assert_eq!(at(text), piece, "{text}");
        }
        assert_eq!(vocabulary.beginning_with("STM32"), ["STM32F407", "STM32F407VG"]);
        assert_eq!(vocabulary.beginning_with("st"), [""; 0]);
    }
}
