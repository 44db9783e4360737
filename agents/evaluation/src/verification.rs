//! What a trained candidate is worth as it ships: made int8 on the samples that it was trained on, measured in its integers,
//! judged again. The one that is chosen is proven as well, measured on the test samples once, and handed out as a bundle.

use std::sync::{Arc, atomic::AtomicBool};

use automcu_artifacts::Bundle;
use automcu_contract::{ArtifactId, Proof, Verdict, VerifyCandidate};
use automcu_convert::{FloatNetwork, Network, Report as Quantisation};
use automcu_dataset::{BatchError, Part, Samples, Sealed, Split};
use automcu_deployment::{DeployError, Share, deployed, is_of, measured, validated};
use automcu_toolchain::judge::Question;
use automcu_trainer::{Checkpoint, Conditions};

use crate::{
    bench::{Bench, Place, check_type, still_wanted},
    bundle,
    finding::{Finding, Trouble, metric},
    panel::{Extent, Heard, Panel},
    proof::{SAMPLES, proven},
    report::Report,
    shelf::source,
};

/// Of a float32 network for judges that take that: what it takes does not depend on its weights.
const SEED: u64 = 1;

/// A trained candidate with all that it comes from.
pub(crate) struct Candidate {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) conditions: Conditions,
    pub(crate) network: Network,
    pub(crate) quantisation: Quantisation,
    samples: Arc<Samples>,
    split: Split,
}

pub(crate) fn verified(bench: &Bench, asked: &VerifyCandidate, is_given_up: &AtomicBool) -> Result<Finding, Trouble> {
    check_type(asked.dtype)?;
    let place = bench.place(asked.target.as_ref(), asked.budget)?;
    let panel = Panel::new(&bench.judges, asked.judge.as_ref().map(|judge| judge.as_str()))?;
    let candidate = Candidate::of(bench, asked)?;
    still_wanted(is_given_up)?;
    let Candidate { network, samples, split, .. } = &candidate;
    let resize = candidate.checkpoint.subject.recipe.resize();
    let validation = validated(network, samples, split, resize, bench.config.threads)?;
    let extent = if asked.proof == Proof::Winner { Extent::All } else { Extent::First };
    let float = FloatNetwork::drawn(&candidate.graph(), SEED).ok();
    let question = Question { network, float: float.as_ref(), part: place.part, budget: place.budget };
    let heard = panel.ask(&question, extent, bench.config.patience, is_given_up)?;
    let verdict = heard.verdict(network, place.budget);
    let is_handed_out = asked.proof == Proof::Winner && verdict == Verdict::Fits;
    let finding = Finding {
        judge: heard.judge(),
        footprint: heard.footprint(),
        metric: metric(&validation),
        ..Finding::own(verdict)
    };
    if !is_handed_out {
        return Ok(finding);
    }
    let winner = Winner { bench, asked, place, candidate: &candidate, heard: &heard, validation };
    // What is known of it stays known where it cannot be handed out.
    Ok(match winner.hand_out(is_given_up) {
        Ok((test, bundle)) => Finding { test: metric(&test), bundle: Some(bundle), ..finding },
        Err(trouble) => Finding { verdict: trouble.finding().verdict, ..finding },
    })
}

impl Candidate {
    /// Fetches all that it comes from, and makes it int8. What does not belong together is refused.
    fn of(bench: &Bench, asked: &VerifyCandidate) -> Result<Self, Trouble> {
        let (spec, _) = bench.spec(asked.spec)?;
        let conditions: Conditions = bench.json("conditions", asked.conditions)?;
        let checkpoint = Checkpoint::read(&bench.store.file(asked.checkpoint)?)?;
        if checkpoint.subject.spec != spec {
            return Err(Trouble::OtherSubject("architecture"));
        }
        let samples = bench.shelf.training_part(&conditions)?;
        let split = conditions.split.of(&samples)?;
        if split.digest().to_string() != checkpoint.subject.split || !is_of(&checkpoint, &samples) {
            return Err(Trouble::OtherSubject("data set or split"));
        }
        let (network, quantisation) = deployed(&checkpoint, samples.borrowed(), split.train())?;
        Ok(Self { checkpoint, conditions, network, quantisation, samples, split })
    }

    /// Its graph as it ships.
    fn graph(&self) -> automcu_model::Graph {
        self.checkpoint.subject.spec.lower().expect("a checkpoint's architecture was read").deployed()
    }

    /// The first of the samples that validate, in the size that it takes.
    fn shown(&self) -> Result<Samples, DeployError> {
        let first: Vec<usize> = self.split.validation().iter().take(SAMPLES).map(|&index| index as usize).collect();
        let samples = self.samples.subset(&first);
        let Some(resize) = self.checkpoint.subject.recipe.resize() else { return Ok(samples) };
        Ok(samples.resized(resize).map_err(BatchError::from)?)
    }
}

/// The one that is chosen, and what is known of it.
struct Winner<'w> {
    bench: &'w Bench,
    asked: &'w VerifyCandidate,
    place: Place<'w>,
    candidate: &'w Candidate,
    heard: &'w Heard,
    validation: Share,
}

impl Winner<'_> {
    /// Proves it, opens the test samples when nothing else is left to find out, and bundles it.
    fn hand_out(&self, is_given_up: &AtomicBool) -> Result<(Share, ArtifactId), Trouble> {
        let Self { bench, asked, place, candidate, heard, validation } = self;
        let Candidate { network, conditions, checkpoint, .. } = candidate;
        let proven = proven(bench, network, *place, &candidate.shown()?, is_given_up)?;
        still_wanted(is_given_up)?;
        let sealed = Sealed::new(source(conditions)?.read(Part::Test)?);
        let test = measured(network, sealed.open(), checkpoint.subject.recipe.resize(), bench.config.threads)?;
        let report = Report::of(candidate, heard, &proven, *place, [*validation, test]);
        let texts = bundle::texts(candidate, &report);
        let weights = bench.store.get(asked.checkpoint)?;
        let files = bundle::files(proven, texts, weights);
        Ok((test, Bundle::keep(&bench.store, files)?.1))
    }
}
