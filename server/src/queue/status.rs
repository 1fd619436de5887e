//! What operators are told of a queue that servers share.

use std::time::Duration;

/// Who is at the head of a queue, of this or another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// What the server is called, in letters, digits and a few marks that need no quoting.
    pub(crate) server: String,
    /// The session's number in that server's log.
    pub(crate) session: u64,
}

/// How a queue in etcd is, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SharedState {
    /// How long the lease surely lives; none while etcd is away.
    pub(crate) valid_for: Duration,
    /// Transactions that etcd confirmed.
    pub(crate) writes: u64,
    /// Keys that came and went, of all servers.
    pub(crate) events: u64,
    /// How often the connection to etcd was lost or not had.
    pub(crate) failures: u64,
}
