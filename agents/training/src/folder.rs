//! The files of attempts. Where they lie follows from what is trained, not from which try it is: what comes after a crash finds what
//! was done before.

use std::{fs, io, path::PathBuf};

use automcu_artifacts::{Store, StoreError, write_whole};
use automcu_contract::{ArtifactId, Beginning, TrainCandidate};
use automcu_trainer::{Cause, Conditions, PROTOCOL, Request};
use automcu_workers::Ending;
use tracing::warn;

const CHECKPOINT: &str = "checkpoint.safetensors";

/// The folder that attempts have theirs in.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    root: PathBuf,
    store: Store,
    grace_s: f64,
}

/// What keeps an attempt from being started, or its checkpoint from being kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("the {what} (artifact {id}) is not what it should be: {error}")]
    Content { what: &'static str, id: ArtifactId, error: serde_json::Error },
}

impl Trouble {
    /// The same as the end of an attempt.
    pub(crate) fn ending(&self) -> Ending {
        let cause = match self {
            Self::Store(StoreError::Io { .. }) | Self::Io { .. } => Cause::Storage,
            Self::Store(_) | Self::Content { .. } => Cause::Request,
        };
        Ending::Failed { cause, message: self.to_string() }
    }
}

impl Folders {
    pub(crate) fn new(root: PathBuf, store: Store, grace_s: f64) -> Self {
        Self { root, store, grace_s }
    }

    /// Lays out what a worker needs.
    pub(crate) fn prepare(&self, asked: &TrainCandidate) -> Result<(Request, PathBuf), Trouble> {
        let folder = self.of(asked);
        fs::create_dir_all(&folder).map_err(|error| Trouble::Io { path: folder.clone(), error })?;
        let spec = self.json("spec", asked.spec)?;
        let conditions: Conditions = self.json("conditions", asked.conditions)?;
        let checkpoint = folder.join(CHECKPOINT);
        if let Beginning::Checkpoint(id) = asked.beginning
            && !checkpoint.exists()
        {
            let written = write_whole(&checkpoint, &self.store.get(id)?);
            written.map_err(|error| Trouble::Io { path: checkpoint.clone(), error })?;
        }
        let from = match asked.beginning {
            Beginning::Weights(id) => Some(self.store.file(id)?),
            Beginning::Fresh | Beginning::Checkpoint(_) => None,
        };
        let (version, seed, grace_s) = (PROTOCOL, asked.seed, self.grace_s);
        Ok((Request { version, spec, seed, conditions, checkpoint, from, grace_s }, folder))
    }

    /// Keeps the checkpoint, if there is one.
    pub(crate) fn keep(&self, asked: &TrainCandidate) -> Result<Option<ArtifactId>, Trouble> {
        let checkpoint = self.of(asked).join(CHECKPOINT);
        Ok(if checkpoint.exists() { Some(self.store.put_file(&checkpoint)?) } else { None })
    }

    /// Clears the folder, unless a worker of an agent that has died still writes there.
    pub(crate) fn clear(&self, asked: &TrainCandidate) {
        let folder = self.of(asked);
        let Ok(held) = fs::File::open(&folder) else { return };
        let cleared = match held.try_lock() {
            Ok(()) => fs::remove_dir_all(&folder),
            Err(fs::TryLockError::WouldBlock) => return,
            Err(fs::TryLockError::Error(error)) => Err(error),
        };
        if let Err(error) = cleared {
            warn!(folder = %folder.display(), %error, "an attempt's folder cannot be removed; remove it by hand");
        }
        // The job's folder goes with the last of its attempts.
        let _ = fs::remove_dir(folder.parent().unwrap_or(&self.root));
    }

    fn of(&self, asked: &TrainCandidate) -> PathBuf {
        let TrainCandidate { ticket, spec, conditions, seed, beginning } = asked;
        let begins = serde_json::to_string(beginning).expect("plain data");
        let what = ArtifactId::of(format!("{spec} {conditions} {seed} {begins}").as_bytes()).to_string();
        self.root.join(ticket.job.to_string()).join(format!("{}-{}", ticket.candidate, &what[..32]))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, what: &'static str, id: ArtifactId) -> Result<T, Trouble> {
        serde_json::from_slice(&self.store.get(id)?).map_err(|error| Trouble::Content { what, id, error })
    }
}
