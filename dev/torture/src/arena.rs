//! The place of the storm, which every client gets to know.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;

use tokio::sync::mpsc;

use crate::observation::Observation;
use crate::responder::Responder;

/// Where the storm takes place.
#[derive(Debug)]
pub(crate) struct Arena {
    pub(crate) tcp: SocketAddr,
    pub(crate) http: SocketAddr,
    /// What answers there.
    pub(crate) responder: Responder,
    pub(crate) seed: u64,
    pub(crate) observations: mpsc::Sender<Observation>,
    /// The next client's number.
    pub(crate) next: AtomicU64,
}
