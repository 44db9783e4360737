//! Folders whose files are artifacts: one list, itself an artifact, by which anybody lays the folder out again.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Component, Path, PathBuf},
};

use automcu_model::ArtifactId;
use serde::{Deserialize, Serialize};

use crate::{
    store::{Store, StoreError},
    whole::write_whole,
};

/// A folder of files by what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`Bundle::VERSION`].
    pub version: u32,
    /// Its files, in the order of their paths.
    pub files: Vec<BundleFile>,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleFile {
    /// Where it lies in the folder, its parts set apart by `/`.
    pub path: String,
    /// What it holds.
    pub artifact: ArtifactId,
    /// How long it is.
    pub bytes: u64,
}

/// A bundle that cannot be kept, read or laid out.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file cannot be kept or had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The list is none.
    #[error("artifact {id} is no list of a bundle: {error}")]
    Form {
        /// Which.
        id: ArtifactId,
        /// Why not.
        error: serde_json::Error,
    },
    /// The list is of another version.
    #[error("the bundle's list has version {0}, and this program knows version {known}; use a newer one", known = Bundle::VERSION)]
    Version(u32),
    /// A path leads out of the folder, or to a file twice, or is no plain path.
    #[error("{path:?} is no path of a bundle: {problem}")]
    Path {
        /// Which.
        path: String,
        /// Why not.
        problem: &'static str,
    },
    /// There are more files than a bundle has.
    #[error("a bundle of {0} files; the most are {most}", most = Bundle::FILES)]
    TooMany(usize),
    /// A file is not as long as the list says.
    #[error("{path}: the file has {bytes} bytes, and the bundle's list says {listed}")]
    Length {
        /// Which.
        path: String,
        /// How long it is.
        bytes: u64,
        /// How long it should be.
        listed: u64,
    },
    /// What came is something else.
    #[error("{what}: the content has another digest than it is named by; fetch it again")]
    Other {
        /// Of which file.
        what: String,
    },
    /// Something is there already.
    #[error("{}: the folder is not empty; name one that is not there", .0.display())]
    Taken(PathBuf),
    /// The file system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Bundle {
    /// The version of lists.
    pub const VERSION: u32 = 1;
    /// The most files.
    pub const FILES: usize = 256;
    /// The longest path.
    const PATH: usize = 200;

    /// Keeps these files and their list, by whose id they are had again.
    pub fn keep(store: &Store, mut files: Vec<(String, Vec<u8>)>) -> Result<(Self, ArtifactId), BundleError> {
        files.sort();
        check(files.iter().map(|(path, _)| path.as_str()))?;
        let kept = files.into_iter().map(|(path, content)| {
            Ok(BundleFile { path, artifact: store.put(&content)?, bytes: content.len() as u64 })
        });
        let bundle = Self { version: Self::VERSION, files: kept.collect::<Result<_, StoreError>>()? };
        let list = serde_json::to_vec_pretty(&bundle).expect("a list is plain data");
        Ok((bundle, store.put(&list)?))
    }

    /// The list that is kept under this id.
    pub fn read(store: &Store, id: ArtifactId) -> Result<Self, BundleError> {
        Self::of(id, &store.get(id)?)
    }

    /// The list that this content is, if it has this id: it may come from anywhere.
    pub fn of(id: ArtifactId, content: &[u8]) -> Result<Self, BundleError> {
        if ArtifactId::of(content) != id {
            return Err(BundleError::Other { what: "the list".to_owned() });
        }
        let bundle: Self = serde_json::from_slice(content).map_err(|error| BundleError::Form { id, error })?;
        if bundle.version != Self::VERSION {
            return Err(BundleError::Version(bundle.version));
        }
        check(bundle.files.iter().map(|file| file.path.as_str()))?;
        Ok(bundle)
    }

    /// Writes all files to a folder that is made, or is empty. Each is held against its digest.
    pub fn lay_out(&self, store: &Store, folder: &Path) -> Result<(), BundleError> {
        self.lay_out_from(folder, |file| Ok(store.get(file.artifact)?))
    }

    /// The same with files that come from anywhere: nothing is written before all of them are there and right.
    pub fn lay_out_from<E: From<BundleError>>(
        &self,
        folder: &Path,
        mut fetch: impl FnMut(&BundleFile) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        check(self.files.iter().map(|file| file.path.as_str()))?;
        is_free(folder)?;
        let mut contents = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let content = fetch(file)?;
            file.check(&content)?;
            contents.push((&file.path, content));
        }
        fs::create_dir_all(folder).map_err(at(folder))?;
        for (path, content) in contents {
            let file = folder.join(path);
            let parent = file.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(at(parent))?;
            write_whole(&file, &content).map_err(at(&file))?;
        }
        Ok(())
    }
}

impl BundleFile {
    fn check(&self, content: &[u8]) -> Result<(), BundleError> {
        let bytes = content.len() as u64;
        if bytes != self.bytes {
            return Err(BundleError::Length { path: self.path.clone(), bytes, listed: self.bytes });
        }
        if ArtifactId::of(content) != self.artifact {
            return Err(BundleError::Other { what: self.path.clone() });
        }
        Ok(())
    }
}

/// A folder that is not there yet, or is empty.
fn is_free(folder: &Path) -> Result<(), BundleError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| Err(BundleError::Taken(folder.to_owned()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(folder)(error)),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BundleError {
    let path = path.to_owned();
    |error| BundleError::Io { path, error }
}

/// A list may come from anywhere: what it names has to lie in its own folder, each file once.
fn check<'p>(paths: impl Iterator<Item = &'p str>) -> Result<(), BundleError> {
    let mut seen = BTreeSet::new();
    for path in paths {
        let is_plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        let is_written_so = !path.is_empty() && path.split('/').all(|part| !part.is_empty() && part != ".");
        let problem = if !is_plain || !is_written_so || path.contains(['\\', ':']) {
            Some("it has to lie within the folder")
        } else if path.len() > Bundle::PATH || path.chars().any(char::is_control) {
            Some("it has to be a line of at most 200 bytes")
        } else if !seen.insert(path) {
            Some("it is named twice")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(BundleError::Path { path: path.chars().take(Bundle::PATH).collect(), problem });
        }
    }
    if seen.len() > Bundle::FILES { Err(BundleError::TooMany(seen.len())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().join("artifacts")).expect("made");
        (folder, store)
    }

    fn file(path: &str, content: &str) -> (String, Vec<u8>) {
        (path.to_owned(), content.as_bytes().to_vec())
    }

    #[test]
    fn what_is_kept_is_laid_out_again_to_the_byte() {
        let (folder, store) = store();
        let files = vec![file("report.json", "{}"), file("vectors/inputs.bin", "12"), file("a.c", "int x;")];
        let (bundle, id) = Bundle::keep(&store, files).expect("kept");
        assert_eq!(Bundle::read(&store, id).expect("a list"), bundle);
        let there = folder.path().join("bundle");
        bundle.lay_out(&store, &there).expect("laid out");
        for (path, content) in [("report.json", "{}"), ("vectors/inputs.bin", "12"), ("a.c", "int x;")] {
            assert_eq!(fs::read_to_string(there.join(path)).expect("there"), content);
        }
        let error = bundle.lay_out(&store, &there).expect_err("taken").to_string();
        assert!(error.contains("the folder is not empty"), "{error}");
    }

    #[test]
    fn a_list_that_leads_elsewhere_is_refused_before_anything_is_written() {
        let (folder, store) = store();
        for path in ["../x", "/x", "a/../x", "", "a//b", "./a", "a/", "c:\\x", "a\nb", &"a/".repeat(120)] {
            let error = Bundle::keep(&store, vec![file("good", ""), file(path, "")]).expect_err(path);
            assert!(matches!(error, BundleError::Path { .. }), "{path}: {error}");
            let artifact = ArtifactId::of(b"");
            let files = vec![BundleFile { path: path.to_owned(), artifact, bytes: 0 }];
            let there = folder.path().join("bundle");
            Bundle { version: 1, files }.lay_out(&store, &there).expect_err(path);
            assert!(!there.exists());
        }
        let twice = Bundle::keep(&store, vec![file("a", "1"), file("a", "2")]).expect_err("twice");
        assert!(twice.to_string().contains("named twice"), "{twice}");
    }

    #[test]
    fn a_list_of_another_version_or_of_wrong_lengths_is_refused() {
        let (folder, store) = store();
        let (bundle, _) = Bundle::keep(&store, vec![file("a", "content")]).expect("kept");
        let newer = Bundle { version: 2, ..bundle.clone() };
        let id = store.put(&serde_json::to_vec(&newer).expect("JSON")).expect("put");
        assert!(matches!(Bundle::read(&store, id), Err(BundleError::Version(2))));
        let id = store.put(b"[]").expect("put");
        assert!(matches!(Bundle::read(&store, id), Err(BundleError::Form { .. })));
        let mut longer = bundle;
        longer.files[0].bytes += 1;
        let error = longer.lay_out(&store, &folder.path().join("b")).expect_err("another length");
        assert!(matches!(error, BundleError::Length { bytes: 7, listed: 8, .. }), "{error}");
    }
    #[test]
    fn files_from_elsewhere_are_all_right_before_one_is_written() {
        let (folder, store) = store();
        let (bundle, id) = Bundle::keep(&store, vec![file("a", "one"), file("b", "two")]).expect("kept");
        let list = store.get(id).expect("a list");
        assert_eq!(Bundle::of(id, &list).expect("a list"), bundle);
        assert!(matches!(Bundle::of(ArtifactId::of(b""), &list), Err(BundleError::Other { .. })));
        let there = folder.path().join("bundle");
        let wrong = |file: &BundleFile| Ok(if file.path == "a" { b"one".to_vec() } else { b"ten".to_vec() });
        let error: BundleError = bundle.lay_out_from(&there, wrong).expect_err("another file");
        assert!(error.to_string().starts_with("b: the content has another digest"), "{error}");
        assert!(!there.exists());
    }
}
