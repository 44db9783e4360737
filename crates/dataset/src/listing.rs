//! Folders by class: `train/CLASS/FILE` and `test/CLASS/FILE`, or `CLASS/FILE` where there is no split.

use std::path::{Path, PathBuf};

use crate::{DatasetError, Part, file};

/// Files with their classes.
pub(crate) struct Listing {
    pub(crate) files: Vec<(PathBuf, u16)>,
    /// The classes of all parts, in the order of their names.
    pub(crate) names: Vec<String>,
}

/// Whether there are such files at a path.
pub(crate) fn is_at(path: &Path, extensions: &[&str]) -> bool {
    let roots = [path.join("train"), path.join("test"), path.to_owned()];
    roots.iter().any(|root| {
        let folders = file::entries(root).unwrap_or_default().into_iter().filter(|path| path.is_dir());
        // A folder that is not of such files shows it at once.
        folders.take(8).any(|folder| {
            file::entries(&folder).unwrap_or_default().iter().take(8).any(|path| file::ends_in(path, extensions))
        })
    })
}

/// The files of a part, class by class.
pub(crate) fn of(path: &Path, part: Part, extensions: &[&str]) -> Result<Listing, DatasetError> {
    let roots: Vec<PathBuf> = match Part::ALL.map(|part| path.join(part.name())) {
        roots if roots.iter().any(|root| root.is_dir()) => roots.to_vec(),
        _ => vec![path.to_owned()],
    };
    let own = if roots.len() == 1 { path.to_owned() } else { path.join(part.name()) };
    if part == Part::Test && roots.len() == 1 || !own.is_dir() {
        let remedy = "put the classes' folders into train/ and test/";
        return Err(DatasetError::NoPart { path: path.to_owned(), part: part.name(), remedy });
    }
    let mut names = Vec::new();
    for root in roots.iter().filter(|root| root.is_dir()) {
        names.extend(file::entries(root)?.iter().filter(|path| path.is_dir()).map(|path| name(path)));
    }
    names.sort();
    names.dedup();
    if names.is_empty() || names.len() > usize::from(u16::MAX) {
        return Err(DatasetError::wrong(&own, format!("{} folders of classes; one a class is wanted", names.len())));
    }
    let mut files = Vec::new();
    for (class, name) in (0..).zip(&names) {
        let folder = own.join(name);
        let entries = if folder.is_dir() { file::entries(&folder)? } else { Vec::new() };
        files.extend(entries.into_iter().filter(|path| file::ends_in(path, extensions)).map(|path| (path, class)));
    }
    if files.is_empty() {
        let problem = format!("no files of {} in the folders of classes", extensions.join(", "));
        return Err(DatasetError::wrong(&own, problem));
    }
    Ok(Listing { files, names })
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
