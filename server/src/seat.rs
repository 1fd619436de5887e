//! One visitor's place, from joining the queue to the last words.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::door::{Presence, User};
use crate::queue::Ticket;

/// One visitor's place.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Apart, so that the future of who waits is small.
    pub(crate) visitor: Box<Visitor>,
    pub(crate) ticket: Ticket,
    /// Where a user may have so many seats only, this one.
    pub(crate) presence: Option<Box<Presence>>,
}

/// Who has a seat.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// Counts the visitors of this process, from 1: how the log names them.
    pub(crate) number: u64,
    /// The other end of the connection; a proxy's, behind one.
    pub(crate) peer: SocketAddr,
    pub(crate) transport: Transport,
    /// Who it is, where that is asked.
    pub(crate) user: Option<User>,
}

/// What a visitor came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Raw TCP.
    Tcp,
    /// A WebSocket.
    WebSocket,
}

impl Visitor {
    pub(crate) fn new(peer: SocketAddr, transport: Transport) -> Self {
        static LATEST: AtomicU64 = AtomicU64::new(0);
        Self { number: LATEST.fetch_add(1, Relaxed) + 1, peer, transport, user: None }
    }

    /// The same visitor, which is this user.
    pub(crate) fn with_user(self, user: Option<User>) -> Self {
        Self { user, ..self }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::WebSocket => "websocket",
        })
    }
}
