//! Who may command. The socket's folder and mode say who reaches it; the kernel says who that is.

use std::any::Any;

use actix_web::dev::Extensions;
use tokio::net::UnixStream;

/// The process at the other end, as the kernel knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// Its process, where that is known.
    pub process: Option<i32>,
}

/// Who may change something. Whoever reaches the socket may look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Whoever reaches the socket.
    Everyone,
    /// These users.
    Users(Vec<u32>),
}

impl Gate {
    /// The user as whom the daemon runs, and root.
    #[must_use]
    pub fn owner(user: u32) -> Self {
        Self::Users(vec![0, user])
    }

    /// Whether this peer may.
    #[must_use]
    pub fn lets(&self, peer: Option<&Peer>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Users(users) => peer.is_some_and(|peer| users.contains(&peer.user)),
        }
    }
}

/// Keeps the peer with its connection.
pub(super) fn note_peer(connection: &dyn Any, of_connection: &mut Extensions) {
    let credentials = connection.downcast_ref::<UnixStream>().and_then(|stream| stream.peer_cred().ok());
    if let Some(credentials) = credentials {
        let peer = Peer { user: credentials.uid(), group: credentials.gid(), process: credentials.pid() };
        of_connection.insert(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_and_root_command_where_not_everyone_may() {
        let peer = |user| Peer { user, group: 5, process: None };
        let gate = Gate::owner(1000);
        for (user, may) in [(0, true), (1000, true), (1001, false)] {
            assert_eq!(gate.lets(Some(&peer(user))), may, "{user}");
            assert!(Gate::Everyone.lets(Some(&peer(user))));
        }
        assert!(!gate.lets(None));
    }
}
