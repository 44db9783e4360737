//! Reading words: rule by rule, from the first to the last, with nothing left out.

use std::ops::Range;

use automcu_api::JobFile;

use crate::{
    error::WordsError,
    piece::Draft,
    rules::{Complaint, Found, RULES},
    scan::Scan,
    token::tokens,
    vocabulary::Vocabulary,
};

/// The most bytes of words that are read.
pub const TEXT_BYTES: usize = 16 << 10;
/// The most names that are suggested.
const SUGGESTED: usize = 6;

/// Words that are understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    /// The job.
    pub job: JobFile,
    /// What had to be assumed, a sentence each.
    pub assumed: Vec<String>,
    /// Which words say something of it.
    pub placed: Vec<Placed>,
}

/// Words that have a place in a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// They, as they stand.
    pub words: String,
}

/// Reads a job in plain words.
pub fn read(text: &str, vocabulary: &Vocabulary) -> Result<Understood, WordsError> {
    if text.len() > TEXT_BYTES {
        return Err(WordsError::TooLong { bytes: text.len(), most: TEXT_BYTES });
    }
    let tokens = tokens(text);
    let mut scan = Scan::new(text, &tokens);
    let mut reading = Reading::of(text);
    while !scan.is_at_end() {
        let before = scan;
        match phrase(&mut scan, vocabulary) {
            Some(found) => reading.take(found, scan.since(before))?,
            None => {
                // What is written as one is quoted as one.
                if scan.name().is_none() {
                    scan.next();
                }
                reading.lost(scan.since(before));
            }
        }
    }
    reading.end(vocabulary)
}

fn phrase(scan: &mut Scan<'_>, vocabulary: &Vocabulary) -> Option<Result<Found, Complaint>> {
    if let Some(piece) = vocabulary.at(scan) {
        return Some(Ok(Found { pieces: vec![piece], assumed: Vec::new() }));
    }
    RULES.iter().find_map(|rule| scan.attempt(rule))
}

struct Reading<'a> {
    text: &'a str,
    draft: Draft,
    assumed: Vec<String>,
    placed: Vec<Placed>,
    lost: Vec<Range<usize>>,
}

impl<'a> Reading<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, draft: Draft::new(), assumed: Vec::new(), placed: Vec::new(), lost: Vec::new() }
    }

    fn quote(&self, range: Range<usize>) -> String {
        self.text.get(range).unwrap_or_default().to_owned()
    }

    fn take(&mut self, found: Result<Found, Complaint>, range: Range<usize>) -> Result<(), WordsError> {
        let words = self.quote(range);
        let Found { pieces, assumed } = match found {
            Ok(found) => found,
            Err(Complaint::Amount(error)) => return Err(WordsError::Amount { words, error }),
            Err(Complaint::WhichMemory) => return Err(WordsError::WhichMemory { words }),
            Err(Complaint::Contrary) => return Err(WordsError::Contrary { words }),
        };
        for piece in &pieces {
            self.draft.take(piece, &words).map_err(|first| WordsError::Twice { first, second: words.clone() })?;
        }
        for assumed in assumed {
            if !self.assumed.contains(&assumed) {
                self.assumed.push(assumed);
            }
        }
        if !pieces.is_empty() {
            self.placed.push(Placed { words });
        }
        Ok(())
    }

    /// Words without a place; those that stand together are quoted together.
    fn lost(&mut self, range: Range<usize>) {
        match self.lost.last_mut() {
            Some(last) if self.text[last.end..range.start].trim().is_empty() => last.end = range.end,
            _ => self.lost.push(range),
        }
    }

    fn end(self, vocabulary: &Vocabulary) -> Result<Understood, WordsError> {
        let words: Vec<String> = self.lost.iter().map(|range| self.quote(range.clone())).collect();
        let Self { draft, assumed, placed, .. } = self;
        if !words.is_empty() {
            let likely = words.iter().flat_map(|words| vocabulary.beginning_with(words));
            let likely = likely.take(SUGGESTED).map(ToOwned::to_owned).collect();
            return Err(WordsError::NotUnderstood { words, understood: placed, likely });
        }
        let (job, has_data) = draft.job();
        if !has_data {
            let known = vocabulary.data().into_iter().map(ToOwned::to_owned).collect();
            return Err(WordsError::NoData { known, understood: placed });
        }
        job.check().map_err(|(field, problem)| WordsError::Job { field: field.to_owned(), problem })?;
        Ok(Understood { job, assumed, placed })
    }
}
