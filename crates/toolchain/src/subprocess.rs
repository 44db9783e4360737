//! What every judge that starts a program needs: a folder of its own, and an answer made of how the program ended. What the
//! program says is read by the judge.

use std::{
    io::{Error, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use automcu_process::{Ended, Limits, Program, ProgramError, Status};
use tempfile::TempDir;

use crate::{
    judge::{NoAnswer, Question},
    vendor::plain,
};

/// A private folder; it goes when it is dropped. Its path is ASCII, as some tools know nothing else.
pub(crate) struct Workspace(TempDir);

impl Workspace {
    /// A folder within this one, which is made where it is missing.
    pub(crate) fn within(root: &Path) -> Result<Self, NoAnswer> {
        if !root.to_str().is_some_and(str::is_ascii) {
            let words = format!("{}: tools need a folder whose path is ASCII", root.display());
            return Err(NoAnswer::Bench { words });
        }
        let made = std::fs::create_dir_all(root)
            .and_then(|()| tempfile::Builder::new().prefix("judge-").rand_bytes(12).tempdir_in(root));
        made.map(Self).map_err(|error| unusable(root, &error))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf, NoAnswer> {
        write(self.path(), name, bytes)
    }

    /// A file that a tool has written; none where there is none.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, NoAnswer> {
        let path = self.path().join(name);
        let file = match std::fs::File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| unusable(&path, &error))?,
        };
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| unusable(&path, &error))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
            return Ok(Some(bytes));
        }
        Err(NoAnswer::Failed { words: format!("the tool wrote more than {most} bytes into {name}") })
    }
}

/// Writes a file into a folder that is there.
pub(crate) fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf, NoAnswer> {
    let path = folder.join(name);
    std::fs::write(&path, bytes).map_err(|error| unusable(&path, &error))?;
    Ok(path)
}

/// A file or folder that cannot be used says nothing of the network.
fn unusable(path: &Path, error: &Error) -> NoAnswer {
    let words = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::Interrupted => NoAnswer::Transient { words },
        _ => NoAnswer::Bench { words },
    }
}

/// A tool, as it is called in messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// What to do where it is not there.
    pub(crate) remedy: &'static str,
}

impl Tool {
    pub(crate) fn missing(self) -> NoAnswer {
        NoAnswer::Missing { tool: self.name.to_owned(), remedy: self.remedy.to_owned() }
    }

    pub(crate) fn failed(self, words: &str) -> NoAnswer {
        NoAnswer::Failed { words: format!("{}: {}", self.name, plain(words)) }
    }

    pub(crate) fn transient(self, words: &str) -> NoAnswer {
        NoAnswer::Transient { words: format!("{}: {}", self.name, plain(words)) }
    }

    /// Runs it to its own end, with whatever status.
    pub(crate) fn run(self, program: &Program, limits: Limits) -> Result<Ended, NoAnswer> {
        let ended = program.run(limits).map_err(|error| match &error {
            ProgramError::NotStarted { error: cause, .. } => match cause.kind() {
                ErrorKind::NotFound => self.missing(),
                ErrorKind::OutOfMemory | ErrorKind::WouldBlock | ErrorKind::ExecutableFileBusy => {
                    self.transient(&error.to_string())
                }
                _ => self.failed(&error.to_string()),
            },
            ProgramError::Lost { .. } => self.transient(&error.to_string()),
        })?;
        match ended.status {
            Status::Exited(_) => Ok(ended),
            Status::TimedOut => {
                Err(self.transient(&format!("it took longer than {} s", limits.deadline.as_secs_f32())))
            }
            // So ends what the system takes memory from.
            Status::Signalled(9) => Err(self.transient("it was killed, as where memory runs out")),
            Status::Signalled(signal) => {
                Err(self.failed(&format!("it crashed with signal {signal}: {}", ended.last_words())))
            }
        }
    }
}

/// The network's file.
pub(crate) fn tflite(question: &Question<'_>) -> Result<Vec<u8>, NoAnswer> {
    let written = question.network.to_tflite();
    written.map_err(|error| NoAnswer::Unsupported { operator: error.op, layer: Some(error.origin) })
}

/// Adler-32 of some bytes: enough to tell whether a tool read what it was given, and Python has it too.
pub(crate) fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut sum, mut sums) = (1, 0);
    for &byte in bytes {
        sum = (sum + u32::from(byte)) % MODULUS;
        sums = (sums + sum) % MODULUS;
    }
    sums << 16 | sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_goes_with_its_files_and_leaves_the_root() {
        let root = tempfile::tempdir().expect("a folder");
        let within = root.path().join("deep/down");
        let workspace = Workspace::within(&within).expect("made");
        workspace.write("a", "1234").expect("written");
        assert_eq!(workspace.read("a", 4), Ok(Some(b"1234".to_vec())));
        assert!(matches!(workspace.read("a", 3), Err(NoAnswer::Failed { .. })));
        assert_eq!(workspace.read("b", 4), Ok(None));
        drop(workspace);
        assert_eq!(std::fs::read_dir(&within).expect("still there").count(), 0);
    }

    #[test]
    fn a_root_that_is_not_ascii_or_no_folder_is_refused() {
        let root = tempfile::tempdir().expect("a folder");
        let refused = |root: &Path| Workspace::within(root).err();
        assert!(matches!(refused(&root.path().join("naïve")), Some(NoAnswer::Bench { .. })));
        let file = write(root.path(), "file", "").expect("writable");
        assert!(matches!(refused(&file), Some(NoAnswer::Bench { .. })));
    }

    #[test]
    fn the_sum_is_adler_s() {
        assert_eq!((adler32(b""), adler32(b"Wikipedia")), (1, 0x11e6_0398));
        assert_eq!(adler32(&[0xff; 1 << 16]), 0x7797_0ef2);
    }
}
