//! `automcu data prepare`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use automcu_dataset::{Part, Published, Source, Supply};
use serde::Serialize;

use crate::{
    Said,
    cli::DataPrepare,
    cmd::write_json,
    fetch::{Had, fetch},
    outcome::{Failure, Outcome},
    show::{TITLE, styled, thousands},
};

pub(super) fn run(arguments: &DataPrepare, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let name = &arguments.name;
    let published = Published::named(name).ok_or_else(|| Failure::UnknownData(name.clone()))?;
    let folder = arguments.output.clone().unwrap_or_else(|| home.join(name));
    let (path, files) = match published.supply {
        Supply::BuiltIn => (PathBuf::from(name), Vec::new()),
        Supply::ByHand { how } => return Err(Failure::ByHand { name: published.name, how }),
        Supply::Fetched { .. } => (folder.clone(), put(arguments, published, &folder)?),
    };
    let source = match published.supply {
        Supply::BuiltIn => Source::open(&path)?,
        _ => published.ready(&folder)?,
    };
    let [train, test] = Part::ALL.map(|part| source.read(part).map(|samples| samples.len()));
    let answer = Answer { version: 1, name: published.name, path, files, train: train?, test: test? };
    if arguments.json {
        write_json(&answer, &mut said.output)?;
    } else {
        answer.write(published, &mut said.output)?;
    }
    Ok(Outcome::Yes)
}

/// Puts the published files into a folder.
fn put(arguments: &DataPrepare, published: &Published, folder: &Path) -> Result<Vec<FileAnswer>, Failure> {
    let Supply::Fetched { places, files } = published.supply else { return Ok(Vec::new()) };
    // What was prepared before is only read again.
    if files.len() == 1 && !folder.join(files[0].name).exists() && is_whole(folder) {
        return Ok(Vec::new());
    }
    fs::create_dir_all(folder).map_err(|error| Failure::Create { path: folder.to_owned(), error })?;
    if let Some(from) = &arguments.from {
        published.copy(from, folder)?;
        return Ok(Vec::new());
    }
    let places: Vec<String> = match &arguments.base_url {
        Some(url) => vec![url.clone()],
        None => places.iter().map(ToString::to_string).collect(),
    };
    let mut answers = Vec::new();
    for file in files {
        let had = fetch(&places, file, folder, &wait)?;
        answers.push(FileAnswer { name: file.name, md5: file.md5, had });
    }
    Ok(answers)
}

/// Whether both parts of a data set can be read.
fn is_whole(folder: &Path) -> bool {
    Source::open(folder).is_ok_and(|source| Part::ALL.iter().all(|&part| source.read(part).is_ok()))
}

#[expect(clippy::disallowed_methods, reason = "a server that failed is given time, a bounded number of times")]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}

#[derive(Serialize)]
struct Answer {
    version: u32,
    name: &'static str,
    path: PathBuf,
    /// What was fetched; none where files were copied or had been unpacked.
    files: Vec<FileAnswer>,
    train: usize,
    test: usize,
}

#[derive(Serialize)]
struct FileAnswer {
    name: &'static str,
    md5: &'static str,
    had: Had,
}

impl Answer {
    fn write(&self, published: &Published, sink: &mut dyn Write) -> std::io::Result<()> {
        for FileAnswer { name, md5, had } in &self.files {
            let how = match had {
                Had::Before => "was there",
                Had::Fetched => "fetched",
            };
            writeln!(sink, "{name}  {how}, MD5 {md5} is right")?;
        }
        let (train, test) = (thousands(self.train as u64), thousands(self.test as u64));
        match published.supply {
            Supply::BuiltIn => writeln!(sink, "{} is built in; there is nothing to prepare", styled(self.name, TITLE))?,
            _ => writeln!(sink, "{} is ready in {}", styled(self.name, TITLE), self.path.display())?,
        }
        writeln!(sink, "{train} samples to learn from, {test} to test; licence: {}", published.licence)
    }
}
