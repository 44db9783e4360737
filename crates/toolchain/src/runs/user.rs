//! A folder of the user's own where everybody may write.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::RunsError;

/// The user's own folder for runs within one that all users share, such as `/tmp`. It is made where it is missing, and refused
/// where somebody else was first: programs are compiled and started there.
pub fn folder_of_user(shared: &Path) -> Result<PathBuf, RunsError> {
    let user = rustix::process::geteuid().as_raw();
    let folder = shared.join(format!("automcu-{user}"));
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(RunsError::at(&folder)(error)),
        _ => {}
    }
    let there = fs::symlink_metadata(&folder).map_err(RunsError::at(&folder))?;
    let is_ours = there.is_dir() && there.uid() == user && there.mode() & 0o022 == 0;
    if is_ours { Ok(folder) } else { Err(RunsError::NotOurs(folder)) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_folder_that_others_may_write_into_is_refused() {
        let shared = tempfile::tempdir().expect("a folder");
        let folder = folder_of_user(shared.path()).expect("made");
        assert_eq!(folder_of_user(shared.path()).expect("there"), folder);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("ours");
        assert!(matches!(folder_of_user(shared.path()), Err(RunsError::NotOurs(_))));
        fs::remove_dir(&folder).expect("empty");
        symlink(shared.path(), &folder).expect("writable");
        assert!(matches!(folder_of_user(shared.path()), Err(RunsError::NotOurs(_))));
        assert!(matches!(folder_of_user(&shared.path().join("none")), Err(RunsError::Io { .. })));
    }
}
