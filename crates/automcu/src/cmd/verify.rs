//! `automcu verify`.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use automcu_convert::{Network, Vectors};
use automcu_model::Bytes;
use automcu_target::{Budget, Fit, Footprint};
use automcu_toolchain::{
    BuildError, Cores, LeftOut, ProofError, Tools, Trial,
    firmware::{self, FirmwareProof, Kit},
    folder::{self, Outline, REPORT},
};
use serde::Serialize;

use super::write_json;
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
    let project = Project::read(&arguments.folder)?;
    let allowance = project.allowance(Allowance::of(&arguments.budget)?);
    let count = usize::try_from(arguments.inputs).expect("a count of 32 bits");
    let vectors = Vectors::drawn(&project.network, count)?;
    let tools = workshop.tools(None);
    let mut answer = Answer::of(&project, &vectors, &tools, allowance)?;
    if let Some((kit, promised)) = &project.firmware {
        answer.add_firmware(firmware::prove(&tools, &arguments.folder, &project.name, kit), promised)?;
    }
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(&arguments.folder, &mut said.output)?;
    }
    if answer.trial.runs.is_empty() {
        let missing: Vec<&str> = answer.trial.left_out.iter().map(|left| left.why.as_str()).collect();
        return Err(Failure::NothingRun(missing.join("; ")));
    }
    Ok(if answer.trial.is_proven && answer.fits != Some(false) { Outcome::Yes } else { Outcome::No })
}

/// What `automcu compile` or `automcu build` wrote.
struct Project {
    name: String,
    header: String,
    source: String,
    network: Network,
    /// How its firmware is built, and what was promised of it.
    firmware: Option<(Kit, Footprint)>,
    /// What its own target and user allow.
    budget: Option<Budget>,
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
        let report: Outline = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if report.version != folder::VERSION {
            return Err(wrong(format!("version {} is newer than this program", report.version)));
        }
        if !report.is_whole {
            return Err(wrong("the folder was not written to its end".to_owned()));
        }
        // A name leads to files; one that is none must not lead anywhere else.
        let name = automcu_convert::Name::new(&report.name).map_err(|error| wrong(error.to_string()))?.to_string();
        let (_, network) = input::network(&folder.join(format!("{name}.tflite")), &mut io::empty())?;
        let firmware = report.firmware.zip(report.footprint);
        // The part's name leads to its linker script.
        if firmware.as_ref().is_some_and(|(kit, _)| !kit.is_plain()) {
            return Err(wrong("the firmware's part has no plain name".to_owned()));
        }
        let (header, source) = (read(&format!("{name}.h"))?.1, read(&format!("{name}.c"))?.1);
        Ok(Self { header, source, name, network, firmware, budget: report.budget })
    }

    /// What is allowed where nothing was said: for firmware, what its own target allows.
    fn allowance(&self, given: Allowance) -> Allowance {
        let Some((kit, _)) = self.firmware.as_ref().filter(|_| given.target.is_none()) else { return given };
        let asked = given.budget.unwrap_or_default();
        let budget = Some(self.budget.unwrap_or_default().and(asked));
        Allowance { target: Some(kit.part.clone()), part: None, budget, cpu: kit.cpu() }
    }
}

/// What was run, and what came of it.
#[derive(Serialize)]
struct Answer {
    version: u32,
    name: String,
    macs: u64,
    #[serde(flatten)]
    trial: Trial,
    /// Of a folder that has firmware in it.
    firmware: Option<FirmwareAnswer>,
    target: Option<String>,
    budget: Option<Budget>,
    fits: Option<bool>,
    fit: Option<Fit>,
}

/// Firmware, linked by its own script, and what was promised of it.
#[derive(Serialize)]
struct FirmwareAnswer {
    #[serde(flatten)]
    proof: FirmwareProof,
    arena_promised_bytes: Bytes,
    tables_promised_bytes: Bytes,
    /// Whether the map file has what was promised, to the byte.
    is_as_promised: bool,
}

impl Answer {
    fn of(project: &Project, vectors: &Vectors, tools: &Tools, allowance: Allowance) -> Result<Self, Failure> {
        let Project { name, header, source, network, .. } = project;
        let Allowance { target, budget, cpu, .. } = allowance;
        let cores = match (cpu, &target) {
            (Some(cpu), _) => Cores::Of(cpu),
            (None, Some(target)) => Cores::Unknown(target),
            (None, None) => Cores::Usual,
        };
        let trial = Trial::of(tools, (name, header, source), network, vectors, cores)?;
        let fit = trial.footprint.as_ref().zip(budget).map(|(footprint, budget)| Fit::of(footprint, budget));
        Ok(Self {
            version: 1,
            name: name.clone(),
            macs: network.graph().cost().macs,
            trial,
            firmware: None,
            target,
            budget,
            fits: fit.map(|fit| fit.holds()),
            fit,
        })
    }

    /// What came of the firmware. Firmware that its own script does not link does not fit.
    fn add_firmware(&mut self, proof: Result<FirmwareProof, ProofError>, promised: &Footprint) -> Result<(), Failure> {
        let proof = match proof {
            Ok(proof) => proof,
            Err(error) => {
                let is_too_large = matches!(&error, ProofError::Build(BuildError::TooLarge(..) | BuildError::NoStack));
                self.trial.leave_out("the firmware", error)?;
                if is_too_large {
                    self.fits = Some(false);
                }
                return Ok(());
            }
        };
        let (arena, tables) = (promised.ram.activations, promised.known_flash());
        let is_as_promised = proof.is_as_promised(promised);
        self.trial.is_proven &= is_as_promised && proof.is_passed();
        self.firmware =
            Some(FirmwareAnswer { proof, arena_promised_bytes: arena, tables_promised_bytes: tables, is_as_promised });
        Ok(())
    }

    fn write(&self, folder: &Path, sink: &mut dyn Write) -> io::Result<()> {
        let verdict = match (self.trial.runs.is_empty(), self.trial.is_proven) {
            (true, _) => styled("is not proven", BAD),
            (false, true) => styled("is proven", GOOD),
            (false, false) => styled("answers otherwise than the reference", BAD),
        };
        writeln!(sink, "{} in {} {verdict}\n", styled(&self.name, TITLE), folder.display())?;
        let (inputs, bytes) = (self.trial.inputs, self.trial.output_bytes);
        writeln!(sink, "{inputs} inputs, {bytes} bytes of answers, compared with the integer interpreter:")?;
        for run in &self.trial.runs {
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
        for LeftOut { place, why } in &self.trial.left_out {
            writeln!(sink, "  {place:<28} left out: {why}")?;
        }
        if let Some(firmware) = &self.firmware {
            firmware.write(sink)?;
        }
        if let (Some(budget), Some(footprint)) = (self.budget, &self.trial.footprint) {
            write_fit(sink, self.target.as_deref(), budget, footprint)?;
        }
        Ok(())
    }
}

impl FirmwareAnswer {
    fn write(&self, sink: &mut dyn Write) -> io::Result<()> {
        let Self { proof, arena_promised_bytes: arena, tables_promised_bytes: tables, .. } = self;
        let (network, how) = (proof.network, styled("(linked, int8)", FAINT));
        let held = |held: Bytes, promised: Bytes| {
            let verdict = if held == promised { styled("as promised", GOOD) } else { styled("not as promised", BAD) };
            format!("{} bytes of {} promised, {verdict}", thousands(held.0), thousands(promised.0))
        };
        writeln!(sink, "\nfirmware for {}, by the linker's map file {how}", styled(&proof.part, TITLE))?;
        writeln!(sink, "  RAM    arena      {}", held(network.arena_bytes, *arena))?;
        writeln!(sink, "         variables  {} bytes of the network", thousands(network.variable_bytes.0))?;
        let reserved = proof.stack_reserved_bytes;
        writeln!(
            sink,
            "         around it  {} bytes, and {reserved} kept for the stack",
            thousands(proof.around_ram_bytes.0)
        )?;
        writeln!(sink, "  Flash  tables     {}", held(network.table_bytes, *tables))?;
        let (code, constants) = (thousands(network.code_bytes.0), thousands(network.constant_bytes.0));
        writeln!(sink, "         code       {code} bytes of the network, {constants} of the compiler's constants")?;
        let around = proof.image.flash_bytes.0.saturating_sub(network.flash_bytes().0);
        writeln!(sink, "         around it  {} bytes, with the inputs of the self-test", thousands(around))?;
        match (&proof.self_test, &proof.left_out) {
            (Some(test), _) => {
                let verdict = if test.is_passed { styled("passed", GOOD) } else { styled("failed", BAD) };
                let how = if test.is_relinked {
                    "the same objects, linked at that board's addresses"
                } else {
                    "whose memory lies where the part's does"
                };
                writeln!(sink, "  self-test {verdict} on {} ({how})", test.machine)
            }
            (None, why) => writeln!(sink, "  self-test left out: {}", why.as_deref().unwrap_or("it was not run")),
        }
    }
}
