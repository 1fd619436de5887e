//! What somebody who joined holds: a place in line, then the turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::lock::Shared;

/// Where a ticket stands; it changes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The queue has not given it a place yet.
    Joining,
    /// It waits.
    Waiting {
        /// 1 is next in line.
        position: usize,
    },
    /// It has the turn, with this fencing number: each turn's is greater than any before it.
    Turn(u64),
    /// The queue has lost it: it must join again, at the end.
    Lost,
}

/// One ticket's place, shared by the queue that moves it and the ticket that watches it.
#[derive(Debug)]
pub(super) struct Place {
    state: Mutex<State>,
    changed: Notify,
}

impl Place {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    pub(super) fn state(&self) -> State {
        *self.lock()
    }

    pub(super) fn set(&self, state: State) {
        let before = std::mem::replace(&mut *self.lock(), state);
        if before != state {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A state is written whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue; dropping it leaves.
#[derive(Debug)]
pub struct Ticket {
    shared: Arc<Shared>,
    id: u64,
    place: Arc<Place>,
    /// The state that was reported last.
    told: State,
}

impl Ticket {
    pub(super) fn new(shared: Arc<Shared>, id: u64, place: Arc<Place>) -> Self {
        let told = place.state();
        Self { shared, id, place, told }
    }

    /// Where the ticket stands, of which [`changed`](Self::changed) then tells no more.
    pub fn state(&mut self) -> State {
        self.told = self.place.state();
        self.told
    }

    /// Waits until the state is another than the one reported last, and reports it. Cancel safe.
    pub async fn changed(&mut self) -> State {
        loop {
            let state = self.place.state();
            if state != self.told {
                self.told = state;
                return state;
            }
            self.place.changed.notified().await;
        }
    }

    /// The turn, if the ticket has it; else the ticket.
    ///
    /// # Errors
    /// The ticket itself, while it waits.
    pub fn into_turn(mut self) -> Result<Turn, Self> {
        match self.state() {
            State::Turn(fence) => Ok(Turn { ticket: self, fence }),
            _ => Err(self),
        }
    }

    /// How long the turn is still away, judged by recent turns; `None` without grounds for a guess.
    pub fn estimate(&self) -> Option<Duration> {
        match self.place.state() {
            State::Waiting { position } => self.shared.estimate(position),
            State::Joining | State::Turn(_) | State::Lost => None,
        }
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
    fence: u64,
}

impl Turn {
    /// The fencing number: greater than that of every turn before it.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Since when anybody waits without a break for a turn to end, and news of it.
    pub fn contended(&self) -> watch::Receiver<Option<Instant>> {
        self.ticket.shared.contended()
    }

    /// Waits until the turn is lost, as it can be where several servers share a queue. Cancel safe.
    pub async fn lost(&mut self) {
        while self.ticket.changed().await != State::Lost {}
    }
}
