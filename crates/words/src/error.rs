//! Why words are no job: always with the words themselves.

use automcu_api::AmountError;

use crate::read::Placed;

/// Why words are no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// More than anyone says.
    #[error("{bytes} bytes of words, and at most {most} are read; write a job file instead")]
    TooLong {
        /// How many.
        bytes: usize,
        /// How many are read.
        most: usize,
    },
    /// Words have no place in a job.
    #[error("not understood: {}; {}{}", listed(words), rest(understood), meant(likely))]
    NotUnderstood {
        /// Which, as they stand.
        words: Vec<String>,
        /// What is understood.
        understood: Vec<Placed>,
        /// Names that begin as the words do.
        likely: Vec<String>,
    },
    /// The same is said twice, differently.
    #[error("{first:?} and {second:?} say different things; leave one out")]
    Twice {
        /// What was said first.
        first: String,
        /// What was said then.
        second: String,
    },
    /// An amount is none.
    #[error("{words:?}: {error}")]
    Amount {
        /// The words.
        words: String,
        /// Why.
        error: AmountError,
    },
    /// A size without a memory.
    #[error("{words:?}: of which memory? say \"{words} of RAM\" or \"{words} of Flash\"")]
    WhichMemory {
        /// The words.
        words: String,
    },
    /// A bound on the side that cannot be meant.
    #[error("{words:?}: a goal is what is reached at least, a limit what is taken at most; say it so")]
    Contrary {
        /// The words.
        words: String,
    },
    /// No data set is named.
    #[error("no data set is named; name one of {}, or a path in quotes; {}", listed(known), rest(understood))]
    NoData {
        /// The data sets that could be.
        known: Vec<String>,
        /// What is understood.
        understood: Vec<Placed>,
    },
    /// What is said is no job.
    #[error("{field}: {problem}")]
    Job {
        /// The field of the job file.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
}

fn listed(words: &[String]) -> String {
    words.iter().map(|words| format!("{words:?}")).collect::<Vec<_>>().join(", ")
}

fn rest(understood: &[Placed]) -> String {
    if understood.is_empty() {
        return "nothing else is said".to_owned();
    }
    let words: Vec<String> = understood.iter().map(|placed| placed.words.clone()).collect();
    format!("understood are {}", listed(&words))
}

fn meant(likely: &[String]) -> String {
    if likely.is_empty() { String::new() } else { format!("; did you mean one of {}?", likely.join(", ")) }
}
