//! How a round is shared between a language model and the strategy beside it: by what each has earned.

use automcu_contract::Source;
use automcu_search::{Numbers, Purpose};

use crate::past::Record;

/// Nobody has less than this share, nor more than the rest: fortunes change.
const LEAST: f64 = 0.2;
/// What each is taken to have earned with its first tries, so that luck at the start does not decide.
const CREDIT: f64 = 0.01;
const CREDIT_TRIES: f64 = 2.0;

/// What one side has earned: by how much its candidates beat all before them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Earned {
    pub(crate) tries: u32,
    pub(crate) gain: f64,
}

impl Earned {
    fn rate(self) -> f64 {
        (self.gain + CREDIT) / (f64::from(self.tries) + CREDIT_TRIES)
    }
}

/// What the language model has earned, and all others together. The very first candidate beats nobody.
pub(crate) fn earned(records: &[Record]) -> (Earned, Earned) {
    let (mut model, mut others) = (Earned::default(), Earned::default());
    let mut best: Option<f64> = None;
    for record in records {
        let side = if record.source == Some(Source::Llm) { &mut model } else { &mut others };
        side.tries += 1;
        let Some(score) = record.score() else { continue };
        if let Some(before) = best {
            side.gain += (score - before).max(0.0);
        }
        best = Some(best.map_or(score, |before| before.max(score)));
    }
    (model, others)
}

/// How many of a round the model is asked for. Of what is no whole number, the rest is drawn.
pub(crate) fn of_model(records: &[Record], wanted: usize, seed: u64, round: u32) -> usize {
    let (model, others) = earned(records);
    let share = (model.rate() / (model.rate() + others.rate())).clamp(LEAST, 1.0 - LEAST);
    #[expect(clippy::cast_precision_loss, reason = "a round is small")]
    let exact = share * wanted as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and what is wanted")]
    let (whole, thousandths) = (exact as usize, ((exact - exact.floor()) * 1000.0) as u32);
    let more = Numbers::of(seed, Purpose::Turn, u64::from(round)).chance(thousandths, 1000);
    (whole + usize::from(more)).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use automcu_contract::{CandidateId, Fate};
    use automcu_model::Spec;

    fn records(scores: &[(Source, f64)]) -> Vec<Record> {
        let spec =
            br#"{"version":1,"input":{"height":8,"width":8,"channels":1},"backbone":[{"op":"conv","channels":4}],
            "head":{"op":"classifier","classes":2}}"#;
        let spec = Spec::from_json(spec).expect("a spec");
        let record = |(number, (source, score)): (u64, &(Source, f64))| {
            Record::new(CandidateId(number), spec.clone(), Some(*source), Fate::Trained { score: *score })
        };
        (1..).zip(scores).map(record).collect()
    }

    #[test]
    fn who_earns_more_is_asked_for_more() {
        let asked = |scores: &[(Source, f64)]| -> usize {
            let records = records(scores);
            (0..1_000).map(|round| of_model(&records, 4, 1, round)).sum()
        };
        let (nothing, model, others) = (
            asked(&[]),
            asked(&[(Source::Seed, 0.5), (Source::Llm, 0.7), (Source::Seed, 0.6)]),
            asked(&[(Source::Llm, 0.5), (Source::Surrogate, 0.7), (Source::Llm, 0.6)]),
        );
        assert!((1_900..=2_100).contains(&nothing), "equal shares at first: {nothing}");
        assert!((3_100..=3_300).contains(&model), "{model}");
        assert!((700..=900).contains(&others), "nobody is shut out: {others}");
    }

    #[test]
    fn what_beats_nothing_earns_nothing() {
        let scores = [(Source::Llm, 0.5), (Source::Seed, 0.75), (Source::Llm, 0.5)];
        let (model, others) = earned(&records(&scores));
        assert_eq!(model, Earned { tries: 2, gain: 0.0 });
        assert_eq!(others, Earned { tries: 1, gain: 0.25 });
    }
}
