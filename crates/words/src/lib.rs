//! Jobs in plain words, such as "Fashion-MNIST on an STM32F407, at least 91 %, 64 KB RAM and 128 KB Flash, within two hours". They are
//! read by rule: the same words give the same job, whatever their order, and what cannot be placed is quoted, never passed over.
//!
//! ```
//! use automcu_words::{Vocabulary, read};
//!
//! let vocabulary = Vocabulary::new(["fashion-mnist"], ["STM32F407VG", "STM32F407"]);
//! let text = "Fashion-MNIST on an STM32F407, at least 91 %, 64 KB RAM and 128 KB Flash, within two hours";
//! let understood = read(text, &vocabulary).expect("plain words");
//! assert_eq!(understood.job.data, "fashion-mnist");
//! assert_eq!(understood.job.limits.time.map(|time| time.seconds()), Some(7200));
//! ```
//!
//! What is absent: names of data sets and targets (they are handed in), and anything that guesses.

mod amounts;
mod error;
mod numbers;
mod piece;
mod read;
mod rules;
mod scan;
mod token;
mod vocabulary;
mod write;

#[cfg(test)]
mod tests;

pub use error::WordsError;
pub use read::{Placed, TEXT_BYTES, Understood, read};
pub use vocabulary::Vocabulary;
pub use write::write;
