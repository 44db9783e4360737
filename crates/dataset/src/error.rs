//! What can be wrong with a data set.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{Uneven, WrongChecksum};

/// A data set that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A file or folder cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A folder holds no data set that is known.
    #[error(
        "{}: no data set is found here; known are IDX files (train-images-idx3-ubyte, t10k-images-idx3-ubyte and so on, \
         also as .gz), the binary versions of CIFAR-10 and CIFAR-100 (data_batch_1.bin, test_batch.bin; train.bin, test.bin; \
         or the published .tar.gz), arrays (train-x.npy, train-y.npy, test-x.npy, test-y.npy; or one .npz), pictures \
         (train/CLASS/*.png or .jpg, test/CLASS/...), recordings (recordings/LABEL_SPEAKER_INDEX.wav; or train/CLASS/*.wav), \
         tables (train.csv, test.csv; or one .csv) and series (train/*.csv, test/*.csv with a column label)",
        .0.display()
    )]
    Unknown(PathBuf),
    /// A file says of itself what cannot be.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A file is cut off or corrupted.
    #[error("{}: damaged at byte {byte}: {problem}; correct the file, or get it again", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where in the file, from 0.
        byte: u64,
        /// What is wrong there.
        problem: String,
    },
    /// A file is not the published one.
    #[error("{0}")]
    Checksum(#[from] WrongChecksum),
    /// A file cannot be written.
    #[error("{}: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A data set has not got the part that is asked for.
    #[error("{}: there is no part {part} here; {remedy}", path.display())]
    NoPart {
        /// The data set.
        path: PathBuf,
        /// The part.
        part: &'static str,
        /// What to do.
        remedy: &'static str,
    },
}

impl DatasetError {
    /// A file or folder that cannot be read.
    pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Read { path: path.to_owned(), error }
    }

    pub(crate) fn wrong(path: &Path, problem: impl Into<String>) -> Self {
        Self::Wrong { path: path.to_owned(), problem: problem.into() }
    }

    /// Parts of a file that do not go together.
    pub(crate) fn uneven(path: &Path) -> impl Fn(Uneven) -> Self {
        move |uneven| Self::wrong(path, uneven.to_string())
    }
}
