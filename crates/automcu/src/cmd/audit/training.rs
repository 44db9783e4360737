//! Refused and retained candidates trained under the same conditions, each by this very program as a process of its own. What
//! validates is a part of the training samples; the test part is never opened.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_dataset::{Kind, Options};
use automcu_model::{DataType, Provenance};
use automcu_process::{Ended, Limits, Program, Status};
use automcu_toolchain::runs::Fresh;
use automcu_trainer::Accuracy;
use serde::{Deserialize, Serialize};

use super::opinion::Review;
use crate::{
    audit::{self, Contest},
    cli::Audit,
    input,
    judges::Workshop,
    outcome::Failure,
};

/// Reading the data, writing checkpoints and measuring in integers may take so long beside training.
const AROUND: Duration = Duration::from_secs(900);
/// An answer is no longer.
const ANSWER_BYTES: usize = 4 << 20;

/// Under what all are trained.
pub(super) struct Conditions<'c> {
    count: usize,
    data: PathBuf,
    time_s: f64,
    seed: u64,
    program: &'c Path,
}

/// What came of all.
#[derive(Serialize)]
pub(super) struct Training {
    pub(super) data: String,
    pub(super) time_s: f64,
    pub(super) seed: u64,
    /// Whether the best refused one beats the best retained one.
    pub(super) contest: Contest,
    pub(super) refused: Vec<Contestant>,
    pub(super) retained: Vec<Contestant>,
}

/// A candidate that was trained.
#[derive(Serialize)]
pub(super) struct Contestant {
    pub(super) name: String,
    digest: Option<String>,
    /// Whether another judge says otherwise than the record.
    pub(super) otherwise: Option<bool>,
    pub(super) validation: Option<Validation>,
    /// Why there is none.
    pub(super) failure: Option<String>,
    /// Of a refused one: whether it beats the best retained one.
    pub(super) contest: Option<Contest>,
}

/// What the int8 network gets right of samples that it did not learn from.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Validation {
    pub(super) dtype: DataType,
    pub(super) provenance: Provenance,
    pub(super) accuracy: Accuracy,
}

/// What `automcu train` answers, as far as it is of interest here.
#[derive(Deserialize)]
struct Answer {
    validation: Validation,
}

impl<'c> Conditions<'c> {
    /// The data is looked for before anything is asked or trained.
    pub(super) fn of(count: u32, arguments: &Audit, home: &Path, program: &'c Path) -> Result<Self, Failure> {
        let source = input::source(&arguments.data, home, Options::default())?;
        let is_built_in = matches!(source.kind(), Kind::Synthetic | Kind::Signals);
        let absolute =
            |path: &Path| std::path::absolute(path).map_err(|error| Failure::Read { path: path.to_owned(), error });
        let data = if is_built_in { source.path().to_owned() } else { absolute(source.path())? };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(Self { count, data, time_s: arguments.time, seed: arguments.seed, program })
    }

    /// Trains so many of each, one after the other, so that none has more of the computer than another. For one that cannot be
    /// trained on this data the next of the sample is.
    pub(super) fn train(
        &self,
        refused: &[Review],
        retained: &[Review],
        workshop: &Workshop<'_>,
    ) -> Result<Training, Failure> {
        let root = workshop.runs().map_err(|error| Failure::Runs(error.to_string()))?;
        let all = |reviews: &[Review]| -> Result<Vec<Contestant>, Failure> {
            let (mut all, mut trained) = (Vec::new(), 0);
            for review in reviews {
                if trained == self.count {
                    break;
                }
                let one = self.contestant(review, root)?;
                trained += usize::from(one.validation.is_some());
                all.push(one);
            }
            Ok(all)
        };
        let retained = all(retained)?;
        let mut refused = all(refused)?;
        let shares = |all: &[Contestant]| -> Vec<Accuracy> {
            all.iter().filter_map(|one| Some(one.validation?.accuracy)).collect()
        };
        let best = shares(&retained);
        for one in &mut refused {
            one.contest = one.validation.map(|validation| audit::contest(&[validation.accuracy], &best));
        }
        Ok(Training {
            data: self.data.display().to_string(),
            time_s: self.time_s,
            seed: self.seed,
            contest: audit::contest(&shares(&refused), &best),
            refused,
            retained,
        })
    }

    fn contestant(&self, review: &Review, root: &Path) -> Result<Contestant, Failure> {
        let (validation, failure) = match self.trained(review, root)? {
            Ok(validation) => (Some(validation), None),
            Err(words) => (None, Some(words)),
        };
        Ok(Contestant {
            name: review.candidate.name.clone(),
            digest: review.candidate.digest.clone(),
            otherwise: review.is_otherwise,
            validation,
            failure,
            contest: None,
        })
    }

    /// What it gets right, or why it could not be trained, such as samples of another shape.
    fn trained(&self, review: &Review, root: &Path) -> Result<Result<Validation, String>, Failure> {
        let mut run = Fresh::within(root).map_err(|error| Failure::Runs(error.to_string()))?;
        let architecture = run.folder().join("candidate.json");
        let spec = review.candidate.spec.as_ref().map(ToString::to_string).unwrap_or_default();
        fs::write(&architecture, spec).map_err(|error| Failure::Create { path: architecture.clone(), error })?;
        let program = Program::new(self.program, run.folder())
            .args(["train", "candidate.json", "--output", "trained", "--json", "--data"])
            .arg(&self.data)
            .args(["--time", &format!("{}s", self.time_s), "--seed", &self.seed.to_string()]);
        let training = Duration::from_secs_f64(2.0 * self.time_s);
        let limits = Limits { deadline: training + AROUND, grace: Duration::from_secs(10), output_bytes: ANSWER_BYTES };
        let ended = run.start(program, limits).map_err(|error| Failure::NotTrainable(error.to_string()))?;
        Ok(heard(&ended))
    }
}

fn heard(ended: &Ended) -> Result<Validation, String> {
    match ended.status {
        Status::Exited(0) => serde_json::from_str::<Answer>(&ended.output.text)
            .map(|answer| answer.validation)
            .map_err(|error| format!("its answer is not understood: {error}")),
        Status::TimedOut => Err("it took longer than twice the time and 15 minutes".to_owned()),
        Status::Exited(_) | Status::Signalled(_) => Err(ended.last_words().to_owned()),
    }
}
