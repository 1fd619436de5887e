//! The session lock with its fair queue: first come, first served, one turn at a time.
//!
//! Its face is narrow, because other queues (one shared by several servers, say) can stand behind it:
//! [`Queue::join`] is async and can fail, a [`Ticket`] knows its position and becomes the [`Turn`], and
//! dropping either leaves.

mod line;
mod pace;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use line::Line;
use pace::Pace;

/// How many of the first in line are told at once that they moved up; the others are told within
/// [`TELL_OTHERS_EVERY`], so that one who leaves does not cost a write to everybody.
const TOLD_AT_ONCE: usize = 100;

/// How long those further back wait for news of their place at the most.
const TELL_OTHERS_EVERY: Duration = Duration::from_secs(1);

/// Who holds the turn and who waits for it; clones share one queue.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Most tickets that may wait, the turn not counted.
    capacity: usize,
    state: Mutex<State>,
    /// Since when anybody waits; the time limits run only then.
    contended: watch::Sender<Option<Instant>>,
    /// Rung when places further back have changed.
    stale: Notify,
}

#[derive(Debug, Default)]
struct State {
    line: Line<Arc<Place>>,
    pace: Pace,
}

/// One ticket's place, shared by the queue that moves it and the ticket that watches it.
#[derive(Debug)]
struct Place {
    /// 0 holds the turn, 1 is next.
    position: AtomicUsize,
    changed: Notify,
}

/// Why nobody more can join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// As many wait as may.
    #[error("the queue is full: {0} are waiting")]
    Full(usize),
}

impl Queue {
    /// An empty queue in which at most `capacity` tickets wait.
    pub fn new(capacity: usize) -> Self {
        let shared = Shared {
            capacity,
            state: Mutex::default(),
            contended: watch::Sender::new(None),
            stale: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Takes a place at the end of the queue; the first to join an empty queue has the turn at once.
    ///
    /// # Errors
    /// When the queue is full.
    // Async, as a queue that is shared by several servers must ask the others.
    #[expect(clippy::unused_async, reason = "part of the face that other queues need")]
    pub async fn join(&self) -> Result<Ticket, JoinError> {
        let mut state = self.shared.lock();
        let position = state.line.len();
        if position > self.shared.capacity {
            return Err(JoinError::Full(self.shared.capacity));
        }
        let place = Arc::new(Place { position: AtomicUsize::new(position), changed: Notify::new() });
        let id = state.line.join(Arc::clone(&place));
        if position == 0 {
            state.pace.begin(Instant::now());
        }
        self.shared.tell_contended(&state);
        Ok(Ticket { shared: Arc::clone(&self.shared), id, place, told: position })
    }

    /// How many wait, the one who has the turn not counted.
    pub fn waiting(&self) -> usize {
        self.shared.lock().line.len().saturating_sub(1)
    }

    /// Whether somebody has the turn.
    pub fn is_taken(&self) -> bool {
        self.shared.lock().line.len() > 0
    }

    /// Tells those further back of their places, at a bounded rate; runs until dropped.
    pub async fn tell_others(&self) {
        loop {
            self.shared.stale.notified().await;
            tokio::time::sleep(TELL_OTHERS_EVERY).await;
            let state = self.shared.lock();
            state.line.iter().enumerate().skip(TOLD_AT_ONCE).for_each(|(index, place)| place.move_to(index));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the state whole, even one that panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_contended(&self, state: &State) {
        let contended = state.line.len() > 1;
        self.contended.send_if_modified(|since| {
            let changed = since.is_some() != contended;
            if changed {
                *since = contended.then(Instant::now);
            }
            changed
        });
    }

    fn leave(&self, id: u64) {
        let mut state = self.lock();
        let was_first = state.line.leave(id);
        if was_first {
            let next = state.line.len() > 0;
            state.pace.end(Instant::now(), next);
        }
        self.tell_contended(&state);
        for (index, place) in state.line.iter().enumerate().take(TOLD_AT_ONCE) {
            place.move_to(index);
        }
        if state.line.len() > TOLD_AT_ONCE {
            self.stale.notify_one();
        }
    }
}

impl Place {
    fn move_to(&self, position: usize) {
        if self.position.swap(position, Relaxed) != position {
            self.changed.notify_one();
        }
    }
}

/// A place in the queue; dropping it leaves.
#[derive(Debug)]
pub struct Ticket {
    shared: Arc<Shared>,
    id: u64,
    place: Arc<Place>,
    /// The position that [`moved`](Self::moved) reported last.
    told: usize,
}

impl Ticket {
    /// The place in the queue: 1 is next, 0 may have the turn.
    pub fn position(&self) -> usize {
        self.place.position.load(Relaxed)
    }

    /// Waits until the position is another than the one reported last, and returns it.
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

    /// Waits for the turn. Cancel safe, but dropping the future drops the ticket.
    pub async fn turn(mut self) -> Turn {
        while self.position() > 0 {
            self.moved().await;
        }
        Turn { ticket: self }
    }

    /// How long the turn is still away, judged by recent turns; `None` without grounds for a guess.
    pub fn estimate(&self) -> Option<Duration> {
        self.shared.lock().pace.estimate(self.position(), Instant::now())
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
        self.ticket.shared.contended.subscribe()
    }
}

#[cfg(test)]
mod tests;
