//! The socket in the file system: taken by one daemon at a time, whatever an earlier one left.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use automcu_api::{Place, SOCKET_PATH_BYTES};

/// Who may connect: the owner and the group.
const SOCKET_MODE: u32 = 0o660;
/// Who may come near it.
const FOLDER_MODE: u32 = 0o750;
/// The same where all may make folders.
const OWN_FOLDER_MODE: u32 = 0o700;

#[expect(clippy::cast_possible_wrap, reason = "the system counts flags so")]
const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

/// A socket that this process listens at, until it is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    listener: Option<UnixListener>,
    /// Device and number of its file, by which it is told from another's.
    identity: (u64, u64),
    /// The user as whom this process runs.
    owner: u32,
    /// Held as long as this listens; none where somebody else has bound the socket.
    _lock: Option<File>,
}

/// A socket that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// No socket can be there.
    #[error("{}: {} bytes, and a socket's path has at most {SOCKET_PATH_BYTES}; use a shorter one", path.display(), path.as_os_str().len())]
    PathTooLong {
        /// The path.
        path: PathBuf,
    },
    /// A daemon is there.
    #[error("{}: already running (process {holder}); stop it, or use another socket", path.display())]
    Taken {
        /// The path.
        path: PathBuf,
        /// The process, as it has said.
        holder: String,
    },
    /// Something else is there.
    #[error("{}: there is a file that is no socket; move it away, or use another path", path.display())]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// Others may put their own in its place.
    #[error("{}: others may write into this folder; take that from them (chmod go-w), or use another", folder.display())]
    OpenFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder is somebody else's.
    #[error("{}: the folder has to be yours alone (mode 0700); remove it, or name a socket with --socket", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
    },
    /// The file system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Socket {
    /// Listens there. What a daemon left that was killed is removed; one that answers is not disturbed.
    pub fn claim(place: &Place) -> Result<Self, SocketError> {
        let path = &place.path;
        if path.as_os_str().len() > SOCKET_PATH_BYTES {
            return Err(SocketError::PathTooLong { path: path.clone() });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        make(folder, if place.is_shared_ground { OWN_FOLDER_MODE } else { FOLDER_MODE }).map_err(at(folder))?;
        let owner = rustix::process::geteuid().as_raw();
        // Before anything is written there.
        check(folder, place.is_shared_ground, owner)?;
        let lock = lock(path)?;
        clear(path)?;
        let listener = UnixListener::bind(path).map_err(at(path))?;
        fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE)).map_err(at(path))?;
        let file = fs::symlink_metadata(path).map_err(at(path))?;
        Ok(Self {
            path: path.clone(),
            listener: Some(listener),
            identity: (file.dev(), file.ino()),
            owner,
            _lock: Some(lock),
        })
    }

    /// Listens at a socket that a service manager has bound, and that stays when this ends.
    pub fn inherited(listener: UnixListener, owner: u32) -> Self {
        let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_owned));
        // No file has this identity, so none is removed.
        Self { path: path.unwrap_or_default(), listener: Some(listener), identity: (0, 0), owner, _lock: None }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The user as whom this process runs.
    #[must_use]
    pub const fn owner(&self) -> u32 {
        self.owner
    }

    pub(super) fn listener(&mut self) -> io::Result<UnixListener> {
        let listener = self.listener.take().ok_or_else(|| io::Error::other("the socket is listened at already"))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let is_ours = |file: fs::Metadata| (file.dev(), file.ino()) == self.identity;
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            // The next one removes it where this one cannot.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn make(folder: &Path, mode: u32) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    match DirBuilder::new().mode(mode).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// A lock beside the socket, so that of two daemons that begin at once only one clears and binds.
fn lock(socket: &Path) -> Result<File, SocketError> {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let mut options = File::options();
    // A link would have another file written to.
    options.create(true).truncate(false).read(true).write(true).custom_flags(NOFOLLOW);
    let mut file = options.open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.take(20).read_to_string(&mut holder).map_err(at(&path))?;
            return Err(SocketError::Taken { path: socket.to_owned(), holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(SocketError::Io { path, error }),
    }
    let said = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    said.map_err(at(&path))?;
    Ok(file)
}

/// Whoever may write into the folder may put another socket in the place of this one.
fn check(folder: &Path, is_shared_ground: bool, owner: u32) -> Result<(), SocketError> {
    let found = fs::metadata(folder).map_err(at(folder))?;
    let (mode, user) = (found.permissions().mode() & 0o777, found.uid());
    if is_shared_ground && (user != owner || mode != OWN_FOLDER_MODE) {
        return Err(SocketError::NotOurs { folder: folder.to_owned() });
    }
    if mode & 0o022 != 0 {
        return Err(SocketError::OpenFolder { folder: folder.to_owned() });
    }
    Ok(())
}

/// Removes a socket that nobody listens at.
fn clear(path: &Path) -> Result<(), SocketError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SocketError::Io { path: path.to_owned(), error }),
    };
    if !found.file_type().is_socket() {
        return Err(SocketError::NoSocket { path: path.to_owned() });
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::Taken { path: path.to_owned(), holder: "unknown".to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(at(path)),
        Err(error) => Err(SocketError::Io { path: path.to_owned(), error }),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    let path = path.to_owned();
    |error| SocketError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(path: &Path) -> Result<Socket, SocketError> {
        Socket::claim(&Place { path: path.to_owned(), is_shared_ground: false })
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn a_socket_is_taken_by_one_and_gone_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run/automcu/automcu.sock");
        let socket = claim(&path).expect("free");
        assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o660, 0o750));
        let taken = claim(&path).expect_err("taken").to_string();
        let said = format!("{}: already running (process {});", path.display(), std::process::id());
        assert!(taken.starts_with(&said), "{taken}");
        assert!(UnixStream::connect(&path).is_ok(), "undisturbed");
        drop(socket);
        assert!(!path.exists());
        assert!(claim(&path).is_ok());
    }

    #[test]
    fn what_a_killed_daemon_left_is_cleared_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        drop(UnixListener::bind(&path).expect("bound"));
        assert!(path.exists(), "it is not removed by itself");
        let socket = claim(&path).expect("stale");
        // Another's in the same place stays.
        fs::remove_file(&path).expect("there");
        fs::write(&path, "other").expect("writable");
        drop(socket);
        assert_eq!(fs::read(&path).expect("there"), b"other");
        assert!(matches!(claim(&path), Err(SocketError::NoSocket { .. })));
        fs::remove_file(&path).expect("there");
        let _other = UnixListener::bind(&path).expect("bound");
        assert!(matches!(claim(&path), Err(SocketError::Taken { .. })), "it answers, though it has no lock");
    }

    #[test]
    fn places_that_are_not_safe_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = claim(&folder.path().join("x".repeat(108))).expect_err("too long");
        assert!(long.to_string().contains("a socket's path has at most 107"), "{long}");
        let open = folder.path().join("open");
        fs::create_dir(&open).expect("made");
        fs::set_permissions(&open, Permissions::from_mode(0o777)).expect("ours");
        assert!(matches!(claim(&open.join("socket")), Err(SocketError::OpenFolder { .. })));
        let shared = |name: &str| Place { path: folder.path().join(name).join("socket"), is_shared_ground: true };
        let own = Socket::claim(&shared("own")).expect("made");
        assert_eq!(mode(own.path().parent().expect("a folder")), 0o700);
        fs::create_dir(folder.path().join("group")).expect("made");
        fs::set_permissions(folder.path().join("group"), Permissions::from_mode(0o770)).expect("ours");
        assert!(matches!(Socket::claim(&shared("group")), Err(SocketError::NotOurs { .. })));
    }
}
