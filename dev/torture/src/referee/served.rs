//! When clients had the turn, as far as they saw it themselves.

use std::time::Instant;

use crate::plan::Transport;

/// A session and its client's way to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    pub(super) number: u64,
    pub(super) transport: Transport,
    /// When the client had surely no place in line yet.
    pub(super) arriving: Instant,
    /// When it surely had connected, or its handshake was surely done.
    pub(super) in_line: Option<Instant>,
    /// When its turn could be seen as soon as it came.
    pub(super) ready: Option<Instant>,
    /// When it saw that it had the turn.
    pub(super) began: Option<Instant>,
    /// When it saw that it had the turn no more, or had closed its socket.
    pub(super) ended: Option<Instant>,
}

/// A time during which a client surely had the turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) number: u64,
    pub(super) from: Instant,
    pub(super) until: Instant,
}
