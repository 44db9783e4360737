//! What every judge that starts a program needs: an answer made of how the program ended. What the program says is read by the
//! judge.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use automcu_process::{Ended, Limits, Program, ProgramError, Status};

use crate::{
    judge::{NoAnswer, Question},
    runs::{Run, RunsError},
    vendor::plain,
};

/// Writes a file into a folder that is there.
pub(crate) fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf, NoAnswer> {
    let path = folder.join(name);
    match std::fs::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(error) => Err(RunsError::Io { path, error }.into()),
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
    pub(crate) fn run(self, run: &mut Run, program: Program, limits: Limits) -> Result<Ended, NoAnswer> {
        let ended = run.start(program, limits).map_err(|error| match &error {
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
    fn the_sum_is_adler_s() {
        assert_eq!((adler32(b""), adler32(b"Wikipedia")), (1, 0x11e6_0398));
        assert_eq!(adler32(&[0xff; 1 << 16]), 0x7797_0ef2);
    }
}
