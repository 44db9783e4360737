//! The binary versions of CIFAR-10 and CIFAR-100: records of labels and three planes of 32x32 bytes. They lie in a folder,
//! or in the archive as it is published.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use automcu_model::Shape;

use crate::{
    DatasetError, Part, Samples, Values,
    file::{self, MOST_VALUES, Reader},
    published::{self, whole},
};

const SHAPE: Shape = Shape { height: 32, width: 32, channels: 3 };
const PLANE: usize = 32 * 32;

/// What the classes of CIFAR-10 are.
const TEN: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Ten,
    /// By its fine classes.
    Hundred,
}

impl Version {
    const ALL: [Self; 2] = [Self::Ten, Self::Hundred];

    const fn files(self, part: Part) -> &'static [&'static str] {
        match (self, part) {
            (Self::Ten, Part::Train) => {
                &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"]
            }
            (Self::Ten, Part::Test) => &["test_batch.bin"],
            (Self::Hundred, Part::Train) => &["train.bin"],
            (Self::Hundred, Part::Test) => &["test.bin"],
        }
    }

    /// The file that says what the classes are.
    const fn names_file(self) -> &'static str {
        match self {
            Self::Ten => "batches.meta.txt",
            Self::Hundred => "fine_label_names.txt",
        }
    }

    fn all_files(self) -> Vec<&'static str> {
        Part::ALL.iter().flat_map(|&part| self.files(part)).copied().chain([self.names_file()]).collect()
    }

    /// Before each image stand so many bytes, the last of which is the class.
    const fn label_bytes(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Hundred => 2,
        }
    }

    const fn classes(self) -> usize {
        match self {
            Self::Ten => 10,
            Self::Hundred => 100,
        }
    }

    /// The folder within the archive, and the archive.
    const fn published(self) -> (&'static str, &'static str) {
        match self {
            Self::Ten => ("cifar-10-batches-bin", "cifar-10-binary.tar.gz"),
            Self::Hundred => ("cifar-100-binary", "cifar-100-binary.tar.gz"),
        }
    }
}

/// Where one of the two lies.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) version: Version,
    path: PathBuf,
    is_archive: bool,
}

/// What there is at a path: a folder with the files, with the folder of the archive, or with the archive; or the archive.
pub(crate) fn at(path: &Path) -> Option<Place> {
    let place = |version, path, is_archive| Some(Place { version, path, is_archive });
    for version in Version::ALL {
        let (folder, archive) = version.published();
        if path.is_file() && path.file_name().is_some_and(|name| name == archive) {
            return place(version, path.to_owned(), true);
        }
        for folder in [path.to_owned(), path.join(folder)] {
            let names = Part::ALL.iter().flat_map(|&part| version.files(part));
            if names.into_iter().any(|name| folder.join(name).is_file()) {
                return place(version, folder, false);
            }
        }
        if path.join(archive).is_file() {
            return place(version, path.join(archive), true);
        }
    }
    None
}

/// Unpacks an archive into a folder and takes it away; nothing happens where it is not there.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> Result<(), DatasetError> {
    let Some(place) = at(archive).filter(|place| place.is_archive) else { return Ok(()) };
    let files = place.version.all_files();
    for (name, bytes) in files.iter().zip(place.contents(&files)?) {
        whole(&folder.join(name), |file| file.write_all(&bytes))?;
    }
    std::fs::remove_file(archive).map_err(|error| DatasetError::Write { path: archive.to_owned(), error })
}

/// Copies the unpacked files of a folder, if they are there. Their checksums are not published, so they are read first.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<bool, DatasetError> {
    let Some(place) = at(from).filter(|place| !place.is_archive) else { return Ok(false) };
    for part in Part::ALL {
        place.read(part)?;
    }
    for name in place.version.all_files().iter().filter(|name| place.path.join(name).is_file()) {
        published::copy(&place.path.join(name), &to.join(name))?;
    }
    Ok(true)
}

impl Place {
    pub(crate) fn read(&self, part: Part) -> Result<Samples, DatasetError> {
        let mut records = Records { version: self.version, values: Vec::new(), labels: Vec::new() };
        let files = self.version.files(part);
        if self.is_archive {
            for (name, bytes) in files.iter().zip(self.contents(files)?) {
                records.add(&self.path.join(name), &bytes)?;
            }
        } else {
            for name in files {
                let path = self.path.join(name);
                let bytes = Reader::open(&path)?.rest(MOST_VALUES)?;
                records.add(&path, &bytes)?;
            }
        }
        let Records { values, labels, .. } = records;
        Samples::new(SHAPE, Values::Bytes(values), labels, self.names()?).map_err(DatasetError::uneven(&self.path))
    }

    /// What these files of the archive hold, in whatever order they lie there.
    fn contents(&self, files: &[&str]) -> Result<Vec<Vec<u8>>, DatasetError> {
        let mut reader = Reader::open(&self.path)?;
        let found = unpacked(&mut reader, files);
        let found = found.map_err(|error| match file::is_damage(&error) {
            true => reader.damaged(error.to_string()),
            false => DatasetError::unreadable(&self.path)(error),
        })?;
        let contents = files.iter().zip(found).map(|(name, bytes)| {
            bytes.ok_or_else(|| DatasetError::wrong(&self.path, format!("there is no {name} within; fetch it again")))
        });
        contents.collect()
    }

    fn names(&self) -> Result<Vec<String>, DatasetError> {
        let folder = if self.is_archive { self.path.parent().unwrap_or(Path::new("")) } else { &self.path };
        for name in [self.version.names_file(), "class-names.txt"] {
            let names = file::names(&folder.join(name))?.filter(|names| names.len() == self.version.classes());
            if let Some(names) = names {
                return Ok(names);
            }
        }
        Ok(match self.version {
            Version::Ten => TEN.map(String::from).to_vec(),
            Version::Hundred => (0..100).map(|class| class.to_string()).collect(),
        })
    }
}

/// The contents of these files of an archive, by their names without folders.
fn unpacked(reader: &mut Reader, files: &[&str]) -> io::Result<Vec<Option<Vec<u8>>>> {
    let mut found = vec![None; files.len()];
    for entry in tar::Archive::new(reader.take(MOST_VALUES)).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(i) = files.iter().position(|file| Some(*file) == name.as_deref()) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            if bytes.len() as u64 != entry.size() {
                let problem = format!("the archive ends within {}", files[i]);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, problem));
            }
            found[i] = Some(bytes);
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    Ok(found)
}

/// Records that were read.
struct Records {
    version: Version,
    values: Vec<u8>,
    labels: Vec<u16>,
}

impl Records {
    fn add(&mut self, path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
        let label_bytes = self.version.label_bytes();
        let length = label_bytes + 3 * PLANE;
        let whole = bytes.len() - bytes.len() % length;
        if bytes.is_empty() || whole != bytes.len() {
            let problem = format!("{} bytes are no whole number of records of {length}", bytes.len());
            return Err(DatasetError::Damaged { path: path.to_owned(), byte: whole as u64, problem });
        }
        let classes = self.version.classes();
        for (i, record) in bytes.chunks_exact(length).enumerate() {
            let (head, planes) = record.split_at(label_bytes);
            let label = head[label_bytes - 1];
            if usize::from(label) >= classes {
                let byte = (i * length + label_bytes - 1) as u64;
                let problem = format!("record {i} has the class {label} of {classes}");
                return Err(DatasetError::Damaged { path: path.to_owned(), byte, problem });
            }
            self.labels.push(label.into());
            let (red, rest) = planes.split_at(PLANE);
            let (green, blue) = rest.split_at(PLANE);
            self.values.extend(red.iter().zip(green).zip(blue).flat_map(|((&red, &green), &blue)| [red, green, blue]));
        }
        Ok(())
    }
}
