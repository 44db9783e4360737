//! `automcu verify`.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use automcu_convert::{Need, Network, Vectors};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{Budget, Fit, FlashUse, Footprint, RamUse};
use automcu_toolchain::{Board, Cpu, Emulated, ProofError, Subject, Tools, emulate, host, link};
use serde::Serialize;

use super::{
    compile::{Folder, REPORT},
    random_inputs, write_json,
};
use crate::{
    Said,
    answer::{Allowance, write_fit},
    cli::Verify,
    input,
    judges::Workshop,
    outcome::{Failure, Outcome},
    show::{BAD, FAINT, GOOD, TITLE, styled, thousands},
};

/// The longest file of a folder that is read.
const LONGEST: u64 = 512 << 20;

pub(crate) fn run(arguments: &Verify, workshop: &Workshop<'_>, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    let project = Project::read(&arguments.folder)?;
    let count = usize::try_from(arguments.inputs).expect("a count of 32 bits");
    let vectors = Vectors::of(&project.network, random_inputs(&project.network, count))?;
    let answer = Answer::of(&project, &vectors, &workshop.tools(None), allowance)?;
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&arguments.folder, &mut said.output)?;
    }
    if answer.runs.is_empty() {
        let missing: Vec<&str> = answer.left_out.iter().map(|left| left.why.as_str()).collect();
        return Err(Failure::NothingRun(missing.join("; ")));
    }
    Ok(if answer.is_proven && answer.fits != Some(false) { Outcome::Yes } else { Outcome::No })
}

/// What `automcu compile` wrote.
struct Project {
    name: String,
    header: String,
    source: String,
    network: Network,
}

impl Project {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let read = |name: &str| -> Result<(PathBuf, String), Failure> {
            let path = folder.join(name);
            let mut text = String::new();
            let file = std::fs::File::open(&path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
            match file {
                Ok(length) if length as u64 > LONGEST => {
                    let problem = format!("it is longer than {LONGEST} bytes");
                    Err(Failure::Project { path, problem })
                }
                Ok(_) => Ok((path, text)),
                Err(error) => Err(Failure::Read { path, error }),
            }
        };
        let (path, text) = read(REPORT)?;
        let wrong = |problem: String| Failure::Project { path: path.clone(), problem };
        let report: Folder = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if report.version != 1 {
            return Err(wrong(format!("version {} is newer than this program", report.version)));
        }
        if !report.is_whole {
            return Err(wrong("the folder was not written to its end".to_owned()));
        }
        // A name leads to files; one that is none must not lead anywhere else.
        let name = automcu_convert::Name::new(&report.name).map_err(|error| wrong(error.to_string()))?.to_string();
        let (_, network) = input::network(&folder.join(format!("{name}.tflite")), &mut io::empty())?;
        Ok(Self { header: read(&format!("{name}.h"))?.1, source: read(&format!("{name}.c"))?.1, name, network })
    }
}

/// What was run, and what came of it.
#[derive(Serialize)]
struct Answer {
    version: u32,
    name: String,
    inputs: usize,
    /// Bytes that each place answers in all.
    output_bytes: usize,
    /// Whether every place answered every byte as the reference does, and wrote nothing outside of its arena.
    is_proven: bool,
    runs: Vec<Run>,
    left_out: Vec<LeftOut>,
    macs: u64,
    /// Of the image for the target, or for a Cortex-M4.
    footprint: Option<Footprint>,
    target: Option<String>,
    budget: Option<Budget>,
    fits: Option<bool>,
    fit: Option<Fit>,
}

/// The code, run in one place.
#[derive(Serialize)]
struct Run {
    place: String,
    provenance: Provenance,
    /// Bytes that are not what the reference answers.
    differing_bytes: usize,
    #[serde(flatten)]
    emulated: Option<Emulated>,
}

/// What could not be run.
#[derive(Serialize)]
struct LeftOut {
    place: String,
    why: String,
}

impl Answer {
    fn of(project: &Project, vectors: &Vectors, tools: &Tools, allowance: Allowance) -> Result<Self, Failure> {
        let Project { name, header, source, network } = project;
        let subject = Subject { name, header, source, inputs: &vectors.inputs };
        let Allowance { target, budget, cpu } = allowance;
        let mut answer = Self {
            version: 1,
            name: name.clone(),
            inputs: vectors.inputs.len() / usize::try_from(network.graph().tensors()[0].elements()).unwrap_or(1).max(1),
            output_bytes: vectors.outputs.len(),
            is_proven: true,
            runs: Vec::new(),
            left_out: Vec::new(),
            macs: network.graph().cost().macs,
            footprint: None,
            target,
            budget,
            fits: None,
            fit: None,
        };
        let differing = |outputs: &[i8]| {
            let pairs = outputs.iter().zip(&vectors.outputs).filter(|(ours, theirs)| ours != theirs).count();
            pairs + outputs.len().abs_diff(vectors.outputs.len())
        };
        match host(tools, &subject) {
            Ok(hosted) => answer.add("this computer", Provenance::Host, differing(&hosted.outputs), None),
            Err(error) => answer.leave_out("this computer", error)?,
        }
        // What the image holds beside weights and arena: code, and the stack.
        let around = |bytes: u64| Bytes(bytes + (64 << 10));
        let need = Need::of(network.graph());
        let board = |cpu: Cpu| Board::of(cpu, around(need.flash()), around(need.ram()));
        let cpus = cpu.map_or_else(|| vec![Board::M4.cpu, Board::M7.cpu], |cpu| vec![cpu]);
        let boards: Vec<Board> = cpus.into_iter().filter_map(board).collect();
        for board in &boards {
            match emulate(tools, &subject, board, None, None) {
                Ok(emulated) => {
                    let place = format!("{} ({})", emulated.machine, emulated.cpu);
                    answer.footprint.get_or_insert_with(|| linked(&emulated.image, Some(emulated.stack_bytes)));
                    answer.add(&place, Provenance::Emulated, differing(&emulated.outputs), Some(emulated));
                }
                Err(error) => answer.leave_out(&format!("{} ({})", board.machine, board.cpu.name()), error)?,
            }
        }
        if let Some(cpu) = cpu.filter(|_| boards.is_empty()) {
            answer.left_out.push(LeftOut {
                place: cpu.name().to_owned(),
                why: format!("no board with a {} is emulated; the code is linked for one", cpu.name()),
            });
            match link(tools, &subject, cpu, Bytes(64 << 20), Bytes(64 << 20)) {
                Ok(image) => answer.footprint = Some(linked(&image, None)),
                Err(error) => answer.leave_out(cpu.name(), error)?,
            }
        } else if let Some(target) = answer.target.clone().filter(|_| cpu.is_none()) {
            let why = "there is no compiler for its core here".to_owned();
            answer.left_out.push(LeftOut { place: target, why });
            // What was linked for another core says nothing about this one.
            answer.footprint = None;
        }
        answer.fit = answer.footprint.as_ref().zip(budget).map(|(footprint, budget)| Fit::of(footprint, budget));
        answer.fits = answer.fit.map(|fit| fit.holds());
        Ok(answer)
    }

    fn add(&mut self, place: &str, provenance: Provenance, differing_bytes: usize, emulated: Option<Emulated>) {
        let is_clean = emulated.as_ref().is_none_or(|emulated| emulated.outside_bytes == 0);
        self.is_proven &= differing_bytes == 0 && is_clean;
        self.runs.push(Run { place: place.to_owned(), provenance, differing_bytes, emulated });
    }

    /// Where the code cannot be tried is left out; what is tried and fails is an error.
    fn leave_out(&mut self, place: &str, error: ProofError) -> Result<(), Failure> {
        if !error.is_no_verdict() {
            return Err(error.into());
        }
        self.left_out.push(LeftOut { place: place.to_owned(), why: error.to_string() });
        Ok(())
    }

    fn write(&self, folder: &Path, sink: &mut dyn Write) -> io::Result<()> {
        let verdict = match (self.runs.is_empty(), self.is_proven) {
            (true, _) => styled("is not proven", BAD),
            (false, true) => styled("is proven", GOOD),
            (false, false) => styled("answers otherwise than the reference", BAD),
        };
        writeln!(sink, "{} in {} {verdict}\n", styled(&self.name, TITLE), folder.display())?;
        let (inputs, bytes) = (self.inputs, self.output_bytes);
        writeln!(sink, "{inputs} inputs, {bytes} bytes of answers, compared with the integer interpreter:")?;
        for run in &self.runs {
            let how = styled(format!("({})", run.provenance), FAINT);
            writeln!(sink, "  {:<28} {} bytes differ {how}", run.place, run.differing_bytes)?;
            let Some(emulated) = &run.emulated else { continue };
            #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
            let each = emulated.instructions as f64 / self.macs.max(1) as f64;
            let instructions = thousands(emulated.instructions);
            writeln!(sink, "    instructions {instructions} an inference, {each:.2} for each MAC {how}")?;
            let image = emulated.image;
            let linked = styled("(linked, int8, with the program around it)", FAINT);
            writeln!(
                sink,
                "    Flash        {} = {} bytes {linked}",
                image.flash_bytes,
                thousands(image.flash_bytes.0)
            )?;
            writeln!(sink, "    RAM          {} = {} bytes {linked}", image.ram_bytes, thousands(image.ram_bytes.0))?;
            let outside = emulated.outside_bytes;
            writeln!(
                sink,
                "    stack        {} bytes, {outside} bytes written outside of the arena {how}",
                emulated.stack_bytes
            )?;
        }
        for LeftOut { place, why } in &self.left_out {
            writeln!(sink, "  {place:<28} left out: {why}")?;
        }
        if let (Some(budget), Some(footprint)) = (self.budget, &self.footprint) {
            write_fit(sink, self.target.as_deref(), budget, footprint)?;
        }
        Ok(())
    }
}

/// What is linked is one figure for each memory: weights, tables and code are not told apart in it.
pub(super) fn linked(image: &automcu_toolchain::Image, stack: Option<u32>) -> Footprint {
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Linked,
        ram: RamUse { activations: image.ram_bytes, runtime: None, stack: stack.map(|bytes| Bytes(bytes.into())) },
        flash: FlashUse { weights: image.flash_bytes, tables: None, code: None },
    }
}
