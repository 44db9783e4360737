//! `automcu screen`.

pub(in crate::cmd) mod asked;
mod many;
pub(in crate::cmd) mod proposal;

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use automcu_model::{Bytes, GraphDigest};
use automcu_target::{Budget, FlashUse, Footprint, LatencyRange, Part, RamUse};
use automcu_toolchain::{
    Choice,
    judge::{Judged, Question, Uncounted, Verdict},
};
use serde::Serialize;

use super::{check::refuse, write_json};
use crate::{
    Said,
    answer::Allowance,
    cli::Screen,
    judges::{Configured, Setting, Workshop},
    outcome::{Failure, Outcome},
    record::{Candidate, Heard, Recorder},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};
use asked::{Absent, Judges};
use proposal::{NotBuilt, Proposal, Subject};

pub(crate) fn run(
    arguments: &Screen,
    stdin: &mut dyn Read,
    workshop: &Workshop<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let part = allowance.part.as_ref();
    let files = proposal::files(&arguments.models)?;
    let is_one = matches!(arguments.models.as_slice(), [model] if !model.is_dir());
    let first = if is_one { Some(Proposal::read(&files[0], arguments.seed, stdin)?) } else { None };
    let recorder = arguments.record.as_deref().map(Recorder::open).transpose()?;
    // What cannot be built is told without any judge.
    let judges = match &first {
        Some(Proposal { subject: Err(_), .. }) => Judges::none(),
        _ => {
            let configured = workshop.configured();
            let named = backend(arguments, configured);
            Judges::of(&named, part, &setting(arguments, configured, part), workshop)?
        }
    };
    let session = Session { arguments, allowance, judges, recorder };
    match first {
        Some(proposal) => one(proposal, session, said),
        None => many::run(&files, stdin, session, said),
    }
}

/// Who is asked. Whoever names a compiler wants to hear of it, or that it is not there.
fn backend(arguments: &Screen, configured: &Configured) -> Vec<String> {
    match arguments.compiler {
        _ if !arguments.backend.is_empty() => arguments.backend.clone(),
        Some(_) => vec!["gcc".to_owned()],
        None => configured.names.clone(),
    }
}

fn setting(arguments: &Screen, configured: &Configured, part: Option<&Part>) -> Setting {
    Setting {
        deadline: arguments.deadline.map_or(configured.deadline, Duration::from_secs_f64),
        accelerator: arguments.accelerator.clone().unwrap_or_else(|| configured.accelerator.clone()),
        // The catalogue knows no accelerators: who names one says that the target has it.
        accelerated: part
            .filter(|_| arguments.accelerator.is_some())
            .map(|part| part.name().to_owned())
            .into_iter()
            .collect(),
        remembers: true,
        afresh: arguments.afresh,
        choice: arguments.compiler.map_or(Choice::Either, Choice::from),
        runs_code: arguments.run,
        vendor: arguments.vendor.over(&configured.vendor),
    }
}

/// Who is asked, about what is allowed, and where that is recorded.
struct Session<'s> {
    arguments: &'s Screen,
    allowance: Allowance,
    judges: Judges,
    recorder: Option<Recorder>,
}

impl Session<'_> {
    fn budget(&self) -> Budget {
        self.allowance.budget.unwrap_or_default()
    }

    fn question<'q>(&'q self, subject: &'q Subject) -> Question<'q> {
        Question {
            network: &subject.network,
            float: subject.float.as_ref(),
            part: self.allowance.part.as_ref(),
            budget: self.budget(),
        }
    }

    /// Asks about a candidate, where it can be built, and records it right away.
    fn judge(&mut self, proposal: &Proposal) -> Result<(Vec<Judged>, Candidate), Failure> {
        let judged = match &proposal.subject {
            Ok(subject) => self.judges.ask(&self.question(subject)),
            Err(_) => Vec::new(),
        };
        let mut candidate = proposal.candidate(self.allowance.target.as_deref(), self.budget());
        candidate.judges = judged.iter().map(Heard::from).collect();
        if let Some(recorder) = &mut self.recorder {
            recorder.add(&candidate)?;
        }
        Ok((judged, candidate))
    }
}

/// One candidate, with all that each judge says.
fn one(proposal: Proposal, mut session: Session<'_>, said: &mut Said) -> Result<Outcome, Failure> {
    let (judged, _) = session.judge(&proposal)?;
    let json = session.arguments.json;
    let subject = match proposal.subject {
        Ok(subject) => subject,
        Err(NotBuilt::Refused(refusals)) => return refuse(&proposal.name, &refusals, json, said),
        Err(NotBuilt::Failed(failure)) => return Err(failure),
    };
    let absent = std::mem::take(&mut session.judges.absent);
    let answer = Answer::of(&subject, &session.question(&subject), judged, absent);
    if json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&proposal.name, &mut said.output)?;
    }
    Ok(answer.outcome())
}

/// The matrix.
#[derive(Serialize)]
struct Answer {
    version: u32,
    digest: GraphDigest,
    macs: u64,
    parameters: u64,
    /// Whether weights are drawn; what is said does not depend on them.
    drawn_weights: bool,
    target: Option<String>,
    budget: Budget,
    /// What the judge says whose word counts: the first.
    #[serde(flatten)]
    verdict: Verdict,
    judges: Vec<Judged>,
    absent: Vec<Absent>,
    gaps: Vec<Gap>,
    /// What a network of this work takes on this part under the vendor's runtime.
    latency: Option<LatencyRange>,
    no_latency: Option<String>,
}

/// How far a judge is from the first.
#[derive(Serialize)]
struct Gap {
    judge: &'static str,
    beside: &'static str,
    /// Its bytes less those of the other, of what both count.
    ram_bytes: Option<i64>,
    flash_bytes: Option<i64>,
}

impl Answer {
    fn of(subject: &Subject, question: &Question<'_>, judges: Vec<Judged>, absent: Vec<Absent>) -> Self {
        let graph = subject.network.graph();
        let latency = question.part.map(|part| LatencyRange::of(graph, part));
        let (latency, no_latency) = match latency {
            None => (None, None),
            Some(Ok(range)) => (Some(range), None),
            Some(Err(none)) => (None, Some(none.to_string())),
        };
        let cost = graph.cost();
        Self {
            version: 1,
            digest: graph.digest(),
            macs: cost.macs,
            parameters: cost.parameters(),
            drawn_weights: subject.is_drawn,
            target: question.part.map(|part| part.name().to_owned()),
            budget: question.budget,
            verdict: judges[0].verdict.clone(),
            gaps: gaps(&judges),
            judges,
            absent,
            latency,
            no_latency,
        }
    }

    /// What the first judge says decides.
    fn outcome(&self) -> Outcome {
        match &self.verdict {
            Verdict::Fits { .. } => Outcome::Yes,
            Verdict::OverBudget { .. } | Verdict::Unsupported { .. } => Outcome::No,
            Verdict::ToolFailed { .. } => Outcome::Broken,
            Verdict::Unknown { .. } => Outcome::Unavailable,
        }
    }

    fn write(&self, name: &str, sink: &mut dyn Write) -> io::Result<()> {
        let (macs, parameters) = (thousands(self.macs), thousands(self.parameters));
        let weights = if self.drawn_weights { ", with drawn weights" } else { "" };
        let about = styled(format!("{macs} MACs, {parameters} parameters, int8{weights}"), FAINT);
        writeln!(sink, "{}  {}  {about}", styled(name, TITLE), styled(self.digest.short(), FAINT))?;
        write_allowed(self.target.as_deref(), self.budget, sink)?;
        writeln!(sink)?;
        self.write_judges(sink)?;
        for judged in &self.judges {
            write_words(judged, sink)?;
        }
        for Gap { judge, beside, ram_bytes, flash_bytes } in &self.gaps {
            let told = |name: &str, bytes: &Option<i64>| bytes.map(|bytes| format!("{name} {bytes:+} bytes"));
            let gaps: Vec<String> =
                [told("RAM", ram_bytes), told("Flash", flash_bytes)].into_iter().flatten().collect();
            if !gaps.is_empty() {
                writeln!(sink, "{judge} beside {beside}, of what both count: {}", gaps.join(", "))?;
            }
        }
        for Absent { name, why, install } in &self.absent {
            writeln!(sink, "{name} was not asked: {why} {}", styled(format!("({install})"), FAINT))?;
        }
        self.write_latency(sink)
    }

    fn write_judges(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let mut table = Table::new([
            ("judge", Left),
            ("verdict", Left),
            ("RAM", Right),
            ("activations", Right),
            ("runtime", Right),
            ("stack", Right),
            ("Flash", Right),
            ("weights", Right),
            ("tables", Right),
            ("code", Right),
            ("figures", Left),
            ("ms", Right),
        ]);
        for judged in &self.judges {
            let style = match &judged.verdict {
                Verdict::Fits { .. } => GOOD,
                verdict if verdict.refuses() => BAD,
                _ => FAINT,
            };
            let figures = judged.measurement.as_ref().map(|measurement| &measurement.footprint);
            let bytes = |of: &dyn Fn(&Footprint) -> Option<Bytes>| {
                figures.and_then(of).map_or_else(|| "?".to_owned(), |bytes| bytes.0.to_string())
            };
            let how = figures.map_or_else(String::new, |of| format!("{}, {}", of.dtype, of.provenance));
            let duration = if judged.remembered { "known".to_owned() } else { judged.duration_ms.to_string() };
            let cells = [
                judged.judge.name.to_owned(),
                judged.verdict.word().to_owned(),
                bytes(&|of| Some(of.known_ram())),
                bytes(&|of| Some(of.ram.activations)),
                bytes(&|of| of.ram.runtime),
                bytes(&|of| of.ram.stack),
                bytes(&|of| Some(of.known_flash())),
                bytes(&|of| Some(of.flash.weights)),
                bytes(&|of| of.flash.tables),
                bytes(&|of| of.flash.code),
                how,
                duration,
            ];
            table.row(cells, style);
        }
        table.write(sink)
    }

    fn write_latency(&self, sink: &mut dyn Write) -> io::Result<()> {
        if let Some(range) = &self.latency {
            let ms = |us: u64| format!("{}.{:01}", us / 1000, us % 1000 / 100);
            let (low, high) = (ms(range.low_us), ms(range.high_us));
            let about = styled(format!("(estimated; {})", range.basis), FAINT);
            writeln!(sink, "latency under ST's runtime at {} MHz: {low} to {high} ms {about}", range.clock_mhz)?;
        }
        if let Some(why) = &self.no_latency {
            writeln!(sink, "latency is not known: {why}")?;
        }
        Ok(())
    }
}

fn write_allowed(target: Option<&str>, budget: Budget, sink: &mut dyn Write) -> io::Result<()> {
    let memory = |name: &str, bytes: Option<Bytes>| bytes.map(|bytes| format!("{bytes} of {name}"));
    let allowed: Vec<String> =
        [memory("RAM", budget.ram), memory("Flash", budget.flash)].into_iter().flatten().collect();
    let target = target.map(|target| format!("{target}: ")).unwrap_or_default();
    if allowed.is_empty() { Ok(()) } else { writeln!(sink, "allowed  {target}{}", allowed.join(", ")) }
}

/// What a judge adds to its row.
fn write_words(judged: &Judged, sink: &mut dyn Write) -> io::Result<()> {
    let name = judged.judge.name;
    writeln!(sink, "{} {}", styled(name, TITLE), styled(&judged.judge.tool, FAINT))?;
    match &judged.verdict {
        Verdict::Fits { uncounted, .. } if !uncounted.is_empty() => {
            let words: Vec<&str> = uncounted.iter().copied().map(Uncounted::words).collect();
            writeln!(sink, "  fits as far as is counted; not counted: {}", words.join(", "))?;
        }
        Verdict::Fits { .. } => {}
        Verdict::OverBudget { .. } => {
            writeln!(sink, "  too much: {}", judged.verdict.excess().unwrap_or_default())?;
        }
        Verdict::Unsupported { operator, layer } => {
            let layer = layer.as_deref().map(|layer| format!(" in {layer}")).unwrap_or_default();
            writeln!(sink, "  no code for {operator}{layer}")?;
        }
        Verdict::ToolFailed { words, .. } | Verdict::Unknown { words } => writeln!(sink, "  {words}")?,
    }
    let Some(measurement) = &judged.measurement else { return Ok(()) };
    if let Some(ran) = &measurement.ran {
        let instructions =
            ran.instructions.map(|count| format!(", {} instructions", thousands(count))).unwrap_or_default();
        let (place, inputs, differing) = (&ran.place, ran.inputs, ran.differing_bytes);
        writeln!(
            sink,
            "  run on {place}: {inputs} inputs, {differing} bytes differ{instructions} ({})",
            ran.provenance
        )?;
    }
    measurement.remarks.iter().try_for_each(|remark| writeln!(sink, "  {}", styled(remark, FAINT)))
}

fn gaps(judges: &[Judged]) -> Vec<Gap> {
    let Some((first, others)) = judges.split_first() else { return Vec::new() };
    let Some(own) = &first.measurement else { return Vec::new() };
    let gap = |other: &Judged| {
        let theirs = &other.measurement.as_ref()?.footprint;
        let (ours, theirs_too) = (&own.footprint, theirs);
        Some(Gap {
            judge: other.judge.name,
            beside: first.judge.name,
            ram_bytes: difference(&common_ram(&ours.ram, &theirs_too.ram)),
            flash_bytes: difference(&common_flash(&ours.flash, &theirs_too.flash)),
        })
    };
    others.iter().filter_map(gap).collect()
}

/// The parts that both know, ours and theirs.
fn common_ram(ours: &RamUse, theirs: &RamUse) -> [(Option<Bytes>, Option<Bytes>); 3] {
    [(Some(ours.activations), Some(theirs.activations)), (ours.runtime, theirs.runtime), (ours.stack, theirs.stack)]
}

fn common_flash(ours: &FlashUse, theirs: &FlashUse) -> [(Option<Bytes>, Option<Bytes>); 3] {
    [(Some(ours.weights), Some(theirs.weights)), (ours.tables, theirs.tables), (ours.code, theirs.code)]
}

fn difference(parts: &[(Option<Bytes>, Option<Bytes>)]) -> Option<i64> {
    let both = parts.iter().filter_map(|(ours, theirs)| ours.zip(*theirs));
    let signed = |bytes: Bytes| i64::try_from(bytes.0).ok();
    both.map(|(ours, theirs)| Some(signed(theirs)? - signed(ours)?)).sum()
}
