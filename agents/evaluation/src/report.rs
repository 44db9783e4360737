//! What judges said and what was measured, for programs (JSON) and for people (Markdown). Every figure has its data type and where
//! it comes from; what is not known is said to be unknown.

use std::fmt::Write;

use automcu_contract::{ArtifactId, ScreenCandidate, Verdict};
use automcu_convert::Report as Quantisation;
use automcu_deployment::Share;
use automcu_model::{Bytes, DataType, GraphDigest};
use automcu_target::{Budget, Footprint};
use automcu_toolchain::{
    Trial,
    firmware::FirmwareProof,
    judge::{Judged, Question},
};
use automcu_trainer::Summary;
use serde::Serialize;

use crate::{bench::Place, panel::Heard, proof::Proven, verification::Candidate};

/// The version of reports.
const VERSION: u32 = 1;

/// What judges said before anything was trained.
#[derive(Serialize)]
pub(crate) struct ScreeningReport<'r> {
    version: u32,
    automcu: &'static str,
    spec: ArtifactId,
    #[serde(flatten)]
    judgement: Judgement<'r>,
}

/// What a network was judged to take.
#[derive(Serialize)]
struct Judgement<'r> {
    digest: GraphDigest,
    macs: u64,
    parameters: u64,
    /// Whether weights are drawn; what is said does not depend on them.
    drawn_weights: bool,
    target: Option<&'r str>,
    budget: Budget,
    dtype: DataType,
    /// The judge whose word counts.
    judge: &'static str,
    #[serde(flatten)]
    verdict: &'r Verdict,
    judges: &'r [Judged],
    not_asked: &'r [&'static str],
}

impl<'r> ScreeningReport<'r> {
    pub(crate) fn of(asked: &ScreenCandidate, question: &Question<'r>, heard: &'r Heard, verdict: &'r Verdict) -> Self {
        let cost = question.network.graph().cost();
        let judgement = Judgement {
            digest: question.network.graph().digest(),
            macs: cost.macs,
            parameters: cost.parameters(),
            drawn_weights: true,
            target: question.part.map(automcu_target::Part::name),
            budget: question.budget,
            dtype: DataType::Int8,
            judge: heard.counts().judge.name,
            verdict,
            judges: &heard.judged,
            not_asked: &heard.not_asked,
        };
        Self { version: VERSION, automcu: env!("CARGO_PKG_VERSION"), spec: asked.spec, judgement }
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        json(self)
    }
}

/// All that is known of what is handed out.
#[derive(Serialize)]
pub(crate) struct Report<'r> {
    version: u32,
    automcu: &'static str,
    #[serde(flatten)]
    judgement: Judgement<'r>,
    /// By the judge whose word counts.
    footprint: Option<Footprint>,
    data: &'r str,
    recipe: &'r str,
    recipe_digest: String,
    split_digest: &'r str,
    seed: u64,
    /// Of the float32 network, on the samples that validate.
    training: Option<&'r Summary>,
    /// Of the int8 network, on the same.
    validation: Share,
    /// Of the int8 network, on the test samples, which were opened this once.
    test: Share,
    /// What int8 costs, seen on samples that were learnt from.
    quantisation: &'r Quantisation,
    /// Where the code was run, and whether it answers as the integer interpreter does.
    proof: Trial,
    firmware: Option<FirmwareProof>,
}

impl<'r> Report<'r> {
    /// Of what fits; `shares` are what it gets right of the samples that validate, and of those that test.
    pub(crate) fn of(
        candidate: &'r Candidate,
        heard: &'r Heard,
        proven: &Proven,
        place: Place<'r>,
        [validation, test]: [Share; 2],
    ) -> Self {
        let (graph, subject) = (candidate.network.graph(), &candidate.checkpoint.subject);
        let cost = graph.cost();
        let judgement = Judgement {
            digest: graph.digest(),
            macs: cost.macs,
            parameters: cost.parameters(),
            drawn_weights: false,
            target: place.part.map(automcu_target::Part::name),
            budget: place.budget,
            dtype: DataType::Int8,
            judge: heard.counts().judge.name,
            verdict: &Verdict::Fits,
            judges: &heard.judged,
            not_asked: &heard.not_asked,
        };
        Self {
            version: VERSION,
            automcu: env!("CARGO_PKG_VERSION"),
            judgement,
            footprint: heard.footprint(),
            data: &subject.data,
            recipe: &subject.recipe.name,
            recipe_digest: subject.recipe.digest().to_string(),
            split_digest: &subject.split,
            seed: subject.seed,
            training: candidate.checkpoint.summary.as_ref(),
            validation,
            test,
            quantisation: &candidate.quantisation,
            proof: proven.trial.clone(),
            firmware: proven.firmware.clone(),
        }
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        json(self)
    }

    pub(crate) fn markdown(&self) -> String {
        let Judgement { digest, macs, parameters, target, budget, .. } = &self.judgement;
        let mut text = format!(
            "# Report\n\nAn int8 network of {parameters} parameters and {macs} multiply-accumulates, graph `{digest}`, by \
             AutoMCU {}.\n\n",
            self.automcu
        );
        let allowed = |bytes: Option<Bytes>| bytes.map_or("as much as it takes".to_owned(), exact);
        let _ = writeln!(
            text,
            "Made for {}: RAM {}, Flash {}.\n",
            target.unwrap_or("no target by name"),
            allowed(budget.ram),
            allowed(budget.flash)
        );
        self.write_accuracy(&mut text);
        self.write_footprints(&mut text);
        self.write_proof(&mut text);
        let _ = writeln!(
            text,
            "\n## Training\n\nOn `{}` by the recipe `{}` ({}), seed {}, split {}.",
            self.data, self.recipe, self.recipe_digest, self.seed, self.split_digest
        );
        text
    }

    fn write_accuracy(&self, text: &mut String) {
        *text += "## Accuracy\n\n| samples | right | from | to | of | type | by |\n|---|---:|---:|---:|---:|---|---|\n";
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let mut row = |what: &str, accuracy: &automcu_trainer::Accuracy, dtype: DataType, by: &str| {
            let (share, (least, most)) = (percent(accuracy.share), accuracy.interval);
            let (least, most, of) = (percent(least), percent(most), accuracy.samples);
            let _ = writeln!(text, "| {what} | {share} | {least} | {most} | {of} | {dtype} | {by} |");
        };
        if let Some(training) = self.training {
            row("validation", &training.validation.accuracy, DataType::Float32, "host");
        }
        for (what, share) in [("validation", &self.validation), ("test", &self.test)] {
            row(what, &share.accuracy, share.dtype, &share.provenance.to_string());
        }
        *text += "\nOn ever more such samples the share lies between the two ends, 19 times out of 20. The test samples were \
                  opened this once, when everything else was decided. int8 figures are those of the very integers that ship.\n";
    }

    fn write_footprints(&self, text: &mut String) {
        *text += "\n## Memory\n\n| judge | verdict | RAM | activations | runtime | stack | Flash | weights | tables | code | type \
                  | by |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|---|\n";
        let known = |bytes: Option<Bytes>| bytes.map_or_else(|| "unknown".to_owned(), |bytes| bytes.0.to_string());
        for judged in self.judgement.judges {
            let (name, word) = (judged.judge.name, judged.verdict.word());
            let Some(measurement) = &judged.measurement else {
                let _ = writeln!(text, "| {name} | {word} | | | | | | | | | | |");
                continue;
            };
            let Footprint { dtype, provenance, ram, flash } = measurement.footprint;
            let (all_ram, all_flash) = (measurement.footprint.known_ram(), measurement.footprint.known_flash());
            let _ = writeln!(
                text,
                "| {name} | {word} | {} | {} | {} | {} | {} | {} | {} | {} | {dtype} | {provenance} |",
                all_ram.0,
                ram.activations.0,
                known(ram.runtime),
                known(ram.stack),
                all_flash.0,
                flash.weights.0,
                known(flash.tables),
                known(flash.code)
            );
        }
        let _ = writeln!(text, "\nBytes. The word of `{}` counts. Sums are of what is known.", self.judgement.judge);
        for judged in self.judgement.judges {
            let _ = writeln!(text, "- `{}`: {}", judged.judge.name, judged.judge.tool);
        }
    }

    fn write_proof(&self, text: &mut String) {
        let Trial { inputs, output_bytes, runs, left_out, .. } = &self.proof;
        let _ = writeln!(
            text,
            "\n## Proof\n\nThe C code, {inputs} inputs, {output_bytes} bytes of answers, compared with the integer interpreter:\n"
        );
        for run in runs {
            let counted = run.emulated.as_ref().map_or_else(String::new, |emulated| {
                let (instructions, stack) = (emulated.instructions, emulated.stack_bytes);
                format!("; {instructions} instructions an inference, {stack} bytes of stack")
            });
            let _ =
                writeln!(text, "- {} ({}): {} bytes differ{counted}", run.place, run.provenance, run.differing_bytes);
        }
        if let Some(firmware) = &self.firmware {
            let (flash, ram) = (firmware.image.flash_bytes.0, firmware.image.ram_bytes.0);
            let test = match &firmware.self_test {
                Some(test) => format!("its self-test passed on {}", test.machine),
                None => "its self-test was not run".to_owned(),
            };
            let _ = writeln!(
                text,
                "- firmware for {} (linked): {flash} bytes of Flash, {ram} of RAM; {test}",
                firmware.part
            );
        }
        for left in left_out {
            let _ = writeln!(text, "- {}: left out, {}", left.place, left.why);
        }
    }
}

fn exact(bytes: Bytes) -> String {
    format!("{bytes} ({} bytes)", bytes.0)
}

fn json(report: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(report).expect("a report is plain data");
    text.push(b'\n');
    text
}
