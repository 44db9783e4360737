//! Files that are never half written.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

/// Puts these bytes in the place of a file, all of them or none: whoever reads it, and whenever the power fails, finds what was
/// there before or what is there now.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_through(path, bytes, |new| File::create_new(new))
}

/// `open` makes the file that the bytes are first written to.
fn write_through(path: &Path, bytes: &[u8], open: impl FnOnce(&Path) -> io::Result<File>) -> io::Result<()> {
    // Several threads may write the same file at a time.
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (process, count) = (std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed));
    let new = folder.join(format!(".{name}.{process}-{count}.new"));
    // What is left there is of a process of the same number that has died.
    let _ = fs::remove_file(&new);
    let written = open(&new)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        // What is left of a failed attempt is of no use.
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write_whole(&path, b"before").expect("written");
        let full = |_: &Path| File::options().write(true).open("/dev/full");
        let error = write_through(&path, b"after", full).expect_err("no space");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        // Also where the disk fills up in the middle.
        let cut = |new: &Path| {
            fs::write(new, b"aft")?;
            Err(io::ErrorKind::StorageFull.into())
        };
        write_through(&path, b"after", cut).expect_err("no space");
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
