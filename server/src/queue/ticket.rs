//! What somebody who joined holds: a place in line, then the turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::place::{Place, State};
use super::shared::Shared;
use super::validity::Validity;
use crate::door::User;

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
        if let State::Turn(fence) = self.state()
            && let Some(validity) = self.shared.validity(fence)
        {
            return Ok(Turn { ticket: self, fence, validity });
        }
        Err(self)
    }

    /// How long the turn is still away, judged by recent turns; `None` without grounds for a guess.
    pub fn estimate(&self) -> Option<Duration> {
        match self.place.state() {
            State::Waiting { position } => self.shared.estimate(position),
            State::Joining | State::Turn(_) | State::Lost => None,
        }
    }

    /// Who has the turn, if that has a name.
    pub(crate) fn holder(&self) -> Option<User> {
        self.shared.holder()
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
    validity: Validity,
}

impl Turn {
    /// The fencing number: greater than that of every turn before it.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// Until when the turn is had, for whoever writes on its behalf.
    pub fn validity(&self) -> &Validity {
        &self.validity
    }

    /// How long ago the turn's holder joined the queue.
    pub fn since_joining(&self) -> Duration {
        self.ticket.place.joined.elapsed()
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::State;
    use crate::queue::{Queue, Settings};

    #[test]
    fn a_turn_is_lost_when_the_queue_says_so_and_by_no_other_change() {
        let queue = Queue::new(Settings::of_length(9)).unwrap();
        let ticket = queue.join([192, 0, 2, 1].into(), 1, None).unwrap();
        let mut turn = ticket.into_turn().expect("the first to join has the turn");
        turn.ticket.place.set(State::Turn(turn.fence + 1));
        assert_eq!(turn.lost().now_or_never(), None);
        turn.ticket.place.set(State::Lost);
        assert_eq!(turn.lost().now_or_never(), Some(()));
    }
}
