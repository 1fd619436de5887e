//! The session lock with its fair queue: first come, first served, one turn at a time.
//!
//! Its face is narrow, because other queues (one shared by several servers, say) can stand behind it:
//! [`Queue::join`] is async and can fail, a [`Ticket`] knows its position and becomes the [`Turn`], and
//! dropping either leaves.

mod line;
mod lock;
mod pace;
mod sync;
mod ticket;

pub use lock::{JoinError, Queue};
pub use ticket::{Ticket, Turn};

/// How many of the first in line are told at once that they moved up; the others less often,
/// so that one who leaves does not cost a write to everybody.
const TOLD_AT_ONCE: usize = 100;

#[cfg(test)]
mod explored;
#[cfg(test)]
mod tests;
