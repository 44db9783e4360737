//! A fresh folder for each run of the tool, which nobody else reads or writes. It goes when the run is over; where the run
//! failed it is kept for whoever looks, and older ones go for it.
//!
//! A folder is locked for as long as its run lasts. What a killed program leaves is not locked any more, by which the next start
//! knows it, and the processes that carry its mark.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use automcu_process::{Mark, end_marked};

/// What the folders of runs are called.
const RUN: &str = "run-";
/// What those of failed ones are called when their run is over.
const FAILED: &str = "failed-";
/// A folder may be swept away right after it is made: then another is made, at most so often.
const TRIES: u32 = 16;

/// A folder for one run. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub(super) struct Workspace {
    folder: PathBuf,
    // Held until the folder is gone.
    _lock: File,
}

impl Workspace {
    /// Makes a folder within `root`, which is made as well.
    pub(super) fn create(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        if !root.as_os_str().is_ascii() {
            let why = format!("{}: the tool stumbles over letters beyond ASCII; name another folder", root.display());
            return Err(io::Error::new(io::ErrorKind::InvalidFilename, why));
        }
        for _ in 0..TRIES {
            let folder = tempfile::Builder::new().prefix(RUN).rand_bytes(12).tempdir_in(&root)?.keep();
            if let Some(lock) = locked(&folder)? {
                return Ok(Self { folder, _lock: lock });
            }
        }
        Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("{}: folders vanish here", root.display())))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// By which all that runs here is known.
    pub(super) fn mark(&self) -> Mark {
        Mark::new(&self.folder)
    }

    /// Keeps the folder, with a word why, and removes the oldest of those that were kept, so that at most so many are there.
    /// Gives where it is, where it was kept.
    pub(super) fn keep(self, most: usize, word: &str) -> Option<PathBuf> {
        let root = self.folder.parent()?.to_owned();
        let kept = (most > 0).then(|| self.keep_as_failed(&root, word)).flatten();
        // First what is to go of this one, then of the older ones.
        drop(self);
        trim(&root, most);
        kept
    }

    fn keep_as_failed(&self, root: &Path, word: &str) -> Option<PathBuf> {
        fs::write(self.folder.join("automcu.txt"), word).ok()?;
        let before = folders(root, FAILED).iter().filter_map(|folder| number(folder)).max().unwrap_or(0);
        let unique = self.folder.file_name()?.to_str()?.strip_prefix(RUN)?;
        let kept = root.join(format!("{FAILED}{:06}-{unique}", before + 1));
        fs::rename(&self.folder, &kept).ok()?;
        Some(kept)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What cannot be removed now is swept away at the next start.
        let _ = fs::remove_dir_all(&self.folder);
    }
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

/// Removes the oldest folders of failed runs, so that at most so many are left.
fn trim(root: &Path, most: usize) {
    let mut kept = folders(root, FAILED);
    kept.sort_by_key(|folder| number(folder));
    let surplus = kept.len().saturating_sub(most);
    for folder in &kept[..surplus] {
        // Somebody else may do the same.
        let _ = fs::remove_dir_all(folder);
    }
}

/// How many failed before this one.
fn number(folder: &Path) -> Option<u64> {
    folder.file_name()?.to_str()?.strip_prefix(FAILED)?.split('-').next()?.parse().ok()
}

fn folders(root: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let is_one = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(prefix));
    entries.filter(|entry| is_one(&entry.file_name())).map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// What was left by programs that were killed, and is gone now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Folders of runs.
    pub folders: usize,
    /// Whether all processes that were left are gone, and all folders.
    pub is_clean: bool,
}

/// Removes what runs below `root` left whose program was killed: their processes, with all that these started, and their
/// folders. Runs that go on are left alone, whoever's they are. For every start of a program that asks the tool.
#[must_use]
pub fn sweep(root: &Path) -> Swept {
    let Ok(root) = root.canonicalize() else { return Swept { folders: 0, is_clean: true } };
    // Whoever holds the lock of one of these goes on; one that is made after this is not looked at.
    let there = folders(&root, RUN);
    let (mut orphans, mut locks) = (Vec::new(), Vec::new());
    let mut alive = HashSet::new();
    for folder in there {
        match locked(&folder) {
            Ok(Some(lock)) => {
                orphans.push(folder);
                locks.push(lock);
            }
            Ok(None) | Err(_) => {
                alive.insert(folder);
            }
        }
    }
    let are_processes_gone = end_marked(|mark| {
        let folder = Path::new(mark);
        let is_ours = folder.parent() == Some(&root);
        is_ours && !alive.contains(folder) && (orphans.iter().any(|orphan| orphan == folder) || !folder.exists())
    });
    let removed = orphans.iter().filter(|folder| fs::remove_dir_all(folder).is_ok()).count();
    drop(locks);
    Swept { folders: removed, is_clean: are_processes_gone && removed == orphans.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root).expect("a folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_folder_goes_with_its_run() {
        let root = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::create(&root.path().join("runs")).expect("a workspace");
        fs::write(workspace.folder().join("file"), "text").expect("writable");
        drop(workspace);
        assert_eq!(names(&root.path().join("runs")), [""; 0]);
    }

    #[test]
    fn so_many_failures_are_kept_and_no_more() {
        let root = tempfile::tempdir().expect("a folder");
        let fail = |word: &str, most| Workspace::create(root.path()).expect("a workspace").keep(most, word);
        let kept: Vec<PathBuf> = ["1", "2", "3"].iter().map(|word| fail(word, 2).expect("kept")).collect();
        let mut expected: Vec<&str> =
            kept[1..].iter().map(|kept| kept.file_name().unwrap().to_str().unwrap()).collect();
        let mut there = names(root.path());
        expected.sort_unstable();
        there.sort_unstable();
        assert_eq!(there, expected);
        assert_eq!(fs::read_to_string(kept[2].join("automcu.txt")).expect("written"), "3");
        assert_eq!((fail("4", 0), names(root.path())), (None, Vec::new()));
    }

    #[test]
    fn only_what_nobody_holds_is_swept_away() {
        let root = tempfile::tempdir().expect("a folder");
        let going_on = Workspace::create(root.path()).expect("a workspace");
        Workspace::create(root.path()).expect("a workspace").keep(1, "failed").expect("kept");
        fs::create_dir(root.path().join("run-left")).expect("writable");
        fs::write(root.path().join("run-left/file"), "text").expect("writable");
        fs::create_dir(root.path().join("other")).expect("writable");
        assert_eq!(sweep(root.path()), Swept { folders: 1, is_clean: true });
        assert_eq!((names(root.path()).len(), going_on.folder().is_dir()), (3, true));
        assert_eq!(sweep(&root.path().join("none")), Swept { folders: 0, is_clean: true });
    }

    #[test]
    fn folders_beyond_ascii_are_refused() {
        let root = tempfile::tempdir().expect("a folder");
        let error = Workspace::create(&root.path().join("Arbeitsplätze")).expect_err("refused");
        assert!(error.to_string().contains("name another folder"), "{error}");
    }
}
