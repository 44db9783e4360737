//! The code of a network, run wherever it can be, and compared byte for byte with what the integer interpreter answers.

use automcu_convert::{Need, Network, Vectors};
use automcu_model::{Bytes, DataType, Provenance};
use automcu_target::{FlashUse, Footprint, RamUse};
use serde::Serialize;

use crate::{
    board::{Board, Cpu},
    image::Image,
    proof::{Emulated, ProofError, Subject, emulate, host, link},
    tools::Tools,
};

/// What an image holds beside weights and arena at most: code, and the stack.
const AROUND: u64 = 64 << 10;
/// Room in which any network links where no board is emulated.
const ROOM: Bytes = Bytes(64 << 20);
/// How the computer at hand is called.
const HERE: &str = "this computer";

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Trial {
    /// How many inputs were answered.
    pub inputs: usize,
    /// Bytes that each place answers in all.
    pub output_bytes: usize,
    /// Whether every place answered every byte as the reference does, and wrote nothing outside of its arena.
    pub is_proven: bool,
    /// Where it was run.
    pub runs: Vec<TrialRun>,
    /// Where it was not.
    pub left_out: Vec<LeftOut>,
    /// Of the image for the target, or for a Cortex-M4.
    pub footprint: Option<Footprint>,
}

/// The code, run in one place.
#[derive(Clone, Debug, Serialize)]
pub struct TrialRun {
    /// Where.
    pub place: String,
    /// Whether that is this computer or an emulator.
    pub provenance: Provenance,
    /// Bytes that are not what the reference answers.
    pub differing_bytes: usize,
    /// What an emulator counts.
    #[serde(flatten)]
    pub emulated: Option<Emulated>,
}

/// What could not be run.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// Where.
    pub place: String,
    /// Why not.
    pub why: String,
}

/// Which cores the code is emulated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores<'c> {
    /// No target is named: those of the usual boards.
    Usual,
    /// The target's.
    Of(Cpu),
    /// The target of this name has one that no compiler here knows.
    Unknown(&'c str),
}

impl Trial {
    /// Tries the code that these vectors are of. Where it cannot be tried it is left out; what is tried and breaks down is an
    /// error.
    pub fn of(
        tools: &Tools,
        (name, header, source): (&str, &str, &str),
        network: &Network,
        vectors: &Vectors,
        cores: Cores<'_>,
    ) -> Result<Self, ProofError> {
        let subject = Subject { name, header, source, inputs: &vectors.inputs };
        let each = usize::try_from(network.graph().tensors()[0].elements()).unwrap_or(1).max(1);
        let mut trial = Self {
            inputs: vectors.inputs.len() / each,
            output_bytes: vectors.outputs.len(),
            is_proven: true,
            runs: Vec::new(),
            left_out: Vec::new(),
            footprint: None,
        };
        match host(tools, &subject) {
            Ok(hosted) => trial.add(HERE, Provenance::Host, differing(&hosted.outputs, vectors), None),
            Err(error) => trial.leave_out(HERE, error)?,
        }
        trial.emulate(tools, &subject, network, vectors, cores)?;
        Ok(trial)
    }

    fn emulate(
        &mut self,
        tools: &Tools,
        subject: &Subject<'_>,
        network: &Network,
        vectors: &Vectors,
        cores: Cores<'_>,
    ) -> Result<(), ProofError> {
        let need = Need::of(network.graph());
        let board = |cpu: Cpu| Board::of(cpu, Bytes(need.flash() + AROUND), Bytes(need.ram() + AROUND));
        let cpus = match cores {
            Cores::Of(cpu) => vec![cpu],
            Cores::Usual | Cores::Unknown(_) => vec![Board::M4.cpu, Board::M7.cpu],
        };
        let boards: Vec<Board> = cpus.into_iter().filter_map(board).collect();
        for board in &boards {
            match emulate(tools, subject, board, None, None) {
                Ok(emulated) => {
                    let place = format!("{} ({})", emulated.machine, emulated.cpu);
                    self.footprint.get_or_insert_with(|| linked(&emulated.image, Some(emulated.stack_bytes)));
                    self.add(&place, Provenance::Emulated, differing(&emulated.outputs, vectors), Some(emulated));
                }
                Err(error) => self.leave_out(&format!("{} ({})", board.machine, board.cpu.name()), error)?,
            }
        }
        match cores {
            Cores::Of(cpu) if boards.is_empty() => self.link(tools, subject, cpu),
            Cores::Unknown(target) => {
                let why = "there is no compiler for its core here".to_owned();
                self.left_out.push(LeftOut { place: target.to_owned(), why });
                // What was linked for another core says nothing about this one.
                self.footprint = None;
                Ok(())
            }
            Cores::Of(_) | Cores::Usual => Ok(()),
        }
    }

    /// Links for a core that nothing emulates.
    fn link(&mut self, tools: &Tools, subject: &Subject<'_>, cpu: Cpu) -> Result<(), ProofError> {
        let place = cpu.name();
        let why = format!("no board with a {place} is emulated; the code is linked for one");
        self.left_out.push(LeftOut { place: place.to_owned(), why });
        match link(tools, subject, cpu, ROOM, ROOM) {
            Ok(done) => self.footprint = Some(linked(&done.image, None)),
            Err(error) => self.leave_out(place, error)?,
        }
        Ok(())
    }

    fn add(&mut self, place: &str, provenance: Provenance, differing_bytes: usize, emulated: Option<Emulated>) {
        let is_clean = emulated.as_ref().is_none_or(|emulated| emulated.outside_bytes == 0);
        self.is_proven &= differing_bytes == 0 && is_clean;
        self.runs.push(TrialRun { place: place.to_owned(), provenance, differing_bytes, emulated });
    }

    /// Leaves a place out where the code could not be tried, which says nothing against it.
    pub fn leave_out(&mut self, place: &str, error: ProofError) -> Result<(), ProofError> {
        if !error.is_no_verdict() {
            return Err(error);
        }
        self.left_out.push(LeftOut { place: place.to_owned(), why: error.to_string() });
        Ok(())
    }
}

/// How many bytes are not the reference's, whatever is missing or too much among them.
fn differing(outputs: &[i8], vectors: &Vectors) -> usize {
    let pairs = outputs.iter().zip(&vectors.outputs).filter(|(ours, theirs)| ours != theirs).count();
    pairs + outputs.len().abs_diff(vectors.outputs.len())
}

/// What is linked is one figure for each memory: weights, tables and code are not told apart in it.
#[must_use]
pub fn linked(image: &Image, stack: Option<u32>) -> Footprint {
    Footprint {
        dtype: DataType::Int8,
        provenance: Provenance::Linked,
        ram: RamUse { activations: image.ram_bytes, runtime: None, stack: stack.map(|bytes| Bytes(bytes.into())) },
        flash: FlashUse { weights: image.flash_bytes, tables: None, code: None },
    }
}
