//! Who has the turn and who waits for it, under one lock.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::TOLD_AT_ONCE;
use super::line::Line;
use super::pace::Pace;
use super::sync::{Mutex, MutexGuard, Notify, sleep, watch};
use super::ticket::{Place, Ticket};

/// How often those further back are told of their places, at the most.
const TELL_OTHERS_EVERY: Duration = Duration::from_secs(1);

/// How many of those further back are told in a second, at the most: a long queue hears less often.
const TOLD_A_SECOND: u32 = 2000;

/// Who holds the turn and who waits for it; clones share one queue.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

/// What the tickets of one queue have in common.
#[derive(Debug)]
pub(super) struct Shared {
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
        let place = Arc::new(Place::new(position));
        let id = state.line.join(Arc::clone(&place));
        if position == 0 {
            state.pace.begin(Instant::now());
        }
        self.shared.tell_contended(&state);
        Ok(Ticket::new(Arc::clone(&self.shared), id, place))
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
            let rest = self.shared.lock().rest();
            sleep(rest).await;
            let state = self.shared.lock();
            state.line.iter().enumerate().skip(TOLD_AT_ONCE).for_each(|(index, place)| place.move_to(index));
        }
    }
}

impl State {
    /// How long those further back go without news: the longer, the more they are.
    fn rest(&self) -> Duration {
        let others = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        TELL_OTHERS_EVERY.max(TELL_OTHERS_EVERY * others / TOLD_A_SECOND)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the state whole, even one that panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn estimate(&self, position: usize) -> Option<Duration> {
        self.lock().pace.estimate(position, Instant::now())
    }

    pub(super) fn contended(&self) -> watch::Receiver<Option<Instant>> {
        self.contended.subscribe()
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

    pub(super) fn leave(&self, id: u64) {
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
