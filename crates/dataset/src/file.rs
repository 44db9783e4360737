//! Files that are not trusted: read piece by piece, within bounds, with the byte at which they go wrong.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use crate::DatasetError;

/// The most values of a part of a data set: five times CIFAR.
pub(crate) const MOST_VALUES: u64 = 1 << 30;

/// The most samples of a part.
pub(crate) const MOST_SAMPLES: u64 = 1 << 22;

/// A file, unpacked on the way where its name ends in .gz.
pub(crate) struct Reader {
    path: PathBuf,
    source: Source,
    /// How many bytes were handed out.
    at: u64,
}

enum Source {
    Plain(BufReader<File>),
    Packed(Box<MultiGzDecoder<Counted>>),
    /// A file within another.
    Memory(Cursor<Vec<u8>>),
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        let file = File::open(path).map_err(DatasetError::unreadable(path))?;
        let file = BufReader::with_capacity(1 << 16, file);
        let is_packed = path.extension().is_some_and(|extension| extension == "gz" || extension == "tgz");
        let source = if is_packed {
            Source::Packed(Box::new(MultiGzDecoder::new(Counted { file, taken: 0 })))
        } else {
            Source::Plain(file)
        };
        Ok(Self { path: path.to_owned(), source, at: 0 })
    }

    /// A file within another, already unpacked.
    pub(crate) fn of(path: &Path, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), source: Source::Memory(Cursor::new(bytes)), at: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills the buffer; `what` is what it is for.
    pub(crate) fn fill(&mut self, buffer: &mut [u8], what: &str) -> Result<(), DatasetError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.take(&mut buffer[filled..])? {
                0 => {
                    let problem = format!("the file ends within {what}, {} bytes too early", buffer.len() - filled);
                    return Err(self.damaged(problem));
                }
                count => filled += count,
            }
        }
        Ok(())
    }

    /// The next so many bytes. Memory grows with what is there, not with what a file promises.
    pub(crate) fn bytes(&mut self, count: u64, what: &str) -> Result<Vec<u8>, DatasetError> {
        const PIECE: u64 = 1 << 20;
        let mut bytes = Vec::new();
        let mut left = count;
        while left > 0 {
            let start = bytes.len();
            bytes.resize(start + usize::try_from(left.min(PIECE)).unwrap_or(0), 0);
            self.fill(&mut bytes[start..], what)?;
            left -= left.min(PIECE);
        }
        Ok(bytes)
    }

    /// All that is left, at most so much.
    pub(crate) fn rest(&mut self, most: u64) -> Result<Vec<u8>, DatasetError> {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = self.take(&mut buffer)?;
            if count == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&buffer[..count]);
            if bytes.len() as u64 > most {
                return Err(DatasetError::wrong(&self.path, format!("it is longer than {most} bytes; split it")));
            }
        }
    }

    /// Refuses a file that goes on.
    pub(crate) fn end(&mut self) -> Result<(), DatasetError> {
        match self.take(&mut [0])? {
            0 => Ok(()),
            _ => {
                self.at -= 1;
                Err(self.damaged("the file goes on where it should end".to_owned()))
            }
        }
    }

    pub(crate) fn damaged(&self, problem: String) -> DatasetError {
        let (byte, problem) = match &self.source {
            Source::Plain(_) | Source::Memory(_) => (self.at, problem),
            Source::Packed(packed) => (packed.get_ref().taken, format!("{problem} (byte {} unpacked)", self.at)),
        };
        DatasetError::Damaged { path: self.path.clone(), byte, problem }
    }

    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, DatasetError> {
        loop {
            match self.read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_damage(&error) => return Err(self.damaged(error.to_string())),
                Err(error) => return Err(DatasetError::unreadable(&self.path)(error)),
            }
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.source {
            Source::Plain(file) => file.read(buffer)?,
            Source::Packed(packed) => packed.read(buffer)?,
            Source::Memory(bytes) => bytes.read(buffer)?,
        };
        self.at += count as u64;
        Ok(count)
    }
}

/// Whether an error says that a file is not what it was, rather than that it cannot be reached.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

/// Counts what is taken from a file.
struct Counted {
    file: BufReader<File>,
    taken: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.taken += count as u64;
        Ok(count)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken += count as u64;
        self.file.consume(count);
    }
}

/// The lines of a file of names, one a class; none where there is no such file.
pub(crate) fn names(path: &Path) -> Result<Option<Vec<String>>, DatasetError> {
    const MOST_BYTES: u64 = 1 << 20;
    if !path.is_file() {
        return Ok(None);
    }
    let text = text(path, MOST_BYTES)?;
    let names: Vec<String> = text.trim_end().lines().map(|line| line.trim().to_owned()).collect();
    match names.iter().position(|name| name.is_empty() || name.chars().any(char::is_control)) {
        Some(line) => Err(DatasetError::wrong(path, format!("line {} names no class; write one a line", line + 1))),
        None => Ok(Some(names)),
    }
}

/// A text, at most so long.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, DatasetError> {
    let bytes = Reader::open(path)?.rest(most)?;
    String::from_utf8(bytes).map_err(|error| DatasetError::Damaged {
        path: path.to_owned(),
        byte: error.utf8_error().valid_up_to() as u64,
        problem: "this is no UTF-8 text".to_owned(),
    })
}

/// The entries of a folder in the order of their names, without hidden ones.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    const MOST: usize = 1_000_000;
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(DatasetError::unreadable(folder))? {
        let path = entry.map_err(DatasetError::unreadable(folder))?.path();
        if path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')) {
            entries.push(path);
        }
        if entries.len() > MOST {
            return Err(DatasetError::wrong(folder, format!("more than {MOST} files; use fewer")));
        }
    }
    entries.sort();
    Ok(entries)
}

/// Whether a file's name ends in one of these, in whatever case.
pub(crate) fn ends_in(path: &Path, extensions: &[&str]) -> bool {
    let own = path.extension().and_then(|own| own.to_str());
    own.is_some_and(|own| extensions.iter().any(|extension| own.eq_ignore_ascii_case(extension)))
}
