//! Those who come to the queue, and what they see between them.

use std::pin::pin;
// Shuttle's own would add interleavings of the watching to those of the queue.
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use futures_util::future::{Either, select};
use shuttle::future::yield_now;
use shuttle::rand::{Rng, thread_rng};

use super::lock::Queue;
use super::ticket::{Ticket, Turn};

/// More than any scenario takes.
const A_MINUTE: Duration = Duration::from_secs(60);

/// How somebody waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visitor {
    /// Until the turn comes.
    Patient,
    /// Following each move.
    Attentive,
    /// Turning to something else so many times, as one who also reads from a socket.
    Distracted(usize),
    /// Leaving when so much else came first.
    Impatient(usize),
}

/// What is known of a queue from outside.
#[derive(Debug, Default)]
pub(super) struct Witness {
    taken: AtomicBool,
    /// The latest ticket that a finished join gave, counted from 1.
    joined: AtomicU64,
    /// The latest ticket that had the turn, counted from 1.
    served: AtomicU64,
    turns: AtomicUsize,
}

impl Witness {
    pub(super) fn turns(&self) -> usize {
        self.turns.load(Relaxed)
    }

    fn begin(&self, ticket: u64) {
        assert!(!self.taken.swap(true, Relaxed), "two have the turn at once");
        assert!(self.served.swap(ticket + 1, Relaxed) <= ticket, "somebody was overtaken");
        self.turns.fetch_add(1, Relaxed);
    }

    fn end(&self) {
        assert!(self.taken.swap(false, Relaxed), "the turn was taken away");
    }
}

impl Visitor {
    pub(super) fn any() -> Self {
        let times = thread_rng().gen_range(0..3);
        match thread_rng().gen_range(0..4) {
            0 => Self::Patient,
            1 => Self::Attentive,
            2 => Self::Distracted(times),
            _ => Self::Impatient(times),
        }
    }

    /// Joins, waits, and holds a conversation unless refused or out of patience.
    pub(super) async fn visit(self, queue: &Queue, witness: &Witness) {
        let before = witness.joined.load(Relaxed);
        let Ok(ticket) = queue.join().await else { return };
        let id = ticket.id;
        assert!(before <= id, "a later one got the earlier ticket");
        witness.joined.fetch_max(id + 1, Relaxed);
        let Some(turn) = self.wait(ticket).await else { return };
        witness.begin(id);
        yield_now().await;
        witness.end();
        drop(turn);
    }

    async fn wait(self, mut ticket: Ticket) -> Option<Turn> {
        match self {
            Self::Patient => {}
            Self::Attentive => follow(&mut ticket).await,
            Self::Distracted(times) => {
                for _ in 0..times {
                    select(pin!(ticket.moved()), pin!(yield_now())).await;
                }
            }
            Self::Impatient(times) => return out_of_patience(ticket, times).await,
        }
        Some(ticket.turn().await)
    }
}

async fn follow(ticket: &mut Ticket) {
    let mut position = ticket.position();
    while position > 0 {
        let moved = ticket.moved().await;
        assert!(moved <= position, "nobody moves back");
        assert!(ticket.estimate().is_none_or(|wait| wait < A_MINUTE), "asked for while others come and go");
        position = moved;
    }
}

async fn out_of_patience(ticket: Ticket, times: usize) -> Option<Turn> {
    let patience = pin!(async {
        for _ in 0..times {
            yield_now().await;
        }
    });
    match select(pin!(ticket.turn()), patience).await {
        Either::Left((turn, _)) => Some(turn),
        Either::Right(_) => None,
    }
}
