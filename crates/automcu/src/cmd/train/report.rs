//! What came of training, for programs and for people.

use std::{
    io::{self, Write},
    path::Path,
};

use automcu_convert::Network;
use automcu_deployment::Share;
use automcu_model::{Bytes, GraphDigest};
use automcu_trainer::{Accuracy, End, Epoch, Subject, Summary};
use serde::Serialize;

use super::progress::clock_time;
use crate::{
    cmd::footprint_of_weights,
    show::{FAINT, TITLE, styled, thousands},
};

/// What came of it.
#[derive(Serialize)]
pub(super) struct Answer {
    version: u32,
    architecture: String,
    digest: GraphDigest,
    data: String,
    /// The group that is the test part, instead of the published one.
    left_out: Option<u32>,
    recipe: String,
    recipe_digest: String,
    split_digest: String,
    seed: u64,
    threads: u32,
    vectors: String,
    parameters: u64,
    macs: u64,
    /// Of weights and biases as int8 stores them; tables and code not counted.
    weights: Bytes,
    /// Of the float32 network, on the samples that validate.
    training: Summary,
    /// Of the int8 network, on the same.
    validation: Share,
    /// Of the int8 network, on the test part, if that was opened.
    test: Option<Share>,
    model: String,
}

impl Answer {
    pub(super) fn of(
        name: &str,
        subject: &Subject,
        network: &Network,
        summary: &Summary,
        validation: Share,
        test: Option<Share>,
        file: &Path,
    ) -> Self {
        let cost = network.graph().cost();
        Self {
            version: 1,
            architecture: name.to_owned(),
            digest: network.graph().digest(),
            data: subject.data.clone(),
            left_out: subject.left_out,
            recipe: subject.recipe.name.clone(),
            recipe_digest: subject.recipe.digest().to_string(),
            split_digest: subject.split.clone(),
            seed: subject.seed,
            threads: subject.threads,
            vectors: subject.vectors.clone(),
            parameters: cost.parameters(),
            macs: cost.macs,
            weights: footprint_of_weights(network.graph()),
            training: summary.clone(),
            validation,
            test,
            model: file.display().to_string(),
        }
    }

    pub(super) fn write(&self, folder: &Path, curve: &[Epoch], sink: &mut dyn Write) -> io::Result<()> {
        let Self { training, .. } = self;
        writeln!(
            sink,
            "{} is trained on {} by {}  {}",
            styled(&self.architecture, TITLE),
            styled(&self.data, TITLE),
            self.recipe,
            styled(self.digest.short(), FAINT)
        )?;
        if let Some(group) = self.left_out {
            writeln!(sink, "\ngroup {group} is not learnt from; it is the test part")?;
        }
        let end = match training.end {
            End::Completed => "the recipe is through",
            End::Plateau => "nothing was gained any more",
            End::Stopped => "stopped on the way; --resume goes on",
        };
        writeln!(
            sink,
            "\nepochs       {} in {}; {end}; the state of epoch {} is handed out",
            training.epochs,
            clock_time(training.seconds),
            training.best_epoch
        )?;
        write_curve(curve, sink)?;
        writeln!(sink, "weights      {}  {}", self.weights, styled("(int8; tables and code not counted)", FAINT))?;
        writeln!(sink, "MACs         {}", thousands(self.macs))?;
        write_share(sink, "validation", &training.validation.accuracy, "float32")?;
        write_share(sink, "validation", &self.validation.accuracy, "int8, the very integers that ship")?;
        match &self.test {
            Some(test) => write_share(sink, "test", &test.accuracy, "int8, opened once"),
            None => writeln!(sink, "test         {}", styled("not opened; --test does", FAINT)),
        }?;
        writeln!(
            sink,
            "\n{} holds the checkpoint and {}; next: automcu compile {} -o CODE",
            styled(folder.display(), TITLE),
            self.model,
            self.model
        )
    }
}

fn write_share(sink: &mut dyn Write, part: &str, accuracy: &Accuracy, how: &str) -> io::Result<()> {
    let Accuracy { share, interval, samples } = accuracy;
    let [share, least, most] = [*share, interval.0, interval.1].map(|share| 100.0 * share);
    let note =
        styled(format!("({how}; {least:.2} to {most:.2} on other {samples} samples, 19 times out of 20)"), FAINT);
    writeln!(sink, "{part:<11}  {share:.2} %  {note}")
}

/// The accuracy after each epoch, as bars of eight heights.
fn write_curve(curve: &[Epoch], sink: &mut dyn Write) -> io::Result<()> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDTH: usize = 60;
    let shares: Vec<f64> = curve.iter().map(|epoch| epoch.validation.accuracy.share).collect();
    let (Some(least), Some(most)) = (shares.iter().copied().reduce(f64::min), shares.iter().copied().reduce(f64::max))
    else {
        return Ok(());
    };
    let bars = shares.len().min(WIDTH);
    let bar = |i: usize| {
        // The last epoch of those that share a bar.
        let share = shares[(i + 1) * shares.len() / bars - 1];
        let height = if most > least { (share - least) / (most - least) * 7.0 } else { 7.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 7")]
        let height = height.round() as usize;
        BARS[height.min(7)]
    };
    let line: String = (0..bars).map(bar).collect();
    writeln!(sink, "curve        {line}  {:.2} % to {:.2} %", 100.0 * least, 100.0 * most)
}
