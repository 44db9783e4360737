//! The folder that artifacts lie in.

use std::{
    fs::{self, DirEntry, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use automcu_model::ArtifactId;

use crate::whole::write_whole;

/// A folder of artifacts. Any number of processes may use it at a time: what is there never changes.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// An artifact that cannot be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not there.
    #[error("{}: artifact {id} is not there; whoever named it must put it again", folder.display())]
    NotThere {
        /// Which.
        id: ArtifactId,
        /// Where it should be.
        folder: PathBuf,
    },
    /// What is there is something else.
    #[error("{}: the file is damaged, its content has another digest than its name; remove it", path.display())]
    Damaged {
        /// Where.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Store {
    /// The store in this folder, which is made if it is not there.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        // Other processes, in other folders, are handed paths of files.
        let folder = std::path::absolute(&folder).map_err(at(&folder))?;
        Ok(Self { folder })
    }

    /// Keeps this content. When this returns, it is on the disk.
    pub fn put(&self, content: &[u8]) -> Result<ArtifactId, StoreError> {
        let id = ArtifactId::of(content);
        let path = self.place(id);
        if !fs::read(&path).is_ok_and(|there| ArtifactId::of(&there) == id) {
            let folder = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(folder).and_then(|()| File::open(&self.folder)?.sync_all()).map_err(at(folder))?;
            write_whole(&path, content).map_err(at(&path))?;
        }
        Ok(id)
    }

    /// Keeps what is in this file.
    pub fn put_file(&self, path: &Path) -> Result<ArtifactId, StoreError> {
        self.put(&fs::read(path).map_err(at(path))?)
    }

    /// What is kept under this id.
    pub fn get(&self, id: ArtifactId) -> Result<Vec<u8>, StoreError> {
        let path = self.place(id);
        match fs::read(&path) {
            Ok(content) if ArtifactId::of(&content) == id => Ok(content),
            Ok(_) => Err(StoreError::Damaged { path }),
            Err(error) => Err(self.absent(id, &path, error)),
        }
    }

    /// The file that it lies in, for another process to read; what is in it is held against its digest.
    pub fn file(&self, id: ArtifactId) -> Result<PathBuf, StoreError> {
        self.get(id).map(|_| self.place(id))
    }

    /// At most so many bytes of its beginning, which are not held against its digest.
    pub fn beginning(&self, id: ArtifactId, most: u64) -> Result<Vec<u8>, StoreError> {
        let path = self.place(id);
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| self.absent(id, &path, error))
    }

    /// Everything that is kept, with how long it is.
    pub fn all(&self) -> Result<Vec<(ArtifactId, u64)>, StoreError> {
        let mut found = Vec::new();
        for folder in entries(&self.folder)? {
            let front = folder.file_name();
            if !folder.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            for file in entries(&folder.path())? {
                // What is being written has another name.
                let name = [&front, &file.file_name()].map(|part| part.to_string_lossy().into_owned()).concat();
                let Ok(id) = name.parse() else { continue };
                found.push((id, file.metadata().map_err(at(&file.path()))?.len()));
            }
        }
        Ok(found)
    }

    /// Removes what is kept under this id. Whoever does this knows that nobody names it, nor puts it meanwhile.
    pub fn remove(&self, id: ArtifactId) -> Result<(), StoreError> {
        let path = self.place(id);
        fs::remove_file(&path).map_err(|error| self.absent(id, &path, error))
    }

    fn absent(&self, id: ArtifactId, path: &Path, error: io::Error) -> StoreError {
        match error.kind() {
            io::ErrorKind::NotFound => StoreError::NotThere { id, folder: self.folder.clone() },
            _ => at(path)(error),
        }
    }

    fn place(&self, id: ArtifactId) -> PathBuf {
        let name = id.to_string();
        let (folder, file) = name.split_at(2);
        self.folder.join(folder).join(file)
    }
}

fn entries(folder: &Path) -> Result<Vec<DirEntry>, StoreError> {
    fs::read_dir(folder).and_then(Iterator::collect).map_err(at(folder))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    |error| StoreError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_had_again_by_its_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().join("a/b")).expect("made");
        let id = store.put(b"content").expect("put");
        assert_eq!(id, ArtifactId::of(b"content"));
        assert_eq!(store.put(b"content").expect("put twice"), id);
        assert_eq!(store.get(id).expect("there"), b"content");
        assert_eq!(fs::read(store.file(id).expect("there")).expect("readable"), b"content");
        // Another process, or a later one.
        let file = folder.path().join("file");
        fs::write(&file, b"other").expect("writable");
        let again = Store::open(folder.path().join("a/b")).expect("there");
        assert_eq!(again.get(again.put_file(&file).expect("put")).expect("there"), b"other");
        assert_eq!(again.get(id).expect("there"), b"content");
    }

    #[test]
    fn what_is_missing_or_damaged_is_told_and_can_be_put_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("made");
        let missing = store.get(ArtifactId::of(b"content")).expect_err("never put").to_string();
        assert!(missing.contains("is not there; whoever named it must put it again"), "{missing}");
        let id = store.put(b"content").expect("put");
        let path = store.file(id).expect("there");
        fs::write(&path, b"c0ntent").expect("writable");
        for error in [store.get(id).expect_err("damaged"), store.file(id).expect_err("damaged")] {
            assert!(error.to_string().starts_with(&format!("{}: the file is damaged", path.display())), "{error}");
        }
        assert_eq!(store.put(b"content").expect("put again"), id);
        assert_eq!(store.get(id).expect("mended"), b"content");
    }
    #[test]
    fn what_is_kept_is_listed_begun_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("made");
        let (one, two) = (store.put(b"content").expect("put"), store.put(b"{}").expect("put"));
        fs::write(folder.path().join("stray"), b"").expect("writable");
        fs::write(store.file(one).expect("there").with_file_name(".x.new"), b"half").expect("writable");
        let mut all = store.all().expect("readable");
        all.sort_by_key(|(_, bytes)| *bytes);
        assert_eq!(all, [(two, 2), (one, 7)]);
        assert_eq!(store.beginning(one, 3).expect("there"), b"con");
        store.remove(one).expect("removed");
        assert!(matches!(store.remove(one), Err(StoreError::NotThere { .. })));
        assert!(matches!(store.beginning(one, 3), Err(StoreError::NotThere { .. })));
        assert_eq!(store.all().expect("readable"), [(two, 2)]);
    }
}
