//! What programs left that were killed.

use std::{collections::HashSet, fs, path::Path};

use automcu_process::end_marked;

use super::{RUN, folders, locked};

/// What was left by programs that were killed, and is gone now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Folders of runs.
    pub folders: usize,
    /// Whether all processes that were left are gone, and all folders.
    pub is_clean: bool,
}

/// Removes what runs below `root` left whose program was killed: their processes, with all that these started, and their
/// folders. Runs that go on are left alone, whoever's they are. For every start of a program that runs others.
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
    use super::{
        super::{Kept, Run, tests::names},
        *,
    };

    #[test]
    fn only_what_nobody_holds_is_swept_away() {
        let root = tempfile::tempdir().expect("a folder");
        let going_on = Run::within(root.path()).expect("a folder");
        Run::within(root.path()).expect("a folder").keep(Kept::default()).expect("kept");
        fs::create_dir(root.path().join("run-left")).expect("writable");
        fs::write(root.path().join("run-left/file"), "text").expect("writable");
        fs::create_dir(root.path().join("other")).expect("writable");
        assert_eq!(sweep(root.path()), Swept { folders: 1, is_clean: true });
        assert_eq!((names(root.path()).len(), going_on.folder().is_dir()), (3, true));
        assert_eq!(sweep(&root.path().join("none")), Swept { folders: 0, is_clean: true });
    }
}
