//! Where one ticket stands, shared by the queue that moves it and the ticket that watches it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::Notify;
use tokio::time::Instant;

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

/// What a packed state is, in its two highest bits; the rest is its number.
const KIND: u64 = 0b11 << 62;
const WAITING: u64 = 0b01 << 62;
const TURN: u64 = 0b10 << 62;
const LOST: u64 = 0b11 << 62;

impl State {
    fn pack(self) -> u64 {
        match self {
            Self::Joining => 0,
            Self::Waiting { position } => WAITING | position as u64,
            Self::Turn(fence) => TURN | fence,
            Self::Lost => LOST,
        }
    }

    fn unpack(packed: u64) -> Self {
        let number = packed & !KIND;
        match packed & KIND {
            WAITING => Self::Waiting { position: usize::try_from(number).unwrap_or(usize::MAX) },
            TURN => Self::Turn(number),
            LOST => Self::Lost,
            _ => Self::Joining,
        }
    }
}

/// One ticket's place.
#[derive(Debug)]
pub(super) struct Place {
    /// The packed state: many are written whenever somebody leaves.
    state: AtomicU64,
    pub(super) changed: Notify,
    /// When it was taken.
    pub(super) joined: Instant,
}

impl Place {
    pub(super) fn new(state: State) -> Self {
        Self { state: AtomicU64::new(state.pack()), changed: Notify::new(), joined: Instant::now() }
    }

    pub(super) fn state(&self) -> State {
        State::unpack(self.state.load(Relaxed))
    }

    pub(super) fn set(&self, state: State) {
        let packed = state.pack();
        if self.state.swap(packed, Relaxed) != packed {
            self.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn every_state_is_what_it_was_after_packing() {
        let numbers = [0, 1, 7, 1 << 40];
        let waiting = numbers.map(|number| State::Waiting { position: number as usize });
        let states = [State::Joining, State::Lost].into_iter().chain(waiting).chain(numbers.map(State::Turn));
        for state in states {
            assert_eq!(State::unpack(state.pack()), state);
        }
    }
}
