//! What the program reads: architectures and families of targets, each within a bound.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use automcu_model::{Graph, Refusals, Spec, limits};
use automcu_target::Catalogue;

use crate::{Streams, outcome::Failure};

/// The longest family file.
const FAMILY_BYTES: u64 = 1 << 20;

/// An architecture that was read, as a graph to train and as one to deploy.
pub(crate) struct Architecture {
    /// What the file is called in answers.
    pub(crate) name: String,
    pub(crate) graph: Result<(Graph, Graph), Refusals>,
}

pub(crate) fn architecture(path: &Path, streams: &mut Streams) -> Result<Architecture, Failure> {
    // One byte more than is allowed, so that what is too long is seen to be.
    let most = limits::DOCUMENT_BYTES as u64 + 1;
    let (name, text) = if path == Path::new("-") {
        ("standard input".to_owned(), read(&mut streams.input, most))
    } else {
        (path.display().to_string(), File::open(path).and_then(|mut file| read(&mut file, most)))
    };
    let text = text.map_err(|error| Failure::Read { path: path.to_owned(), error })?;
    let graph = Spec::from_json(&text).and_then(|spec| spec.lower());
    Ok(Architecture {
        name,
        graph: graph.map(|trained| (trained.deployed(), trained)).map(|(deployed, trained)| (trained, deployed)),
    })
}

/// The built-in targets and those of a user's folder.
pub(crate) fn catalogue(folder: Option<&Path>) -> Result<Catalogue, Failure> {
    let mut all = Catalogue::built_in().clone();
    let Some(folder) = folder else { return Ok(all) };
    let unreadable = |error| Failure::Read { path: folder.to_owned(), error };
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(unreadable)?;
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    for path in files {
        let text = family(&path).map_err(|error| Failure::Read { path: path.clone(), error })?;
        all.add(&path.display().to_string(), &text)?;
    }
    Ok(all)
}

fn family(path: &Path) -> io::Result<String> {
    let bytes = read(&mut File::open(path)?, FAMILY_BYTES + 1)?;
    if bytes.len() as u64 > FAMILY_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {FAMILY_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn read(source: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
