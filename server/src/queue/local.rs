//! The queue of one process.

use std::sync::Arc;

use super::crowd::Network;
use super::order::{Member, Order, TOLD_AT_ONCE};
use super::place::{Place, State};
use crate::door::User;

/// An order whose ranks are given here, from 1.
#[derive(Debug, Default)]
pub(super) struct Local {
    pub(super) order: Order,
    /// The latest rank.
    latest: u64,
}

impl Local {
    pub(super) fn join(&mut self, from: Network, user: Option<User>) -> (u64, Arc<Place>) {
        self.latest += 1;
        let place = Arc::new(Place::new(State::Waiting { position: self.order.line.len() }));
        self.order.wait(from);
        self.order.line.insert(self.latest, Some(Member { place: Arc::clone(&place), from, user }));
        self.order.advance(true);
        (self.latest, place)
    }

    /// Takes somebody out of the line, and tells those near the front who move up.
    pub(super) fn leave(&mut self, rank: u64) {
        let Some(Some(member)) = self.order.line.remove(rank) else { return };
        match member.place.state() {
            State::Waiting { position } => {
                self.order.wait_no_more(member.from);
                self.order.tell(position, TOLD_AT_ONCE);
            }
            State::Turn(_) => {
                self.order.advance(true);
                self.order.tell(1, TOLD_AT_ONCE);
            }
            State::Joining | State::Lost => {}
        }
    }
}
