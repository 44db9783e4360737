//! `automcu screen`.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use automcu_convert::{FloatNetwork, Network};
use automcu_model::{Bytes, GraphDigest, Refusals};
use automcu_target::{Budget, FlashUse, Footprint, LatencyRange, RamUse};
use automcu_toolchain::{
    Own,
    judge::{Judge, Judged, NoAnswer, Patience, Question, Uncounted, Verdict, ask},
};
use serde::Serialize;

use super::{check::refuse, write_json};
use crate::{
    Said,
    answer::Allowance,
    cli::Screen,
    input,
    judges::{Candidate, Found, Setting, Workshop},
    outcome::{Failure, Outcome},
    show::{Align, BAD, FAINT, GOOD, TITLE, Table, styled, thousands},
};

/// The judge that needs no other program.
const OWN: &str = "plan";
/// Whoever is asked for all judges.
const ALL: &str = "all";

pub(crate) fn run(
    arguments: &Screen,
    stdin: &mut dyn Read,
    workshop: &Workshop<'_>,
    said: &mut Said,
) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let (name, subject) = match Subject::read(arguments, stdin)? {
        Ok(read) => read,
        Err((name, refusals)) => return refuse(&name, &refusals, arguments.json, said),
    };
    let question = Question {
        network: &subject.network,
        float: subject.float.as_ref(),
        part: allowance.part.as_ref(),
        budget: allowance.budget.unwrap_or_default(),
    };
    let judges = Judges::of(arguments, workshop)?;
    let verdicts = judges.ask(&question);
    let answer = Answer::of(&subject, &question, verdicts, judges.absent);
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&name, &mut said.output)?;
    }
    Ok(answer.outcome())
}

/// A network under its name, or the name of an architecture that cannot be built and why not.
type Told = Result<(String, Subject), (String, Refusals)>;

/// What is judged.
struct Subject {
    network: Network,
    float: Option<FloatNetwork>,
    /// Whether its weights are drawn, as nobody has trained it yet.
    is_drawn: bool,
}

impl Subject {
    /// An architecture, or an int8 network; why not, where it is no architecture that can be built.
    fn read(arguments: &Screen, stdin: &mut dyn Read) -> Result<Told, Failure> {
        let is_network = arguments.model.extension().is_some_and(|of| of.eq_ignore_ascii_case("tflite"));
        if is_network {
            let (name, network) = input::network(&arguments.model, stdin)?;
            return Ok(Ok((name, Self { network, float: None, is_drawn: false })));
        }
        let architecture = input::architecture(&arguments.model, stdin)?;
        let deployed = match architecture.graph {
            Ok((_, deployed)) => deployed,
            Err(refusals) => return Ok(Err((architecture.name, refusals))),
        };
        let network = Network::untrained(&deployed, arguments.seed)?;
        let float = FloatNetwork::drawn(&deployed, arguments.seed).ok();
        Ok(Ok((architecture.name, Self { network, float, is_drawn: true })))
    }
}

/// The judges that are asked, the one whose word counts first, and those that are not there.
struct Judges {
    asked: Vec<Box<dyn Judge>>,
    absent: Vec<Absent>,
}

/// A judge that could not be asked.
#[derive(Serialize)]
struct Absent {
    name: &'static str,
    why: String,
    install: &'static str,
}

impl Judges {
    fn of(arguments: &Screen, workshop: &Workshop<'_>) -> Result<Self, Failure> {
        let setting = Setting {
            deadline: Duration::from_secs_f64(arguments.deadline),
            accelerator: arguments.accelerator.clone(),
            accelerated: Vec::new(),
            remembers: !arguments.afresh,
            runs_code: arguments.run,
        };
        let is_wanted = |name: &str| match arguments.backend.as_slice() {
            // Without a word, our own code is judged as firmly as it can be here.
            [] => name == "gcc",
            wanted => wanted.iter().any(|word| word == name || word == ALL),
        };
        let mut judges = Self { asked: Vec::new(), absent: Vec::new() };
        for Candidate { name, found, install } in
            workshop.judges(&setting).map_err(|error| Failure::Runs(error.to_string()))?
        {
            if !is_wanted(name) {
                continue;
            }
            match found {
                Found::Ready { judge, .. } => judges.asked.push(judge),
                Found::Missing { looked_at } => judges.absent.push(Absent { name, why: looked_at, install }),
                Found::Broken { path, why } => {
                    judges.absent.push(Absent { name, why: format!("{}: {why}", path.display()), install });
                }
            }
        }
        let is_needed = judges.asked.is_empty() && arguments.backend.is_empty();
        if is_needed || is_wanted(OWN) && !arguments.backend.is_empty() {
            let at = usize::from(judges.asked.first().is_some_and(|judge| judge.identity().name == "gcc"));
            // What GCC's judge runs need not be run twice.
            let runs = arguments.run && at == 0;
            let own = if runs { Own::running(workshop.tools(Some(setting.deadline))) } else { Own::default() };
            judges.asked.insert(at, Box::new(own));
        }
        if judges.asked.is_empty() {
            let why: Vec<String> =
                judges.absent.iter().map(|absent| format!("{}: {}", absent.name, absent.why)).collect();
            return Err(Failure::NothingRun(why.join("; ")));
        }
        Ok(judges)
    }

    /// All of them side by side: each waits for its tool most of the time.
    fn ask(&self, question: &Question<'_>) -> Vec<Judged> {
        std::thread::scope(|scope| {
            let asking: Vec<_> = self
                .asked
                .iter()
                .map(|judge| scope.spawn(move || ask(judge.as_ref(), question, Patience::default())))
                .collect();
            asking
                .into_iter()
                .zip(&self.asked)
                .map(|(asked, judge)| asked.join().unwrap_or_else(|_| lost(judge.as_ref(), question)))
                .collect()
        })
    }
}

/// A judge that broke down has said nothing of the network.
fn lost(judge: &dyn Judge, question: &Question<'_>) -> Judged {
    let none = NoAnswer::Failed { words: "AutoMCU itself broke down while it asked; please report this".to_owned() };
    Judged {
        judge: judge.identity().clone(),
        verdict: Verdict::of(&Err(none), question.budget),
        measurement: None,
        duration_ms: 0,
        tries: 1,
        remembered: false,
    }
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
            _ => Outcome::No,
        }
    }

    fn write(&self, name: &str, sink: &mut dyn Write) -> io::Result<()> {
        let (macs, parameters) = (thousands(self.macs), thousands(self.parameters));
        let weights = if self.drawn_weights { ", with drawn weights" } else { "" };
        let about = styled(format!("{macs} MACs, {parameters} parameters, int8{weights}"), FAINT);
        writeln!(sink, "{}  {}  {about}", styled(name, TITLE), styled(self.digest.short(), FAINT))?;
        self.write_allowed(sink)?;
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

    fn write_allowed(&self, sink: &mut dyn Write) -> io::Result<()> {
        let memory = |name: &str, bytes: Option<Bytes>| bytes.map(|bytes| format!("{bytes} of {name}"));
        let allowed: Vec<String> =
            [memory("RAM", self.budget.ram), memory("Flash", self.budget.flash)].into_iter().flatten().collect();
        let target = self.target.as_deref().map(|target| format!("{target}: ")).unwrap_or_default();
        if allowed.is_empty() { Ok(()) } else { writeln!(sink, "allowed  {target}{}", allowed.join(", ")) }
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
