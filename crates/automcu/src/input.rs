//! What the program reads: architectures and families of targets, each within a bound.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use automcu_convert::{LONGEST, Network};
use automcu_dataset::{Options, Part, Published, Source, Supply};
use automcu_deployment::{deployed, is_of, split_of};
use automcu_model::{
    Graph, Refusals, Shape, Spec, limits,
    spec::{Classes, Input, InputChannels, Side},
};
use automcu_search::{DESCRIPTION_BYTES, Inputs, Rules, built_in_spaces};
use automcu_target::Catalogue;
use automcu_toolchain::vendor::{self, Reading};
use automcu_trainer::{Checkpoint, Splitting};

use crate::{cli::ShapeArgs, outcome::Failure};

/// The most family files in a folder.
const FAMILIES: usize = 1_000;
/// The longest family file.
const FAMILY_BYTES: u64 = 1 << 20;

/// An architecture that was read, as a graph to train and as one to deploy.
pub(crate) struct Architecture {
    /// What the file is called in answers.
    pub(crate) name: String,
    /// What the file holds.
    pub(crate) text: Vec<u8>,
    pub(crate) spec: Result<Spec, Refusals>,
    pub(crate) graph: Result<(Graph, Graph), Refusals>,
}

/// The name and the content of a file or of standard input, and one byte more than is allowed where it is too long.
pub(crate) fn content(path: &Path, input: &mut dyn Read, most: usize) -> Result<(String, Vec<u8>), Failure> {
    let most = most as u64 + 1;
    let (name, bytes) = if path == Path::new("-") {
        ("standard input".to_owned(), read(input, most))
    } else {
        (path.display().to_string(), File::open(path).and_then(|mut file| read(&mut file, most)))
    };
    bytes.map(|bytes| (name, bytes)).map_err(|error| Failure::Read { path: path.to_owned(), error })
}

/// An int8 network in a .tflite file, with what the file is called.
pub(crate) fn network(path: &Path, input: &mut dyn Read) -> Result<(String, Network), Failure> {
    let (name, file) = content(path, input, LONGEST)?;
    match Network::from_tflite(&file) {
        Ok(network) => Ok((name, network)),
        Err(error) => Err(Failure::Model { file: name, error: Box::new(error) }),
    }
}

/// An int8 network: in a .tflite file, or made of a checkpoint on the training part of a data set.
pub(crate) fn network_or_checkpoint(
    path: &Path,
    data: Option<&Path>,
    home: &Path,
    input: &mut dyn Read,
) -> Result<(String, Network), Failure> {
    if path.extension().is_none_or(|extension| extension != "safetensors") {
        return network(path, input);
    }
    let checkpoint = Checkpoint::read(path)?;
    let named = PathBuf::from(&checkpoint.subject.data);
    let leaving = |left_out| {
        source(data.unwrap_or(&named), home, Options { left_out, ..Options::default() })?
            .read(Part::Train)
            .map_err(Failure::from)
    };
    // Another data set may have no such group.
    let samples = leaving(checkpoint.subject.left_out).or_else(|error| {
        if data.is_some() && checkpoint.subject.left_out.is_some() { leaving(None) } else { Err(error) }
    })?;
    let own = split_of(&samples, &checkpoint.subject.split)?;
    let graph = checkpoint.subject.spec.lower().expect("a checkpoint's architecture was read");
    let takes = graph.shape(Graph::INPUT);
    let is_same = is_of(&checkpoint, &samples);
    // Other samples of the same kind may show the ranges, if that is asked for.
    let split = match own {
        Some(split) if is_same => Some(split),
        None if is_same && data.is_some() => {
            Some(Splitting { mixes_groups: true, ..Splitting::default() }.of(&samples)?)
        }
        _ => None,
    };
    let Some(split) = split else {
        return Err(Failure::Mismatch {
            model: path.display().to_string(),
            takes: format!("{takes} samples as it was trained on"),
            data: data.unwrap_or(&named).display().to_string(),
            has: format!("others, of {}", samples.shape()),
            remedy: "name the data set that it was trained on with --data",
        });
    };
    let (network, _) = deployed(&checkpoint, samples.borrowed(), split.train())?;
    Ok((path.display().to_string(), network))
}

/// A report of a vendor's tool, with what the file is called.
pub(crate) fn report(path: &Path, input: &mut dyn Read) -> Result<(String, Reading), Failure> {
    let (name, file) = content(path, input, vendor::LONGEST)?;
    match vendor::read(&file) {
        Ok(reading) => Ok((name, reading)),
        Err(error) => Err(Failure::Report { file: name, error }),
    }
}

/// A configuration file, and one byte more than is allowed where it is too long.
pub(crate) fn configuration(path: &Path, input: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let (_, text) = content(path, input, automcu_settings::MOST_BYTES)?;
    Ok(text)
}

/// The rules of a built-in space, or of one that a file describes.
pub(crate) fn space(named: &str) -> Result<Arc<Rules>, Failure> {
    if let Some(rules) = Rules::built_in(named) {
        return Ok(rules);
    }
    match content(Path::new(named), &mut io::empty(), DESCRIPTION_BYTES) {
        Ok((name, text)) => Ok(Arc::new(Rules::read(&name, &text)?)),
        Err(Failure::Read { error, .. }) => {
            let known = built_in_spaces().collect::<Vec<_>>().join(", ");
            Err(Failure::UnknownSpace { name: named.to_owned(), error, known })
        }
        Err(other) => Err(other),
    }
}

/// What the networks of a space take and tell apart.
pub(crate) fn shape(arguments: &ShapeArgs, rules: &Rules, home: &Path) -> Result<(Input, Classes), Failure> {
    let ([height, width, channels], classes) = match (&arguments.data, arguments.input) {
        (Some(data), _) => {
            let samples = source(data, home, Options::default())?.read(Part::Train)?;
            let Shape { height, width, channels } = samples.shape();
            ([height, width, channels], u32::try_from(samples.classes()).unwrap_or(u32::MAX))
        }
        (None, Some(input)) => (input, arguments.classes),
        (None, None) if rules.description().inputs == Inputs::Signals => ([1, 128, 6], arguments.classes),
        (None, None) => ([32, 32, 3], arguments.classes),
    };
    let input = || {
        let (height, width) = (Side::new(height)?, Side::new(width)?);
        Some((Input { height, width, channels: InputChannels::new(channels)? }, Classes::new(classes)?))
    };
    input().ok_or_else(|| Failure::NoInput(format!("{height}x{width}x{channels}")))
}

/// A recipe, a JSON file.
pub(crate) fn recipe(path: &Path) -> Result<Vec<u8>, Failure> {
    let (_, text) = content(path, &mut io::empty(), limits::DOCUMENT_BYTES)?;
    Ok(text)
}

/// Labels, one a line, one for each output of a network.
pub(crate) fn labels(path: &Path, outputs: u64) -> Result<Vec<String>, Failure> {
    const MOST: usize = 1 << 18;
    let (_, bytes) = content(path, &mut io::empty(), MOST)?;
    let refused = |problem: String| Failure::Labels { path: path.to_owned(), problem };
    let text = String::from_utf8(bytes).map_err(|error| refused(format!("it is no UTF-8 text: {error}")))?;
    let labels: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if labels.len() as u64 != outputs {
        return Err(refused(format!("{} labels for {outputs} outputs; give one a line", labels.len())));
    }
    let is_wrong = |label: &&String| label.is_empty() || label.len() > 200 || label.chars().any(char::is_control);
    match labels.iter().find(is_wrong) {
        Some(label) => Err(refused(format!("{label:?} is no label; use 1 to 200 bytes of text"))),
        None => Ok(labels),
    }
}

/// A data set: a built-in or prepared one by its name, or whatever lies at the path. A name comes before a path; a folder that
/// is called like a data set is named as `./NAME`.
pub(crate) fn source(data: &Path, home: &Path, options: Options) -> Result<Source, Failure> {
    let Some(published) = data.to_str().and_then(Published::named) else {
        return Ok(Source::open_with(data, options)?);
    };
    let prepared = home.join(published.name);
    match published.supply {
        Supply::BuiltIn => Ok(Source::open_with(data, options)?),
        _ if prepared.exists() => Ok(Source::open_with(&prepared, options)?),
        _ if data.exists() => Ok(Source::open_with(data, options)?),
        Supply::Fetched { .. } => Err(Failure::NotPrepared(published.name)),
        Supply::ByHand { how } => Err(Failure::ByHand { name: published.name, how }),
    }
}

pub(crate) fn architecture(path: &Path, input: &mut dyn Read) -> Result<Architecture, Failure> {
    let (name, text) = content(path, input, limits::DOCUMENT_BYTES)?;
    let spec = Spec::from_json(&text);
    let graph = spec.clone().and_then(|spec| spec.lower());
    Ok(Architecture {
        name,
        text,
        spec,
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
    files.retain(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "toml"));
    let wrong_count = |count, remedy| Err(Failure::FamilyCount { path: folder.to_owned(), count, remedy });
    match files.len() {
        0 => return wrong_count(0, "put at least one there, or leave --targets-dir out"),
        count @ 1..=FAMILIES => count,
        count => return wrong_count(count, "use at most 1,000"),
    };
    files.sort();
    for path in files {
        let text = family(&path)?;
        all.add(&path.display().to_string(), &text)?;
    }
    Ok(all)
}

fn family(path: &Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::Read { path: path.to_owned(), error };
    let refused = |problem| Failure::Family { path: path.to_owned(), problem };
    let bytes = File::open(path).and_then(|mut file| read(&mut file, FAMILY_BYTES + 1)).map_err(unreadable)?;
    if bytes.len() as u64 > FAMILY_BYTES {
        return Err(refused(format!("it is longer than {FAMILY_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| refused(format!("it is no UTF-8 text: {error}")))
}

fn read(source: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
