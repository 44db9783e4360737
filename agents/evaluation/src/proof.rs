//! The code of the one that is chosen: written, run here and in an emulator, compared byte for byte with the integer interpreter,
//! and built as firmware where the target has some.

use std::{fs, path::Path, sync::atomic::AtomicBool};

use automcu_convert::{Name, Need, Network, Vectors};
use automcu_dataset::Samples;
use automcu_deployment::{Input, RangeChoice};
use automcu_model::{Graph, Provenance};
use automcu_toolchain::{
    BuildError, Cores, Cpu, ProofError, Trial,
    firmware::{self, Firmware, FirmwareProof},
    folder::{Folder, Wanted},
};

use crate::{
    bench::{Bench, Place, still_wanted},
    finding::Trouble,
};

/// What the network's files are called.
pub(crate) const NAME: &str = "model";
/// Inputs that look random, and samples, by which the code is compared.
const DRAWN: usize = 4;
pub(crate) const SAMPLES: usize = 12;

/// Code that answers as the reference does.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) folder: Folder,
    pub(crate) vectors: Vectors,
    pub(crate) trial: Trial,
    pub(crate) firmware: Option<FirmwareProof>,
}

/// Proves the code of a network, by drawn inputs and by these samples. What cannot be run on this computer is not proven.
pub(crate) fn proven(
    bench: &Bench,
    network: &Network,
    place: Place<'_>,
    samples: &Samples,
    is_given_up: &AtomicBool,
) -> Result<Proven, Trouble> {
    let name = Name::like(NAME);
    let ram = place.budget.ram;
    let need = ram.map_or_else(|| Need::of(network.graph()), |ram| Need::within(network.graph(), ram.0));
    let target = place.part.map(automcu_target::Part::name);
    let firmware = place.part.filter(|part| Firmware::check(part).is_ok());
    let budget = Some(place.budget);
    let folder = Folder::of(Wanted { network, name: &name, need: &need, target, budget, firmware })?;
    let vectors = vectors(network, samples)?;
    let cores = match place.part {
        None => Cores::Usual,
        Some(part) => Cpu::of(part.core(), part.fpu(), part.has_dsp()).map_or(Cores::Unknown(part.name()), Cores::Of),
    };
    let text = |ending: &str| folder.text(&format!("{NAME}.{ending}")).unwrap_or_default();
    still_wanted(is_given_up)?;
    let mut trial = Trial::of(&bench.tools, (NAME, text("h"), text("c")), network, &vectors, cores)?;
    check(&trial)?;
    still_wanted(is_given_up)?;
    let firmware = built(bench, &folder, &mut trial)?;
    Ok(Proven { folder, vectors, trial, firmware })
}

/// Inputs and what the interpreter answers.
fn vectors(network: &Network, samples: &Samples) -> Result<Vectors, Trouble> {
    let mut inputs = Vectors::drawn(network, DRAWN).map_err(automcu_deployment::DeployError::from)?.inputs;
    let input = Input::of(RangeChoice::Auto, network.quantisations()[Graph::INPUT.index()], samples.values());
    let mut one = Vec::new();
    for sample in 0..samples.len().min(SAMPLES) {
        input.fill(samples, sample, &mut one);
        inputs.extend_from_slice(&one);
    }
    Ok(Vectors::of(network, inputs).map_err(automcu_deployment::DeployError::from)?)
}

/// Code that was not run here, or answers otherwise, is not handed out.
fn check(trial: &Trial) -> Result<(), Trouble> {
    if !trial.runs.iter().any(|run| run.provenance == Provenance::Host) {
        let why: Vec<&str> = trial.left_out.iter().map(|left| left.why.as_str()).collect();
        return Err(Trouble::NotRun(why.join("; ")));
    }
    if trial.is_proven {
        return Ok(());
    }
    let is_wrong = |emulated: &automcu_toolchain::Emulated| emulated.outside_bytes > 0;
    let wrong = trial.runs.iter().find(|run| run.differing_bytes > 0 || run.emulated.as_ref().is_some_and(is_wrong));
    Err(Trouble::Differs { place: wrong.map(|run| run.place.clone()).unwrap_or_default() })
}

/// Builds the firmware, where there is some and a compiler for it, and runs its self-test where a board stands in for the part.
fn built(bench: &Bench, folder: &Folder, trial: &mut Trial) -> Result<Option<FirmwareProof>, Trouble> {
    let Some(kit) = &folder.report.firmware else { return Ok(None) };
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error| Trouble::Io { path, error }
    };
    fs::create_dir_all(&bench.config.folder).map_err(at(&bench.config.folder))?;
    let place = tempfile::tempdir_in(&bench.config.folder).map_err(at(&bench.config.folder))?;
    for (name, content) in &folder.files {
        let file = place.path().join(name);
        fs::write(&file, content).map_err(at(&file))?;
    }
    let proof = match firmware::prove(&bench.tools, place.path(), NAME, kit) {
        Ok(proof) => proof,
        Err(ProofError::Build(error @ (BuildError::TooLarge(..) | BuildError::NoStack))) => {
            return Err(Trouble::TooLarge(error));
        }
        Err(error) => {
            trial.leave_out("the firmware", error)?;
            return Ok(None);
        }
    };
    if proof.is_as_promised(&folder.report.footprint) && proof.is_passed() {
        Ok(Some(proof))
    } else {
        Err(Trouble::Firmware { part: proof.part })
    }
}
