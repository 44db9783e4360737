//! The file of a cassette. A line is appended whole and reaches the disk before it counts; one that was torn is cut off.

use std::{
    collections::HashMap,
    fmt,
    fs::{File, TryLockError},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    CassetteError, Mode, WallClock,
    line::{Line, VERSION, Versioned, is_of_the_request},
};
use crate::{Digest, error::words, said};

/// How much a cassette may hold.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) line_bytes: u64,
    pub(crate) file_bytes: u64,
}

/// A line takes the largest request and the largest answer, each byte written as six.
const BOUNDS: Bounds = Bounds { line_bytes: 32 << 20, file_bytes: 256 << 20 };

/// A file of exchanges. Clones share it.
#[derive(Clone)]
pub struct Cassette(Arc<Tape>);

struct Tape {
    path: PathBuf,
    mode: Mode,
    wall_ms: WallClock,
    bounds: Bounds,
    /// None where nothing is kept.
    kept: Option<Mutex<Kept>>,
}

/// The file and what is where in it.
struct Kept {
    file: File,
    bytes: u64,
    places: HashMap<Digest, Vec<Place>>,
    /// How many answers to a request were given in a replay.
    given: HashMap<Digest, usize>,
}

#[derive(Clone, Copy)]
struct Place {
    at: u64,
    bytes: usize,
    is_of_the_request: bool,
}

impl Cassette {
    /// Opens a cassette; one that is to be written to is begun where there is none.
    pub fn open(path: &Path, mode: Mode, wall_ms: WallClock) -> Result<Self, CassetteError> {
        Self::within(path, mode, wall_ms, BOUNDS)
    }

    fn within(path: &Path, mode: Mode, wall_ms: WallClock, bounds: Bounds) -> Result<Self, CassetteError> {
        let kept = match mode {
            Mode::Off => None,
            Mode::Replay => Some(Mutex::new(Kept::read(path, File::open(path), bounds)?)),
            Mode::Record | Mode::Remember => Some(Mutex::new(Kept::written_to(path, bounds)?)),
        };
        Ok(Self(Arc::new(Tape { path: path.to_owned(), mode, wall_ms, bounds, kept })))
    }

    /// What it is for.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.mode
    }

    pub(crate) fn now_ms(&self) -> u64 {
        (self.0.wall_ms)()
    }

    /// The next recorded answer to a request.
    pub(crate) fn next(&self, digest: Digest) -> Result<Option<Line>, CassetteError> {
        let Some(mut kept) = self.kept() else { return Ok(None) };
        let given = kept.given.get(&digest).copied().unwrap_or(0);
        let places = kept.places.get(&digest);
        let place = places.and_then(|places| places.get(given).or(places.last())).copied();
        let Some(place) = place else { return Ok(None) };
        kept.given.insert(digest, given + 1);
        self.line(&kept, place).map(Some)
    }

    /// The last recorded answer to a request that tells of the request alone.
    pub(crate) fn last(&self, digest: Digest) -> Result<Option<Line>, CassetteError> {
        let Some(kept) = self.kept() else { return Ok(None) };
        let places = kept.places.get(&digest).map(Vec::as_slice).unwrap_or_default();
        let place = places.iter().rev().find(|place| place.is_of_the_request);
        place.map(|place| self.line(&kept, *place)).transpose()
    }

    /// Refuses where no line more fits: what cannot be recorded is not to be asked.
    pub(crate) fn has_room(&self) -> Result<(), CassetteError> {
        let bytes = self.kept().map_or(0, |kept| kept.bytes);
        let fits = bytes.saturating_add(self.0.bounds.line_bytes) <= self.0.bounds.file_bytes;
        if fits { Ok(()) } else { Err(CassetteError::Full(self.0.path.clone())) }
    }

    /// Adds a line; it is on disk when this returns.
    pub(crate) fn add(&self, line: &Line) -> Result<(), CassetteError> {
        let Some(mut kept) = self.kept() else { return Ok(()) };
        let io = |error: io::Error| not_done(&self.0.path, &error);
        let mut text = serde_json::to_vec(line).map_err(|error| io(error.into()))?;
        text.push(b'\n');
        let at = kept.bytes;
        let written = kept.file.write_all(&text).and_then(|()| kept.file.sync_data());
        if let Err(error) = written {
            kept.file.set_len(at).map_err(io)?;
            return Err(io(error));
        }
        kept.bytes += text.len() as u64;
        kept.keep(line, at, text.len() - 1);
        Ok(())
    }

    fn kept(&self) -> Option<MutexGuard<'_, Kept>> {
        self.0.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn line(&self, kept: &Kept, place: Place) -> Result<Line, CassetteError> {
        let mut text = vec![0; place.bytes];
        let io = |error: io::Error| not_done(&self.0.path, &error);
        kept.file.read_exact_at(&mut text, place.at).map_err(io)?;
        serde_json::from_slice(&text).map_err(|error| io(error.into()))
    }
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassette").field("path", &self.0.path).field("mode", &self.0.mode).finish_non_exhaustive()
    }
}

impl Kept {
    /// A file that only this program writes to and nobody else may read.
    fn written_to(path: &Path, bounds: Bounds) -> Result<Self, CassetteError> {
        let io = |error: io::Error| not_done(path, &error);
        let file = File::options().read(true).append(true).create(true).mode(0o600).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CassetteError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let kept = Self::read(path, Ok(file), bounds)?;
        // A program was killed in the midst of a line, whose answer it never took.
        kept.file.set_len(kept.bytes).map_err(io)?;
        Ok(kept)
    }

    fn read(path: &Path, file: io::Result<File>, bounds: Bounds) -> Result<Self, CassetteError> {
        let io = |error: io::Error| not_done(path, &error);
        let file = file.map_err(io)?;
        let mut lines = BufReader::new(file.try_clone().map_err(io)?);
        let mut kept = Self { file, bytes: 0, places: HashMap::new(), given: HashMap::new() };
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            let damaged = |message: String| CassetteError::Damaged { path: path.to_owned(), line: number, message };
            lines.by_ref().take(bounds.line_bytes + 1).read_until(b'\n', &mut text).map_err(io)?;
            if text.last() != Some(&b'\n') {
                if text.len() as u64 > bounds.line_bytes {
                    return Err(damaged(format!("it has more than {} bytes", bounds.line_bytes)));
                }
                break;
            }
            let line = &text[..text.len() - 1];
            let version =
                serde_json::from_slice::<Versioned>(line).map_err(|error| damaged(words(&error.to_string())))?.v;
            if version != VERSION {
                return Err(CassetteError::Newer { path: path.to_owned(), version });
            }
            let read: Line = serde_json::from_slice(line).map_err(|error| damaged(words(&error.to_string())))?;
            if Digest::of(&read.request) != read.digest {
                return Err(damaged("its digest is not that of its request".to_owned()));
            }
            let at = kept.bytes;
            kept.bytes += text.len() as u64;
            kept.keep(&read, at, line.len());
        }
        Ok(kept)
    }

    fn keep(&mut self, line: &Line, at: u64, bytes: usize) {
        let refusal = said::refusal(line.status, &line.body, None);
        let place = Place { at, bytes, is_of_the_request: is_of_the_request(refusal.as_ref()) };
        self.places.entry(line.digest).or_default().push(place);
    }
}

fn not_done(path: &Path, error: &io::Error) -> CassetteError {
    CassetteError::Io { path: path.to_owned(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs;

    const SMALL: Bounds = Bounds { line_bytes: 1000, file_bytes: 2000 };

    fn open(path: &Path, mode: Mode) -> Result<Cassette, CassetteError> {
        Cassette::within(path, mode, Arc::new(|| 1), SMALL)
    }

    fn line(request: u32, status: u16, body: &str) -> Line {
        let request = json!({ "n": request });
        Line {
            v: VERSION,
            at_ms: 1,
            provider: "127.0.0.1:1".to_owned(),
            model: "tiny".to_owned(),
            digest: Digest::of(&request),
            request,
            status,
            tries: 1,
            duration_ms: 2,
            usage: None,
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_torn_line_is_cut_off_and_the_rest_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("asked.jsonl");
        let cassette = open(&path, Mode::Record).expect("begun");
        cassette.add(&line(1, 200, "a")).expect("added");
        let whole = fs::read(&path).expect("there");
        cassette.add(&line(2, 200, "b")).expect("added");
        drop(cassette);
        let both = fs::read(&path).expect("there");
        for bytes in whole.len()..both.len() {
            fs::write(&path, &both[..bytes]).expect("torn");
            let replayed = open(&path, Mode::Replay).expect("read");
            assert_eq!(replayed.next(line(1, 0, "").digest).expect("read"), Some(line(1, 200, "a")));
            assert_eq!(fs::read(&path).expect("there").len(), bytes, "who only reads cuts nothing");
            drop(open(&path, Mode::Remember).expect("read"));
            assert_eq!(fs::read(&path).expect("there"), whole, "{bytes}");
        }
    }

    #[test]
    fn what_was_tampered_with_is_refused_by_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("asked.jsonl");
        let good = serde_json::to_string(&line(1, 200, "a")).expect("JSON");
        for (second, expected) in [
            ("{}", "line 2: missing field `v`"),
            ("", "line 2: EOF while parsing"),
            (&*good.replace("\"n\":1", "\"n\":2"), "line 2: its digest is not that of its request"),
            (&*good.replace("\"v\":1", "\"v\":2"), "is of version 2, and version 1 is read here"),
            (&*format!("{{\"v\":1,\"x\":\"{}\"}}", "a".repeat(1000)), "line 2: it has more than 1000 bytes"),
        ] {
            fs::write(&path, format!("{good}\n{second}\n")).expect("written");
            let error = open(&path, Mode::Replay).expect_err("refused").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn answers_come_back_in_order_and_the_last_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("asked.jsonl");
        let cassette = open(&path, Mode::Record).expect("begun");
        for body in ["a", "b"] {
            cassette.add(&line(1, 200, body)).expect("added");
        }
        let digest = line(1, 0, "").digest;
        assert_eq!(cassette.last(digest).expect("read").expect("there").body, "b");
        let replayed = open(&path, Mode::Replay).expect("read");
        let bodies: Vec<_> = (0..3).map(|_| replayed.next(digest).expect("read").expect("there").body).collect();
        assert_eq!(bodies, ["a", "b", "b"]);
        assert_eq!(replayed.next(line(2, 0, "").digest).expect("read"), None);
    }

    #[test]
    fn only_answers_that_tell_of_the_request_are_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        for (status, body, is_remembered) in [
            (200, "{}", true),
            (400, "bad", true),
            (422, "bad", true),
            (401, "wrong key", false),
            (402, "", false),
            (404, "no such model", false),
            (200, r#"{"error":{"code":"invalid_api_key"}}"#, false),
            (302, "", false),
        ] {
            let path = folder.path().join(format!("{status}-{}.jsonl", body.len()));
            let cassette = open(&path, Mode::Remember).expect("begun");
            cassette.add(&line(1, status, body)).expect("added");
            assert_eq!(cassette.last(line(1, 0, "").digest).expect("read").is_some(), is_remembered, "{status} {body}");
        }
    }

    #[test]
    fn one_program_writes_and_a_full_file_is_refused_before_anything_is_asked() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("asked.jsonl");
        let cassette = open(&path, Mode::Record).expect("begun");
        assert_eq!(open(&path, Mode::Record).expect_err("refused"), CassetteError::InUse(path.clone()));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        cassette.has_room().expect("room");
        cassette.add(&line(1, 200, &"a".repeat(900))).expect("added");
        assert_eq!(cassette.has_room(), Err(CassetteError::Full(path.clone())));
        assert!(matches!(open(&folder.path().join("none"), Mode::Replay), Err(CassetteError::Io { .. })));
        let off = open(&folder.path().join("off"), Mode::Off).expect("nothing to open");
        off.add(&line(1, 200, "a")).expect("nothing to add to");
        assert!(!folder.path().join("off").exists());
    }
}
