//! Files of JSON lines that only ever grow: what finished runs came to. A last line that was not written to its end is left out, and
//! ended before the next is added.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::outcome::Failure;

/// The longest line that is read.
const LONGEST: u64 = 1 << 20;
/// So many lines are read.
const MOST: usize = 4_000_000;

/// A file that lines are added to.
pub(super) struct Lines {
    path: PathBuf,
    file: File,
}

/// All lines of a file; none where there is no file. What is not written to its end is passed over.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let failed = |error| Failure::Read { path: path.to_owned(), error };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened.map_err(failed)?,
    };
    let mut reader = BufReader::new(file);
    let mut all = Vec::new();
    for place in 1..=MOST {
        let mut line = Vec::new();
        let count = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(failed)?;
        if count == 0 {
            break;
        }
        let is_whole = line.ends_with(b"\n");
        match serde_json::from_slice(&line) {
            Ok(read) => all.push(read),
            Err(_) if !is_whole || line == b"\n" => {}
            Err(error) => {
                let problem = format!("line {place}: {error}; remove the line");
                return Err(Failure::Lines { path: path.to_owned(), problem });
            }
        }
    }
    Ok(all)
}

impl Lines {
    /// Opens a file to add to.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::Create { path: path.to_owned(), error };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
        }
        if last != [b'\n'] {
            let start = torn(&mut file, length).map_err(failed)?;
            file.set_len(start).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_vec(line).map_err(io::Error::from)?;
        text.push(b'\n');
        self.file.write_all(&text).map_err(|error| Failure::Create { path: self.path.clone(), error })
    }
}

/// Where the last line begins that was not written to its end.
fn torn(file: &mut File, length: u64) -> io::Result<u64> {
    let from = length.saturating_sub(LONGEST);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(LONGEST).read_to_end(&mut tail)?;
    let start = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    Ok(from + start as u64)
}
