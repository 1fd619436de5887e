//! The session lock with its fair queue: first come, first served, one turn at a time.
//!
//! Its face is narrow, because other queues (one shared by several servers, say) can stand behind it:
//! [`Queue::join`] waits for nothing, a [`Ticket`] has a [`State`] that changes from outside, and dropping the
//! ticket, or the [`Turn`] that it becomes, leaves.

mod crowd;
mod line;
mod lock;
mod pace;
mod ticket;

pub use lock::{JoinError, Queue, Settings};
pub use ticket::{State, Ticket, Turn};

/// How many of the first in line are told at once that they moved up; the others less often,
/// so that one who leaves does not cost a write to everybody.
const TOLD_AT_ONCE: usize = 100;

#[cfg(test)]
mod tests;
