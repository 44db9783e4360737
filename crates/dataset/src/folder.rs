//! A folder with a data set in it, told by its files.

use std::path::{Path, PathBuf};

use crate::{DatasetError, Images, cifar, idx};

/// Which data set a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// MNIST, Fashion-MNIST and their like.
    Idx,
    /// CIFAR-10, binary.
    Cifar10,
    /// CIFAR-100, binary, by its fine classes.
    Cifar100,
}

/// A part of a data set, as its publishers split it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What may be learnt from.
    Train,
    /// What is only for the last word.
    Test,
}

/// A folder with a data set.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    kind: Kind,
}

impl Folder {
    /// Looks what is there; nothing is read yet.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        std::fs::read_dir(path).map_err(|error| DatasetError::Read { path: path.to_owned(), error })?;
        let has = |name: &str| path.join(name).is_file();
        let kind = if Part::ALL.iter().any(|part| idx::found(path, part.idx().0).is_some()) {
            Kind::Idx
        } else if has("data_batch_1.bin") || has("test_batch.bin") {
            Kind::Cifar10
        } else if has("train.bin") || has("test.bin") {
            Kind::Cifar100
        } else {
            return Err(DatasetError::Unknown(path.to_owned()));
        };
        Ok(Self { path: path.to_owned(), kind })
    }

    /// Which data set it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Reads a part of it.
    pub fn read(&self, part: Part) -> Result<Images, DatasetError> {
        match (self.kind, part) {
            (Kind::Idx, part) => {
                let file = |name: &str| idx::found(&self.path, name).unwrap_or_else(|| self.path.join(name));
                let (images, labels) = part.idx();
                idx::read(&file(images), &file(labels))
            }
            (Kind::Cifar10, Part::Test) => cifar::read(&self.path.join("test_batch.bin"), 1, 10),
            (Kind::Cifar10, Part::Train) => {
                let batch = |i: u32| cifar::read(&self.path.join(format!("data_batch_{i}.bin")), 1, 10);
                (2..=5).try_fold(batch(1)?, |images, i| Ok(images.followed_by(batch(i)?)))
            }
            (Kind::Cifar100, Part::Train) => cifar::read(&self.path.join("train.bin"), 2, 100),
            (Kind::Cifar100, Part::Test) => cifar::read(&self.path.join("test.bin"), 2, 100),
        }
    }
}

impl Part {
    const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// The IDX files of images and labels.
    const fn idx(self) -> (&'static str, &'static str) {
        match self {
            Self::Train => ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
            Self::Test => ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
        }
    }
}
