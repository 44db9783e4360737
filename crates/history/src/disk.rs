//! Where appended bytes go: a trait, so that tests can count flushes and fail them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// A place for files that are appended to.
pub trait Disk: Send + Sync {
    /// Opens a file for appending; makes it, durably, where it is not there.
    fn append_to(&self, path: &Path) -> io::Result<Box<dyn Appended>>;
}

/// A file that is appended to.
pub trait Appended: Send {
    /// Writes all of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when all that was written would survive a power cut. After a failure nothing is known of it.
    fn flush(&mut self) -> io::Result<()>;
}

/// The files of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Disk for Files {
    fn append_to(&self, path: &Path) -> io::Result<Box<dyn Appended>> {
        let is_new = !path.try_exists()?;
        let file = File::options().create(true).append(true).open(path)?;
        if is_new {
            file.sync_all()?;
            sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        Ok(Box::new(file))
    }
}

impl Appended for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Makes the names in a folder survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes a folder and what is in it, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
