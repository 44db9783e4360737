//! Where the socket is: the first place that anyone names, otherwise the usual ones. What is named is handed in.

use std::path::{Path, PathBuf};

/// The most bytes of a socket's path that every Unix takes.
pub const SOCKET_PATH_BYTES: usize = 107;

/// The daemon of the whole computer.
const SYSTEM: &str = "/run/automcu/automcu.sock";

/// What command line, environment and configuration say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `--socket`.
    pub flag: Option<PathBuf>,
    /// `AUTOMCU_SOCKET`.
    pub variable: Option<PathBuf>,
    /// `socket` of the configuration.
    pub configured: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
    /// The user.
    pub user: u32,
}

/// A path at which a socket may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The socket.
    pub path: PathBuf,
    /// Whether its folder stands where all may make one, so that it has to be this user's alone.
    pub is_shared_ground: bool,
}

impl Surroundings {
    /// Where a daemon listens.
    #[must_use]
    pub fn listens(&self) -> Place {
        self.usual().swap_remove(0)
    }

    /// Where a client looks, in this order. Where one is named, only there.
    #[must_use]
    pub fn looks(&self) -> Vec<Place> {
        let mut places = self.usual();
        if self.named().is_none() && self.user != 0 {
            places.push(Place { path: PathBuf::from(SYSTEM), is_shared_ground: false });
        }
        places
    }

    fn named(&self) -> Option<&PathBuf> {
        let named = [&self.flag, &self.variable, &self.configured];
        named.into_iter().flatten().find(|path| !path.as_os_str().is_empty())
    }

    fn usual(&self) -> Vec<Place> {
        let own = |path: PathBuf| vec![Place { path, is_shared_ground: false }];
        if let Some(named) = self.named() {
            return own(named.clone());
        }
        if self.user == 0 {
            return own(PathBuf::from(SYSTEM));
        }
        let below = |folder: &Path| folder.join("automcu.sock");
        match self.runtime.as_ref().filter(|folder| folder.is_absolute()) {
            Some(runtime) => own(below(&runtime.join("automcu"))),
            None => {
                let path = below(&PathBuf::from(format!("/tmp/automcu-{}", self.user)));
                vec![Place { path, is_shared_ground: true }]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_named_counts_and_otherwise_the_usual_place() {
        let named = |text: &str| Some(PathBuf::from(text));
        let user = Surroundings { user: 1000, runtime: named("/run/user/1000"), ..Surroundings::default() };
        let root = Surroundings { user: 0, ..user.clone() };
        let bare = Surroundings { runtime: None, ..user.clone() };
        let empty = Surroundings { runtime: named("relative"), variable: named(""), ..user.clone() };
        let all = Surroundings { flag: named("a"), variable: named("b"), configured: named("c"), ..user.clone() };
        let two = Surroundings { flag: None, ..all.clone() };
        for (surroundings, listens, is_shared, looks) in [
            (&user, "/run/user/1000/automcu/automcu.sock", false, 2),
            (&root, SYSTEM, false, 1),
            (&bare, "/tmp/automcu-1000/automcu.sock", true, 2),
            (&empty, "/tmp/automcu-1000/automcu.sock", true, 2),
            (&all, "a", false, 1),
            (&two, "b", false, 1),
        ] {
            let place = Place { path: PathBuf::from(listens), is_shared_ground: is_shared };
            assert_eq!(surroundings.listens(), place);
            let places = surroundings.looks();
            assert_eq!((&places[0], places.len()), (&place, looks));
        }
        assert_eq!(user.looks()[1].path, Path::new(SYSTEM));
    }
}
