//! Opening: one writer a folder, the journal read and mended, the index brought up to it.

use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    process,
    sync::Arc,
};

use crate::{
    disk::Disk,
    error::HistoryError,
    frame::Frame,
    index::{Index, Mark},
    journal::Journal,
    replay::{Replay, Replayed, rebuild},
    scan::{Damage, Scan, Spot},
};

/// What was found at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Events in the journal.
    pub events: u64,
    /// The unfinished end that was cut off. It was never acknowledged, unless the disk itself lost it.
    pub torn: Option<Damage>,
    /// Where that end was put, if it was more than one line.
    pub kept: Option<PathBuf>,
    /// The first damaged stretches in the middle. They are left as they are.
    pub damages: Vec<Damage>,
    /// How many damaged stretches there are.
    pub damaged: u64,
    /// Events that were read behind the first damage.
    pub salvaged: u64,
    /// Events that are missing.
    pub lost: u64,
    /// Why the index was made anew, if it was.
    pub rebuilt: Option<String>,
    /// What the index was behind by.
    pub replayed: Replayed,
}

/// Takes the folder for this process. The lock goes with the file.
pub(crate) fn lock(folder: &Path) -> Result<File, HistoryError> {
    fs::create_dir_all(folder).map_err(|error| HistoryError::io(folder, error))?;
    let path = folder.join("lock");
    let failed = |error| HistoryError::io(&path, error);
    let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.take(20).read_to_string(&mut holder).map_err(failed)?;
            return Err(HistoryError::Locked { path, holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let say = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", process::id())
    };
    say(&mut file).map_err(failed)?;
    Ok(file)
}

/// Opens journal and index in a folder that is locked.
pub(crate) fn open(
    folder: &Path,
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
) -> Result<(Journal, Index, Opened), HistoryError> {
    let at = folder.join("index");
    let (mut index, mark, mut why) = match Index::open(&at) {
        Ok(index) => {
            let mark = index.mark().filter(Mark::is_of_this_schema);
            (index, mark, None)
        }
        Err(error) => (Index::anew(&at)?, None, Some(error.to_string())),
    };
    let mut catch_up = CatchUp { replay: mark.map(|mark| Replay::new(&index, mark)), mark, error: None };
    let (journal, scan) = Journal::open(&folder.join("journal"), disk, segment_bytes, |frame, spot| {
        catch_up.take(frame, spot);
        Ok(())
    })?;
    let caught = catch_up.finish(journal.place().generation, &scan);
    let replayed = match caught {
        Ok(replayed) => replayed,
        Err(cause) => {
            let replayed = rebuild(&mut index, journal.place(), u64::MAX)?;
            // A journal without events has an index without a mark: that is a beginning, and no damage.
            let is_new = replayed.events == 0 && why.is_none() && mark.is_none();
            why = why.or_else(|| (!is_new).then_some(cause));
            replayed
        }
    };
    Ok((journal, index, opened(scan, why, replayed)))
}

fn opened(scan: Scan, rebuilt: Option<String>, replayed: Replayed) -> Opened {
    let Scan { torn, kept, damages, damaged, salvaged, lost, last } = scan;
    Opened { events: last - lost, torn, kept, damages, damaged, salvaged, lost, rebuilt, replayed }
}

/// Takes to an index what it is behind by, as long as it is an index of this very journal.
struct CatchUp<'a> {
    replay: Option<Replay<'a>>,
    mark: Option<Mark>,
    error: Option<String>,
}

impl CatchUp<'_> {
    fn take(&mut self, frame: &Frame, spot: Spot) {
        let (Some(replay), Some(mark), None) = (&mut self.replay, self.mark, &self.error) else { return };
        if frame.seq == mark.seq && frame.check != mark.check {
            self.error = Some("the index is of another journal".to_owned());
        } else if frame.seq > mark.seq
            && let Err(error) = replay.take(frame, spot)
        {
            self.error = Some(error.to_string());
        }
    }

    fn finish(self, generation: u64, scan: &Scan) -> Result<Replayed, String> {
        let (Some(replay), Some(mark)) = (self.replay, self.mark) else {
            return Err("the index is missing, damaged or of another version".to_owned());
        };
        if let Some(error) = self.error {
            return Err(error);
        }
        if mark.generation != generation || mark.seq > scan.last {
            return Err("the index is ahead of the journal, or of another one".to_owned());
        }
        replay.finish().map_err(|error| error.to_string())
    }
}
