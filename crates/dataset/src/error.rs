//! What can be wrong with a data set.

use std::{io, path::PathBuf};

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
        "{}: no data set is found here; known are IDX files (train-images-idx3-ubyte, t10k-labels-idx1-ubyte and so on, \
         also as .gz) and the binary versions of CIFAR-10 and CIFAR-100 (data_batch_1.bin, test_batch.bin; train.bin, test.bin)",
        .0.display()
    )]
    Unknown(PathBuf),
    /// A file says of itself what cannot be.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}
