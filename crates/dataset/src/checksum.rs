//! Checksums, as publishers give them. They tell a damaged file from a whole one, not an honest one from a forged one.

use std::{
    fmt::Write,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use md5::{Digest, Md5};

use crate::DatasetError;

/// A file that is not what its publisher published.
#[derive(Debug, thiserror::Error)]
#[error("{}: its MD5 is {found}, where the published file has {wanted}; delete it and fetch it again", path.display())]
pub struct WrongChecksum {
    path: PathBuf,
    found: String,
    wanted: &'static str,
}

/// The MD5 of a file, in hexadecimal digits.
pub fn md5_of(path: &Path) -> Result<String, DatasetError> {
    let mut file = File::open(path).map_err(DatasetError::unreadable(path))?;
    let (mut digest, mut buffer) = (Md5::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(DatasetError::unreadable(path))? {
            0 => break,
            count => digest.update(&buffer[..count]),
        }
    }
    Ok(digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Refuses a file with another MD5.
pub fn check_md5(path: &Path, wanted: &'static str) -> Result<(), DatasetError> {
    let found = md5_of(path)?;
    if found == wanted { Ok(()) } else { Err(WrongChecksum { path: path.to_owned(), found, wanted }.into()) }
}
