//! The session lock with its fair queue: first come, first served, one turn at a time.
//!
//! Its face is narrow, because a queue can be one process's or shared by several servers: [`Queue::join`] waits for
//! nothing, a [`Ticket`] has a [`State`] that changes from outside, and dropping the ticket, or the [`Turn`] that it
//! becomes, leaves.

mod crowd;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(not(feature = "etcd"))]
#[path = "no_etcd.rs"]
mod etcd;
mod line;
mod local;
mod location;
mod order;
mod pace;
mod place;
mod settings;
mod shared;
mod status;
mod ticket;
mod validity;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use etcd::AccessError;
use etcd::link::Link;
#[cfg(feature = "etcd")]
pub use location::Outage;
pub use location::{Cluster, Location};
pub use place::State;
pub use settings::Settings;
pub use shared::JoinError;
use shared::Shared;
pub(crate) use status::{Head, SharedState};
pub use ticket::{Ticket, Turn};
pub use validity::Validity;

use crate::door::User;

/// Who holds the turn and who waits for it; clones share one queue.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
    /// The connection to etcd, where the queue is there.
    link: Option<Arc<Link>>,
}

impl Queue {
    /// An empty queue, or this server's part in a shared one.
    ///
    /// # Errors
    /// When a file that the settings name cannot be read.
    pub fn new(settings: Settings) -> Result<Self, AccessError> {
        let link = match settings.queue.clone() {
            Location::Local => None,
            Location::Etcd(cluster) => Some(Link::new(cluster, &settings)?),
        };
        let mirror = link.as_deref().map(Link::mirror);
        Ok(Self { shared: Arc::new(Shared::new(settings, mirror)), link })
    }

    /// Takes a place at the end of the queue for somebody at `address`, whose session has this number in the log, and
    /// perhaps a name; the first to join an empty queue has the turn at once.
    ///
    /// # Errors
    /// When as many wait as may, or a shared queue cannot be reached and nobody is to wait for it.
    pub fn join(&self, address: IpAddr, session: u64, user: Option<User>) -> Result<Ticket, JoinError> {
        let (id, place) = self.shared.join(address, session, user)?;
        Ok(Ticket::new(Arc::clone(&self.shared), id, place))
    }

    /// How many wait, the one who has the turn not counted.
    pub fn waiting(&self) -> usize {
        self.shared.len().saturating_sub(1)
    }

    /// How long the one who has waited longest has waited, if anybody waits.
    pub fn longest_wait(&self) -> Option<Duration> {
        self.shared.longest_wait()
    }

    /// How many may wait.
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Whether somebody has the turn.
    pub fn is_taken(&self) -> bool {
        self.shared.len() > 0
    }

    /// Whether turns can be given: a shared queue may be out of reach.
    pub fn is_ready(&self) -> bool {
        self.shared.is_valid()
    }

    /// Who is at the head of a shared queue.
    pub(crate) fn head(&self) -> Option<Head> {
        self.shared.head()
    }

    /// Who has the turn, if that has a name.
    pub(crate) fn holder(&self) -> Option<User> {
        self.shared.holder()
    }

    /// How a shared queue is.
    pub(crate) fn shared_state(&self) -> Option<SharedState> {
        self.shared.state()
    }

    /// Keeps a shared queue up to date, and tells those further back of their places, at a bounded rate; runs until
    /// dropped.
    pub async fn run(&self) {
        let telling = async {
            loop {
                self.shared.tell_others().await;
            }
        };
        match &self.link {
            Some(link) => drop(tokio::join!(telling, link.run(&self.shared))),
            None => telling.await,
        }
    }

    /// Leaves nothing behind in a shared queue, if that can be done soon.
    pub async fn close(&self) {
        if let Some(link) = &self.link {
            link.close(&self.shared).await;
        }
    }
}

#[cfg(test)]
mod tests;
