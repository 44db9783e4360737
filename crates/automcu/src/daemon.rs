//! The daemon, as the verbs speak with it: the only place where this program waits for many things at once.

use std::{
    fs,
    ops::ControlFlow,
    os::unix::{fs::MetadataExt, net::UnixStream},
    path::Path,
    time::Duration,
};

use automcu_api::{Client, ClientError, JobId, JobState, Notice, Place, Surroundings, Watch};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{self, Receiver},
    time::timeout,
};

use crate::outcome::Failure;

/// Notices that wait to be looked at; a daemon that has more to say waits.
const WAITING: usize = 256;
/// So often whoever follows a job looks around.
const LOOK: Duration = Duration::from_millis(200);

/// A daemon that was found.
pub(crate) struct Daemon {
    pub(crate) client: Client,
    runtime: Runtime,
}

impl Daemon {
    /// Looks for a daemon where one is named, or in the usual places.
    pub(crate) fn find(named: Option<&Path>, surroundings: &Surroundings) -> Result<Self, Failure> {
        let surroundings = Surroundings { flag: named.map(Path::to_owned), ..surroundings.clone() };
        let place = found(surroundings.looks(), surroundings.user)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::NoRuntime)?;
        Ok(Self { client: Client::new(place.path), runtime })
    }

    /// Waits for an answer.
    pub(crate) fn ask<T>(&self, asked: impl Future<Output = Result<T, ClientError>>) -> Result<T, Failure> {
        Ok(self.runtime.block_on(asked)?)
    }

    /// Listens until the stream ends or `hear` has enough, which is also called when nothing was said for a while.
    pub(crate) fn listen(
        &self,
        watch: Watch,
        mut hear: impl FnMut(Option<&Notice>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        let mut heard = self.overhear(watch);
        loop {
            let notice = match self.runtime.block_on(async { timeout(LOOK, heard.recv()).await }) {
                Ok(Some(notice)) => Some(notice?),
                Ok(None) => return Ok(()),
                Err(_) => None,
            };
            let is_enough = hear(notice.as_ref())?.is_break();
            if is_enough || matches!(notice, Some(Notice::Over(_))) {
                return Ok(());
            }
        }
    }

    /// A watch must not be broken off in the middle, so it goes on beside whoever looks around.
    fn overhear(&self, mut watch: Watch) -> Receiver<Result<Notice, ClientError>> {
        let (sender, heard) = mpsc::channel(WAITING);
        self.runtime.spawn(async move {
            while let Some(notice) = watch.next().await.transpose() {
                let is_failure = notice.is_err();
                if sender.send(notice).await.is_err() || is_failure {
                    return;
                }
            }
        });
        heard
    }

    /// All that happened to a job so far after the event of this number.
    pub(crate) fn past(
        &self,
        job: JobId,
        mut after: u64,
        mut hear: impl FnMut(automcu_api::EventView) -> Result<(), Failure>,
    ) -> Result<u64, Failure> {
        loop {
            let asked = after;
            let page = self.ask(self.client.events(job, asked, Some(LARGEST)))?;
            for event in page.items {
                after = after.max(event.n);
                hear(event)?;
            }
            let Some(next) = page.next.and_then(|next| next.parse().ok()).filter(|next| *next > asked) else {
                return Ok(after);
            };
            after = next;
        }
    }

    /// The state of a job.
    pub(crate) fn state(&self, job: JobId) -> Result<JobState, Failure> {
        Ok(self.ask(self.client.job(job))?.job.state)
    }
}

/// The largest page.
#[expect(clippy::cast_possible_truncation, reason = "a page has at most 256 items")]
pub(crate) const LARGEST: u16 = automcu_api::PAGE as u16;

/// The only place, or the first at which somebody answers.
fn found(mut places: Vec<Place>, user: u32) -> Result<Place, Failure> {
    for place in places.iter().filter(|place| place.is_shared_ground) {
        is_safe(place, user)?;
    }
    let answers = |place: &Place| match UnixStream::connect(&place.path) {
        Ok(_) => true,
        // It is there, and the client says why it cannot be used.
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    };
    let first = if places.len() == 1 { Some(0) } else { places.iter().position(answers) };
    match first {
        Some(first) => Ok(places.swap_remove(first)),
        None => Err(Failure::NoDaemon { looked: places.into_iter().map(|place| place.path).collect() }),
    }
}

/// On ground that all share, anybody could have put a socket: its folder has to be this user's alone.
fn is_safe(place: &Place, user: u32) -> Result<(), Failure> {
    let folder = place.path.parent().unwrap_or(Path::new("/"));
    let Ok(found) = fs::symlink_metadata(folder) else { return Ok(()) };
    let is_own = found.is_dir() && found.uid() == user && found.mode() & 0o077 == 0;
    if is_own { Ok(()) } else { Err(Failure::StrangeFolder(folder.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{fs::PermissionsExt, net::UnixListener};

    fn place(path: &Path, is_shared_ground: bool) -> Place {
        Place { path: path.to_owned(), is_shared_ground }
    }

    #[test]
    fn the_first_place_at_which_somebody_answers_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let (stale, live) = (folder.path().join("stale"), folder.path().join("live"));
        drop(UnixListener::bind(&stale).expect("a socket"));
        let _listener = UnixListener::bind(&live).expect("a socket");
        let places = vec![place(&stale, false), place(&live, false)];
        assert_eq!(found(places, 0).expect("found").path, live);
        let missing = folder.path().join("missing");
        let error = found(vec![place(&stale, false), place(&missing, false)], 0).expect_err("nobody").to_string();
        assert!(error.contains("stale") && error.contains("missing") && error.contains("`automcu serve`"), "{error}");
        assert_eq!(found(vec![place(&missing, false)], 0).expect("named").path, missing);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let user = fs::metadata(folder.path()).expect("there").uid();
        let shared = || vec![place(&folder.path().join("socket"), true)];
        let set = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("set");
        set(0o700);
        assert!(found(shared(), user).is_ok());
        assert!(matches!(found(shared(), user + 1), Err(Failure::StrangeFolder(_))));
        set(0o770);
        assert!(matches!(found(shared(), user), Err(Failure::StrangeFolder(_))));
    }
}
