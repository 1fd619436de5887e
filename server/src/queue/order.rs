//! Who has the turn and who waits for it, in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::crowd::{Crowd, Network};
use super::line::Line;
use super::pace::Pace;
use super::place::{Place, State};
use crate::door::User;

/// How many of the first in line are told at once that they moved up; the others less often,
/// so that one who leaves does not cost a write to everybody.
pub(super) const TOLD_AT_ONCE: usize = 100;

/// How often those further back are told of their places, at the most.
const TELL_OTHERS_EVERY: Duration = Duration::from_secs(1);

/// How many of those further back are told in a second, at the most: a long queue hears less often.
const TOLD_A_SECOND: u32 = 2000;

/// Everybody in line; those of other servers are there without a name.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) line: Line<Option<Member>>,
    /// Those who wait here, by address, where that is limited.
    pub(super) crowd: Option<Crowd>,
    pub(super) pace: Pace,
    /// Whose turn it is.
    turn: Option<u64>,
}

/// Somebody who came to this server.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) place: Arc<Place>,
    pub(super) from: Network,
    /// Its name, where that is asked for.
    pub(super) user: Option<User>,
}

impl Order {
    /// How many from there wait here.
    pub(super) fn count(&self, from: Network) -> usize {
        self.crowd.as_ref().map_or(0, |crowd| crowd.count(from))
    }

    /// One more from there waits here.
    pub(super) fn wait(&mut self, from: Network) {
        self.crowd.iter_mut().for_each(|crowd| crowd.enter(from));
    }

    /// One from there waits no more.
    pub(super) fn wait_no_more(&mut self, from: Network) {
        self.crowd.iter_mut().for_each(|crowd| crowd.leave(from));
    }

    /// The first has the turn from now on; if it is here, and `may` begin, it is told so.
    pub(super) fn advance(&mut self, may: bool) {
        let Self { line, crowd, pace, turn } = self;
        let first = line.first();
        let rank = first.map(|(rank, _)| rank);
        if *turn != rank {
            let now = Instant::now();
            pace.end(now);
            if rank.is_some() {
                pace.begin(now);
            }
            *turn = rank;
        }
        if may
            && let Some((rank, Some(member))) = first
            && !matches!(member.place.state(), State::Turn(_))
        {
            member.place.set(State::Turn(rank));
            crowd.iter_mut().for_each(|crowd| crowd.leave(member.from));
        }
    }

    /// Tells those who wait at these positions where they stand.
    pub(super) fn tell(&self, from: usize, to: usize) {
        if from < to {
            let places =
                self.line.members().enumerate().skip(from).take_while(|(position, _)| *position < to);
            places.for_each(|(position, member)| {
                if let Some(member) = member {
                    member.place.set(State::Waiting { position });
                }
            });
        }
    }

    /// How long those further back go without news: the longer, the more they are.
    pub(super) fn rest(&self) -> Duration {
        let others = u32::try_from(self.line.len()).unwrap_or(u32::MAX);
        TELL_OTHERS_EVERY.max(TELL_OTHERS_EVERY * others / TOLD_A_SECOND)
    }
}
