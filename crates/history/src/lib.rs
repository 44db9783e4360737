//! What jobs and candidates went through. Events are appended to a journal, which is the truth; records are derived from them and
//! kept in an index, which may be lost. `docs/HISTORY.md` says what lies on the disk and what is promised.
//!
//! What is absent: a clock (times are handed in), files that events name (they are artifacts), and a second writer.

mod disk;
mod error;
mod event;
mod events;
mod figures;
mod frame;
mod history;
mod index;
mod journal;
mod keys;
mod line;
mod opening;
mod pages;
mod project;
mod record;
mod replay;
mod scan;
mod state;
mod sweep;
mod transfer;
mod writer;

pub use disk::{Appended, Disk, Files};
pub use error::{AppendError, HistoryError};
pub use event::{Change, Event, JobState, What};
pub use events::{EVENTS_BYTES, Events};
pub use figures::{Budget, Footprint, Metric, Source, TrainingEnd, Verdict};
pub use history::{History, Options, Ticket};
pub use line::EVENT_BYTES;
pub use opening::Opened;
pub use pages::{Cursor, CursorError, PAGE, Page, WARM_VISITS, Warm};
pub use record::{
    Candidate, Ended, Job, NOTES, Note, Refused, SCREENINGS, Screening, Training, Trainings, Verification,
};
pub use replay::{INCONSISTENCIES, Replayed};
pub use scan::{DAMAGES, Damage};
pub use state::Inconsistency;
pub use sweep::{Keep, Swept};
pub use transfer::Imported;
pub use writer::{Receipt, WAITING};
