//! A fresh folder for each run of another program, which nobody else reads or writes. It goes when the run is over; where the
//! run failed it may be kept for whoever looks, and older ones go for it.
//!
//! A folder is locked for as long as its run lasts, and what runs there carries its mark. What a killed program leaves is not
//! locked any more, by which the next start knows it, and the processes that carry its mark: [`sweep`].

mod kept;
mod sweep;
mod user;

use std::{
    fmt::{Display, Write as _},
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use automcu_process::{Ended, Limits, Mark, Program, ProgramError};

pub use kept::Kept;
pub use sweep::{Swept, sweep};
pub use user::folder_of_user;

use crate::judge::NoAnswer;

/// What the folders of runs are called.
const RUN: &str = "run-";
/// A folder may be swept away right after it is made: then another is made, at most so often.
const TRIES: u32 = 16;

/// A folder for runs that is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// Some tools know no other letters.
    #[error("{}: tools stumble over letters beyond ASCII; name another folder", .0.display())]
    NotAscii(PathBuf),
    /// Folders are removed as soon as they are made.
    #[error("{}: folders vanish here; name another folder", .0.display())]
    Vanishing(PathBuf),
    /// Whoever it belongs to could put programs in the place of ours.
    #[error("{}: it belongs to somebody else, or is no folder; remove it, or name another folder", .0.display())]
    NotOurs(PathBuf),
    /// The file system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl RunsError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::Io { path, error }
    }
}

/// A file or folder that cannot be used says nothing of the network.
impl From<RunsError> for NoAnswer {
    fn from(error: RunsError) -> Self {
        use io::ErrorKind::{Interrupted, OutOfMemory, QuotaExceeded, ResourceBusy, StorageFull};
        let words = error.to_string();
        let may_pass = match &error {
            RunsError::Io { error, .. } => {
                matches!(error.kind(), StorageFull | QuotaExceeded | OutOfMemory | ResourceBusy | Interrupted)
            }
            RunsError::Vanishing(_) => true,
            RunsError::NotAscii(_) | RunsError::NotOurs(_) => false,
        };
        if may_pass { Self::Transient { words } } else { Self::Bench { words } }
    }
}

/// Whether runs can have their folders here; the folder is made.
pub fn is_usable(root: &Path) -> Result<(), RunsError> {
    Run::within(root).map(drop)
}

/// A folder for one run, and what is told of it. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub(crate) struct Run {
    folder: PathBuf,
    story: String,
    // Held until the folder is gone.
    _lock: File,
}

impl Run {
    /// Makes a folder within `root`, which is made as well.
    pub(crate) fn within(root: &Path) -> Result<Self, RunsError> {
        fs::create_dir_all(root).map_err(RunsError::at(root))?;
        let root = root.canonicalize().map_err(RunsError::at(root))?;
        if !root.as_os_str().is_ascii() {
            return Err(RunsError::NotAscii(root));
        }
        for _ in 0..TRIES {
            let made = tempfile::Builder::new().prefix(RUN).rand_bytes(12).tempdir_in(&root);
            let folder = made.map_err(RunsError::at(&root))?.keep();
            if let Some(lock) = locked(&folder).map_err(RunsError::at(&folder))? {
                return Ok(Self { folder, story: String::new(), _lock: lock });
            }
        }
        Err(RunsError::Vanishing(root))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a program to its end or its limits. What is left of it by then is ended, wherever it went.
    pub(crate) fn start(&mut self, program: Program, limits: Limits) -> Result<Ended, ProgramError> {
        let program = program.marked(Mark::new(&self.folder));
        // Writing into memory does not fail.
        let _ = writeln!(self.story, "{}", program.line());
        let ended = program.run(limits)?;
        let (output, errors) = (&ended.output.text, &ended.errors.text);
        let _ = writeln!(self.story, "{:?}\n\nstandard output:\n{output}\nstandard error:\n{errors}", ended.status);
        Ok(ended)
    }

    /// Does something in the folder, which is handed on with what came of it. Where that failed it is kept.
    pub(crate) fn going_on<T, E: Display>(
        mut self,
        kept: Kept,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(Self, T), E> {
        match work(&mut self) {
            Ok(done) => Ok((self, done)),
            Err(why) => {
                let _ = writeln!(self.story, "\n{why}");
                self.keep(kept);
                Err(why)
            }
        }
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf, RunsError> {
        let path = self.folder.join(name);
        fs::write(&path, bytes).map_err(RunsError::at(&path))?;
        Ok(path)
    }

    pub(crate) fn make_folder(&self, name: &str) -> Result<PathBuf, RunsError> {
        let path = self.folder.join(name);
        fs::create_dir(&path).map_err(RunsError::at(&path))?;
        Ok(path)
    }

    /// A file that a tool has written; none where there is none.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, NoAnswer> {
        let path = self.folder.join(name);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(RunsError::at(&path))?,
        };
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(RunsError::at(&path))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
            return Ok(Some(bytes));
        }
        Err(NoAnswer::Failed { words: format!("the tool wrote more than {most} bytes into {name}") })
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // What cannot be removed now is swept away at the next start.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A fresh folder for programs that are no tools, which are started here and ended together with all that they started.
/// Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub struct Fresh(Run);

impl Fresh {
    /// Makes a folder within `root`, which is made as well.
    pub fn within(root: &Path) -> Result<Self, RunsError> {
        Run::within(root).map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.folder()
    }

    /// Runs a program to its end or its limits. What is left of it by then is ended, wherever it went.
    pub fn start(&mut self, program: Program, limits: Limits) -> Result<Ended, ProgramError> {
        self.0.start(program, limits)
    }
}

/// Does something in a folder of its own. Where there is no answer the folder is kept, with the command lines, what was
/// said, and why.
pub(crate) fn within<T, E: Display + From<RunsError>>(
    root: &Path,
    kept: Kept,
    ask: impl FnOnce(&mut Run) -> Result<T, E>,
) -> Result<T, E> {
    Run::within(root)?.going_on(kept, ask).map(|(_, answer)| answer)
}

/// The lock of a folder; none where somebody else has it, or had it and removed the folder.
fn locked(folder: &Path) -> io::Result<Option<File>> {
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(None),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    let is_there = fs::metadata(folder).is_ok_and(|there| file.metadata().is_ok_and(|held| held.ino() == there.ino()));
    Ok(is_there.then_some(file))
}

/// The folders in `root` whose names begin so.
fn folders(root: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let is_one = |entry: &fs::DirEntry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        is_folder && entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix))
    };
    entries.filter(is_one).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn names(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root).expect("a folder").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_goes_with_its_run_and_leaves_the_root() {
        let root = tempfile::tempdir().expect("a folder");
        let within = root.path().join("deep/down");
        let run = Run::within(&within).expect("made");
        run.write("a", "1234").expect("written");
        assert_eq!(run.read("a", 4), Ok(Some(b"1234".to_vec())));
        assert!(matches!(run.read("a", 3), Err(NoAnswer::Failed { .. })));
        assert_eq!(run.read("b", 4), Ok(None));
        assert!(run.folder().as_os_str().is_ascii());
        drop(run);
        assert_eq!(names(&within), [""; 0]);
    }

    #[test]
    fn a_root_that_is_not_ascii_or_no_folder_is_refused() {
        let root = tempfile::tempdir().expect("a folder");
        let error = is_usable(&root.path().join("Arbeitsplätze")).expect_err("refused");
        assert!(error.to_string().contains("name another folder"), "{error}");
        let file = root.path().join("file");
        fs::write(&file, "").expect("writable");
        assert!(matches!(is_usable(&file).map_err(NoAnswer::from), Err(NoAnswer::Bench { .. })));
    }

    #[test]
    fn a_full_disk_may_pass_and_a_missing_right_does_not() {
        let of = |kind: io::ErrorKind| NoAnswer::from(RunsError::at(Path::new("a file"))(kind.into()));
        assert!(of(io::ErrorKind::StorageFull).is_transient());
        assert!(!of(io::ErrorKind::PermissionDenied).is_transient());
    }
}
