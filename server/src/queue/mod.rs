//! The session lock with its fair queue: first come, first served, one turn at a time.
//!
//! Its face is narrow, because other queues (one shared by several servers, say) can stand behind it:
//! [`Queue::join`] waits for nothing, a [`Ticket`] has a [`State`] that changes from outside, and dropping the
//! ticket, or the [`Turn`] that it becomes, leaves.

mod crowd;
mod line;
mod order;
mod pace;
mod place;
mod ticket;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use order::Shared;
pub use order::{JoinError, Settings};
pub use place::State;
pub use ticket::{Ticket, Turn};

/// Who holds the turn and who waits for it; clones share one queue.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

impl Queue {
    /// An empty queue.
    pub fn new(settings: Settings) -> Self {
        Self { shared: Arc::new(Shared::new(settings)) }
    }

    /// Takes a place at the end of the queue for somebody at `address`; the first to join an empty queue has the
    /// turn at once.
    ///
    /// # Errors
    /// When as many wait as may.
    pub fn join(&self, address: IpAddr) -> Result<Ticket, JoinError> {
        let (id, place) = self.shared.join(address)?;
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

    /// Tells those further back of their places, at a bounded rate; runs until dropped.
    pub async fn tell_others(&self) {
        loop {
            self.shared.tell_others().await;
        }
    }
}

#[cfg(test)]
mod tests;
