//! What a responder is opened for.

use std::net::SocketAddr;

use crate::door::User;
use crate::queue::Validity;
use crate::seat::Transport;

/// The turn for which something is opened.
#[derive(Clone, Debug)]
pub(crate) struct Occasion {
    /// The session's number in the log.
    pub(crate) session: u64,
    pub(crate) transport: Transport,
    pub(crate) peer: SocketAddr,
    /// Who it is, where that is asked.
    pub(crate) user: Option<User>,
    /// The turn's fencing number.
    pub(crate) fence: u64,
    /// Until when it may be written to.
    pub(crate) validity: Validity,
}
