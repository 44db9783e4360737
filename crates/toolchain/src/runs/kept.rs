//! Folders of failed runs, kept for whoever looks: so many, so large, the oldest go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{RUN, Run, folders};

/// What the folders of failed runs are called when their run is over.
const FAILED: &str = "failed-";
/// What is told of a run, beside its files.
const STORY: &str = "automcu.txt";
/// So many files are counted in a folder; one with more is too large.
const MOST_FILES: usize = 10_000;

/// How much is kept of runs that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// So many folders at most.
    pub folders: usize,
    /// So many bytes at most, all of them together. Of a run that left more by itself only its story is kept.
    pub bytes: u64,
}

impl Kept {
    /// Nothing.
    pub const NONE: Self = Self { folders: 0, bytes: 0 };
}

impl Default for Kept {
    /// Five folders of 64 MiB together.
    fn default() -> Self {
        Self { folders: 5, bytes: 64 << 20 }
    }
}

impl Run {
    /// Keeps the folder, with what is told of it, and removes the oldest of those that were kept, so that no more is there than
    /// was agreed. Gives where it is, where it was kept.
    pub(super) fn keep(self, most: Kept) -> Option<PathBuf> {
        let root = self.folder.parent()?.to_owned();
        let kept = (most.folders > 0).then(|| self.keep_as_failed(&root, most.bytes)).flatten();
        // First what is to go of this one, then of the older ones.
        drop(self);
        trim(&root, most);
        kept
    }

    fn keep_as_failed(&self, root: &Path, most_bytes: u64) -> Option<PathBuf> {
        fs::write(self.folder.join(STORY), &self.story).ok()?;
        if size(&self.folder) > most_bytes {
            empty(&self.folder).ok()?;
            fs::write(self.folder.join(STORY), &self.story).ok()?;
        }
        if size(&self.folder) > most_bytes {
            return None;
        }
        let before = folders(root, FAILED).iter().filter_map(|folder| number(folder)).max().unwrap_or(0);
        let unique = self.folder.file_name()?.to_str()?.strip_prefix(RUN)?;
        let kept = root.join(format!("{FAILED}{:06}-{unique}", before.saturating_add(1)));
        fs::rename(&self.folder, &kept).ok()?;
        Some(kept)
    }
}

/// Removes all that is in a folder.
fn empty(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

/// The bytes of all files in a folder. What cannot be looked at counts as too much.
fn size(folder: &Path) -> u64 {
    let (mut bytes, mut left, mut files) = (0_u64, vec![folder.to_owned()], 0);
    while let Some(folder) = left.pop() {
        let Ok(entries) = fs::read_dir(folder) else { return u64::MAX };
        for entry in entries {
            // Links are not followed.
            let Ok((entry, file)) = entry.and_then(|entry| entry.metadata().map(|file| (entry, file))) else {
                return u64::MAX;
            };
            files += 1;
            if files > MOST_FILES {
                return u64::MAX;
            }
            if file.is_dir() {
                left.push(entry.path());
            } else {
                bytes = bytes.saturating_add(file.len());
            }
        }
    }
    bytes
}

/// Removes the oldest folders of failed runs, until no more is left than may be.
fn trim(root: &Path, most: Kept) {
    let mut kept = folders(root, FAILED);
    kept.sort_by_key(|folder| std::cmp::Reverse(number(folder)));
    let mut bytes = 0_u64;
    for (place, folder) in kept.iter().enumerate() {
        bytes = bytes.saturating_add(size(folder));
        if place >= most.folders || bytes > most.bytes {
            // Somebody else may do the same.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// How many failed before this one.
fn number(folder: &Path) -> Option<u64> {
    folder.file_name()?.to_str()?.strip_prefix(FAILED)?.split('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::names, *};

    /// A run that failed after it wrote so many bytes.
    fn fail(root: &Path, bytes: usize, most: Kept) -> Option<PathBuf> {
        let mut run = Run::within(root).expect("a folder");
        run.make_folder("output").expect("made");
        run.write("output/file", vec![0; bytes]).expect("written");
        run.story = bytes.to_string();
        run.keep(most)
    }

    fn name(kept: &Path) -> String {
        kept.file_name().expect("a name").to_string_lossy().into_owned()
    }

    #[test]
    fn so_many_failures_are_kept_and_no_more() {
        let root = tempfile::tempdir().expect("a folder");
        let most = Kept { folders: 2, bytes: 1_000 };
        let kept = [10, 20, 30].map(|bytes| fail(root.path(), bytes, most).expect("kept"));
        assert_eq!(names(root.path()), [name(&kept[1]), name(&kept[2])]);
        assert_eq!(fs::read_to_string(kept[2].join(STORY)).expect("written"), "30");
        assert_eq!((fail(root.path(), 40, Kept::NONE), names(root.path())), (None, Vec::new()));
    }

    #[test]
    fn what_is_kept_is_no_larger_than_agreed() {
        let root = tempfile::tempdir().expect("a folder");
        let most = Kept { folders: 9, bytes: 1_000 };
        let kept = [400, 400, 500].map(|bytes| fail(root.path(), bytes, most).expect("kept"));
        assert_eq!(names(root.path()), [name(&kept[1]), name(&kept[2])], "the oldest goes");
        // Of one that is too large by itself, the story stays.
        let large = fail(root.path(), 5_000, most).expect("kept");
        assert_eq!(names(&large), [STORY]);
        assert_eq!(names(root.path()).len(), 3);
        assert_eq!(fail(root.path(), 5_000, Kept { folders: 9, bytes: 1 }), None);
        assert_eq!(names(root.path()), [""; 0]);
    }
}
