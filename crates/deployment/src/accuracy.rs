//! What an int8 network gets right, as a share with its interval.

use std::num::NonZero;

use automcu_convert::Network;
use automcu_dataset::{BatchError, Resize, Samples, Split};
use automcu_model::{DataType, Graph, Provenance};
use automcu_trainer::Accuracy;
use serde::{Deserialize, Serialize};

use crate::{
    DeployError,
    answers::{Input, RangeChoice, answers},
};

/// A share of right answers of an int8 network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The data type of the network that was measured.
    pub dtype: DataType,
    /// How it was measured.
    pub provenance: Provenance,
    /// How many answers were right.
    pub right: usize,
    /// As a share, with its interval.
    pub accuracy: Accuracy,
}

impl Share {
    /// Of so many right answers, computed here in the integers that ship.
    #[must_use]
    pub fn of(right: usize, samples: usize) -> Self {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let accuracy = Accuracy::of(count(right), count(samples));
        Self { dtype: DataType::Int8, provenance: Provenance::Host, right, accuracy }
    }
}

/// What the int8 network gets right of the samples that validate.
pub fn validated(
    network: &Network,
    samples: &Samples,
    split: &Split,
    resize: Option<Resize>,
    threads: NonZero<usize>,
) -> Result<Share, DeployError> {
    let indices: Vec<usize> = split.validation().iter().map(|&index| index as usize).collect();
    measured(network, samples.subset(&indices), resize, threads)
}

/// What the int8 network gets right of samples in the size that they were learnt in.
pub fn measured(
    network: &Network,
    samples: Samples,
    resize: Option<Resize>,
    threads: NonZero<usize>,
) -> Result<Share, DeployError> {
    let samples = match resize {
        Some(resize) => samples.resized(resize).map_err(BatchError::from)?,
        None => samples,
    };
    let first = network.quantisations()[Graph::INPUT.index()];
    let input = Input::of(RangeChoice::Auto, first, samples.values());
    let answers = answers(network, &samples, &input, threads)?;
    let right = answers.iter().zip(samples.labels()).filter(|(answer, label)| **answer == usize::from(**label)).count();
    Ok(Share::of(right, samples.len()))
}
