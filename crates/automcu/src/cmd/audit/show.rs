//! The audit on one screen.

use std::io::{self, Write};

use automcu_trainer::Accuracy;

use super::{
    Accounted, Answer, Limits,
    opinion::{ByJudge, Group},
    training::{Contestant, Training},
};
use crate::{
    audit::{Contest, Rate},
    cmd::screen::asked::Absent,
    record::{READER, Standing},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled},
};

/// So many candidates are told of by name; JSON has all.
const NAMED: usize = 8;

impl Answer {
    pub(super) fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        self.write_counts(sink)?;
        self.write_refused(sink)?;
        self.write_retained(sink)?;
        self.data_types.write(sink)?;
        self.limits.write(sink)?;
        if let Some(training) = &self.training {
            training.write(sink)?;
        }
        for remark in &self.remarks {
            writeln!(sink, "{}", styled(remark, FAINT))?;
        }
        let absent: Vec<String> =
            self.absent.iter().map(|Absent { name, install, .. }| format!("{name} ({install})")).collect();
        if absent.is_empty() {
            return Ok(());
        }
        writeln!(sink, "{}", styled(format!("not there to be asked: {}", absent.join(", ")), FAINT))
    }

    fn write_counts(&self, sink: &mut dyn Write) -> io::Result<()> {
        let counts = &self.counts;
        write!(
            sink,
            "{}  {} candidates: {} retained, {} refused by a judge",
            styled(&self.record, TITLE),
            counts.candidates,
            counts.retained,
            counts.refused
        )?;
        let rest = [
            (counts.not_constructible, format!("not constructible (by the {READER})")),
            (counts.undecided, "undecided".to_owned()),
            (counts.without_spec, "without an architecture, which are not asked about again".to_owned()),
        ];
        for (count, what) in rest.iter().filter(|(count, _)| *count > 0) {
            write!(sink, ", {count} {what}")?;
        }
        writeln!(sink)?;
        if self.repeated > 0 {
            let words = format!("{} lines are of candidates that are told of again; the last counts", self.repeated);
            writeln!(sink, "{}", styled(words, FAINT))?;
        }
        if self.torn_lines.is_empty() {
            return Ok(());
        }
        let lines: Vec<String> = self.torn_lines.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if self.torn_lines.len() > NAMED { ", ..." } else { "" };
        let words = format!("lines that are not whole and passed over: {}{more}", lines.join(", "));
        writeln!(sink, "{}", styled(words, FAINT))
    }

    fn write_refused(&self, sink: &mut dyn Write) -> io::Result<()> {
        let all = self.counts.refused;
        writeln!(sink, "\n{}", styled("was a refusal false?", TITLE))?;
        if all == 0 {
            return writeln!(sink, "no judge refused any candidate: there is nothing to find false");
        }
        let rate = self.refused.otherwise;
        let verdict = match rate {
            Rate { of: 0, .. } => styled("nobody else could tell", FAINT),
            Rate { count: 0, .. } => styled("none is found false", GOOD),
            Rate { .. } => styled("some are", BAD),
        };
        let sample = self.refused.reviews.len();
        write!(sink, "{verdict}: {sample} of {all} refused ones were asked about (seed {})", self.sample.seed)?;
        writeln!(sink, "{}", found("false", rate))?;
        self.refused.write(sink)
    }

    fn write_retained(&self, sink: &mut dyn Write) -> io::Result<()> {
        if self.retained.reviews.is_empty() {
            return Ok(());
        }
        let (sample, all) = (self.retained.reviews.len(), self.counts.retained);
        let found = found("refused by another", self.retained.otherwise);
        writeln!(sink, "beside them {sample} of {all} retained ones{found}")?;
        self.retained.write(sink)
    }
}

/// What was found, where anybody could tell.
fn found(what: &str, rate: Rate) -> String {
    if rate.of == 0 { String::new() } else { format!("; {what}: {}", told(rate)) }
}

/// `2 of 7 (28.6 %; 8.2 to 64.1 %, 19 times out of 20)`.
fn told(rate: Rate) -> String {
    match (rate.share, rate.interval) {
        (Some(share), Some((least, most))) => {
            let [share, least, most] = [share, least, most].map(|share| 100.0 * share);
            format!("{} of {} ({share:.1} %; {least:.1} to {most:.1} %, 19 times out of 20)", rate.count, rate.of)
        }
        _ => "0 of 0".to_owned(),
    }
}

impl Group {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        for ByJudge { judge, otherwise, figures, .. } in &self.judges {
            let figures = figures.as_deref().unwrap_or("no figures");
            writeln!(sink, "  by {judge}: {} {}", told(*otherwise), styled(format!("({figures})"), FAINT))?;
        }
        let others: Vec<_> = self.reviews.iter().filter_map(|review| Some((review, review.others()?))).collect();
        for (review, words) in others.iter().take(NAMED) {
            let decided = match &review.standing {
                Standing::Refused { judge, cause } => format!("refused by {judge} for {}", cause.words()),
                _ => "retained".to_owned(),
            };
            writeln!(sink, "  {}: {decided}, {words}", styled(&review.name, BAD))?;
        }
        if others.len() > NAMED {
            writeln!(sink, "  and {} more; --json names all", others.len() - NAMED)?;
        }
        Ok(())
    }
}

impl Accounted {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        writeln!(sink, "\n{} {}", styled("what did int8 make fit?", TITLE), styled(self.accounting, FAINT))?;
        let mut table = Table::new([("", Left), ("fits at float32", Right), ("does not", Right)]);
        let row = |name: &str, fits: usize, not: usize| [name.to_owned(), fits.to_string(), not.to_string()];
        table.row(row("fits at int8", self.fit.both, self.fit.int8_only), anstyle::Style::new());
        table.row(row("does not", self.fit.float32_only, self.fit.neither), anstyle::Style::new());
        table.write(sink)?;
        if self.not_counted == 0 {
            return Ok(());
        }
        writeln!(sink, "{}", styled(format!("{} have no graph and are not counted", self.not_counted), FAINT))
    }
}

impl Limits {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let sources: Vec<String> = self
            .figures
            .iter()
            .map(|of| format!("{} by {}, {}, {}", of.count, of.judge, of.dtype, of.provenance))
            .collect();
        let how = if sources.is_empty() { "there are no figures".to_owned() } else { sources.join("; ") };
        let words = styled(format!("({how}; {} without figures)", self.without_figures), FAINT);
        writeln!(sink, "\n{} {words}", styled("what would another limit have kept?", TITLE))?;
        let limits = self.thresholds.iter().map(|limit| format!("{:>6}", format!("x{}", hundredths(limit.percent))));
        let kept = self.thresholds.iter().map(|limit| format!("{:>6}", limit.fit));
        writeln!(sink, "{}", styled(format!("budget {}", limits.collect::<String>()), FAINT))?;
        writeln!(sink, "fit    {}", kept.collect::<String>())
    }
}

/// `125` as `1.25`, `200` as `2`.
fn hundredths(percent: u64) -> String {
    let text = format!("{}.{:02}", percent / 100, percent % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Training {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let Self { data, time_s, seed, .. } = self;
        let how = styled(format!("(int8 on validation samples of {data}, host; {time_s} s each, seed {seed})"), FAINT);
        writeln!(sink, "\n{} {how}", styled("would a refused one have won?", TITLE))?;
        let answer = match self.contest {
            Contest::Untold => styled("there is nobody to compare", FAINT),
            Contest::Retained => styled("no: none is better than the best retained one", GOOD),
            Contest::RefusedPerhaps => styled("perhaps: one is better, and the intervals overlap", BAD),
            Contest::Refused => styled("yes: one is better, and the intervals do not overlap", BAD),
        };
        writeln!(sink, "{answer}")?;
        let all = [("retained", &self.retained), ("refused", &self.refused)];
        for (standing, one) in all.iter().flat_map(|(standing, all)| all.iter().map(move |one| (standing, one))) {
            one.write(standing, sink)?;
        }
        Ok(())
    }
}

impl Contestant {
    fn write(&self, standing: &str, sink: &mut dyn Write) -> io::Result<()> {
        let (name, validation) = (&self.name, self.validation);
        let Some(Accuracy { share, interval, samples }) = validation.map(|validation| validation.accuracy) else {
            let failure = self.failure.as_deref().unwrap_or("not trained");
            return writeln!(sink, "  {standing:<8}  not trained: {failure}  {name}");
        };
        let [share, least, most] = [share, interval.0, interval.1].map(|share| 100.0 * share);
        let note = match (standing, self.otherwise) {
            ("refused", Some(true)) => "  (a false refusal)",
            ("refused", None) => "  (nobody else could tell whether it fits)",
            _ => "",
        };
        writeln!(sink, "  {standing:<8}  {share:.2} % ({least:.2} to {most:.2} on {samples})  {name}{note}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_rates_are_told_shortly() {
        let told_as = |percent| hundredths(percent);
        assert_eq!([50, 100, 125, 200].map(told_as), ["0.5", "1", "1.25", "2"]);
        assert_eq!(told(Rate::of(std::iter::empty())), "0 of 0");
        assert_eq!(told(Rate::of([true, false].into_iter())), "1 of 2 (50.0 %; 9.5 to 90.5 %, 19 times out of 20)");
    }
}
