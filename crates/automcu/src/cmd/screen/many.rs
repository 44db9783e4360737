//! Several candidates beside each other: what becomes of each by the first judge's word, and of all.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    path::PathBuf,
};

use automcu_target::{Budget, Footprint};
use automcu_toolchain::judge::Judged;
use serde::Serialize;

use super::{Session, asked::Absent, proposal::Proposal};
use crate::{
    Said,
    cmd::write_json,
    outcome::{Failure, Outcome},
    record::{Candidate, Cause, Standing, Word},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};

/// Asks about each file; one that cannot be read is named, and the others go on.
pub(super) fn run(
    files: &[PathBuf],
    stdin: &mut dyn Read,
    mut session: Session<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let (mut rows, mut unreadable) = (Vec::new(), 0);
    for path in files {
        match Proposal::read(path, session.arguments.seed, stdin) {
            Ok(proposal) => rows.push(Row::of(&proposal, &mut session)?),
            Err(failure) => {
                unreadable += 1;
                writeln!(said.errors, "automcu: {failure}")?;
            }
        }
    }
    let answer = Answer {
        version: 1,
        target: session.allowance.target.clone(),
        budget: session.budget(),
        summary: Summary::of(&rows, unreadable),
        candidates: rows,
        absent: session.judges.absent,
    };
    if session.arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&mut said.output)?;
    }
    Ok(answer.summary.outcome())
}

/// A candidate, and what becomes of it.
#[derive(Serialize)]
struct Row {
    name: String,
    digest: Option<String>,
    macs: Option<u64>,
    parameters: Option<u64>,
    #[serde(flatten)]
    standing: Standing,
    /// Why nothing could be built.
    refusals: Vec<String>,
    judges: Vec<Judged>,
    #[serde(skip)]
    first: Option<Word>,
}

impl Row {
    fn of(proposal: &Proposal, session: &mut Session<'_>) -> Result<Self, Failure> {
        let (judges, candidate) = session.judge(proposal)?;
        let cost = proposal.subject.as_ref().ok().map(|subject| subject.network.graph().cost());
        let standing = candidate.standing();
        let Candidate { name, digest, refusals, judges: heard, .. } = candidate;
        Ok(Self {
            name,
            digest,
            macs: cost.as_ref().map(|cost| cost.macs),
            parameters: cost.as_ref().map(automcu_model::Cost::parameters),
            standing,
            refusals,
            judges,
            first: heard.into_iter().next().map(|heard| heard.word),
        })
    }

    fn footprint(&self) -> Option<&Footprint> {
        Some(&self.judges.first()?.measurement.as_ref()?.footprint)
    }

    /// Why, in a few words.
    fn why(&self) -> String {
        if let Some(refusal) = self.refusals.first() {
            let more = self.refusals.len() - 1;
            let others = if more == 0 { String::new() } else { format!(" (and {more} more)") };
            return format!("{refusal}{others}");
        }
        match (&self.first, self.judges.first()) {
            (Some(Word::OverBudget), Some(judged)) => judged.verdict.excess().unwrap_or_default(),
            (Some(Word::Unsupported { operator, .. }), _) => format!("no code for {operator}"),
            (Some(Word::ToolFailed { words } | Word::Unknown { words }), _) => words.clone(),
            _ => String::new(),
        }
    }
}

/// What became of all.
#[derive(Serialize)]
struct Summary {
    proposed: usize,
    retained: usize,
    refused: usize,
    /// Of whom no judge could tell.
    undecided: usize,
    /// Files that could not be read, which are no proposals.
    unreadable: usize,
    causes: Vec<Counted>,
}

/// So many are refused by a judge for a cause.
#[derive(Serialize)]
struct Counted {
    judge: String,
    cause: Cause,
    count: usize,
}

impl Summary {
    fn of(rows: &[Row], unreadable: usize) -> Self {
        let mut causes: BTreeMap<(&str, Cause), usize> = BTreeMap::new();
        for row in rows {
            if let Standing::Refused { judge, cause } = &row.standing {
                *causes.entry((judge, *cause)).or_default() += 1;
            }
        }
        let count = |standing: &Standing| rows.iter().filter(|row| row.standing == *standing).count();
        Self {
            proposed: rows.len(),
            retained: count(&Standing::Retained),
            refused: causes.values().sum(),
            undecided: count(&Standing::Undecided),
            unreadable,
            causes: causes
                .into_iter()
                .map(|((judge, cause), count)| Counted { judge: judge.to_owned(), cause, count })
                .collect(),
        }
    }

    /// Yes where any is retained.
    const fn outcome(&self) -> Outcome {
        match self {
            Self { retained: 1.., .. } => Outcome::Yes,
            Self { proposed: 0, .. } => Outcome::Unreadable,
            Self { refused: 0, undecided: 1.., .. } => Outcome::Unavailable,
            _ => Outcome::No,
        }
    }

    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let Self { proposed, retained, refused, undecided, unreadable, .. } = self;
        let retained = styled(format!("{retained} retained"), if *retained > 0 { GOOD } else { BAD });
        write!(sink, "{proposed} proposed: {retained}, {refused} refused")?;
        for (count, what) in [(undecided, "undecided"), (unreadable, "not readable")] {
            if *count > 0 {
                write!(sink, ", {count} {what}")?;
            }
        }
        writeln!(sink)?;
        self.causes
            .iter()
            .try_for_each(|Counted { judge, cause, count }| writeln!(sink, "  {count} by {judge}: {}", cause.words()))
    }
}

/// The table.
#[derive(Serialize)]
struct Answer {
    version: u32,
    target: Option<String>,
    budget: Budget,
    summary: Summary,
    candidates: Vec<Row>,
    absent: Vec<Absent>,
}

impl Answer {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        super::write_allowed(self.target.as_deref(), self.budget, sink)?;
        self.write_rows(sink)?;
        writeln!(sink)?;
        self.summary.write(sink)?;
        for Absent { name, why, install } in &self.absent {
            writeln!(sink, "{name} was not asked: {why} {}", styled(format!("({install})"), FAINT))?;
        }
        Ok(())
    }

    fn write_rows(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("candidate", Left),
            ("verdict", Left),
            ("by", Left),
            ("RAM", Right),
            ("Flash", Right),
            ("MACs", Right),
            ("figures", Left),
            ("why", Left),
        ]);
        for row in &self.candidates {
            let (word, style) = match &row.standing {
                Standing::Retained => ("retained", GOOD),
                Standing::Refused { .. } => ("refused", BAD),
                Standing::Undecided => ("undecided", FAINT),
            };
            let by = match &row.standing {
                Standing::Refused { judge, .. } => judge.clone(),
                _ => row.judges.first().map_or_else(String::new, |judged| judged.judge.name.to_owned()),
            };
            let figures = row.footprint();
            let bytes = |of: fn(&Footprint) -> automcu_model::Bytes| {
                figures.map_or_else(|| "?".to_owned(), |figures| of(figures).0.to_string())
            };
            let cells = [
                row.name.clone(),
                word.to_owned(),
                by,
                bytes(Footprint::known_ram),
                bytes(Footprint::known_flash),
                row.macs.map_or_else(|| "?".to_owned(), thousands),
                figures.map_or_else(String::new, |of| format!("{}, {}", of.dtype, of.provenance)),
                row.why(),
            ];
            table.row(cells, style);
        }
        writeln!(sink, "{}", styled("bytes; the first judge's word counts", TITLE))?;
        table.write(sink)
    }
}
