//! Files that are never half written.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Puts these bytes in the place of a file, all of them or none: whoever reads it, and whenever the power fails, finds what was
/// there before or what is there now.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, |file| file.write_all(bytes))
}

/// Puts what `fill` writes in the place of a file.
fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Others may write here at the same time, under the same process number in another container. What is not put in its
    // place is removed.
    let mut new = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".new")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    fill(new.as_file_mut())?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_full_disk_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write_whole(&path, b"before").expect("written");
        let cut = |file: &mut File| {
            file.write_all(b"aft")?;
            File::options().write(true).open("/dev/full")?.write_all(b"er")
        };
        let error = replace(&path, cut).expect_err("no space");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).expect("there"), b"before");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        write_whole(&path, b"after").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"after");
    }

    #[test]
    fn many_that_write_at_a_time_leave_one_of_them_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::thread::scope(|scope| {
            for byte in 0..8 {
                let path = &path;
                scope.spawn(move || write_whole(path, &[byte; 4096]).expect("written"));
            }
        });
        let bytes = fs::read(&path).expect("there");
        assert!(bytes.len() == 4096 && bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
