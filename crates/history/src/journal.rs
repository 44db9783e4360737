//! The truth: files that are only ever appended to, in a folder a generation. Knows nothing of what the lines say.
//!
//! ```text
//! journal/v1-00000001/00000001.jsonl  ...  00000007.jsonl   (appended to)
//! journal/v1-00000002.new/                                  (being written by a sweep; removed at the next start)
//! ```
//! A generation counts once its folder has its final name, so that a sweep happens wholly or not at all.

use std::{
    fs::{self, File},
    io::{self, BufReader, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    disk::{Appended, Disk, remove_folder, sync_folder},
    error::HistoryError,
    frame::{self, Frame},
    scan::{self, Damage, Scan, Spot, file_of},
};

/// The version of the files.
const VERSION: u64 = 1;

/// Where the current generation lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) generation: u64,
}

impl Place {
    fn of(root: &Path, generation: u64) -> Self {
        Self { folder: root.join(format!("v{VERSION}-{generation:08}")), generation }
    }
}

/// Where lines will lie that are not written yet. What is appended at once goes into one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    seq: u64,
    spot: Spot,
}

impl Next {
    /// The place of the next line.
    pub(crate) fn spot(&self) -> Spot {
        self.spot
    }

    /// This is the line that will lie there.
    pub(crate) fn pass(&mut self, text: &str) {
        self.spot.byte += frame::bytes(self.seq, text);
        self.seq += 1;
    }
}

/// The open journal.
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    place: Place,
    file: Box<dyn Appended>,
    segment: u64,
    bytes: u64,
    segment_bytes: u64,
    last: u64,
}

impl Journal {
    /// Opens the newest generation, calls `visit` with all that checks, cuts a torn end off, and makes what is left durable.
    pub(crate) fn open(
        root: &Path,
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        visit: impl FnMut(&Frame, Spot) -> Result<(), HistoryError>,
    ) -> Result<(Self, Scan), HistoryError> {
        fs::create_dir_all(root).map_err(|error| HistoryError::io(root, error))?;
        let place = settle(root)?;
        let mut scan = scan::scan(&place.folder, place.generation, u64::MAX, visit)?;
        if let Some(torn) = &scan.torn {
            let aside = root.join(format!("cut-{:08}-{}-{}", place.generation, scan.last, torn.byte));
            scan.kept = cut(torn, aside).map_err(|error| HistoryError::io(&torn.file, error))?;
        }
        let segment = scan::segments(&place.folder)?.last().map_or(1, |(number, _)| *number);
        let mut journal = Self::at(root, place, disk, segment_bytes, segment)?;
        journal.last = scan.last;
        // What a killed writer left unflushed was just read; it must not vanish after it has been told.
        journal.file.flush().map_err(|error| HistoryError::io(&journal.place.folder, error))?;
        Ok((journal, scan))
    }

    fn at(
        root: &Path,
        place: Place,
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        segment: u64,
    ) -> Result<Self, HistoryError> {
        let path = file_of(&place.folder, segment);
        let opened = || Ok((disk.append_to(&path)?, fs::metadata(&path)?.len()));
        let (file, bytes) = opened().map_err(|error| HistoryError::io(&path, error))?;
        Ok(Self { disk, root: root.to_owned(), place, file, segment, bytes, segment_bytes, last: 0 })
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The number of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Where the next line will lie.
    pub(crate) fn next(&self) -> Next {
        let spot = if self.bytes >= self.segment_bytes {
            Spot { segment: self.segment + 1, byte: 0 }
        } else {
            Spot { segment: self.segment, byte: self.bytes }
        };
        Next { seq: self.last + 1, spot }
    }

    /// Writes these lines and returns when they are durable, with the check of the last. After an error nothing may be written to
    /// this journal: what is on the disk is not known, and a second flush of the same file may pretend.
    pub(crate) fn append<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Result<Option<u64>, HistoryError> {
        let (mut bytes, mut seq, mut check) = (Vec::new(), self.last, None);
        for text in texts {
            seq += 1;
            check = Some(frame::push(&mut bytes, self.place.generation, seq, text));
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let Spot { segment, .. } = self.next().spot;
        if segment != self.segment {
            self.segment = segment;
            let path = file_of(&self.place.folder, self.segment);
            self.file = self.disk.append_to(&path).map_err(|error| HistoryError::io(&path, error))?;
            self.bytes = 0;
        }
        let write = self.file.write(&bytes).and_then(|()| self.file.flush());
        write.map_err(|error| HistoryError::io(&file_of(&self.place.folder, self.segment), error))?;
        self.bytes += bytes.len() as u64;
        self.last = seq;
        Ok(check)
    }

    /// A journal beside this one that takes its place once it is whole.
    pub(crate) fn next_generation(&self) -> Result<Self, HistoryError> {
        let mut place = Place::of(&self.root, self.place.generation + 1);
        place.folder.set_extension("new");
        let make = || {
            remove_folder(&place.folder)?;
            fs::create_dir(&place.folder)
        };
        make().map_err(|error| HistoryError::io(&place.folder, error))?;
        Self::at(&self.root, place, Arc::clone(&self.disk), self.segment_bytes, 1)
    }

    /// Puts a generation that is whole in the place of the current one.
    pub(crate) fn take_over(mut next: Self, old: &Place) -> Result<Self, HistoryError> {
        let place = Place::of(&next.root, next.place.generation);
        let mut swap = || {
            next.file.flush()?;
            sync_folder(&next.place.folder)?;
            fs::rename(&next.place.folder, &place.folder)?;
            sync_folder(&next.root)
        };
        swap().map_err(|error| HistoryError::io(&place.folder, error))?;
        // If this fails, the next start removes it.
        _ = remove_folder(&old.folder);
        next.place = place;
        Ok(next)
    }
}

/// Cuts a torn end off. One unfinished line was never acknowledged; of more than that a copy is put aside first, for it may
/// be something else that is wrong, such as a folder that was renamed.
fn cut(torn: &Damage, aside: PathBuf) -> io::Result<Option<PathBuf>> {
    let mut file = File::options().read(true).write(true).open(&torn.file)?;
    file.seek(SeekFrom::Start(torn.byte))?;
    let is_one_line = frame::next_piece(&mut BufReader::new(&file), &mut Vec::new())?
        .is_none_or(|piece| piece.bytes == torn.bytes && !piece.is_whole);
    if !is_one_line {
        file.seek(SeekFrom::Start(torn.byte))?;
        let mut copy = File::create(&aside)?;
        io::copy(&mut file, &mut copy)?;
        copy.sync_all()?;
    }
    file.set_len(torn.byte)?;
    file.sync_all()?;
    Ok((!is_one_line).then_some(aside))
}

/// Finds the newest generation, and removes what sweeps that were cut short have left.
fn settle(root: &Path) -> Result<Place, HistoryError> {
    let at = |error| HistoryError::io(root, error);
    let (mut there, mut left) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(root).map_err(at)? {
        let path = entry.map_err(at)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some((version, rest)) = name.strip_prefix('v').and_then(|rest| rest.split_once('-')) else { continue };
        let Ok(version) = version.parse::<u64>() else { continue };
        if version > VERSION {
            return Err(HistoryError::Newer { path: path.clone(), version, known: VERSION });
        }
        match rest.parse::<u64>() {
            Ok(generation) => there.push(Place { folder: path, generation }),
            Err(_) if rest.ends_with(".new") => left.push(path),
            Err(_) => {}
        }
    }
    there.sort_by_key(|place| place.generation);
    let newest = there.pop();
    for folder in left.iter().chain(there.iter().map(|place| &place.folder)) {
        remove_folder(folder).map_err(|error| HistoryError::io(folder, error))?;
    }
    let place = newest.unwrap_or_else(|| Place::of(root, 1));
    fs::create_dir_all(&place.folder).and_then(|()| sync_folder(root)).map_err(at)?;
    Ok(place)
}
