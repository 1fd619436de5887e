//! What somebody who joined holds: a place in line, then the turn.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::Instant;

use super::lock::Shared;
use super::sync::{AtomicUsize, Notify, watch};

/// One ticket's place, shared by the queue that moves it and the ticket that watches it.
#[derive(Debug)]
pub(super) struct Place {
    /// 0 holds the turn, 1 is next.
    position: AtomicUsize,
    changed: Notify,
}

impl Place {
    pub(super) fn new(position: usize) -> Self {
        Self { position: AtomicUsize::new(position), changed: Notify::new() }
    }

    pub(super) fn move_to(&self, position: usize) {
        if self.position.swap(position, Relaxed) != position {
            self.changed.notify_one();
        }
    }
}

/// A place in the queue; dropping it leaves.
#[derive(Debug)]
pub struct Ticket {
    shared: Arc<Shared>,
    pub(super) id: u64,
    place: Arc<Place>,
    /// The position that was reported last.
    told: usize,
}

impl Ticket {
    pub(super) fn new(shared: Arc<Shared>, id: u64, place: Arc<Place>) -> Self {
        let told = place.position.load(Relaxed);
        Self { shared, id, place, told }
    }

    /// The place in the queue: 1 is next, 0 may have the turn.
    pub fn position(&self) -> usize {
        self.place.position.load(Relaxed)
    }

    /// Reports the place in the queue, of which [`moved`](Self::moved) then tells no more.
    pub fn report(&mut self) -> usize {
        self.told = self.position();
        self.told
    }

    /// Waits until the position is another than the one reported last, and reports it.
    ///
    /// Cancel safe.
    pub async fn moved(&mut self) -> usize {
        loop {
            let position = self.position();
            if position != self.told {
                self.told = position;
                return position;
            }
            self.place.changed.notified().await;
        }
    }

    /// Waits until the [`turn`](Self::turn) can be had at once. Cancel safe.
    pub async fn due(&mut self) {
        while self.position() > 0 {
            self.moved().await;
        }
    }

    /// Waits for the turn. Cancel safe, but dropping the future drops the ticket.
    pub async fn turn(mut self) -> Turn {
        self.due().await;
        Turn { ticket: self }
    }

    /// How long the turn is still away, judged by recent turns; `None` without grounds for a guess.
    pub fn estimate(&self) -> Option<Duration> {
        self.shared.estimate(self.position())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.leave(self.id);
    }
}

/// The right to hold the one conversation; dropping it passes the turn on.
#[derive(Debug)]
pub struct Turn {
    ticket: Ticket,
}

impl Turn {
    /// Since when anybody waits without a break for a turn to end, and news of it.
    pub fn contended(&self) -> watch::Receiver<Option<Instant>> {
        self.ticket.shared.contended()
    }
}
