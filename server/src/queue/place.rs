//! Where one ticket stands, shared by the queue that moves it and the ticket that watches it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

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
    pub(super) changed: Notify,
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
